import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findCalls } from '../../../daemon/catalogue/privacy/find-calls.js';
import type { ControlBody } from '../../../daemon/domain/operations/control.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { EVERY_CALL, type Person, type Role } from '../../../daemon/domain/people/person.js';
import type { PrivacyFacts, PrivacyOutcome, RefusalGround } from '../../../daemon/domain/privacy/request.js';
import { createDeadlines } from '../../../daemon/operations/deadlines.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createAskers } from '../../../daemon/requests/askers.js';
import { createPrivacyRequests } from '../../../daemon/requests/privacy/requests.js';
import { alarmBoard } from '../../support/alarm-board.js';
import { opened, recorded } from '../../support/catalogue/opened.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

const NAME = 'Cornelia Quennell';
const NUMBER = '+49 30 7654321';
const CALL = '01JXAAAAAAAAAAAAAAAAAAAAAA';
const HELD = '01JXBBBBBBBBBBBBBBBBBBBBBB';
const by = { console: 'root' };
const FACTS: PrivacyFacts = {
  ...{ kind: 'access', name: NAME, contact: 'c.quennell@example.org', identity: 'Called back' },
  ...{ numbers: [NUMBER], from: null, to: null, manner: 'letter', received: '2026-05-03' },
  confirmed: null,
};
const at = (time: string) => Date.parse(time);

async function desk(t: Test) {
  const { catalogue, path } = await opened(t, catalogueFile(join(t.testdir(), 'data')));
  const clock = { ms: at('2026-05-04T10:00:00Z') };
  const { standing, alarms } = alarmBoard();
  const people = new Map<string, Person>();
  const make = () =>
    createDeadlines({
      ...{ catalogue, alarms, zone: 'Europe/Berlin', clock: () => clock.ms },
      log: createLog('silent', 'test'),
    });
  const deadlines = make();
  let ids = 0;
  const askers = createAskers({
    catalogue: {
      people: {
        get: async (id: string) => ({ ...people.get(id)!, disabledAt: null }),
        standing: async () => null,
      },
      tokens: { of: async () => [{ id: 'tok', rights: ['oversee'], expiresAt: Number.MAX_SAFE_INTEGER }] },
    } as never,
    proofs: {} as never,
    clock: () => clock.ms,
  });
  const made = createPrivacyRequests({
    ...{ catalogue, askers, deadlines, clock: () => clock.ms, mint: () => `P${++ids}` },
    callsAsked: (asked) => findCalls(catalogue, catalogue.calls.list, asked),
    site: { timeZone: 'Europe/Berlin', region: 'DE' },
  });
  const handlers = {
    add_privacy: async (body: ControlBody<'add_privacy'>) => made.add_privacy(body),
    change_privacy: async (body: ControlBody<'change_privacy'>) => made.change_privacy(body),
    extend_privacy: async (body: ControlBody<'extend_privacy'>) => made.extend_privacy(body),
    exclude_call: async (body: ControlBody<'exclude_call'>) => made.exclude_call(body),
    close_privacy: async (body: ControlBody<'close_privacy'>) => made.close_privacy(body),
    save_letter: async (body: ControlBody<'save_letter'>) => made.save_letter(body),
  };
  await catalogue.calls.save(aCall(CALL, { them: { number: '030 7654321', name: NAME, ours: false } }));
  return { catalogue, path, clock, standing, people, deadlines, handlers };
}
const person = (role: Role): Person => ({
  ...{ id: role, name: `The ${role}`, roles: [role], scope: EVERY_CALL, extensions: ['101'], grants: [] },
});
const entries = async ({ catalogue }: { catalogue: Awaited<ReturnType<typeof desk>>['catalogue'] }) =>
  (await catalogue.audit.entries({ limit: 99 })).map(({ action, object, object_id: id, detail }) => ({
    ...{ action, object, id, detail },
  }));

