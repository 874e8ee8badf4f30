import { once } from 'node:events';
import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { csvStream } from '../../../web/server/csv-stream.js';
import { fillSite } from '../../support/catalogue/busy-site.js';
import { addCall, get, openDashboard, setUp } from '../../support/web/dashboard.js';

/** Rows that are there at once, as those of the catalogue are, and how many of them were read. */
function rowsOf(many: number) {
  const read = { rows: 0 };
  async function* rows(): AsyncGenerator<string[]> {
    while (read.rows < many) yield [String(++read.rows), 'a cell'];
  }
  return { read, rows: rows() };
}

t.test('while a table is made, others are answered every few rows', async (t) => {
  const { read, rows } = rowsOf(5_000);
  let turns = 0;
  let going = true;
  const others = (async () => {
    for (; going; turns++) await turn();
  })();
  let bytes = 0;
  // Takes it at once, as a fast line does.
  const taking = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done();
    },
  });
  csvStream(['number', 'text'], rows).pipe(taking);
  await once(taking, 'finish');
  going = false;
  await others;
  t.equal(read.rows, 5_000);
  t.ok(bytes > 50_000);
  t.ok(turns >= 90, `${turns} turns`);
});

t.test('of a table that nobody takes only the beginning is read', async (t) => {
  const { read, rows } = rowsOf(1_000_000);
  const stream = csvStream(['number', 'text'], rows);
  stream.once('readable', () => {});
  for (let n = 0; n < 1_000; n++) await turn();
  t.ok(read.rows > 0 && read.rows < 20_000, `${read.rows} rows`);
  stream.destroy();
});

t.test('while memory is short, only what needs it is refused', async (t) => {
  const dashboard = await openDashboard(t, { mostHeapBytes: 1 });
  const { app, catalogue } = dashboard;
  const cookie = await setUp(dashboard);
  const { id } = await addCall(catalogue, {});
  for (const heavy of [
    '/audit.csv',
    '/retention.csv',
    '/coverage',
    '/coverage.csv',
    '/quality?from=2026-07-01&to=2026-07-02',
  ]) {
    // The first measurement is taken with the first second.
    while ((await get(app, heavy, cookie)).statusCode === 200) await turn();
    const refused = await get(app, heavy, cookie);
    t.equal(refused.statusCode, 503, heavy);
    t.equal(refused.json().error.code, 'machine_busy', heavy);
    t.ok(refused.headers['retry-after'], heavy);
  }
  for (const light of ['/calls', `/calls/${id}`, '/session', '/status', '/policy'])
    t.equal((await get(app, light, cookie)).statusCode, 200, light);
});

t.test(
  'a report of days whose calls are still being counted says from which day on it can be made',
  async (t) => {
    const dashboard = await openDashboard(t);
    const { app, catalogue, dataDir } = dashboard;
    const cookie = await setUp(dashboard);
    const db = await openDb(catalogueFile(dataDir));
    fillSite(db, 25_000); // a little over nine days
    db.close();
    const all = '?from=2025-01-01&to=2025-01-10';
    for (const report of ['/coverage', '/consent-report']) {
      const asked = await get(app, report + all, cookie);
      t.equal(asked.statusCode, 409, report);
      t.match(
        asked.json().error,
        { code: 'still_counting', detail: 'It can be asked for from 2025-01-03 on.' },
        report,
      );
      const fewer = await get(app, `${report}?from=2025-01-03&to=2025-01-10`, cookie);
      t.equal(fewer.statusCode, 200, `${report}: the days since then`);
    }
    const { entries } = (await get(app, '/audit', cookie)).json();
    t.equal(
      entries.filter(({ action }: { action: string }) => /report/.test(action)).length,
      2,
      'no entry of what was refused',
    );
    while ((await catalogue.ledger.count()) > 0);
    for (const report of ['/coverage', '/consent-report'])
      t.equal((await get(app, report + all, cookie)).statusCode, 200, `${report}, all counted`);
  },
);
