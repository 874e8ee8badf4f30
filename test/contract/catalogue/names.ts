import type { Cdr } from '../../../daemon/domain/assurance/cdr.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { ANY_CALL } from '../../../daemon/domain/retention/hold.js';
import { FIRST_NAMES } from '../../../daemon/domain/retention/names.js';
import { T0 } from '../../support/catalogue/crafted.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';
import type { Part } from '../catalogue.js';

const recorded = { status: 'recorded', why: null, rule: null, missingMs: 0 } as const;
const ENDED = T0 + 35_000;
const cdr = (uniqueid: string, src: string): Cdr => ({
  pbx: FIRST,
  ...{
    linkedid: uniqueid,
    uniqueid,
    channel: `PJSIP/${uniqueid}`,
    peer: '',
    src,
    dst: '101',
    name: 'Ada Caller',
  },
  ...{ context: 'in', app: 'Dial', startAt: T0, answerAt: T0 + 5_000, endAt: ENDED, disposition: 'ANSWERED' },
  ahead: 0,
});
const account = (id: string, callId: string | null, one: Cdr) => ({
  ...{ id, pbx: FIRST, linkedid: one.linkedid, callId, startedAt: T0, answeredAt: T0 + 5_000 },
  ...{ endedAt: ENDED, alone: false, cdrs: [one] },
});

