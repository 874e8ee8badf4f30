import t from 'tap';
import { opened, recorded, segment } from '../../support/catalogue/opened.js';
import { aCall } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

t.test('coverage', async (t) => {
  const { catalogue } = await opened(t);
  await catalogue.calls.save(aCall('A', { answeredAt: null, endedAt: null, outcome: null }));
  t.equal((await catalogue.calls.get('A'))?.coverage.status, 'none', 'nothing to record before the answer');
  await catalogue.calls.save(aCall('A', { endedAt: null, outcome: null }));
  t.equal((await catalogue.calls.get('A'))?.coverage.status, 'pending', 'an answer has to be accounted for');
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

t.test('a search finds what was meant, however it is written', async (t) => {
  const { catalogue } = await opened(t);
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
  await catalogue.calls.save(aCall('B', { startedAt: 2, them: { number: '', name: 'Other', ours: false } }));
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
  const { catalogue } = await opened(t);
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
  const { catalogue } = await opened(t);
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
  const { catalogue } = await opened(t);
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
