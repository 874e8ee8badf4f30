import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { createKeysApart } from '../../daemon/app/keys-apart.js';
import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import { withEntries } from '../../daemon/catalogue/entries.js';
import { readPlan } from '../../daemon/catalogue/retention/planned.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { openDb } from '../../daemon/catalogue/sqlite/db.js';
import { createPeaks } from '../../daemon/catalogue/sqlite/recordings/peaks.js';
import { catalogueFile, keysFile } from '../../daemon/domain/paths.js';
import { ANY_CALL } from '../../daemon/domain/retention/hold.js';
import { createLog } from '../../daemon/ops/log.js';
import { createHolding } from '../../daemon/recordings/holding.js';
import { createNamesRemoval } from '../../daemon/recordings/retain/names.js';
import { createRetain } from '../../daemon/recordings/retain.js';
import { createMasterKey } from '../../daemon/vault/master-key.js';
import { createDiskStore } from '../../daemon/vault/store/disk.js';
import { fillCatalogue } from '../support/catalogue/many-rows.js';
import { retaining, ruled } from '../support/recordings/retaining.js';
import { get, openDashboard, setUp } from '../support/web/dashboard.js';

/**
 * npm run bench:retention: how long the retention plan takes over 1,000,000 recordings (at most 1 s, as a page too), how fast the
 * table is given out and how much memory that takes, how long 10,000 recordings take to be erased with their keys, files and
 * entries of the audit log (at most 60 s), how fast names and numbers are removed, and for how long the event loop stands still meanwhile
 * (at most 100 ms). Fifty matters are open all the while: how long their queries take to be applied is said too, and how long their
 * pages take.
 * Other numbers: npm run bench:retention -- 100000 1000.
 */
const rows = Number(process.argv[2] ?? 1_000_000);
const due = Number(process.argv[3] ?? 10_000);
const bars = { planS: 1, eraseS: 60, stallMs: 100 };
/** The first recording is due then, and one more every two minutes. */
const FIRST_DUE = 1_700_000_000_000 + 8_640_000_000;
const NOW = FIRST_DUE + (due - 1) * 120_000;
const MB = 1_000_000;
const MATTERS = 50;

const dir = mkdtempSync(join(tmpdir(), 'tapedeck-retention-'));
const endings: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
const t = { testdir: () => dir, teardown: (end: () => unknown) => endings.unshift(end) } as unknown as Test;
let failed = false;
const print = (what: string, value: string) => process.stdout.write(`${what.padEnd(58)} ${value}\n`);
const against = (value: number, bar: number, unit: string) => {
  if (value > bar) failed = true;
  return `${value.toFixed(2)} ${unit} (bar ${bar} ${unit}${value > bar ? ', MISSED' : ''})`;
};

/** How long `work` takes, in s, and for how long the event loop stood still at most meanwhile, in ms. */
async function timed<T>(work: () => Promise<T>): Promise<{ took: number; stall: number; given: T }> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const at = performance.now();
  const given = await work();
  const took = (performance.now() - at) / 1_000;
  loop.disable();
  return { took, stall: loop.max / 1e6, given };
}

async function fill(): Promise<void> {
  mkdirSync(join(dir, 'recorder'), { recursive: true });
  createMasterKey(join(dir, 'master.key'));
  const db = await openDb(catalogueFile(dir));
  fillCatalogue(db, rows);
  db.exec(`UPDATE recordings SET keep_rule = 'Rule ' || (rowid % 5),
    file = 'recordings/' || strftime('%Y/%m/%d', (sealed_at - 60000) / 1000, 'unixepoch') || '/' || id || '.opus.age'`);
  const going = db
    .prepare('SELECT id, file FROM recordings WHERE keep_until <= ? ORDER BY keep_until')
    .all(NOW) as { id: string; file: string }[];
  const peaks = createPeaks(db);
  db.transaction(() => {
    for (const { id } of going) peaks.add(id, randomBytes(3_000));
  })();
  db.close();
  const keys = openKeys();
  await keys.start();
  for (const { id, file } of going) {
    await keys.create(id);
    const path = join(dir, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, randomBytes(2_000));
  }
  await keys.stop();
  print('recordings, and how many of them are due', `${rows}, ${going.length}`);
}

const openKeys = () => {
  const gone = (why: Error) => process.stderr.write(`${why}\n`);
  return createKeysApart({ dataDir: dir, masterKeyFile: join(dir, 'master.key') }, gone);
};

/** Names and numbers of the calls whose recordings were erased, and of as many more as have none any longer. */
async function removing(): Promise<void> {
  const db = await openDb(catalogueFile(dir));
  db.exec(
    `UPDATE calls SET names_from = ended_at WHERE id IN (SELECT id FROM calls ORDER BY id DESC LIMIT ${due})`,
  );
  db.close();
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dir) });
  await catalogue.start();
  const { version, policy } = await catalogue.policy.newest();
  await catalogue.policy.save({ ...policy, metadata_days: 1 }, 'bench', NOW, version);
  const log = createLog('silent', 'bench');
  const site = { timeZone: 'UTC', region: 'GB' };
  const remove = createNamesRemoval({ catalogue, site, listsOf: () => [], log });
  const at = 1_700_000_000_000 + rows * 60_000 + NOW;
  const run = await timed(() => remove(at, () => false));
  const removed = run.given?.removed ?? 0;
  print(`names and numbers of ${removed} calls removed`, `${Math.round(removed / run.took)} calls/s`);
  print('longest stall of the recorder meanwhile', against(run.stall, bars.stallMs, 'ms'));
  if (removed === 0) failed = true;
  await catalogue.stop();
}

