import t from 'tap';
import { Compile } from 'typebox/compile';
import { ulid } from 'ulid';
import { DAY_MS } from '../../../daemon/domain/approval/approval.js';
import type { HOLDS } from '../../../daemon/domain/operations/control/holds.js';
import { CONTROL, type ControlAnswer, type ControlBody } from '../../../daemon/domain/operations/control.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { ANY_CALL, type HoldQuery, type Letting } from '../../../daemon/domain/retention/hold.js';
import { hashed } from '../../../daemon/ops/secrets/codes.js';
import { createHoldRequests } from '../../../daemon/requests/retention/holds.js';
import { AUDITOR } from '../../support/people-lab.js';
import { keepOne } from '../../support/recordings/retention-lab.js';
import { approvalsLab } from '../../support/requests/approvals-lab.js';

const AGENT = { ...FOUNDER, roles: ['agent' as const] };
const INCOMING: HoldQuery = { ...ANY_CALL, direction: 'in' };
const ALL = { what: 'all' as const };

/** A recorder's answers about matters, with an auditor, and an admin who has a second factor. */
async function holding(t: Parameters<typeof approvalsLab>[0]) {
  const made = await approvalsLab(t);
  const { lab, approvals } = made;
  const { catalogue } = lab;
  const told: string[] = [];
  const handlers = createHoldRequests({
    ...{ ...lab.deps, approvals, coolOffMs: DAY_MS, mint: ulid },
    holding: { work: () => void told.push('work') },
  });
  const ask = async <N extends keyof typeof HOLDS>(
    name: N,
    body: ControlBody<N>,
  ): Promise<ControlAnswer<N>> => {
    if (!Compile(CONTROL[name].body).Check(body)) throw new Error(`${name}: the body is not as agreed`);
    const answer = await (handlers[name] as (body: unknown) => unknown)(body);
    if (!Compile(CONTROL[name].answer).Check(answer)) throw new Error(`${name}: not as agreed`);
    return answer as ControlAnswer<N>;
  };
  await lab.add('aud', AUDITOR);
  const code = await made.withFactor('ben');
  const by = lab.by('aud');
  /** Does what the recorder does meanwhile. */
  const work = async () => {
    for (const id of await catalogue.holds.applying()) while (!(await catalogue.holds.apply(id, 100, 1)));
    for (const { id } of await catalogue.holds.releases())
      while (!(await catalogue.holds.carryOut(id, 100, lab.clock.ms)));
  };
  const approve = async (id: string) => {
    const { digest } = (await catalogue.approvals.get(id))!;
    lab.clock.ms += 30_000;
    await made.proof('ben', code(), { id, digest });
    await made.ask('approve', { by: lab.by('ben'), id, digest });
  };
  const open = async (more: Partial<ControlBody<'open_matter'>> = {}) => {
    const { id } = await ask('open_matter', {
      ...{ by, name: 'Smith v. Example', reason: 'Letter of 3 May', query: INCOMING, recordings: [] },
      ...more,
    });
    await work();
    return id;
  };
  return { ...made, catalogue, told, hold: ask, by, work, approve, open };
}

t.test('who oversees may open, widen and add, with a reason that is on record first', async (t) => {
  const { lab, catalogue, hold, by, told, work } = await holding(t);
  await keepOne(catalogue, 'R1');
  await lab.add('desk', AGENT);
  const body = { by, name: 'Smith', reason: 'Letter\u202e of 3 May', query: null, recordings: ['R1'] };
  for (const [who, code] of [
    [lab.by('desk'), 'forbidden'],
    [lab.by('nobody'), 'not_signed_in'],
  ] as const)
    for (const asked of [
      () => hold('open_matter', { ...body, by: who }),
      () => hold('widen_matter', { by: who, id: 'x', query: INCOMING, reason: 'x' }),
      () => hold('hold_recordings', { by: who, id: 'x', recordings: [], reason: 'x' }),
      () => hold('ask_release', { by: who, id: 'x', letting: ALL, reason: 'x' }),
      () => hold('release_matter', { by: who, id: 'x', approval: 'x' }),
    ])
      await t.rejects(asked(), { code });
  await lab.unwritten('open_matter', () => hold('open_matter', body));
  t.same(await catalogue.holds.list(), [], 'what is not on record is not done');

  const { id } = await hold('open_matter', body);
  t.match(await lab.entry(), {
    ...{ action: 'hold_open', actor_id: 'aud', object: 'matter', object_id: id },
    detail: { query: false, recordings: 1 },
  });
  t.notMatch((await lab.entry()).reason, '\u202e');
  t.match(await catalogue.holds.get(id), { openedBy: 'aud', held: { query: 0, picked: 1 } });
  t.same(told, ['work']);

  await hold('widen_matter', { by, id, query: INCOMING, reason: 'Second letter' });
  t.match(await lab.entry(), { action: 'hold_add', object_id: id, detail: { change: 'query' } });
  await work();
  await keepOne(catalogue, 'R2');
  await keepOne(catalogue, 'R3', { callId: 'C3' });
  t.same(await hold('hold_recordings', { by, id, recordings: ['R2', 'R3'], reason: 'x' }), { added: 0 });
  t.match(await lab.entry(), { detail: { change: 'query' } }, 'nothing new is no entry');
});

