import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { createReader } from '../../../daemon/catalogue/sqlite/checked.js';
import { openDb, PAGE_BYTES } from '../../../daemon/catalogue/sqlite/db.js';
import { createNouns } from '../../../daemon/catalogue/sqlite/nouns.js';
import { fillSite } from '../../support/catalogue/busy-site.js';
import { verbsAt } from '../../support/catalogue/site-verbs.js';

/**
 * How many pages of the file each verb reads of a catalogue with 100,000 calls, which has some 40,000 pages. With nothing kept in memory
 * SQLite reads every page as often as it looks at it, so this counts what a verb looks at, on any machine the same.
 */
const CALLS = 100_000;
/** What most verbs need: the way through an index, and a few rows. */
const FEW = 100;
/** What the others need, and a third more. */
const BOUNDS: Record<string, number> = {
  'calls without audio, counted (plan)': 170,
  'consent report, counts of a slice': 170,
  'audit log of a person': 280,
  'coverage, counts of a slice': 330,
  'audit log of a person, in a month long ago': 360,
  'audit log of two actions in a month long ago': 360,
  'audit log, all that went well, of a month': 360,
  'reviewer of 41 places, searching in vain': 360,
  'coverage of the last day (/metrics)': 380,
  'imported before, by name': 380,
  'growth of 30 days (health)': 490,
  'tier, a slice': 510,
  'search, in a month of long ago': 560,
  'kept for ever, a slice (plan)': 590,
  'growth of a year': 590,
  'recordings to give another date, a page': 640,
  'kept recordings, a slice (plan)': 650,
  'figures of the seals (health, /metrics)': 730,
  'reviewer of 1 extension': 920,
  'due later, a page': 960,
  'audit log, newest': 1_100,
  'list, newest': 1_100,
  'calls that a hold asks for, an hour': 1_200,
  'reviewer of 41 places': 1_300,
  'changes of a reviewer of 40 places': 1_300,
  'reviewer of 40 places': 1_300,
  'list, of one day': 1_300,
  'list, before the middle': 1_300,
  'list, partial': 1_500,
  'kept for ever, a page': 1_600,
  'search, a number that is not there': 1_800,
  'search, nothing fits': 1_800,
  'search, one letter that is not there': 1_800,
  'search, a number that is there': 1_800,
  'search, four digits at the end': 1_800,
  'search, a name that is there': 1_800,
  'list, outgoing': 1_900,
  'calls without audio, a page': 2_000,
  'audit log of two actions that are not there': 2_100,
  'audit log of a person, refused': 2_200,
  'search, two digits': 2_500,
  'reviewer of 1 extension, searching in vain': 4_400,
  'coverage, calls of a slice': 4_400,
  'every call heard by extension 117': 5_500,
  'due ones, a slice (plan)': 6_600,
  'due and protected, a page': 6_700,
  'whose file has this hash, a slice': 8_700,
  'extensions, queues and DIDs seen': 14_000,
  'consent report, a page': 800,
  'reviewer of 5,000 places, of which one is there': 14_000,
  'echo, anywhere': 49_000,
  'a flag that no recording has': 61_000,
};

/** How many pages this process reads meanwhile, by whatever system call. */
function pagesRead(work: () => unknown): number {
  const bytes = () => Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))![1]);
  const before = bytes();
  work();
  return Math.round((bytes() - before) / PAGE_BYTES);
}

t.test('no verb reads more of a large catalogue than its answer needs', async (t) => {
  const path = join(t.testdir({}), 'catalogue.db');
  const filled = await openDb(path);
  fillSite(filled, CALLS);
  const recorder = createNouns(
    filled,
    createReader(() => {}),
  );
  while (recorder.ledger.count() > 0);
  while (recorder.toldCounts.count() > 0);
  filled.pragma('wal_checkpoint(TRUNCATE)');
  filled.close();
  const db = new Database(path, { readonly: true });
  t.teardown(() => db.close());
  db.pragma('cache_size = 0');
  const scan = db.prepare("SELECT count(*) FROM calls WHERE them LIKE '%nobody%'").pluck();
  t.equal(scan.get(), 0);
  t.ok(pagesRead(() => scan.get()) > 5_000, 'a search that no index helps is seen');

  const nouns = createNouns(
    db,
    createReader(() => {}),
  );
  const verbs = Object.values(verbsAt(CALLS)).flatMap((one) => Object.entries(one));
  for (const [what, ask] of verbs) {
    ask(nouns); // prepares its statements
    const pages = pagesRead(() => ask(nouns));
    const bound = BOUNDS[what];
    t.ok(pages <= (bound ?? FEW), `${what}: ${pages} pages, at most ${bound ?? FEW}`);
    if (bound !== undefined) t.ok(pages > bound / 3, `${what}: ${bound} would let too much pass`);
  }
  const known = new Set(verbs.map(([what]) => what));
  t.same(
    Object.keys(BOUNDS).filter((what) => !known.has(what)),
    [],
    'each bound is for a verb',
  );
});