/** As the dashboard does it. */
async function looking(): Promise<void> {
  rmSync(keysFile(dir)); // the dashboard of tests makes its own
  const desk = await openDashboard(t, { dataDir: dir, now: () => NOW } as never);
  const cookie = await setUp(desk);
  await get(desk.app, '/retention', cookie);
  const page = await timed(() => get(desk.app, '/retention', cookie));
  print('the page', against(page.took, bars.planS, 's'));
  print('longest stall of the dashboard meanwhile', against(page.stall, bars.stallMs, 'ms'));
  print('size of the page', `${(page.given.body.length / 1_000).toFixed(0)} KB`);
  for (const path of [
    '/holds',
    '/holds/M0',
    '/holds/M0/recordings',
    '/holds/M0/not-held',
    '/holds/M1/not-held',
  ]) {
    const hold = await timed(() => get(desk.app, path, cookie));
    if (hold.given.statusCode !== 200) failed = true;
    print(path, against(hold.took, bars.planS, 's'));
    print('longest stall of the dashboard meanwhile', against(hold.stall, bars.stallMs, 'ms'));
  }
  const address = await desk.app.listen({ port: 0, host: '127.0.0.1' });
  const idle = process.memoryUsage().rss;
  let most = idle;
  const looks = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 50);
  // In a process of its own, as a browser is: what it keeps of the table is not the dashboard's. It is there before, because this
  // process, which is large by now, stands still while it starts another.
  const program = `await new Promise((begin) => process.stdin.once('data', begin));
    process.stdin.destroy();
    const answer = await fetch(${JSON.stringify(`${address}/api/v1/retention.csv`)}, {
    headers: { cookie: ${JSON.stringify(cookie)}, host: 'localhost' } });
    let lines = 0;
    for await (const part of answer.body) for (const byte of part) if (byte === 10) lines += 1;
    process.stdout.write(String(lines));`;
  const client = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const table = await timed(async () => {
    client.stdin.write('begin');
    const [told] = await once(client.stdout, 'data');
    return Number(String(told));
  });
  clearInterval(looks);
  print('the table', `${table.given} rows, ${Math.round(table.given / table.took)} rows/s`);
  print('memory above idle', `${((most - idle) / MB).toFixed(0)} MB`);
  print('longest stall of the dashboard meanwhile', against(table.stall, bars.stallMs, 'ms'));
}

/** Opens fifty matters, as the recorder does it. M0 holds every hundredth recording that is not due, and none of them a due one. */
async function holding(catalogue: Catalogue): Promise<void> {
  const from = NOW - 8_640_000_000 + 86_400_000;
  for (let n = 0; n < MATTERS; n++) {
    const query =
      n === 0
        ? { ...ANY_CALL, from, to: from + Math.floor(rows / 100) * 60_000, direction: 'in' as const }
        : n === 1
          ? { ...ANY_CALL, from: NOW + 1, direction: 'in' as const }
          : { ...ANY_CALL, text: `nobody ${n}`, extensions: ['999', String(n)] };
    const matter = {
      id: `M${n}`,
      name: `Matter ${n}`,
      reason: 'Letter',
      query,
      openedBy: 'bench',
      openedAt: n,
    };
    await catalogue.holds.open(matter);
  }
  const worker = createHolding({ catalogue, clock: () => NOW, log: createLog('silent', 'bench') });
  const applied = await timed(async () => {
    worker.start();
    while ((await catalogue.holds.applying()).length > 0) await sleep(20);
    await worker.stop();
  });
  const { held } = (await catalogue.holds.get('M0'))!;
  print(
    `${MATTERS} matters applied, and what the first one holds`,
    `${applied.took.toFixed(1)} s, ${held.query}`,
  );
  print('longest stall of the recorder meanwhile', against(applied.stall, bars.stallMs, 'ms'));
}

/** As the recorder does it. */
async function erasing(): Promise<void> {
  const path = catalogueFile(dir);
  const catalogue = withEntries(createSqliteCatalogue({ path }), { clock: () => NOW, later: async () => {} });
  await catalogue.start();
  endings.unshift(() => catalogue.stop());
  const { version } = await catalogue.policy.newest();
  await catalogue.policy.save(ruled, 'bench', NOW, version);
  const keys = openKeys();
  await keys.start();
  endings.unshift(() => keys.stop());
  await holding(catalogue);
  const made = retaining(catalogue);
  const retain = createRetain({
    ...{ catalogue, keys, store: createDiskStore(dir), clock: () => NOW, log: createLog('silent', 'bench') },
    ...made,
  });
  const limit = { percent: 20, count: 10_000 };
  await readPlan(catalogue, NOW, limit, 'UTC');
  const plan = await timed(() => readPlan(catalogue, NOW, limit, 'UTC'));
  print('the plan', against(plan.took, bars.planS, 's'));
  print('longest stall of the recorder meanwhile', against(plan.stall, bars.stallMs, 'ms'));
  const { confirm } = plan.given.breaker;
  const run = await timed(() => retain.run({ confirm }));
  print(
    `${run.given.erased} erased, key, file and entries`,
    against((run.took * 10_000) / Math.max(1, run.given.erased), bars.eraseS, 's for 10,000'),
  );
  print('longest stall of the recorder meanwhile', against(run.stall, bars.stallMs, 'ms'));
  if (run.given.erased !== plan.given.erasable) failed = true;
}

try {
  await fill();
  await erasing();
  for (const end of endings.splice(0, endings.length - 1)) await end();
  await removing();
  await looking();
} finally {
  for (const end of endings) await end();
}
process.exitCode = failed ? 1 : 0;