t.test('bad input is refused, and changes nothing', async (t) => {
  const { lab, catalogue, hold, by, open } = await holding(t);
  const body = { by, name: 'Smith', reason: 'Letter', query: INCOMING, recordings: [] };
  const faulty: [Partial<typeof body>, RegExp | string][] = [
    [{ reason: '\u202e ' }, 'request_invalid'],
    [{ query: ANY_CALL }, 'hold_invalid'],
    [{ query: { ...INCOMING, numbers: ['x'] } }, 'hold_invalid'],
    [{ query: { ...INCOMING, text: '...' } }, 'hold_invalid'],
    [{ query: { ...INCOMING, from: 5, to: 5 } }, 'hold_invalid'],
    [{ recordings: ['../x'] } as object, 'recording_absent'],
  ];
  for (const [more, code] of faulty) await t.rejects(hold('open_matter', { ...body, ...more }), { code });
  t.same(await catalogue.holds.list(), []);
  const id = await open();
  await t.rejects(open(), { code: 'matter_exists' });
  await t.rejects(hold('widen_matter', { by, id, query: { ...INCOMING, text: 'a' }, reason: 'x' }), {
    code: 'hold_narrower',
  });
  await t.rejects(hold('widen_matter', { by, id: 'none', query: INCOMING, reason: 'x' }), {
    code: 'matter_unknown',
  });
  await keepOne(catalogue, 'R1');
  const unfit: [Letting, RegExp][] = [
    [{ what: 'recordings', recordings: ['R1'] }, /narrow the query/],
    [{ what: 'recordings', recordings: ['R9'] }, /does not hold/],
    [{ what: 'query', query: ANY_CALL }, /at least one condition/],
  ];
  for (const [letting, detail] of unfit)
    await t.rejects(hold('ask_release', { by, id, letting, reason: 'x' }), { code: 'hold_invalid', detail });
  await t.rejects(hold('release_matter', { by, id, approval: 'none' }), { code: 'approval_missing' });
  t.same(await catalogue.approvals.open(lab.clock.ms), []);
});

t.test('an API token changes nothing, and the command line opens matters and releases none', async (t) => {
  const { lab, catalogue, hold, open } = await holding(t);
  const id = await open();
  const token = {
    ...{ id: 'T1', userId: 'aud', name: 'wall', rights: ['oversee' as const], createdAt: 0 },
    expiresAt: lab.clock.ms + DAY_MS,
  };
  await catalogue.tokens.add(token, hashed('secret'));
  const by = lab.by('aud', { token: 'T1' });
  const matter = { name: 'Other', reason: 'x', query: INCOMING, recordings: [] };
  for (const asked of [
    () => hold('open_matter', { by, ...matter }),
    () => hold('widen_matter', { by, id, query: INCOMING, reason: 'x' }),
    () => hold('hold_recordings', { by, id, recordings: [], reason: 'x' }),
    () => hold('ask_release', { by, id, letting: ALL, reason: 'x' }),
    () => hold('release_matter', { by, id, approval: 'x' }),
  ])
    await t.rejects(asked(), { code: 'forbidden' });
  const box = { console: 'root' };
  await t.rejects(hold('ask_release', { by: box, id, letting: ALL, reason: 'x' }), { code: 'forbidden' });
  await t.rejects(hold('release_matter', { by: box, id, approval: 'x' }), { code: 'approval_missing' });
  await hold('open_matter', { by: box, ...matter });
  t.match(await lab.entry(), { action: 'hold_open', actor: 'console', actor_name: 'root' });
});