/** How long names and numbers stay. */
export const names: Part = (t, open) => {
  t.test('a call is due once it has ended without audio, or its last recording was erased', async (t) => {
    const { catalogue } = await open(t);
    const { names, calls, recordings } = catalogue;
    const ids = async (since = Number.MAX_SAFE_INTEGER) =>
      (await names.page(FIRST_NAMES, since, 9)).map(({ id, since }) => [id, since]);
    await calls.save(aCall('GOING', { endedAt: null }));
    await calls.save(aCall('TEST', { test: true }));
    await calls.save(aCall('MUTE'));
    await calls.save(aCall('HEARD'));
    await recordings.sealed(aRecording('R', 'HEARD', { minUntil: T0 + 7 }), Buffer.alloc(9), recorded);
    t.same(await ids(), [['MUTE', ENDED]]);
    await calls.save(aCall('GOING'));
    t.same(await ids(), [
      ['GOING', ENDED],
      ['MUTE', ENDED],
    ]);
    await recordings.eraseIntended('R', noted('Over.'), ENDED + 7);
    t.same((await ids()).length, 2, 'it is not gone yet');
    await recordings.erased('R', ENDED + 8);
    t.same((await names.page(FIRST_NAMES, ENDED + 8, 9)).at(-1), {
      id: 'HEARD',
      since: ENDED + 8,
      minUntil: T0 + 7,
    });
    t.same(
      [await names.count(ENDED, 9), await names.count(ENDED + 8, 9), await names.count(ENDED + 8, 2)],
      [2, 3, 2],
    );
    t.same(
      (await names.page({ since: ENDED, id: 'GOING' }, ENDED, 9)).map(({ id }) => id),
      ['MUTE'],
    );
  });

  t.test('what is left of a call names nobody, and counts as before', async (t) => {
    const { catalogue, again } = await open(t);
    const party = { number: '+15550123', name: 'Ada Caller', ours: false };
    const facts = {
      account: 'Ada',
      variables: { A: 'Ada' },
      called: ['+15550123'],
      sent: true,
      originated: false,
    };
    const leg = { id: 'L.1', party, endpoint: 'ada', seenAt: T0, upAt: T0, goneAt: ENDED };
    const mark = { atMs: 0, untilMs: null, kind: 'transfer' as const, text: 'Ada Caller', legId: 'L.1' };
    const call = aCall('A', {
      queue: 'sales',
      facts,
      legs: [leg],
      marks: [mark, { ...mark, kind: 'queue', text: 'sales' }],
    });
    const why = because('error', { error: 'disk_full', detail: 'Ada Caller' });
    await catalogue.calls.save(call, { status: 'not_recorded', why, rule: null, missingMs: 30_000 });
    await catalogue.directives.add({
      callId: 'A',
      at: T0,
      kind: 'decline',
      how: 'button',
      who: 'Grace',
      legId: null,
    });
    await catalogue.ledger.add([cdr('A.1', '5550123')], 'AMI', T0);
    await catalogue.ledger.saveAccounts([account('A', 'A', cdr('A.1', '5550123'))], []);
    const { items: before } = await catalogue.ledger.rows({ from: 0, to: T0 + 1 });
    t.equal(await catalogue.names.remove(['A'], T0 + 9), 1);
    t.equal(await catalogue.names.remove(['A'], T0 + 10), 0, 'once');
    const other = await again();
    t.match(await other.calls.get('A'), {
      them: { number: '', name: '', ours: false },
      us: { number: '', name: '', ours: true },
      ...{ dialled: '', did: '', queue: 'sales', facts: null, startedAt: T0, endedAt: ENDED },
      legs: [{ id: 'L.1', party: { number: '', name: '' }, endpoint: '', upAt: T0 }],
      marks: [
        { kind: 'transfer', text: '' },
        { kind: 'queue', text: 'sales' },
      ],
      coverage: {
        status: 'not_recorded',
        why: { code: 'error', params: { error: 'disk_full', detail: '' } },
      },
    });
    t.match(await other.directives.of('A'), [{ kind: 'decline', who: '' }]);
    const { items: after } = await other.ledger.rows({ from: 0, to: T0 + 1 });
    t.match(after, [{ pbx: { src: '', dst: '', name: '', startedAt: T0 }, call: { id: 'A' } }]);
    t.equal(after.length, before.length);
    t.same(await other.ledger.cdrsOf(['A']), new Map([['A', []]]));
    t.same(await other.calls.list({ text: '5550123', limit: 9 }), []);
    t.same(await other.calls.list({ reach: [{ kind: 'extension', name: '101' }], limit: 9 }), []);
    t.equal((await other.calls.list({ reach: [{ kind: 'queue', name: 'sales' }], limit: 9 })).length, 1);
    t.same([await other.names.removed(T0, T0 + 9), await other.names.removed(T0 + 9, T0 + 99)], [1, 0]);
    await catalogue.calls.save(call);
    t.match(
      await catalogue.calls.get('A'),
      { them: { number: '' } },
      'what is told of it later brings nothing back',
    );
    t.equal(await catalogue.names.count(Number.MAX_SAFE_INTEGER, 9), 0);
  });

  t.test('a call keeps its names while it has audio, or a matter asks for it', async (t) => {
    const { catalogue } = await open(t);
    const { names, calls, recordings, holds } = catalogue;
    for (const id of ['A', 'B', 'C']) await calls.save(aCall(id));
    await recordings.sealed(aRecording('R', 'A'), Buffer.alloc(9), recorded);
    const segment = {
      callId: 'C',
      seq: 0,
      token: '',
      legId: 'L',
      inStartedAt: T0,
      outStartedAt: T0,
      state: 'captured' as const,
    };
    await catalogue.segments.save({
      ...segment,
      because: null,
      mutedFrom: { in: null, out: null },
      swapped: false,
      fed: '',
    });
    const query = { ...ANY_CALL, numbers: ['5550123'] };
    await holds.open({ id: 'M', name: 'M', reason: '', query, openedBy: 'ada', openedAt: T0 });
    t.equal(await names.remove(['A', 'B', 'C'], T0), 0);
    t.match(await calls.get('B'), { them: { name: 'Ada Caller' } });
  });

  t.test('CDRs that belong to no call of ours lose their numbers too', async (t) => {
    const { catalogue } = await open(t);
    for (const id of ['X.1', 'X.2']) {
      await catalogue.ledger.add([cdr(id, '5550199')], 'AMI', T0);
      await catalogue.ledger.saveAccounts([account(id, null, cdr(id, '5550199'))], []);
    }
    t.equal(await catalogue.names.removeStrangers(ENDED, 9), 0, 'they ended just then');
    t.equal(await catalogue.names.removeStrangers(ENDED + 1, 1), 1);
    t.equal(await catalogue.names.removeStrangers(ENDED + 1, 9), 1);
    t.equal(await catalogue.names.removeStrangers(ENDED + 1, 9), 0);
    t.match((await catalogue.ledger.rows({ from: 0, to: T0 + 1 })).items, [
      { pbx: { src: '' } },
      { pbx: { src: '' } },
    ]);
  });
};
