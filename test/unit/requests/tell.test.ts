import t from 'tap';
import { Compile } from 'typebox/compile';
import type { ReadEntry } from '../../../daemon/catalogue/audit.js';
import { type About, entryOf } from '../../../daemon/domain/assurance/audit.js';
import { fail } from '../../../daemon/domain/error.js';
import type { Told } from '../../../daemon/domain/operations/control/recordings.js';
import { CONTROL } from '../../../daemon/domain/operations/control.js';
import { FOUNDER, type Rights } from '../../../daemon/domain/people/person.js';
import { createAskers } from '../../../daemon/requests/askers.js';
import { createTelling } from '../../../daemon/requests/tell.js';
import { opened, recorded } from '../../support/catalogue/opened.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';

const ADA = { actor: 'person', actor_id: 'ada', actor_name: 'ADA' } as const;
const NOW = Date.UTC(2026, 10, 27, 9);
const CALL = '01HZZZZZZZZZZZZZZZZZZZZZZZ';
const NOBODY: Rights = {
  roles: [],
  scope: { all: false, extensions: [], queues: [], dids: [] },
  extensions: [],
  grants: [],
};

const said = (seq: number, more: Partial<Told> = {}): Told => ({
  ...{ seq, at: NOW, person: 'ada', address: '10.0.0.7', action: 'view', outcome: 'ok' },
  ...{ object: 'call', object_id: CALL, reason: '', detail: {}, ...more },
});

async function lab(t: Parameters<typeof opened>[0], limits?: Parameters<typeof createTelling>[0]['limits']) {
  const { catalogue } = await opened(t);
  const clock = { ms: NOW };
  const now = () => clock.ms;
  const askers = createAskers({ catalogue, proofs: { signedIn: () => false, use: () => null }, clock: now });
  const { tell, give_out } = createTelling({ catalogue, askers, clock: now, limits });
  return {
    ...{ catalogue, clock, give_out },
    tell: async (entries: Told[], source = 'one') => tell({ source, entries }),
    add: (id: string, rights: Partial<Rights> = {}) =>
      catalogue.people.add({
        ...NOBODY,
        ...rights,
        ...{ id, name: id.toUpperCase(), passwordHash: '', createdAt: NOW },
      }),
    /** All but the first, which the log begins with; oldest first. */
    async entries(): Promise<ReadEntry[]> {
      const found = await catalogue.audit.entries({ limit: 1_000 });
      return found.toReversed().filter(({ action }) => action !== 'begin');
    },
  };
}

t.test('what a dashboard tells is written in order, each once, also when it tells it again', async (t) => {
  const { tell, add, entries } = await lab(t);
  await add('ada');
  t.same(await tell([said(1, { detail: { n: 1 } }), said(2, { detail: { n: 2 } })]), { seq: 2 });
  // The answer was lost, and more has come since.
  const again = [1, 2, 3].map((n) => said(n, { detail: { n } }));
  t.same(await tell(again), { seq: 3 });
  t.same(await tell(again), { seq: 3 });
  t.same(await tell([said(2)]), { seq: 3 }, 'it is told how far it was');
  t.same(
    (await entries()).map(({ detail }) => detail.n),
    [1, 2, 3],
  );
  await tell([said(1, { detail: { n: 4 } })], 'another');
  t.equal((await entries()).length, 4, 'another database counts for itself');
});

t.test('both are written, or neither', async (t) => {
  const { catalogue, tell, add, entries } = await lab(t);
  await add('ada');
  await t.rejects(
    catalogue.audit.tell(
      'one',
      [
        { seq: 1, entry: { ...(await entryOfNow(catalogue)), detail: {} } },
        // Not to be written as JSON.
        { seq: 2, entry: { ...(await entryOfNow(catalogue)), detail: { n: 1n as never } } },
      ],
      NOW,
    ),
  );
  t.same(await entries(), []);
  t.same(await tell([said(1)]), { seq: 1 });
  t.equal((await entries()).length, 1);
});
const entryOfNow = async (_: unknown) => ({
  ...{ at: new Date(NOW).toISOString(), actor: 'person' as const, actor_id: 'ada', actor_name: 'ADA' },
  ...{ address: '', action: 'view' as const, object: '', object_id: '', reason: '', outcome: 'ok' as const },
});

