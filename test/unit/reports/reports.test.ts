import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { parse } from 'csv-parse/sync';
import t, { type Test } from 'tap';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { times } from '../../../daemon/domain/days.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { periodCaveats, presetsAt, reportPeriod } from '../../../daemon/domain/report/period.js';
import {
  type ReportHead,
  type ReportName,
  reportNames,
  reportTitles,
} from '../../../daemon/domain/report/report.js';
import { pageView } from '../../../daemon/domain/report/view.js';
import { reports } from '../../../daemon/reports/reports.js';
import { collect, csvOf, jsonOf } from '../../../daemon/reports/writing.js';
import { createSigningKey } from '../../../daemon/vault/signing-key.js';
import { opened } from '../../support/catalogue/opened.js';
import { aSite, HOSTILE, NOW, ZONE } from '../../support/reports/a-site.js';

const say = times(ZONE);
const facts = {
  recipients: [{ item: 'Backups', says: 'Everything, encrypted, in /mnt.', from: 'tapedeck.toml [backup]' }],
  measures: [{ item: 'Access', says: 'By role and scope.', from: 'fixed' }],
};

/** What each report of October says, read and then kept; `GOLDEN=write` writes it anew, to be read again. */
function golden(t: Test, name: string, given: string): void {
  // The key is another one each time.
  const text = given.replace(/"key_id":"[0-9a-f]{16}"/g, '"key_id":"KEY"');
  const file = new URL(`../../golden/reports/${name}`, import.meta.url);
  if (process.env.GOLDEN === 'write') writeFileSync(file, text);
  t.ok(existsSync(file), `${name} is there`);
  t.equal(text, readFileSync(file, 'utf8'), name);
}

const headOf = (report: ReportName, from: string, to: string): ReportHead => ({
  ...{ report, title: reportTitles[report], site: { name: 'Praxis am See', time_zone: ZONE } },
  ...{ period: { from, to }, times: { from: 'F', to: 'T' }, entry: 17 },
  made: { at: new Date(NOW).toISOString(), by: '=anna', address: '10.0.0.7' },
  tool: { name: 'Tapedeck', version: '9.9.9' },
  query: `tapedeck report ${report} --from ${from} --to ${to}`,
  audit: { log: 'L', size: 18, hash: 'a'.repeat(64) },
});

async function site(t: Test): Promise<Catalogue> {
  const { catalogue } = await opened(t);
  await aSite(catalogue, createSigningKey(t.testdir(), Buffer.alloc(32, 7)));
  return catalogue;
}

const madeOf = (catalogue: Catalogue, name: ReportName, from = '2026-10-01', to = '2026-10-31') =>
  reports[name]({ catalogue, period: reportPeriod({ from, to }, ZONE, NOW), now: NOW, say, facts });
const whole = async (pieces: AsyncIterable<string>): Promise<string> => {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
};

t.test('each report of October is as it was read', async (t) => {
  const catalogue = await site(t);
  const year = (name: ReportName) =>
    madeOf(
      catalogue,
      name,
      ...(name === 'disposal' || name === 'holds' ? (['2026-11-01', '2026-11-30'] as const) : []),
    );
  for (const name of reportNames) {
    golden(t, `${name}.csv`, await whole(csvOf(year(name))));
    const json = await whole(jsonOf(headOf(name, '2026-10-01', '2026-10-31'), year(name)));
    golden(t, `${name}.json.txt`, json);
    const rows = parse(await whole(csvOf(year(name))), { bom: true }) as string[][];
    t.equal(JSON.parse(json).rows.length, rows.length - 1, 'CSV and JSON have the same rows');
    for (const cell of rows.flat())
      t.notMatch(cell, /^\s*[=+\-@\t\r\uff1d]/, `${name}: no cell is a formula`);
    const collected = await collect(year(name), 2);
    t.equal(collected.rows.length, Math.min(2, collected.total));
    t.equal(collected.total, rows.length - 1);
    const view = pageView(headOf(name, 'a', 'b'), collected, say);
    t.ok(
      view.answer.length > 0 && view.answer.every((text) => text.endsWith('.')),
      `${name} answers in words`,
    );
    for (const { cells } of view.rows) t.equal(cells.length, view.columns.length);
    for (const { href } of view.rows) if (href) t.match(href, /^\/(calls\/[0-9A-Z]{26}|certificates\/\d+)$/);
  }
});

t.test('a certificate that was put in, or whose list was changed, is in no report', async (t) => {
  const dir = t.testdir({ data: {}, key: {} });
  const { catalogue, path } = await opened(t, catalogueFile(join(dir, 'data')));
  await aSite(catalogue, createSigningKey(join(dir, 'key'), Buffer.alloc(32, 7)));
  const told = async () => {
    const report = madeOf(catalogue, 'disposal', '2026-11-01', '2026-11-30');
    const { rows } = JSON.parse(await whole(jsonOf(headOf('disposal', '2026-11-01', '2026-11-30'), report)));
    return { rows: rows.length, caveats: (await report.findings()).caveats };
  };
  t.match(await told(), { rows: 1, caveats: [] });
  const db = new Database(path);
  db.exec(
    `INSERT INTO certificates SELECT 2, statement, signature, key_id, issued_at, kind, items, last_seq + 1 FROM certificates`,
  );
  t.match(await told(), { rows: 1, caveats: [/^EC-000002 is left out/] });
  db.exec("UPDATE erasures SET line = replace(line, 'absent', 'present')");
  db.close();
  t.match(await told(), { rows: 0, caveats: [/^EC-000002/, /^EC-000001 is left out/] });
});