t.test('each act is on record, and no entry names who asked', async (t) => {
  const h = await desk(t);
  const { handlers, catalogue } = h;
  t.same(await handlers.add_privacy({ by, facts: FACTS }), { id: 'P1', number: 1 });
  await handlers.change_privacy({ by, id: 'P1', facts: { ...FACTS, kind: 'erasure' } });
  await handlers.extend_privacy({ by, id: 'P1', reason: `${NAME} has many calls` });
  await handlers.exclude_call({ by, id: 'P1', call: CALL, reason: `Not ${NAME}` });
  await handlers.exclude_call({ by, id: 'P1', call: CALL, reason: null });
  const answer = {
    day: '2026-05-04',
    outcome: 'refused' as const,
    grounds: ['legal_hold' as const],
    note: NAME,
  };
  await handlers.close_privacy({ by, id: 'P1', answer });
  const written = await entries(h);
  t.strictSame(written.map(({ action }) => action).toReversed(), [
    'begin',
    'privacy_add',
    'privacy_change',
    'privacy_extend',
    'privacy_exclude',
    'privacy_exclude',
    'privacy_close',
  ]);
  t.match(written[0], {
    object: 'privacy',
    id: 'P1',
    detail: { number: 1, kind: 'erasure', outcome: 'refused' },
  });
  t.match(written[1], { detail: { call: CALL, change: 'in' } });
  const text = JSON.stringify(await catalogue.audit.rows(1, 99));
  t.notMatch(text, /Quennell|7654321/);
  t.match(await catalogue.privacyRequests.get('P1'), { name: NAME, enteredBy: 'root (command line)' });
});

