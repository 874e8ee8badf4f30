import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { asRead } from '../support/power/as-read.js';
import {
  type Contents,
  createDisk,
  fingerprint,
  type Outage,
  readContents,
  writeContents,
} from '../support/power/disk.js';
import { ERASED, furnish, KEPT } from '../support/power/house.js';
import { type Fault, judge } from '../support/power/judge.js';
import { type Op, traceProgram } from '../support/power/trace.js';
import { programOf } from '../support/program-of.js';
import { dice } from '../support/search/dice.js';
import { picker, repeat, sample, seed } from '../support/search/share-of-search.js';

const PROGRAM = join(import.meta.dirname, '../support/power/house.ts');
// In memory: what is asked of the disk a thousand times here is only pretended.
const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tapedeck-'));
t.teardown(() => rmSync(base, { recursive: true, force: true }));
const dir = join(base, 'house');
furnish(dir);
const start = readContents(dir);
const spool = new Map([...start].filter((entry): entry is [string, Buffer] => entry[1] !== null));
const ops = await traceProgram(dir, [...programOf(PROGRAM), dir], join(base, 'trace'));

const sorted = (contents: Contents): Contents =>
  new Map([...contents].filter(([path]) => !path.endsWith('-shm')).sort());

/** Of the disks that SQLite reads like one before, so many are judged all the same. */
const ALIKE = 0.01;

/** What is wrong with the disks that were judged, by what is on them. */
const judged = new Map<string, Fault[]>();
const alsoJudged = picker(ALIKE);

/** Starts on such a disk, and returns what is wrong with it; disks that SQLite reads alike are judged once, and a share of the others. */
async function faultsOf(contents: Contents, state: string, toTheEnd: boolean): Promise<Fault[]> {
  const ends = toTheEnd ? 'to the end' : '';
  const alike = `${fingerprint(asRead(contents))} ${ends}`;
  const known = judged.get(`${state} ${ends}`) ?? (alsoJudged() ? undefined : judged.get(alike));
  if (known) return known;
  const house = join(base, `cut-${judged.size}`);
  writeContents(house, contents);
  const faults = await judge(house, spool, toTheEnd);
  rmSync(house, { recursive: true });
  judged.set(`${state} ${ends}`, faults);
  judged.set(alike, faults);
  starts += 1;
  return faults;
}
let starts = 0;

/** Cuts the power after each call that `when` picks, and gives the faults found after each. */
async function cutPower(
  calls: Op[],
  {
    outages,
    when = () => true,
    toTheEnd = () => false,
    enough = Infinity,
  }: {
    outages: (n: number) => Outage[];
    when?: (op: Op, n: number) => boolean;
    toTheEnd?: (n: number) => boolean;
    enough?: number;
  },
) {
  const disk = createDisk(dir, start);
  const promised = new Set<string>();
  const seen = new Set<string>();
  const faults: string[] = [];
  const before = starts;
  for (const [n, op] of calls.entries()) {
    disk.apply(op);
    if (op.kind === 'mark') promised.add(op.text);
    if (!when(op, n)) continue;
    for (const outage of outages(n)) {
      const left: Contents = disk.after(outage);
      const state = fingerprint(left);
      if (seen.has(`${state} ${promised.size}`)) continue;
      seen.add(`${state} ${promised.size}`);
      const wrong = await faultsOf(left, state, toTheEnd(n));
      const name = typeof outage === 'string' ? outage : 'some';
      for (const { what, promised: by } of wrong)
        if (by === null || promised.has(by)) faults.push(`call ${n} (${op.kind}), ${name} arrived: ${what}`);
      if (faults.length >= enough) break;
    }
    if (faults.length >= enough) break;
  }
  return { cuts: seen.size, judged: starts - before, faults };
}

const everyWay = (n: number): Outage[] => ['nothing', 'journal', 'everything', ...chances(n, 1)];
const chances = (n: number, many: number) => Array.from({ length: many }, (_, i) => dice(seed + 31 * n + i));

t.test('the trace holds the whole way of a recording, and replays to what is on the disk', async (t) => {
  t.ok(ops.some((op) => op.kind === 'mark' && op.text === `capturing ${KEPT}`));
  for (const mark of ['captured', 'row-begins', 'row', 'intent-begins', 'intent', 'key-gone', 'erased'])
    t.ok(
      ops.some((op) => op.kind === 'mark' && op.text === `${mark} ${ERASED}`),
      mark,
    );
  const disk = createDisk(dir, start);
  ops.forEach(disk.apply);
  t.equal(fingerprint(sorted(disk.after('everything'))), fingerprint(sorted(readContents(dir))));
});