t.test('names of callers come out as they are, but for formulas', async (t) => {
  const catalogue = await site(t);
  const rows = parse(await whole(csvOf(madeOf(catalogue, 'retention'))), {
    bom: true,
    columns: true,
  }) as Record<string, string>[];
  const names = rows.map((row) => row.them_name!);
  for (const name of HOSTILE) t.ok(names.includes(name) || names.includes(`'${name}`), JSON.stringify(name));
  t.equal(rows.find((row) => row.state?.includes('hold'))?.matters, "'=1+1 v. Example");
});

t.test('a period is of days at the site, also where the clocks change', async (t) => {
  const catalogue = await site(t);
  const calls = async (from: string, to: string) => {
    const period = reportPeriod({ from, to }, ZONE, NOW);
    return (await catalogue.calls.list({ from: period.begins, to: period.ends, limit: 99 })).length;
  };
  t.equal(await calls('2026-10-31', '2026-10-31'), 1, 'its last moment belongs to it');
  t.equal(await calls('2026-11-01', '2026-11-01'), 1, 'and the next one does not');
  t.equal(await calls('2026-10-25', '2026-10-25'), 2, 'a day of 25 hours has all of them');
  const { begins, ends } = reportPeriod({ from: '2026-10-25', to: '2026-10-25' }, ZONE, NOW);
  t.equal(ends - begins, 25 * 3_600_000);
  const spring = reportPeriod({ from: '2026-03-29', to: '2026-03-29' }, ZONE, NOW);
  t.equal(spring.ends - spring.begins, 23 * 3_600_000);

  t.match(reportPeriod({}, ZONE, NOW), { from: '2026-10-01', to: '2026-10-31' });
  t.match(reportPeriod({ from: '2026-11-03' }, ZONE, NOW), { to: '2026-11-15' });
  t.match(reportPeriod({ to: '2026-09-12' }, ZONE, NOW), { from: '2026-09-01' });
  for (const [from, to] of [
    ['2026-11-02', '2026-11-01'],
    ['2026-02-30', '2026-03-01'],
    ['yesterday', '2026-03-01'],
    ['1900-01-01', '2026-01-01'],
  ] as const)
    t.throws(() => reportPeriod({ from, to }, ZONE, NOW), { code: 'request_invalid' }, `${from} to ${to}`);
});

t.test('presets are months, quarters and years of the calendar', (t) => {
  t.strictSame(presetsAt('2026-11-15', '2025-02-03'), {
    last_month: { from: '2026-10-01', to: '2026-10-31' },
    this_month: { from: '2026-11-01', to: '2026-11-15' },
    last_quarter: { from: '2026-07-01', to: '2026-09-30' },
    last_year: { from: '2025-01-01', to: '2025-12-31' },
    since_installed: { from: '2025-02-03', to: '2026-11-15' },
  });
  t.match(presetsAt('2027-01-31', '2027-01-31'), {
    last_month: { from: '2026-12-01', to: '2026-12-31' },
    last_quarter: { from: '2026-10-01', to: '2026-12-31' },
  });
  t.match(presetsAt('2028-03-30', '2026-01-01'), { last_month: { from: '2028-02-01', to: '2028-02-29' } });
  t.end();
});

t.test('a period before the installation says so', (t) => {
  const at = Date.parse('2026-09-20T07:00:00Z');
  const said = (from: string, to: string, since: number | null = at) =>
    periodCaveats(reportPeriod({ from, to }, ZONE, NOW), since, NOW);
  t.match(said('2026-01-01', '2026-03-31'), [/All of this period was before .* 2026-09-20/]);
  t.match(said('2026-09-01', '2026-09-30'), [/knows nothing of the days of this period before that/]);
  t.strictSame(said('2026-10-01', '2026-10-31'), []);
  t.match(said('2026-11-01', '2026-11-30'), [/not over/]);
  t.match(said('2026-10-01', '2026-10-31', null), [/not been connected/]);
  t.end();
});

t.test('a report is read page by page, whatever its length', async (t) => {
  const { catalogue } = await opened(t);
  const { aCall, aRecording } = await import('../../support/recordings/a-call.js');
  const { recorded } = await import('../../support/catalogue/opened.js');
  const began = Date.parse('2026-10-05T08:00:00Z');
  for (let n = 0; n < 450; n += 1) {
    const id = `01JB${String(n).padStart(22, '0')}`;
    // Many begin at the same moment: a page may end between them.
    await catalogue.calls.save(aCall(id, { startedAt: began + Math.floor(n / 90) * 1_000 }));
    await catalogue.recordings.sealed(aRecording(id, id), Buffer.alloc(9), recorded);
  }
  let most = 0;
  const watched = {
    ...catalogue,
    calls: {
      ...catalogue.calls,
      list: async (filter: Parameters<typeof catalogue.calls.list>[0]) => {
        most = Math.max(most, filter.limit);
        return catalogue.calls.list(filter);
      },
    },
  };
  const { rows, total } = await collect(madeOf(watched, 'retention'), 1_000);
  t.equal(total, 450);
  t.equal(new Set(rows.map((row) => row[1])).size, 450, 'each once');
  t.ok(most <= 200);
});