t.test('a release takes a second person, a day, and exactly the list that was shown', async (t) => {
  const { lab, catalogue, hold, by, ask, approve, work, open } = await holding(t);
  for (const id of ['R1', 'R2']) await keepOne(catalogue, id);
  const id = await open({ query: null, recordings: ['R1', 'R2'] });
  const letting = { what: 'recordings' as const, recordings: ['R1'] };
  const asked = await hold('ask_release', { by, id, letting, reason: 'Settled' });
  t.match(asked, { recordings: 1, not_before: lab.clock.ms + DAY_MS });
  t.match(await lab.entry(), { action: 'approval_ask', detail: { act: 'release_hold', act_object: id } });
  const release = () => hold('release_matter', { by, id, approval: asked.approval });
  await t.rejects(release(), { code: 'approval_missing' }, 'nobody has approved it');
  const [seen] = (await ask('approvals', { by: lab.by('ben') })).open;
  t.match(seen, {
    shown: { matter: { name: 'Smith v. Example' }, letting, recordings: 1 },
    may_approve: true,
  });
  await t.rejects(ask('approve', { by, id: asked.approval, digest: seen!.digest }), { code: 'forbidden' });
  await approve(asked.approval);
  await t.rejects(release(), { code: 'approval_missing' }, 'the day is not over');
  lab.clock.ms += DAY_MS;
  await t.rejects(
    hold('release_matter', { by: lab.by('ben'), id, approval: asked.approval }),
    { code: 'approval_missing' },
    'only the person who asked carries it out',
  );
  await t.rejects(
    hold('release_matter', { by, id: 'other', approval: asked.approval }),
    { code: 'approval_missing' },
    'for another matter',
  );
  await lab.unwritten('release_matter', release);
  await release();
  t.match(await lab.entry(), {
    ...{ action: 'hold_release', actor_id: 'aud', object_id: id, reason: 'Settled' },
    detail: { what: 'recordings', recordings: 1, approved_by: 'ben', alone: false },
  });
  await work();
  t.match(await catalogue.holds.get(id), { state: 'open', held: { picked: 1 } });
  t.equal((await catalogue.recordings.get('R1'))?.state, 'sealed', 'nothing is erased by it');
  await t.rejects(release(), { code: 'approval_missing' }, 'once');
});

t.test('a list or a query that has changed since voids the approval', async (t) => {
  const { lab, catalogue, hold, by, approve, work, open } = await holding(t);
  for (const id of ['R1', 'R2']) await keepOne(catalogue, id);
  const id = await open({ query: null, recordings: ['R1'] });
  const { approval } = await hold('ask_release', { by, id, letting: ALL, reason: 'Over' });
  await approve(approval);
  lab.clock.ms += DAY_MS;
  await hold('hold_recordings', { by, id, recordings: ['R2'], reason: 'More' });
  await t.rejects(hold('release_matter', { by, id, approval }), { code: 'approval_missing' });
  t.match(await catalogue.holds.get(id), { state: 'open', held: { picked: 2 } }, 'nothing was let go');

  const again = await hold('ask_release', { by, id, letting: ALL, reason: 'Over' });
  await approve(again.approval);
  lab.clock.ms += DAY_MS;
  await hold('widen_matter', { by, id, query: INCOMING, reason: 'More' });
  await work();
  await t.rejects(hold('release_matter', { by, id, approval: again.approval }), { code: 'approval_missing' });
});

t.test('what a query catches after a release was asked for stays held', async (t) => {
  const { lab, catalogue, hold, by, approve, work, open } = await holding(t);
  await keepOne(catalogue, 'R1');
  const id = await open();
  const narrower = { ...INCOMING, text: 'nobody' };
  const asked = await hold('ask_release', {
    ...{ by, id, letting: { what: 'query' as const, query: narrower }, reason: 'Only theirs' },
  });
  t.equal(asked.recordings, 1);
  await keepOne(catalogue, 'R2');
  await approve(asked.approval);
  lab.clock.ms += DAY_MS;
  await hold('release_matter', { by, id, approval: asked.approval });
  await work();
  t.same(
    (await catalogue.holds.items(id, 0, 9)).map(({ recordingId }) => recordingId),
    ['R2'],
  );
  t.match(await catalogue.holds.get(id), { query: { text: 'nobody' }, state: 'open' });
});

t.test('somebody whom the other person has just added cannot be the second person', async (t) => {
  const { lab, catalogue, hold, by, ask, open } = await holding(t);
  await keepOne(catalogue, 'R1');
  const id = await open({ query: null, recordings: ['R1'] });
  const { approval } = await hold('ask_release', { by, id, letting: ALL, reason: 'Over' });
  lab.db.exec(`INSERT INTO ties (actor, subject, what, at) VALUES ('ben', 'aud', 'made', ${lab.clock.ms})`);
  t.match((await ask('approvals', { by: lab.by('ben') })).open, [
    { id: approval, may_approve: false, because: 'tied', until: lab.clock.ms + 7 * DAY_MS },
  ]);
});