t.test('nothing is closed as done while recordings say otherwise', async (t) => {
  const { handlers, catalogue } = await desk(t);
  await catalogue.recordings.sealed(aRecording('R1', CALL), new Uint8Array(3), recorded);
  await catalogue.calls.save(aCall(HELD, { them: { number: '030 7654321', name: NAME, ours: false } }));
  await catalogue.recordings.sealed(aRecording('R2', HELD), new Uint8Array(3), recorded);
  const opened = { openedBy: 'Eve', openedAt: 1 };
  await catalogue.holds.open({ id: 'M1', name: 'Smith', reason: 'X', query: null, ...opened }, ['R2']);
  await handlers.add_privacy({ by, facts: { ...FACTS, kind: 'erasure' } });
  const answer = { day: '2026-05-04', note: '', grounds: [] };
  const close = (outcome: PrivacyOutcome, grounds: RefusalGround[] = []) =>
    handlers.close_privacy({ by, id: 'P1', answer: { ...answer, outcome, grounds } });
  const kept = {
    code: 'privacy_invalid',
    detail: /^2 recordings of these numbers are not erased \(1 under legal hold/,
  };
  await t.rejects(close('erased'), kept);
  await t.rejects(close('given'), kept, 'an erasure is answered in full by erasing');
  await t.rejects(close('refused', ['no_data']), {
    code: 'privacy_invalid',
    detail: /^There are 2 recordings/,
  });
  t.match(await catalogue.privacyRequests.get('P1'), { state: 'open' });
  await handlers.exclude_call({ by, id: 'P1', call: CALL, reason: 'Not theirs' });
  await t.rejects(close('erased'), { code: 'privacy_invalid' }, 'all that is left is held');
  await handlers.exclude_call({ by, id: 'P1', call: HELD, reason: 'Not theirs' });
  await close('refused', ['no_data']);
  await handlers.add_privacy({ by, facts: { ...FACTS, kind: 'delete' } });
  await handlers.exclude_call({ by, id: 'P2', call: HELD, reason: 'Not theirs' });
  await catalogue.recordings.eraseIntended('R1', noted('Asked for.'), 5);
  const erased = () =>
    handlers.close_privacy({ by, id: 'P2', answer: { ...answer, outcome: 'erased', grounds: [] } });
  await t.rejects(
    erased(),
    { code: 'privacy_invalid', detail: /^1 recording of these/ },
    'begun is not done',
  );
  await catalogue.recordings.erased('R1', 6);
  await erased();
  t.match(await catalogue.privacyRequests.get('P2'), { closed: { outcome: 'erased' } });
});

t.test('nobody else handles requests, and no token does', async (t) => {
  const h = await desk(t);
  const signed = (id: string, token?: string) => ({
    person: id,
    session: 's',
    address: '::1',
    ...(token && { token }),
  });
  for (const role of ['admin', 'auditor', 'reviewer', 'agent'] as const) h.people.set(role, person(role));
  for (const role of ['reviewer', 'agent'])
    await t.rejects(h.handlers.add_privacy({ by: signed(role), facts: FACTS }), { code: 'forbidden' }, role);
  await t.rejects(h.handlers.add_privacy({ by: signed('admin', 'tok'), facts: FACTS }), {
    code: 'forbidden',
  });
  await h.handlers.add_privacy({ by: signed('auditor'), facts: FACTS });
  t.match(await h.catalogue.privacyRequests.open(), [{ enteredBy: 'The auditor' }]);
});

t.test('what does not fit is refused, and nothing is written', async (t) => {
  const { handlers, catalogue, clock } = await desk(t);
  const invalid = { code: 'privacy_invalid' };
  const add = (facts: Partial<PrivacyFacts>) => handlers.add_privacy({ by, facts: { ...FACTS, ...facts } });
  await t.rejects(add({ name: ' \u202e ' }), invalid);
  await t.rejects(add({ numbers: ['44'] }), invalid);
  await t.rejects(add({ received: '2026-05-05' }), invalid);
  const { id } = await add({ name: 'Ann\u202e\n<img src=x>' });
  t.equal((await catalogue.privacyRequests.get(id))?.name, 'Ann <img src=x>', 'cleaned, and shown as text');
  const exclude = (body: Partial<ControlBody<'exclude_call'>>) =>
    handlers.exclude_call({ by, id, call: CALL, reason: 'x', ...body });
  await t.rejects(exclude({ call: 'nonsense' }), { code: 'call_unknown' });
  await t.rejects(exclude({ id: 'P9' }), { code: 'privacy_unknown' });
  await t.rejects(exclude({ reason: '\u0000' }), invalid);
  await catalogue.calls.save(aCall('01JXBBBBBBBBBBBBBBBBBBBBBB'));
  await t.rejects(
    exclude({ call: '01JXBBBBBBBBBBBBBBBBBBBBBB' }),
    { code: 'call_unknown' },
    'it does not match',
  );
  clock.ms = at('2026-06-03T22:00:00Z');
  await t.rejects(handlers.extend_privacy({ by, id, reason: 'x' }), { code: 'privacy_late' });
  const answer = { day: '2026-06-04', outcome: 'partly' as const, grounds: [], note: '' };
  await t.rejects(handlers.close_privacy({ by, id, answer }), invalid);
  t.equal((await catalogue.privacyRequests.open()).length, 1);
});

t.test('people are reminded seven days before the last day, and when it has passed', async (t) => {
  const { handlers, deadlines, standing, clock } = await desk(t);
  await handlers.add_privacy({ by, facts: FACTS });
  await handlers.add_privacy({ by, facts: { ...FACTS, received: '2026-05-04' } });
  await deadlines.look();
  t.same([...standing.keys()], []);
  clock.ms = at('2026-05-27T10:00:00Z');
  await deadlines.look();
  t.match(standing.get('request_due'), { severity: 'warning', message: /^1 request .* by 2026-06-03\.$/ });
  clock.ms = at('2026-06-04T10:00:00Z');
  await deadlines.look();
  t.match(standing.get('request_due')?.message, /^1 request .* by 2026-06-04\.$/);
  t.match(standing.get('request_overdue'), {
    severity: 'critical',
    message: /overdue\. Request 1 had .* 2026-06-03/,
  });
  t.notMatch(JSON.stringify([...standing.values()]), /Quennell|7654321/);
  const answer = { day: '2026-06-04', outcome: 'given' as const, grounds: [], note: '' };
  for (const id of ['P1', 'P2']) await handlers.close_privacy({ by, id, answer });
  await deadlines.look();
  t.same([...standing.keys()], []);
});

t.test(
  'people are reminded of confirming receipt, until that is written down or the request is closed',
  async (t) => {
    const { handlers, deadlines, standing, clock } = await desk(t);
    await handlers.add_privacy({ by, facts: FACTS });
    for (const received of ['2026-05-04', '2026-05-03'])
      await handlers.add_privacy({ by, facts: { ...FACTS, kind: 'know', received } });
    const reminded = async (now: string) => {
      clock.ms = at(now);
      await deadlines.look();
      return standing.get('request_confirm')?.message;
    };
    t.equal(await reminded('2026-05-11T10:00:00Z'), undefined);
    t.match(await reminded('2026-05-13T10:00:00Z'), /^1 request .* Request 3 .* by 2026-05-15\.$/);
    t.match(await reminded('2026-05-15T10:00:00Z'), /^2 requests .* Request 3 .* by 2026-05-15\.$/);
    const confirmed = (day: string) =>
      handlers.change_privacy({
        ...{ by, id: 'P3' },
        facts: { ...FACTS, kind: 'know', received: '2026-05-03', confirmed: day },
      });
    for (const wrong of ['2026-05-02', '2026-05-16', '2026-02-30'])
      await t.rejects(confirmed(wrong), { code: 'privacy_invalid' }, wrong);
    await confirmed('2026-05-14');
    t.match(await reminded('2026-05-15T10:00:01Z'), /^1 request .* Request 2 .* by 2026-05-18\.$/);
    t.equal(standing.get('request_confirm')?.severity, 'warning');
    t.match(await reminded('2026-05-20T10:00:00Z'), /^1 request .* Request 2 .* by 2026-05-18\.$/, 'late');
    t.notMatch(JSON.stringify([...standing.values()]), /Quennell|7654321/);
    const answer = { day: '2026-05-17', outcome: 'given' as const, grounds: [], note: '' };
    await handlers.close_privacy({ by, id: 'P2', answer });
    t.equal(await reminded('2026-05-20T10:00:01Z'), undefined);
  },
);

t.test('after 24 months nothing in the catalogue names the person', async (t) => {
  const { handlers, deadlines, catalogue, clock, path } = await desk(t);
  await catalogue.calls.save(aCall(CALL));
  await handlers.add_privacy({ by, facts: FACTS });
  await handlers.extend_privacy({ by, id: 'P1', reason: `${NAME} has many calls` });
  const answer = { day: '2026-05-04', outcome: 'given' as const, grounds: [], note: `${NAME} was told` };
  await handlers.close_privacy({ by, id: 'P1', answer });
  clock.ms = at('2028-05-04T21:59:59Z');
  await deadlines.look();
  t.match(await catalogue.privacyRequests.get('P1'), { name: NAME, forgottenAt: null });
  clock.ms = at('2028-05-04T22:00:00Z');
  await deadlines.look();
  t.match(await catalogue.privacyRequests.get('P1'), { name: '', numbers: [], forgottenAt: clock.ms });
  const [entry] = await catalogue.audit.entries({ limit: 1 });
  t.match(entry, { action: 'privacy_forget', actor: 'tapedeck', object_id: 'P1', detail: { number: 1 } });
  for (const file of [path, `${path}-wal`])
    t.notMatch(readFileSync(file, 'latin1'), /Quennell|7654321/, `${file} has neither name nor number`);
});

t.test('a letter is saved by who handles requests, with names that stand for something', async (t) => {
  const { handlers, catalogue } = await desk(t);
  const save = (text: string | null) => handlers.save_letter({ by, letter: 'refusal', text });
  for (const text of ['Dear {nmae}', ' \u0007 ']) await t.rejects(save(text), { code: 'privacy_invalid' });
  t.same(await catalogue.privacyRequests.letters(), []);
  await save('Dear {name},\r\nno.');
  t.match(await catalogue.privacyRequests.letters(), [{ letter: 'refusal', text: 'Dear {name},\nno.' }]);
  await save(null);
  t.same(await catalogue.privacyRequests.letters(), []);
  t.match(await catalogue.audit.entries({ limit: 2 }), [
    { action: 'privacy_letter', object_id: 'refusal', detail: { change: 'standard' } },
    { action: 'privacy_letter', object_id: 'refusal', detail: { change: 'own' } },
  ]);
});