t.test('two disks that count as alike are so to SQLite', async (t) => {
  const disk = createDisk(dir, start);
  const places = new Set(sample([...ops.keys()], 0.03));
  let logs = 0;
  const wrong: string[] = [];
  for (const [n, op] of ops.entries()) {
    disk.apply(op);
    for (const outage of places.has(n) ? chances(n, 3) : []) {
      const left = disk.after(outage);
      const [path] = [...left.keys()].filter((path) => path.endsWith('catalogue.db-wal'));
      const file = path?.slice(0, -'-wal'.length);
      const read = file ? asRead(left).get(file)! : null;
      if (!file || read === null || read === left.get(file)) continue;
      logs += 1;
      const here = join(base, `log-${n}-${logs}`);
      writeContents(here, left);
      const db = new Database(join(here, file), { fileMustExist: true });
      db.pragma('wal_checkpoint(TRUNCATE)');
      db.close();
      const moved = readContents(here).get(file)!;
      rmSync(here, { recursive: true });
      // After the pages, of the file what SQLite reads of it whatever the log has.
      if (!moved.equals(read.subarray(0, moved.length)) || read.length - moved.length > 100)
        wrong.push(`call ${n}: SQLite makes something else of the log`);
    }
  }
  t.same(wrong, []);
  t.ok(logs > 20, `${logs} logs`);
});

t.test('power may fail after any system call of a start, of sealing and of erasing', async (t) => {
  const { cuts, judged, faults } = await cutPower(ops, { outages: everyWay });
  t.comment(`${ops.length} system calls, ${cuts} different disks, ${judged} judged: ${repeat}`);
  t.ok(cuts > ops.length, 'enough to mean something');
  t.same(faults, [], 'nothing acknowledged is lost, nothing erased is back');
});

t.test('what a power cut has interrupted is done again, to the end', async (t) => {
  const marks = ops.flatMap((op, n) => (op.kind === 'mark' && n > 0 ? [n - 1, n] : []));
  const rename = ops.findIndex((op) => op.kind === 'rename');
  const places = new Set([...marks, rename - 1, rename, rename + 1]);
  const { cuts, judged, faults } = await cutPower(ops, {
    outages: (n) => ['nothing', ...chances(n, 1)],
    when: (_, n) => places.has(n),
    toTheEnd: () => true,
  });
  t.comment(`${cuts} different disks, ${judged} judged`);
  t.same(faults, []);
});

t.test('what would be wrong is found: each of these makes the checks fail', async (t) => {
  const at = (kind: Op['kind'], text: string) =>
    ops.findIndex((op) => op.kind === kind && JSON.stringify(op).includes(text));
  const without = (unwanted: (op: Op, n: number) => boolean) => ops.filter((op, n) => !unwanted(op, n));
  /** The files that a call is about, in the order of the calls. */
  const names = new Map<number, string>();
  const subject = ops.map((op) => {
    if (op.kind === 'open') names.set(op.fd, op.path);
    return 'fd' in op ? names.get(op.fd)! : 'path' in op ? op.path : '';
  });
  const synced = (ending: string) => (op: Op, n: number) =>
    op.kind === 'sync' && subject[n]!.endsWith(ending);
  const row = at('mark', `row-begins ${KEPT}`);
  const spoolGone = ops.filter((op) => op.kind === 'unlink' && op.path.includes(`/spool/tapedeck-${KEPT}`));
  const mutants: [string, Op[]][] = [
    ['the folder of the recording is not synced', without(synced('/05'))],
    ['the recording is not synced before it gets its name', without(synced('.age.tmp'))],
    ["the catalogue's journal is not synced", without(synced('catalogue.db-wal'))],
    ['the keys are not synced', without(synced('keys.db'))],
    [
      'the spool is removed before the row is written',
      [...ops.slice(0, row), ...spoolGone, ...ops.slice(row).filter((op) => !spoolGone.includes(op))],
    ],
    [
      'the file of an erased recording stays',
      without((op) => op.kind === 'unlink' && op.path.endsWith('.age')),
    ],
    [
      'its key is destroyed, and the journal that would bring it back stays',
      without(
        (op, n) =>
          op.kind === 'unlink' && op.path.endsWith('keys.db-journal') && n > at('mark', 'key-gone-begins'),
      ),
    ],
  ];
  for (const [what, calls] of mutants) {
    const first = calls.findIndex((op, n) => op !== ops[n]);
    const ways = {
      outages: (n: number) => ['nothing', 'everything', ...chances(n, 1)] as Outage[],
      enough: 1,
    };
    // What was promised a moment ago is what such a fault breaks; where it breaks nothing of that, all else is tried.
    const promised = (op: Op, n: number) => n >= first && op.kind === 'mark';
    const soon = await cutPower(calls, { ...ways, when: promised });
    const { faults } =
      soon.faults.length > 0 ? soon : await cutPower(calls, { ...ways, when: (_, n) => n >= first });
    t.comment(faults[0]);
    t.equal(faults.length > 0, true, what);
  }
});
