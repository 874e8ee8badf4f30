import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { loadMasterKey } from '../../daemon/vault/master-key.js';
import {
  type Contents,
  createDisk,
  fingerprint,
  type Outage,
  readContents,
  writeContents,
} from '../support/power/disk.js';
import { type Op, traceProgram } from '../support/power/trace.js';
import { programOf } from '../support/program-of.js';
import { furnishVault, judgeVault, masterFile } from '../support/recordings/rotation.js';
import { dice, newSeed } from '../support/search/dice.js';

t.test('power may fail after any system call of a rotation', async (t) => {
  // In memory: what is asked of the disk a thousand times here is only pretended.
  const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(base, { recursive: true, force: true }));
  const dir = join(base, 'vault');
  const furnished = await furnishVault(dir);
  const old = loadMasterKey(masterFile(dir));
  const start = readContents(dir);
  const program = join(import.meta.dirname, '../support/recordings/rotation.ts');
  const ops = await traceProgram(dir, [...programOf(program), dir], join(base, 'trace'));
  const whole = createDisk(dir, start);
  ops.forEach(whole.apply);
  t.equal(
    fingerprint(new Map([...whole.after('everything')].sort())),
    fingerprint(new Map([...readContents(dir)].sort())),
  );

  const seed = newSeed();
  let houses = 0;
  async function cut(calls: Op[], outages: (n: number) => Outage[], first = 0, enough = Infinity) {
    const disk = createDisk(dir, start);
    const seen = new Set<string>();
    const faults: string[] = [];
    let ended = false;
    for (const [n, op] of calls.entries()) {
      disk.apply(op);
      if (op.kind === 'mark' && op.text === 'rotated') ended = true;
      if (n < first) continue;
      for (const outage of outages(n)) {
        const left: Contents = disk.after(outage);
        const state = `${fingerprint(left)} ${ended}`;
        if (seen.has(state)) continue;
        seen.add(state);
        const house = join(base, `cut-${++houses}`);
        writeContents(house, left);
        const wrong = await judgeVault(house, furnished, old, ended);
        rmSync(house, { recursive: true });
        faults.push(
          ...wrong.map(
            (what) => `call ${n} (${op.kind}), ${typeof outage === 'string' ? outage : 'some'}: ${what}`,
          ),
        );
        if (faults.length >= enough) return { cuts: seen.size, faults };
      }
    }
    return { cuts: seen.size, faults };
  }
  const { cuts, faults } = await cut(ops, (n) => ['nothing', 'journal', 'everything', dice(seed + n)]);
  t.comment(`seed ${seed}: ${ops.length} system calls, ${cuts} different disks`);
  t.ok(cuts > ops.length / 2, 'enough to mean something');
  t.same(faults, [], 'every key opens, whatever has arrived');

  const names = new Map<number, string>();
  const subject = ops.map((op) => {
    if (op.kind === 'open') names.set(op.fd, op.path);
    return 'fd' in op ? names.get(op.fd)! : 'path' in op ? op.path : '';
  });
  const renamed = ops.findIndex((op) => op.kind === 'rename' && op.to === masterFile(dir));
  const overwritten = ops.findIndex((op, n) => op.kind === 'write' && subject[n] === masterFile(dir));
  t.ok(renamed > overwritten && overwritten > 0);
  const retiring = ops.slice(overwritten, renamed + 1);
  const prepared = ops.findIndex((op) => op.kind === 'mark' && op.text === 'prepared');
  const mutants: [string, Op[]][] = [
    ['the new key is not synced', ops.filter((op, n) => !(op.kind === 'sync' && n < prepared))],
    [
      'keys.db is not synced',
      ops.filter((op, n) => !(op.kind === 'sync' && subject[n]!.endsWith('keys.db'))),
    ],
    [
      'the old key goes before the rows are wrapped anew',
      [
        ...ops.slice(0, prepared + 1),
        ...retiring,
        ...ops.slice(prepared + 1).filter((op) => !retiring.includes(op)),
      ],
    ],
  ];
  for (const [what, calls] of mutants) {
    const first = calls.findIndex((op, n) => op !== ops[n]);
    const found = await cut(calls, (n) => ['nothing', 'everything', dice(seed + n)], first, 1);
    t.comment(found.faults[0]);
    t.equal(found.faults.length > 0, true, `it is found when ${what}`);
  }
});
