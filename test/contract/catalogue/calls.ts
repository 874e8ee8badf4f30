import type { Reach } from '../../../daemon/domain/people/reach.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { recorded, segment } from '../../support/catalogue/opened.js';
import { aCall } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';
import type { Part } from '../catalogue.js';

/** Calls: how they are kept, found, counted, and become parts of one another. */
export const calls: Part = (t, open) => {
  t.test('coverage', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.calls.save(aCall('A', { answeredAt: null, endedAt: null, outcome: null }));
    t.equal((await catalogue.calls.get('A'))?.coverage.status, 'none', 'nothing to record before the answer');
    await catalogue.calls.save(aCall('A', { endedAt: null, outcome: null }));
    t.equal(
      (await catalogue.calls.get('A'))?.coverage.status,
      'pending',
      'an answer has to be accounted for',
    );
    await catalogue.calls.decideCoverage('A', {
      status: 'excluded',
      why: noted('Doctor'),
      rule: 'Private',
      missingMs: 7,
    });
    await catalogue.calls.save(aCall('A'));
    t.same(
      (await catalogue.calls.get('A'))?.coverage,
      { status: 'excluded', why: noted('Doctor'), rule: 'Private', missingMs: 7 },
      'a decision stays',
    );
    await catalogue.calls.save(aCall('A'), recorded);
    t.same((await catalogue.calls.get('A'))?.coverage, recorded, 'until it is given anew');
    await t.rejects(catalogue.calls.decideCoverage('Z', recorded), { code: 'call_unknown' });
  });

  t.test('the beginning of a call is found by how many were before a time', async (t) => {
    const { catalogue } = await open(t);
    for (const startedAt of [10, 20, 30]) await catalogue.calls.save(aCall(`C${startedAt}`, { startedAt }));
    t.equal(await catalogue.calls.startBefore(30, 0), 20, 'before the time, not at it');
    t.equal(await catalogue.calls.startBefore(31, 2), 10);
    t.equal(await catalogue.calls.startBefore(31, 3), null);
  });

  t.test('a search finds what was meant, however it is written', async (t) => {
    const { catalogue } = await open(t);
    const known = aCall('A', {
      startedAt: 1,
      them: { number: '+49 (171) 234-4455', name: 'Jörg Müller-Straße', ours: false },
      us: { number: '*98', name: "O'Neil 100%_sure\\", ours: true },
      did: '0800 55 66',
      queue: 'Sales_EU',
      legs: [
        {
          id: 'l',
          party: { number: '204', name: 'Lin', ours: true },
          endpoint: '204',
          seenAt: 1,
          upAt: 2,
          goneAt: 3,
        },
      ],
    });
    await catalogue.calls.save(known);
    await catalogue.calls.save(
      aCall('B', { startedAt: 2, them: { number: '', name: 'Other', ours: false } }),
    );
    const finds = async (text: string) =>
      (await catalogue.calls.list({ text, limit: 9 })).map((c) => c.id).join('');
    const hits = [
      '171 2344455',
      '+491712344455',
      '234-4455',
      'muller',
      'MÜLLER jörg',
      'müller 204',
      'lin',
      '*98',
      "o'neil",
    ];
    for (const text of [
      ...hits,
      '100%',
      '%_sure\\',
      'sales_eu',
      '5566',
      '  lin  ',
      'l\u0131n'.replace('ı', 'i'),
    ])
      t.equal(await finds(text), 'A', text);
    const misses = [
      "'; DROP TABLE calls; --",
      ...['171-234', '080055'],
      '%%%x',
      'sales%eu',
      'salesXeu',
      'muller other',
      '\\',
      'ada\u0000',
      '\u0000zz',
      'a"b*',
      '999',
    ];
    for (const text of misses) t.equal(await finds(text), text === '\\' ? 'A' : '', JSON.stringify(text));
    t.equal(await finds('sales_eu '.repeat(500)), 'A', 'a very long text');
    for (const text of ['', '   ', '- +', '\u0000', '\ud800'])
      t.equal(await finds(text), 'BA', 'nothing to look for finds all');
  });

  t.test('a list goes from the newest to the oldest, page by page, without gaps or repeats', async (t) => {
    const { catalogue } = await open(t);
    const ids = Array.from({ length: 25 }, (_, i) => `C${String(i).padStart(2, '0')}`);
    for (const [i, id] of ids.entries())
      await catalogue.calls.save(
        aCall(id, { startedAt: Math.floor(i / 3) * 1000, direction: i % 2 ? 'in' : 'out' }),
      );
    const seen: string[] = [];
    for (let before: string | undefined; ; before = seen.at(-1)) {
      const page = await catalogue.calls.list({ limit: 4, before });
      if (page.length === 0) break;
      seen.push(...page.map((c) => c.id));
    }
    t.same(seen, ids.toReversed());
    const some = await catalogue.calls.list({
      from: 1000,
      to: 3000,
      direction: 'out',
      coverage: 'pending',
      limit: 99,
    });
    t.same(
      some.map((c) => c.id),
      ['C08', 'C06', 'C04'],
    );
    t.same(await catalogue.calls.list({ limit: 4, before: 'unknown' }), []);
  });

  t.test('an absorbed call lives on in the other, and its spool files keep their names', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.calls.save(aCall('A', { endedAt: null }));
    await catalogue.calls.save(aCall('B', { endedAt: null }));
    await catalogue.calls.save(aCall('C', { endedAt: null }));
    await catalogue.segments.save(segment('A', 1));
    await catalogue.segments.save(segment('B', 1, { inStartedAt: 500, state: 'capturing' }));
    await catalogue.calls.absorb('B', 'A');
    await catalogue.calls.absorb('B', 'A');
    await catalogue.segments.save(segment('B', 1, { inStartedAt: 500 }));
    await catalogue.segments.save(segment('B', 2));
    await catalogue.calls.save(aCall('B', { queue: 'late' }));
    t.same(
      (await catalogue.calls.open()).map(({ call }) => call.id),
      ['A', 'C'],
    );
    const named = (await catalogue.segments.of('A')).map((s) => `${s.callId}-${s.seq} ${s.state}`);
    t.same(named, ['B-1 captured', 'A-1 captured', 'B-2 captured']);
    t.match(await catalogue.calls.get('B'), { id: 'A', queue: '' });
    await catalogue.calls.absorb('A', 'C');
    t.equal((await catalogue.segments.of('C')).length, 3);
    t.equal((await catalogue.calls.get('B'))?.id, 'C', 'an absorbed call follows');
    await t.rejects(catalogue.calls.absorb('C', 'nowhere'), { code: 'call_unknown' });
    t.equal((await catalogue.segments.of('C')).length, 3, 'what failed left nothing half done');
  });

  t.test('a consultation for a call that is absorbed is for the other from then on', async (t) => {
    const { catalogue } = await open(t);
    for (const id of ['A', 'B']) await catalogue.calls.save(aCall(id));
    await catalogue.calls.save(aCall('ASKED', { consultFor: 'B' }));
    await catalogue.calls.absorb('B', 'A');
    t.equal((await catalogue.calls.get('ASKED'))?.consultFor, 'A');
    for (const name of ['A', 'B'])
      t.same(
        (await catalogue.calls.list({ consultFor: name, limit: 9 })).map((c) => c.id),
        ['ASKED'],
        `by the name ${name}`,
      );
    await catalogue.calls.absorb('A', 'ASKED');
    t.equal((await catalogue.calls.get('ASKED'))?.consultFor, null, 'none is for itself');
  });

  t.test('a call is given as it was saved, with its decision as long as it is open', async (t) => {
    const { catalogue, again } = await open(t);
    const decision = {
      ...{ version: 3, outcome: 'record' as const, rule: 'All' },
      why: because('rule', { reason: 'Training.' }),
    };
    const call = aCall('A', {
      endedAt: null,
      queue: 'sales',
      marks: [{ atMs: 5, untilMs: null, kind: 'queue', text: 'sales', legId: null }],
    });
    await catalogue.calls.save(call, undefined, decision);
    await catalogue.calls.save({ ...call, dialled: '2' });
    const kept = await again();
    t.match(await kept.calls.open(), [{ call: { ...call, dialled: '2' }, decision }], 'after a restart too');
    t.match(await kept.calls.get('A'), { ...call, dialled: '2' });
    t.equal(await kept.calls.get('B'), null);
  });

  t.test('a reach gives its own calls, and a mark that moves with them alone', async (t) => {
    const { catalogue } = await open(t);
    const leg = (number: string) => ({
      ...{ id: `leg${number}`, endpoint: number, seenAt: 1, upAt: 2, goneAt: 3 },
      party: { number, name: 'Grace', ours: true },
    });
    await catalogue.calls.save(aCall('A', { startedAt: 1, legs: [leg('101')], did: '1' }));
    await catalogue.calls.save(aCall('B', { startedAt: 2, legs: [leg('102')], did: '2', queue: 'sales' }));
    await catalogue.calls.save(aCall('T', { startedAt: 3, legs: [leg('101')], test: true }));
    const ids = async (reach: Reach) => (await catalogue.calls.list({ reach, limit: 9 })).map((c) => c.id);
    t.same(await ids('all'), ['B', 'A'], 'test calls are no calls');
    t.same(await ids([]), []);
    t.same(await ids([{ kind: 'extension', name: '101' }]), ['A']);
    t.same(
      await ids([
        { kind: 'queue', name: 'sales' },
        { kind: 'did', name: '1' },
      ]),
      ['B', 'A'],
    );
    const mine = [{ kind: 'extension' as const, name: '101' }];
    const before = await catalogue.calls.reachMark(mine);
    await catalogue.calls.save(aCall('C', { startedAt: 4, legs: [leg('102')] }));
    t.equal(await catalogue.calls.reachMark(mine), before, 'a call of somebody else');
    await catalogue.calls.save(aCall('D', { startedAt: 5, legs: [leg('101')] }));
    t.not(await catalogue.calls.reachMark(mine), before);
    t.match(await catalogue.calls.seen(), {
      queues: ['sales'],
      extensions: [{ number: '101', name: 'Grace Desk' }],
    });
  });

  t.test('answered calls are counted by what became of them', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.calls.save(aCall('A', { startedAt: 100 }), recorded);
    await catalogue.calls.save(aCall('B', { startedAt: 200 }), recorded);
    await catalogue.calls.save(aCall('C', { startedAt: 300 }));
    await catalogue.calls.save(aCall('D', { startedAt: 400, answeredAt: null }));
    await catalogue.calls.save(aCall('T', { startedAt: 500, test: true }), recorded);
    t.strictSame(await catalogue.calls.coverageSince(200), { recorded: 1, pending: 1 });
  });
};
