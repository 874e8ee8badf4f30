import t, { type Test } from 'tap';
import { EVERY_CALL, type Person } from '../../../daemon/domain/people/person.js';
import { createOwnSide } from '../../../daemon/requests/privacy/own-side.js';
import { opened, recorded, segment } from '../../support/catalogue/opened.js';
import { aPrivacyRequest } from '../../support/catalogue/privacy-request.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';

const CALL = '01JXAAAAAAAAAAAAAAAAAAAAAA';
const OTHER = '01JXBBBBBBBBBBBBBBBBBBBBBB';
const by = { person: 'eve', session: 's', address: '::1' };
const AUDITOR: Person = {
  ...{ id: 'eve', name: 'Eve', roles: ['auditor'], scope: EVERY_CALL, extensions: [], grants: [] },
};
const ann = { number: '030 1234567', name: 'Ann', ours: false };

async function desk(t: Test) {
  const { catalogue } = await opened(t);
  const who = { person: AUDITOR as Person | null };
  const taken: string[] = [];
  const made = createOwnSide({
    catalogue,
    askers: {
      of: async () => ({
        person: who.person,
        entry: (action: string, about = {}) => ({
          ...{
            at: '2026-05-03T00:00:00.000Z',
            actor: 'person',
            actor_id: 'eve',
            actor_name: 'Eve',
            address: '',
          },
          ...{ action, object: '', object_id: '', reason: '', outcome: 'ok', detail: {}, ...about },
        }),
      }),
    } as never,
    identity: async (id) => {
      taken.push(id);
      return `key of ${id}`;
    },
    taking: { take: () => {} },
  });
  for (const [id, them] of [
    [CALL, ann],
    [OTHER, { ...ann, number: '0407777777' }],
  ] as const) {
    const call = aCall(id, { them });
    const leg = { id: `leg-${id}`, party: them, endpoint: 'trunk', seenAt: call.startedAt };
    const legs = [{ ...leg, upAt: call.answeredAt, goneAt: call.endedAt }];
    await catalogue.calls.save({ ...call, legs });
    await catalogue.recordings.sealed(aRecording(`R${id}`, id), new Uint8Array(3), recorded);
    const times = { inStartedAt: call.answeredAt, outStartedAt: call.answeredAt };
    await catalogue.segments.save(segment(id, 0, { ...times, legId: leg.id, state: 'preserved' }));
  }
  await catalogue.privacyRequests.add(aPrivacyRequest('P1', { from: null }));
  const open = async (body = {}) => made.open_own_side({ by, id: 'P1', call: CALL, ...body });
  return { catalogue, who, taken, open };
}

t.test('the key is given once it is on record, with where the person alone is heard', async (t) => {
  const { catalogue, taken, open } = await desk(t);
  const given = await open();
  t.match(given, { recording: `R${CALL}`, identity: `key of R${CALL}`, us: [] });
  t.equal(given.them.length, 1);
  t.equal(given.them[0]!.fromMs, 0);
  const [entry] = await catalogue.audit.entries({ limit: 1 });
  t.match(entry, {
    action: 'export',
    object_id: CALL,
    reason: 'Request 1',
    detail: { recording: `R${CALL}` },
  });
  t.notMatch(JSON.stringify(entry), /Ann|1234567/);
  t.same(taken, [`R${CALL}`]);
});

t.test(
  'nothing is given to who may not, of calls that are not theirs, or without a checked identity',
  async (t) => {
    const { catalogue, who, taken, open } = await desk(t);
    for (const [person, what] of [
      [null, 'the command line'],
      [{ ...AUDITOR, roles: ['admin'] }, 'an admin exports nothing'],
      [{ ...AUDITOR, roles: ['reviewer'], grants: ['export'] }, 'who handles no requests'],
      [{ ...AUDITOR, only: ['view', 'export'] }, 'a token'],
    ] as [Person | null, string][]) {
      who.person = person;
      await t.rejects(open(), { code: 'forbidden' }, what);
    }
    who.person = AUDITOR;
    await t.rejects(open({ id: 'P9' }), { code: 'privacy_unknown' });
    for (const call of [OTHER, 'nonsense']) await t.rejects(open({ call }), { code: 'call_unknown' });
    const requests = catalogue.privacyRequests;
    await requests.exclude('P1', CALL, { reason: 'Her son', by: 'Eve', at: 5 });
    await t.rejects(open(), { code: 'privacy_refused', detail: /left out/ });
    await requests.exclude('P1', CALL, null);
    const { id, zone, region, enteredBy, enteredAt, ...facts } = aPrivacyRequest('P1', { from: null });
    await requests.change('P1', { ...facts, identity: '' });
    await t.rejects(open(), { code: 'privacy_refused', detail: /identity/ });
    await requests.change('P1', facts);
    await requests.close('P1', { day: '2026-05-20', outcome: 'given', grounds: [], note: '' }, 'Eve', 9);
    await t.rejects(open(), { code: 'privacy_closed' });
    t.same(taken, []);
    t.same((await catalogue.audit.entries({ limit: 9, actions: ['export'] })).length, 0);
  },
);

t.test('where nothing tells who was connected, nothing is given', async (t) => {
  const { catalogue, open } = await desk(t);
  await catalogue.segments.save(segment(CALL, 0, { legId: 'unknown', state: 'preserved' }));
  await t.rejects(open(), { code: 'privacy_refused', detail: /certain/ });
});
