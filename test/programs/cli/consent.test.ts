import { parse } from 'csv-parse/sync';
import t from 'tap';
import { aNotice, aPlaying } from '../../support/catalogue/every-row.js';
import { site } from '../../support/cli-site.js';
import { aCall } from '../../support/recordings/a-call.js';

t.test('the command line shows who was told, as text, as JSON and as a table', async (t) => {
  const { tapedeck, catalogue } = site(t);
  const c = await catalogue();
  const startedAt = Date.UTC(2026, 6, 26, 8);
  const leg = (id: string, ours: boolean) => ({
    ...{ id, party: { number: '=1+1', name: id, ours }, endpoint: id },
    ...{ seenAt: startedAt, upAt: startedAt + 5_000, goneAt: startedAt + 35_000 },
  });
  const recorded = { status: 'recorded', why: null, rule: null, missingMs: 0 } as const;
  for (const id of ['TOLD', 'UNTOLD']) {
    await c.calls.save(aCall(id, { startedAt, legs: [leg('L', true), leg('M', false)] }), recorded);
    await c.notices.decide(aNotice(id));
  }
  await c.notices.tell(aPlaying('TOLD'));
  const period = ['--from', '2026-07-01', '--to', '2026-07-31'];

  const text = await tapedeck('consent-report', ...period);
  t.match(text, /^2026-07-01 to 2026-07-31/);
  t.match(text, /2 calls: 1 with everybody told, 0 with somebody not told, 1 with nobody told/);
  t.match(text, /Modes: 2 announce\./);
  t.match(text, /UNTOLD/, 'exceptions are listed');
  t.notMatch(text, / TOLD/);

  const json = JSON.parse(await tapedeck('consent-report', ...period, '--json', '--show', 'all'));
  t.match(json, { calls_total: 2, totals: { told: { all: 1, nobody: 1 }, exceptions: 1 } });
  t.match(
    json.calls.find((one: { call_id: string }) => one.call_id === 'UNTOLD'),
    {
      ...{ told: 'nobody', findings: ['untold'], mode: 'announce', coverage: 'recorded' },
      untold: [{ name: 'L' }, { name: 'M' }],
    },
  );

  const csv = await tapedeck('consent-report', ...period, '--csv', '--show', 'all');
  const rows = parse(csv, { columns: true }) as Record<string, string>[];
  t.same(
    rows.map(({ call_id, told }) => [call_id, told]),
    [
      ['UNTOLD', 'nobody'],
      ['TOLD', 'all'],
    ],
  );
  t.equal(rows[0]?.untold, 'L =1+1, M =1+1');
  t.match(
    await tapedeck('consent-report', '--from', '2020-01-01', '--to', '2020-01-31'),
    /No calls for which/,
  );
  await t.rejects(tapedeck('consent-report', '--from', '2026-08-01', '--to', '2026-07-01'), {
    code: 'request_invalid',
  });
});