t.test('the recorder knows the names, and has the time', async (t) => {
  const { clock, tell, add, entries } = await lab(t);
  await add('ada');
  clock.ms = NOW + 1_500;
  await tell([said(1)]);
  clock.ms = NOW + 60_000;
  await tell([
    said(2, { address: '::1' }),
    said(3, { at: NOW + 3_600_000 }),
    said(4, { person: 'gone' }),
    said(5, { person: '', action: 'sign_in', outcome: 'refused' }),
    said(6, { token: 'T1' }),
    said(7, { own: true, person: 'ada', action: 'start' }),
    said(8, { words: 'Ada Caller', action: 'search' }),
  ]);
  const [soon, late, early, gone, nobody, token, own, search] = await entries();
  t.match(soon, { at: '2026-11-27T09:00:01.500Z', actor: 'person', actor_id: 'ada', actor_name: 'ADA' });
  t.notOk('happened' in soon!.detail, 'told at once');
  t.match(late, {
    at: '2026-11-27T09:01:00.000Z',
    address: '::1',
    detail: { happened: '2026-11-27T09:00:00.000Z' },
  });
  t.match(early, { at: '2026-11-27T09:01:00.000Z', detail: { happened: '2026-11-27T10:00:00.000Z' } });
  t.match(gone, { actor_id: 'gone', actor_name: '' });
  t.match(nobody, { actor: 'person', actor_id: '', actor_name: '', outcome: 'refused' });
  t.match(token, { actor: 'token', actor_id: 'ada', actor_name: 'ADA', detail: { token: 'T1' } });
  t.match(own, { actor: 'tapedeck', actor_id: '', actor_name: '', address: '', action: 'start' });
  t.equal(search!.words, 'Ada Caller');
  t.notMatch(JSON.stringify(search!.detail), /Ada/, 'the words are apart');
});

t.test('what is asked for is not told, and nobody speaks for the recorder', async (t) => {
  const { tell, add, entries } = await lab(t);
  await add('ada');
  const refused: Partial<Told>[] = [
    { action: 'play' },
    { action: 'play', detail: { bytes: '9' } },
    { action: 'play', outcome: 'failed', detail: { bytes: 9 } },
    { action: 'download' },
    { action: 'export' },
    { action: 'sign_in' },
    { action: 'second_factor' },
    { action: 'policy_change' },
    { action: 'erase' },
    { action: 'start' },
    { action: 'begin', outcome: 'refused' },
    { action: 'erased', outcome: 'refused' },
    { action: 'sealed', outcome: 'refused' },
    { own: true, action: 'view' },
    { own: true, action: 'erase' },
    { own: true, action: 'start', outcome: 'refused' },
  ];
  for (const more of refused)
    await t.rejects(tell([said(1), said(2, more)]), { code: 'request_invalid' }, JSON.stringify(more));
  t.same(await entries(), [], 'nor is what came with it');
  const taken: Partial<Told>[] = [
    ...(['sign_out', 'session_end', 'search', 'report'] as const).map((action) => ({ action })),
    ...(['play', 'export', 'second_factor', 'person_remove', 'retention_run'] as const).map((action) => ({
      ...{ action, outcome: 'refused' as const },
    })),
    { own: true, action: 'stop' },
  ];
  t.same(await tell(taken.map((more, n) => said(n + 1, more))), { seq: taken.length });
  t.equal((await entries()).length, taken.length);
});

