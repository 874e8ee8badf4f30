import t from 'tap';
import { type Directive, directed } from '../../../daemon/domain/call/directive.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { createAskers } from '../../../daemon/requests/askers.js';
import { createDirectingRequests } from '../../../daemon/requests/directing.js';
import { opened } from '../../support/catalogue/opened.js';
import { aCall } from '../../support/recordings/a-call.js';

const NOW = Date.UTC(2026, 11, 1, 9);
const CALL = '01HZZZZZZZZZZZZZZZZZZZZZZZ';

t.test(
  'who has declined too many calls has the next one masked, and nothing of it is destroyed',
  async (t) => {
    const { catalogue } = await opened(t);
    const clock = { ms: NOW };
    const now = () => clock.ms;
    const askers = createAskers({
      catalogue,
      proofs: { signedIn: () => false, use: () => null },
      clock: now,
    });
    const said: string[] = [];
    const direct = async (_: string, __: string, { kind }: { kind: string }) => void said.push(kind);
    const { direct_call } = createDirectingRequests({ catalogue, askers, direct, clock: now });
    await catalogue.calls.save(aCall(CALL, { endedAt: null }));
    for (const id of ['ada', 'ben'])
      await catalogue.people.add({ ...FOUNDER, id, name: id, passwordHash: '', createdAt: NOW });
    const by = (person: string) =>
      ({ by: { person, session: 'one', address: '10.0.0.7' }, call: CALL }) as const;

    for (let n = 0; n < 20; n++) await direct_call({ ...by('ada'), kind: 'decline' });
    t.same(said.splice(0), Array(20).fill('decline'));
    await t.rejects(async () => direct_call({ ...by('ada'), kind: 'decline' }), {
      code: 'declined_too_often',
    });
    t.same(said.splice(0), ['stop'], 'what is said from now on is not recorded');
    const [newest] = await catalogue.audit.entries({ limit: 1 });
    t.match(newest, { action: 'direct', detail: { kind: 'stop', asked: 'decline' } });
    await direct_call({ ...by('ada'), kind: 'mask' });
    await direct_call({ ...by('ben'), kind: 'decline' });
    t.same(said.splice(0), ['mask', 'decline'], 'each person has their own');
    clock.ms += 3_600_000 / 30;
    await direct_call({ ...by('ada'), kind: 'decline' });
    t.same(said, ['decline']);
  },
);

t.test('a call that is masked and resumed again and again stays masked, and fills nothing', async (t) => {
  const { catalogue } = await opened(t);
  const now = () => NOW;
  const askers = createAskers({ catalogue, proofs: { signedIn: () => false, use: () => null }, clock: now });
  const direct = async (
    _: string,
    callId: string,
    given: Pick<Directive, 'kind' | 'how' | 'who' | 'legId'>,
  ) => void (await catalogue.directives.add({ callId, at: NOW, ...given }));
  const { direct_call } = createDirectingRequests({ catalogue, askers, direct, clock: now });
  const other = CALL.replace(/Z$/, 'Y');
  for (const id of [CALL, other]) await catalogue.calls.save(aCall(id, { endedAt: null }));
  for (const id of ['ada', 'ben'])
    await catalogue.people.add({ ...FOUNDER, id, name: id, passwordHash: '', createdAt: NOW });
  const say = async (kind: 'mask' | 'resume' | 'decline', call = CALL, person = 'ada') =>
    direct_call({ by: { person, session: 'one', address: '10.0.0.7' }, call, kind });
  for (let n = 0; n < 15; n++) {
    await say('mask');
    await say('resume');
  }
  await say('mask');
  await t.rejects(say('resume'), { code: 'too_many' });
  const said = () => catalogue.directives.of(CALL);
  const [entries, length] = [await catalogue.audit.head(), (await said()).length];
  t.equal(length, 31);
  for (let n = 0; n < 20; n++) await say('mask');
  t.equal((await said()).length, length, 'it is masked already');
  t.same(await catalogue.audit.head(), entries);
  t.equal(directed(await said(), []).masks.at(-1)?.until, null);
  await say('resume', CALL, 'ben');
  t.match((await said()).at(-1), { kind: 'resume' }, 'somebody else can resume it');
  await say('decline');
  t.match((await said()).at(-1), { kind: 'decline' }, 'it can still be declined');
  for (let n = 0; n < 19; n++) await say('decline');
  for (let n = 0; n < 3; n++) await t.rejects(say('decline'), { code: 'declined_too_often' });
  t.equal((await said()).filter(({ kind }) => kind === 'stop').length, 1, 'it is masked to its end once');
  await say('mask', other);
  await say('resume', other);
  t.equal((await catalogue.directives.of(other)).length, 2, 'each call has its own');
});

t.test('nobody ends what is masked for the rest of a call', async (t) => {
  const at = (seq: number, kind: Directive['kind']): Directive => ({
    ...{ callId: CALL, seq, at: NOW + seq * 1_000, kind, how: 'button', who: 'ada', legId: null },
  });
  const masks = (...kinds: Directive['kind'][]) =>
    directed(
      kinds.map((kind, n) => at(n, kind)),
      [],
    ).masks;
  t.same(masks('stop', 'resume', 'mask', 'resume'), [{ from: NOW, until: null }]);
  t.same(masks('mask', 'stop', 'resume'), [{ from: NOW, until: null }]);
  t.same(masks('mask', 'resume', 'stop'), [
    { from: NOW, until: NOW + 1_000 },
    { from: NOW + 2_000, until: null },
  ]);
  t.equal(directed([at(0, 'stop'), at(1, 'decline')], []).declined?.seq, 1, 'it can still be declined');
});
