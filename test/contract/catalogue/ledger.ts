import type { Account } from '../../../daemon/domain/assurance/cdr.js';
import { FIRST, type PbxId } from '../../../daemon/domain/pbx.js';
import { recorded } from '../../support/catalogue/opened.js';
import { aCdr, T0 } from '../../support/ledger.js';
import { aCall } from '../../support/recordings/a-call.js';
import type { Part } from '../catalogue.js';

/** What the PBX itself says of its calls, and the comparison with ours. */
export const ledger: Part = (t, open) => {
  t.test('a CDR is known once, whatever brought it, and due when its call may be compared', async (t) => {
    const { catalogue } = await open(t);
    const { ledger } = catalogue;
    t.same(await ledger.spans(), []);
    t.equal(await ledger.began(FIRST, 5), 5);
    t.equal(await ledger.began(FIRST, 6), 5, 'it begins once');
    const cdr = aCdr('1.1');
    t.same(await ledger.add([cdr], 'AMI', T0 + 40_000, 20_000), [cdr]);
    t.same(await ledger.add([cdr], 'Master.csv', T0 + 50_000), [], 'nothing new');
    t.same(await ledger.due(FIRST, cdr.endAt + 19_999, 9), []);
    t.same(await ledger.due(FIRST, cdr.endAt + 20_000, 9), [cdr]);
    await ledger.setDue([cdr], null);
    t.same(await ledger.due(FIRST, Number.MAX_SAFE_INTEGER, 9), []);
    await ledger.noteSource(FIRST, 'Master.csv', 7, 'It cannot be read.');
    t.match(
      (await ledger.sources()).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      [{ name: 'AMI' }, { name: 'Master.csv', problem: 'It cannot be read.' }],
    );
    t.match(await ledger.witness(FIRST), { since: T0 + 40_000 });
    await ledger.forget(cdr.endAt + 1);
    t.same(await ledger.related(FIRST, ['1.1']), { cdrs: [], calls: [] });
  });

  t.test('an account is of one call, and a call that nobody saw becomes a row', async (t) => {
    const { catalogue } = await open(t);
    const { ledger } = catalogue;
    const ours = aCdr('1.1');
    const strange = aCdr('2.1', { startAt: T0 + 60_000 });
    await catalogue.calls.save(aCall('A', { startedAt: T0, linkedids: ['1.1'] }), recorded);
    await ledger.add([ours, strange], 'AMI', T0 + 100_000);
    const related = await ledger.related(FIRST, ['1.1']);
    t.same(related.cdrs, [ours]);
    t.same(
      related.calls.map((c) => c.id),
      ['A'],
    );
    const account = (id: string, callId: string | null, cdr: typeof ours): Account => ({
      ...{ pbx: FIRST, id, callId, linkedid: cdr.linkedid, startedAt: cdr.startAt, answeredAt: cdr.answerAt },
      ...{ endedAt: cdr.endAt, alone: false, cdrs: [cdr] },
    });
    await ledger.saveAccounts([account('A', 'A', ours), account('2.1', null, strange)], []);
    const range = { from: T0, to: T0 + 100_000 };
    t.equal((await ledger.rows(range)).items.length, 2, 'one call of ours, and one that only the PBX knows');
    t.equal(await ledger.strangers(range), 1);
    t.equal(await ledger.strangers({ ...range, pbx: 'other' as PbxId }), 0);
    t.match(await ledger.row('A'), { call: { id: 'A' }, pbx: { linkedid: '1.1' } });
    t.equal(await ledger.row('B'), null);
    t.same(
      [...(await ledger.cdrsOf(['A', '2.1'])).entries()],
      [
        ['A', [ours]],
        ['2.1', [strange]],
      ],
    );
    await ledger.setDue([ours, strange], null);
    await ledger.strangersDue(FIRST, T0, 77);
    t.same(await ledger.due(FIRST, 77, 9), [strange]);
    const missed = aCall('M', { startedAt: T0 + 60_000, linkedids: ['2.1'] });
    const coverage = { status: 'not_recorded', why: null, rule: null, missingMs: 30_000 } as const;
    await ledger.saveAccounts([account('M', 'M', strange)], [{ call: missed, coverage }]);
    t.match(await catalogue.calls.get('M'), { coverage: { status: 'not_recorded' } });
    t.same((await ledger.rows(range)).items.map((row) => row.call?.id).toSorted(), ['A', 'M']);
    t.same(await ledger.rows({ from: 0, to: T0 }), { items: [], next: null });
  });

  t.test('what has changed is told apart from what was counted', async (t) => {
    const { catalogue, again } = await open(t);
    const { ledger, calls } = catalogue;
    const quarter = Math.floor(T0 / 900_000) * 900_000;
    const range = { from: quarter, to: quarter + 1 };
    t.same(await ledger.counts(range), { items: [], next: null });
    await calls.save(aCall('GOING', { startedAt: T0, endedAt: null }));
    t.same((await ledger.counts(range)).items, [], 'a call in progress is not counted');
    await calls.save(aCall('A', { startedAt: T0 }), recorded);
    await calls.save(aCall('B', { startedAt: T0 }), { ...recorded, status: 'partial' });
    const changed = [{ at: quarter, counts: null }];
    t.same((await ledger.counts(range)).items, changed);
    const since = async (to: number, most: number) => ledger.countedSince({ from: quarter, to }, most);
    t.equal(await since(quarter + 1, 3), null, 'no more than three are to be counted');
    t.equal(await since(quarter + 1, 2), quarter + 900_000, 'after this quarter no more than two');
    t.equal(await since(quarter, 0), null, 'a time without a call');
    t.equal(await ledger.count(), 1);
    t.equal(await since(quarter + 1, 0), null, 'all are counted');
    t.equal(await ledger.count(), 0, 'once');
    const counted = (...all: [string, number][]) => [
      { on: FIRST, counted: all.map(([status, calls]) => ({ status, finding: 'unwitnessed', calls })) },
    ];
    t.match((await (await again()).ledger.counts(range)).items, [
      { at: quarter, counts: counted(['partial', 1], ['recorded', 1]) },
    ]);
    t.same((await ledger.counts({ ...range, pbx: 'shop' })).items, []);
    await calls.save(aCall('C', { startedAt: T0 + 900_000 }), recorded);
    t.match((await ledger.counts({ from: quarter, to: quarter + 1_800_000 })).items, [
      { at: quarter + 900_000, counts: null },
      { at: quarter, counts: [{ unwitnessed: { blind: 'none' } }] },
    ]);
    await calls.decideCoverage('B', recorded);
    t.same((await ledger.counts(range)).items, changed);
    while ((await ledger.count()) > 0);
    t.match((await ledger.counts(range)).items, [{ counts: counted(['recorded', 2]) }]);
  });

  t.test('two PBXs have the same uniqueids, and neither knows of the other', async (t) => {
    const { catalogue } = await open(t);
    const { ledger } = catalogue;
    const here = aCdr('1.1');
    const there = aCdr('1.1', { pbx: 'shop' });
    t.same(await ledger.add([here], 'AMI', T0), [here]);
    t.same(await ledger.add([there], 'AMI', T0), [there], 'another CDR, whatever its ids');
    await catalogue.calls.save(aCall('A', { startedAt: T0, linkedids: ['1.1'] }), recorded);
    await catalogue.calls.save(aCall('B', { startedAt: T0, linkedids: ['1.1'], pbx: 'shop' }), recorded);
    for (const [pbx, cdr, id] of [
      [FIRST, here, 'A'],
      ['shop', there, 'B'],
    ] as const) {
      const related = await ledger.related(pbx, ['1.1']);
      t.same(related.cdrs, [cdr], pbx);
      t.same(
        related.calls.map((c) => c.id),
        [id],
        pbx,
      );
      t.same(await ledger.due(pbx, Number.MAX_SAFE_INTEGER, 9), [cdr]);
    }
    await ledger.began('shop', 7);
    t.match(await ledger.sources(), [
      { pbx: FIRST, name: 'AMI' },
      { pbx: 'shop', name: 'AMI' },
    ]);
    t.same(
      (await ledger.rows({ from: T0, to: T0 + 1, pbx: 'shop' })).items.map((row) => row.call?.id),
      ['B'],
    );
  });
};
