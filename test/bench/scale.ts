import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { createReader } from '../../daemon/catalogue/sqlite/checked.js';
import { type Db, openDb } from '../../daemon/catalogue/sqlite/db.js';
import { createNouns, type Prepared } from '../../daemon/catalogue/sqlite/nouns.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { FOUNDER } from '../../daemon/domain/people/person.js';
import { hashPassword } from '../../daemon/ops/secrets/password.js';
import { awayPbx } from '../support/box/away-pbx.js';
import { fillSite } from '../support/catalogue/busy-site.js';
import { fillTables } from '../support/catalogue/site-tables.js';
import { daysOf, requestsAt, verbsAt } from '../support/catalogue/site-verbs.js';
import { createApiClient, createRecorderLab } from '../support/recorder.js';
import { measureTables } from './scale/csv.js';
import { measureDisk } from './scale/disk.js';

/**
 * npm run bench:scale: how long each process stands still for what it asks of a catalogue with a million calls (another number may be
 * given, up to two million), beside the bound of 100 ms; how long pages take that read a year or all of it, beside 1 s; and what it takes
 * to stream every CSV whole. The last two are asked of a recorder and a dashboard that run. Exit code 1 when anything is over its bound.
 * Before, it says what a call takes in the catalogue.
 */
const BOUNDS = { verb: 100, request: 1_000 };
const TIMES = 5;
/** One that takes as long as this is not asked again. */
const ONCE_MS = 5_000;

const calls = Math.min(Number(process.argv[2] ?? 1_000_000), 2_000_000);
const say = (text: string) => process.stdout.write(`${text}\n`);
const dir = mkdtempSync(join(tmpdir(), 'tapedeck-bench-'));
const lab = createRecorderLab({ dir, pbx: awayPbx(dir) });
const file = catalogueFile(lab.dataDir);
const READY = /the recorder is ready/;
const password = 'four unrelated quiet words';
let over = 0;

const cells = (longest: string, median: string, bound: string, ok: string, what: string) =>
  `${longest.padStart(9)} ${median.padStart(9)} ${bound.padStart(6)}  ${ok.padEnd(4)}  ${what}`;

async function row(what: string, bound: number, ask: () => unknown): Promise<void> {
  const took: number[] = [];
  do {
    const at = performance.now();
    await ask();
    took.push(performance.now() - at);
  } while (took.length < TIMES && took.at(-1)! < ONCE_MS);
  print(what, bound, took);
}

/** Prints how long something took each time. What else runs on the machine makes the longest longer, so the median counts. */
function print(what: string, bound: number, took: number[]): void {
  took.sort((a, b) => a - b);
  const [median, longest] = [took[Math.floor(took.length / 2)]!, took.at(-1)!];
  if (median > bound) over += 1;
  say(cells(longest.toFixed(1), median.toFixed(1), `${bound}`, median > bound ? 'OVER' : 'ok', what));
}

/** Counts the calls for a kind of report, as the recorder does after an upgrade. */
function countAll(db: Db, report: string, { count }: Pick<Prepared['ledger'], 'count'>): void {
  db.pragma('wal_autocheckpoint = 0'); // another thread of the recorder does that
  const took: number[] = [];
  const step = db.transaction(() => count());
  for (let done = 1; done > 0; ) {
    const at = performance.now();
    done = step.immediate();
    took.push(performance.now() - at);
  }
  db.pragma('wal_checkpoint(TRUNCATE)');
  const all = took.reduce((sum, ms) => sum + ms, 0) / 1_000;
  const what = `counting for ${report} reports, a step of ${took.length} (${all.toFixed(0)} s in all)`;
  print(what, BOUNDS.verb, took);
}

const heading = (who: string) => {
  say(`\n${who}, ms of ${TIMES} times`);
  say(cells('longest', 'median', 'bound', '', ''));
};

/** A data directory as the recorder makes it, with two people who may see every call. */
async function begin(): Promise<void> {
  await lab.startDaemon(READY);
  await lab.stopDaemon();
  const catalogue = createSqliteCatalogue({ path: file });
  await catalogue.start();
  const passwordHash = await hashPassword(password);
  for (const name of ['anna', 'bo'])
    await catalogue.people.add({ ...FOUNDER, id: ulid(), name, passwordHash, createdAt: Date.now() });
  await catalogue.stop();
}

/** Starts both processes, and signs these people in. */
async function open(...names: string[]) {
  await lab.startDaemon(READY);
  const { address } = await lab.startWeb();
  return Promise.all(
    names.map(async (name) => {
      const client = createApiClient(address);
      await client.signIn(name, password);
      return client;
    }),
  );
}

/** Fills the catalogue while nobody has it open. */
async function fill<T>(write: (db: Db) => T | Promise<T>): Promise<T> {
  await lab.stopWeb();
  await lab.stopDaemon();
  const db = await openDb(file);
  try {
    return await write(db);
  } finally {
    db.close();
  }
}

async function askVerbs(db: Db): Promise<void> {
  const nouns = createNouns(
    db,
    createReader(() => {}),
  );
  for (const [who, verbs] of Object.entries(verbsAt(calls))) {
    heading(`${who}, one verb`);
    if (who === 'recorder') {
      countAll(db, 'coverage', nouns.ledger);
      countAll(db, 'consent', nouns.toldCounts);
    }
    for (const [what, ask] of Object.entries(verbs)) await row(what, BOUNDS.verb, () => ask(nouns));
  }
}

try {
  await measureDisk(say);
  await begin();
  await fill(async (db) => {
    const began = performance.now();
    fillSite(db, calls);
    const seconds = (performance.now() - began) / 1_000;
    say(
      `${calls} calls written in ${seconds.toFixed(0)} s, ${(statSync(file).size / calls / 1_000).toFixed(1)} KB a call without waveforms and manifests`,
    );
    await askVerbs(db);
  });
  const [reader] = await open('anna');
  heading('dashboard, a whole request');
  for (const [what, path] of Object.entries(requestsAt(calls)))
    await row(what, BOUNDS.request, async () => {
      const answer = await reader!.ask('GET', path);
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      await answer.arrayBuffer();
    });
  await fill((db) => fillTables(db, calls));
  const [reads, lists] = await open('anna', 'bo');
  over += await measureTables({ lab, reads: reads!, lists: lists!, days: daysOf(calls), say });
} finally {
  await lab.stop();
  rmSync(dir, { recursive: true, force: true });
}
process.exitCode = over > 0 ? 1 : 0;