t.test('nobody is said to have heard what the recorder did not open for them', async (t) => {
  const { catalogue, clock, tell, add, entries } = await lab(t);
  await add('ada');
  const open = (more: About = {}) =>
    catalogue.audit.append({
      ...entryOf({ ...ADA, address: '' }, clock.ms, 'play', { object: 'call', object_id: CALL }),
      ...{ detail: { recording: 'R' }, ...more },
    });
  const heard: Partial<Told>[] = [
    { action: 'heard', detail: { recording: 'R', total_ms: 9, bytes: 9 } },
    { action: 'play', detail: { recording: 'R', bytes: 9, player: false } },
  ];
  const each = (more: Partial<Told> = {}) => heard.map((one) => said(1, { ...one, ...more }));
  async function refused(why: string, more: Partial<Told> = {}): Promise<void> {
    const before = (await entries()).length;
    for (const one of each(more)) await t.rejects(tell([one]), { code: 'request_invalid' }, why);
    t.equal((await entries()).length, before, `${why}: nothing is written`);
  }
  await refused('never opened');
  await open({ outcome: 'refused' });
  await refused('refused');
  await open({ detail: { recording: 'R', bytes: 9 } });
  await refused('told before, and never opened');
  await open();
  await refused('opened for somebody else', { person: 'eve' });
  await refused('another recording', { detail: { recording: 'S', total_ms: 9, bytes: 9 } });
  await refused('of none', { detail: { total_ms: 9, bytes: 9 } });
  await refused('before it was opened', { at: NOW - 2 * 3_600_000 });
  await refused('long after', { at: NOW + 3 * 86_400_000 });
  t.same(await tell(heard.map((one, n) => said(n + 1, { ...one, at: NOW + 60_000 }))), { seq: 2 });
  const back = said(3, { ...heard[0], at: NOW - 60_000 });
  t.same(await tell([back]), { seq: 3 }, 'the clock was set back meanwhile');
  t.equal((await entries()).filter(({ detail }) => detail.bytes === 9).length, 4);
});

t.test('an entry has the form of one', async (t) => {
  const body = Compile(CONTROL.tell.body);
  const detail = (value: unknown) =>
    body.Check({ source: 'one', entries: [said(1, { detail: value as Told['detail'] })] });
  t.ok(detail({ n: 1, text: 'x', yes: true, none: null, list: ['a', 'b'] }));
  for (const wrong of [
    { nested: {} },
    { list: [1] },
    { text: 'x'.repeat(1_001) },
    { list: Array(101).fill('x') },
    { 'a b': 1 },
    { ['x'.repeat(41)]: 1 },
    Object.fromEntries(Array.from({ length: 41 }, (_, n) => [`n${n}`, n])),
    [],
    'x',
  ])
    t.notOk(detail(wrong), JSON.stringify(wrong).slice(0, 60));
  t.notOk(body.Check({ source: 'one', entries: [] }));
  t.notOk(body.Check({ source: 'one', entries: Array(201).fill(said(1)) }));
});

t.test('whoever has taken a dashboard over does not fill the disk', async (t) => {
  const { clock, tell, add, entries } = await lab(t, { told: { burst: 10, hourly: 60 } });
  await add('ada');
  const seqs = (from: number, count: number) => Array.from({ length: count }, (_, n) => said(from + n));
  await tell(seqs(1, 6));
  await t.rejects(tell(seqs(7, 5)), { code: 'too_many' });
  await t.rejects(tell(seqs(7, 5), 'an invented one'), { code: 'too_many' }, 'all together');
  t.equal((await entries()).length, 6, 'none of them');
  await t.rejects(
    tell([said(7, { detail: { text: 'x'.repeat(900), more: 'x'.repeat(900) } }), said(8)]),
    { code: 'too_many' },
    'a long one counts more',
  );
  clock.ms += 60_000;
  t.same(await tell(seqs(7, 5)), { seq: 11 }, 'it may tell the same later');
  t.equal((await entries()).length, 11);
});

t.test('what could not be written has not been counted', async (t) => {
  const { catalogue, clock } = await lab(t);
  let full = true;
  const { tell } = createTelling({
    catalogue: {
      ...catalogue,
      audit: {
        ...catalogue.audit,
        async tell(...given) {
          if (full) throw fail('disk_full');
          return catalogue.audit.tell(...given);
        },
      },
    },
    ...{ askers: { of: no, may: no }, clock: () => clock.ms, limits: { told: { burst: 2, hourly: 1 } } },
  });
  for (let n = 0; n < 5; n++)
    await t.rejects(tell({ source: 'one', entries: [said(1)] }), { code: 'audit_unwritable' });
  full = false;
  t.same(await tell({ source: 'one', entries: [said(1), said(2)] }), { seq: 2 });
});
const no = async (): Promise<never> => {
  throw fail('forbidden');
};

