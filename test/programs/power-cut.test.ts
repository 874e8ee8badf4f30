import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { dice, newSeed } from '../support/dice.js';
import {
  type Contents,
  createDisk,
  fingerprint,
  type Outage,
  readContents,
  writeContents,
} from '../support/power/disk.js';
import { ERASED, furnish, KEPT } from '../support/power/house.js';
import { judge } from '../support/power/judge.js';
import { type Op, traceProgram } from '../support/power/trace.js';
import { programOf } from '../support/recorder.js';

const PROGRAM = join(import.meta.dirname, '../support/power/house.ts');
// In memory: what is asked of the disk a thousand times here is only pretended.
const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tapedeck-'));
t.teardown(() => rmSync(base, { recursive: true, force: true }));
const dir = join(base, 'house');
furnish(dir);
const start = readContents(dir);
const spool = new Map([...start].filter((entry): entry is [string, Buffer] => entry[1] !== null));
const ops = await traceProgram(dir, [...programOf(PROGRAM), dir], join(base, 'trace'));

const seed = newSeed();

const sorted = (contents: Contents): Contents =>
  new Map([...contents].filter(([path]) => !path.endsWith('-shm')).sort());

let houses = 0;
/** Cuts the power after each call that `when` picks, and gives the first fault found after each. */
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
  let cuts = 0;
  for (const [n, op] of calls.entries()) {
    disk.apply(op);
    if (op.kind === 'mark') promised.add(op.text);
    if (!when(op, n)) continue;
    for (const outage of outages(n)) {
      const left: Contents = disk.after(outage);
      const state = `${fingerprint(left)} ${promised.size}`;
      if (seen.has(state)) continue;
      seen.add(state);
      cuts += 1;
      const house = join(base, `cut-${++houses}`);
      writeContents(house, left);
      const wrong = await judge(house, promised, spool, toTheEnd(n));
      rmSync(house, { recursive: true });
      const name = typeof outage === 'string' ? outage : 'some';
      faults.push(...wrong.map((what) => `call ${n} (${op.kind}), ${name} arrived: ${what}`));
      if (faults.length >= enough) return { cuts, faults };
    }
  }
  return { cuts, faults };
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

t.test('power may fail after any system call of a start, of sealing and of erasing', async (t) => {
  const { cuts, faults } = await cutPower(ops, { outages: everyWay });
  t.comment(`seed ${seed}: ${ops.length} system calls, ${cuts} different disks`);
  t.ok(cuts > ops.length, 'enough to mean something');
  t.same(faults, [], 'nothing acknowledged is lost, nothing erased is back');
});

t.test('what a power cut has interrupted is done again, to the end', async (t) => {
  const marks = ops.flatMap((op, n) => (op.kind === 'mark' && n > 0 ? [n - 1, n] : []));
  const rename = ops.findIndex((op) => op.kind === 'rename');
  const places = new Set([...marks, rename - 1, rename, rename + 1]);
  const { cuts, faults } = await cutPower(ops, {
    outages: (n) => ['nothing', ...chances(n, 1)],
    when: (_, n) => places.has(n),
    toTheEnd: () => true,
  });
  t.comment(`${cuts} cuts`);
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
