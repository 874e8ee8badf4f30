import { because } from '../../../daemon/domain/reason/reason.js';
import { aNotice, aPlaying } from '../../support/catalogue/every-row.js';
import { aCall } from '../../support/recordings/a-call.js';
import type { Part } from '../catalogue.js';

/** The ledger of consent. */
export const notices: Part = (t, open) => {
  t.test('the newest decision of a call is kept, and all that was played', async (t) => {
    const { catalogue, again } = await open(t);
    const about = catalogue.notices;
    await catalogue.calls.save(aCall('A'));
    t.same(await about.of('A'), { notice: null, played: [] });
    t.same(await about.of('nowhere'), { notice: null, played: [] });
    await t.rejects(about.decide(aNotice('nowhere')), { code: 'call_unknown' });
    await t.rejects(about.tell(aPlaying('nowhere')), { code: 'call_unknown' });
    await about.decide(aNotice('A'));
    await about.decide({ ...aNotice('A'), mode: 'ask', rule: 'Works council' });
    const cut = { whole: false, heardBy: [], startedAt: null, failed: because('pbx_refused') };
    const one = await about.tell({ ...aPlaying('A'), ...cut });
    const two = await about.tell(aPlaying('A'));
    await about.found(two.seq, {
      found: true,
      in: 'both',
      fromMs: 80,
      untilMs: 4_080,
      share: 1,
      correlation: 0.98,
    });
    const { notice, played } = await (await again()).notices.of('A');
    t.same(notice, { ...aNotice('A'), mode: 'ask', rule: 'Works council' });
    t.same(played[0], { ...aPlaying('A'), ...cut, seq: one.seq, found: null });
    t.match(played[1], { seq: two.seq, found: { found: true, in: 'both', fromMs: 80 } });
    t.equal(played.length, 2);
  });

  t.test('what was told in a call that became part of another is told of that', async (t) => {
    const { catalogue } = await open(t);
    for (const id of ['A', 'B', 'C']) await catalogue.calls.save(aCall(id));
    const about = catalogue.notices;
    await about.decide(aNotice('A'));
    await about.tell(aPlaying('A'));
    await about.decide({ ...aNotice('B'), mode: 'ask' });
    await about.tell({ ...aPlaying('B'), leg: 'N' });
    await catalogue.calls.absorb('A', 'B');
    await about.tell({ ...aPlaying('A'), leg: 'O' });
    for (const id of ['A', 'B']) {
      const { notice, played } = await about.of(id);
      t.match(notice, { callId: 'B', mode: 'ask' }, 'the decision of the call that stays');
      t.same(
        played.map(({ callId, leg }) => [callId, leg]),
        [
          ['B', 'L'],
          ['B', 'N'],
          ['B', 'O'],
        ],
      );
    }
    await catalogue.calls.absorb('B', 'C');
    t.match((await about.of('C')).notice, { callId: 'C', mode: 'ask' }, 'it had none of its own');
  });

  t.test(
    'calls that have ended are counted by quarter of an hour, and anew once something of them changes',
    async (t) => {
      const { catalogue, again } = await open(t);
      const { calls, notices, ledger, directives } = catalogue;
      const [at, range] = [1_800_000, { from: 1_800_000, to: 2_700_000 }];
      t.same(await notices.counts(range), { items: [], next: null });
      await calls.save({ ...aCall('L'), startedAt: at, endedAt: null });
      await notices.decide(aNotice('L'));
      t.same((await notices.counts(range)).items, [], 'a call that goes on');
      for (const id of ['A', 'B']) await calls.save({ ...aCall(id), startedAt: at });
      await notices.decide(aNotice('A'));
      t.same((await notices.counts(range)).items, [{ at, counts: null }]);
      t.equal(await notices.countedSince(range, 3), null, 'no more than three are to be counted');
      t.equal(await notices.countedSince(range, 2), range.to, 'after this quarter no more than two');
      while ((await ledger.count()) > 0);
      const both = [
        { on: '', mode: null, calls: 1, byKey: null },
        { on: '', mode: aNotice('A').mode, calls: 1 },
      ];
      t.match((await (await again()).notices.counts(range)).items, [{ at, counts: both }]);
      t.same((await notices.counts({ ...range, pbx: 'warehouse' })).items, []);
      await directives.add({ callId: 'B', at, kind: 'decline', how: 'digits', who: '9', legId: 'L' });
      t.same((await notices.counts(range)).items, [{ at, counts: null }], 'a late answer');
      while ((await ledger.count()) > 0);
      t.match((await notices.counts(range)).items[0]?.counts, [{ answer: 'refused' }, { answer: 'none' }]);
    },
  );

  t.test(
    'answered calls are found by their time, newest first, with all that was decided and came of it',
    async (t) => {
      const { catalogue } = await open(t);
      const at = { C: 10, A: 20, B: 20, D: 30, E: 40, T: 50, W: 60, R: 70, L: 80 };
      const more: Record<string, object> = {
        ...{ T: { test: true }, W: { pbx: 'warehouse' } },
        ...{ R: { answeredAt: null }, L: { endedAt: null } },
      };
      for (const [id, startedAt] of Object.entries(at))
        await catalogue.calls.save({ ...aCall(id), startedAt, ...more[id] });
      for (const id of ['A', 'B', 'C', 'E', 'T', 'W']) await catalogue.notices.decide(aNotice(id));
      const found = async (more: object) => {
        const { calls, next } = await catalogue.notices.calls({ from: 0, to: 100, limit: 9, ...more });
        return [calls.map(({ id }) => id).join(''), next?.id ?? null];
      };
      t.same(await found({}), ['WEDBAC', null], 'T is a test call, R was not answered, L goes on');
      t.same(await found({ from: 20, to: 40 }), ['DBA', null]);
      t.same(await found({ limit: 2 }), ['WE', 'E']);
      t.same(await found({ limit: 2, before: { startedAt: 40, id: 'E' } }), ['DB', 'B']);
      t.same(await found({ before: { startedAt: 20, id: 'B' } }), ['AC', null], 'two of the same moment');
      t.same(await found({ before: { startedAt: 10, id: 'C' } }), ['', null]);
      t.same(await found({ pbx: 'warehouse' }), ['W', null]);
      t.same(await found({ pbx: '' }), ['EDBAC', null]);

      const { seq } = await catalogue.notices.tell(aPlaying('A'));
      await catalogue.notices.found(seq, { found: false, excused: true });
      const said = { at: 25, kind: 'decline', how: 'digits', who: '9', legId: 'L' } as const;
      const directive = await catalogue.directives.add({ callId: 'A', ...said });
      const { calls } = await catalogue.notices.calls({ from: 0, to: 100, limit: 9 });
      const call = { ...aCall('A'), startedAt: 20 };
      t.same(
        calls.find(({ id }) => id === 'A'),
        {
          ...{ id: 'A', pbx: '', direction: 'in', startedAt: 20 },
          ...{ answeredAt: call.answeredAt, endedAt: call.endedAt, them: call.them, us: call.us },
          ...{ legs: [], marks: [], coverage: 'pending', notice: aNotice('A') },
          played: [{ ...aPlaying('A'), seq, found: { found: false, excused: true } }],
          directives: [directive],
        },
      );
      t.match(
        calls.find(({ id }) => id === 'B'),
        { played: [], directives: [] },
        'nobody else has it',
      );
    },
  );
};