t.test('the twenty sources that told last are remembered', async (t) => {
  const { clock, tell, entries } = await lab(t);
  for (let n = 0; n <= 20; n++) {
    clock.ms += 1_000;
    await tell([said(1, { at: clock.ms })], `source ${n}`);
  }
  const count = (await entries()).length;
  t.equal(count, 21);
  t.same(await tell([said(1)], 'source 1'), { seq: 1 });
  t.equal((await entries()).length, count, 'the second is known');
  t.same(await tell([said(1)], 'source 0'), { seq: 1 });
  t.equal((await entries()).length, count + 1, 'the first is not');
});

t.test('what pages show has not changed by what was told', async (t) => {
  const { catalogue, tell } = await lab(t);
  await tell([said(1)]);
  const before = await catalogue.changeCount();
  await tell([said(2)]);
  t.equal(await catalogue.changeCount(), before);
});

t.test('a table is given out to who may have it, with its entry', async (t) => {
  const { catalogue, give_out, add, entries } = await lab(t);
  await catalogue.calls.save(aCall(CALL), recorded);
  await catalogue.recordings.sealed(aRecording('r', CALL), new Uint8Array(), recorded);
  await add('ada', FOUNDER);
  await add('otto', { roles: ['auditor'], grants: ['export'] });
  await add('agent', { roles: ['agent'], extensions: ['101'] });
  const give = (person: string, object: string, more: { object_id?: string; reason?: string } = {}) =>
    give_out({
      by: { person, session: 's', address: '10.0.0.7' },
      ...{ object, object_id: '', reason: '', detail: { from: 'x' }, ...more },
    });
  const may = {
    audit: { ada: true, otto: true, agent: false },
    checkpoint: { ada: true, otto: true, agent: false },
    coverage: { ada: true, otto: true, agent: false },
    retention: { ada: true, otto: true, agent: false },
  };
  for (const [object, people] of Object.entries(may))
    for (const [person, yes] of Object.entries(people))
      if (yes) await t.resolves(give(person, object), `${person} ${object}`);
      else await t.rejects(give(person, object), { code: 'forbidden' }, `${person} ${object}`);
  t.equal((await entries()).length, 8);
  t.match((await entries())[0], {
    ...{ action: 'export', actor: 'person', actor_id: 'ada', actor_name: 'ADA', address: '10.0.0.7' },
    ...{ object: 'audit', outcome: 'ok', detail: { from: 'x' } },
  });
  await t.rejects(give('ada', 'keys'), { code: 'request_invalid' });
  await t.rejects(give('nobody', 'audit'), { code: 'not_signed_in' });

  await give('ada', 'call', { object_id: CALL });
  t.match((await entries()).at(-1), { object: 'call', object_id: CALL });
  await t.rejects(give('agent', 'call', { object_id: CALL }), { code: 'forbidden' });
  await t.rejects(give('ada', 'call', { object_id: CALL.replace('Z', '0') }), { code: 'call_unknown' });
  await t.rejects(give('ada', 'call', { object_id: '../x' }), { code: 'call_unknown' });
  await t.rejects(give('otto', 'call', { object_id: CALL }), { code: 'reason_needed' });
  const named = { object_id: CALL, reason: 'For Ada Caller' };
  await t.rejects(give('otto', 'call', named), { code: 'reason_names' });
  await give('otto', 'call', { object_id: CALL, reason: 'case 7' });
  t.match((await entries()).at(-1), { actor_id: 'otto', reason: 'case 7' });
});

t.test('nothing is given out whose entry cannot be written', async (t) => {
  const { catalogue, clock, add } = await lab(t);
  await add('ada', FOUNDER);
  const askers = createAskers({
    catalogue,
    proofs: { signedIn: () => false, use: () => null },
    clock: () => clock.ms,
  });
  const { give_out } = createTelling({
    catalogue: {
      ...catalogue,
      audit: { ...catalogue.audit, append: async () => Promise.reject(fail('disk_full')) },
    },
    ...{ askers, clock: () => clock.ms },
  });
  const by = { person: 'ada', session: 's', address: '' };
  await t.rejects(give_out({ by, object: 'audit', object_id: '', reason: '', detail: {} }), {
    code: 'audit_unwritable',
  });
});
