import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shownName } from '../../daemon/domain/importing/bytes.js';
import { createLab, emptySpool, startPbx } from '../support/pbx/pbx.js';
import { createRecorderLab } from '../support/recorder.js';
import { bytesOf, makeOriginals } from '../support/recordings/originals.js';
import {
  type Brought,
  callMeanwhile,
  hearSome,
  importFor,
  outcomesOf,
  readBrought,
  sizesOf,
  watchImport,
} from './import-watch.js';

/**
 * npm run bench:import: imports 10,000 files of every kind and name while calls come on a real PBX, and compares what became of them
 * with what was made: each is imported once, says where it came from, verifies and opens, and of a sample the sound is heard. Prints
 * how long a file takes, from begin to end, what memory and the catalogue's journal come to, and how long the captures of live calls
 * wait. Another number: npm run bench:import -- 1000. On a machine with other work, so many minutes of it, and what was imported by then
 * is looked at: npm run bench:import -- 10000 45. Ends with 1 when anything is missing.
 */
const count = Number(process.argv[2] ?? 10_000);
const minutes = Number(process.argv[3] ?? Number.POSITIVE_INFINITY);
/** The recorder gives out some forty recordings a minute to one person. */
const SAMPLE = 100;
/** In so many parts it is seen whether files take ever longer. */
const PARTS = 10;
/** As the report and the call have it. */
const shown = (path: string) => shownName(Buffer.from(path).toString('latin1'));
const print = (what: string, value: string | number) => process.stdout.write(`${what.padEnd(44)} ${value}\n`);
const faults: string[] = [];
const fault = (what: string, list: readonly string[]) => {
  print(what, list.length);
  for (const one of list.slice(0, 10)) process.stdout.write(`    ${one}\n`);
  if (list.length > 0) faults.push(what);
};

/** It names the recorder, and the hash and the size of the original. */
const isOf = ({ recorder, sha256, bytes }: Brought, original: Buffer): boolean =>
  recorder !== '' &&
  bytes === original.length &&
  sha256 === createHash('sha256').update(original).digest('hex');

const dir = mkdtempSync(join(tmpdir(), 'tapedeck-import-'));
const pbx = await startPbx({ name: 'import' });
emptySpool(pbx);
const lab = createLab(pbx);
const calls = await callMeanwhile(pbx, lab);
const recorder = createRecorderLab({ dir: join(dir, 'house'), pbx: calls.pbx });

try {
  const [monitor, csv] = [join(dir, 'monitor'), join(dir, 'Master.csv')];
  const made = makeOriginals(monitor, csv, { count, from: Date.parse('2026-03-01T00:00:00Z'), rarer: true });
  print('files', count);
  await recorder.startDaemon();
  const args = ['import', '--time-zone', 'UTC', '--cdr', csv, monitor];
  const timed = async (what: string, given: string[], right: readonly number[] = [0]) => {
    const began = performance.now();
    const { code, out, err } = await recorder.command(given);
    const ms = performance.now() - began;
    print(what, `${(ms / 1000).toFixed(1)} seconds, ${(ms / count).toFixed(1)} ms a file`);
    if (!right.includes(code)) throw new Error(out + err);
    return out;
  };
  await timed('dry run', [...args, '--dry-run', '--json']);

  const watch = watchImport(recorder);
  calls.begin();
  const { job, ms } = await importFor(recorder, args, minutes * 60_000);
  const all = job.state === 'done';
  print('import', `${(ms / 1000).toFixed(1)} seconds, ${(ms / job.done).toFixed(1)} ms a file, ${job.state}`);
  if (!all) print('files until the time was over', job.done);
  const live = await calls.end();
  const seen = await watch.end();
  for (const { from, until, msAFile } of seen.parts(PARTS))
    print(`    files ${from} to ${until}`, `${msAFile.toFixed(1)} ms a file`);
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  const { rss, heap, journalBytes } = seen.memory();
  print('memory of the recorder', `${mb(rss.first)} first, ${mb(rss.last)} last, ${mb(rss.max)} at most`);
  print('of it in use', `${mb(heap.first)} first, ${mb(heap.last)} last, ${mb(heap.max)} at most`);
  print("the catalogue's journal at most", mb(journalBytes));
  print(
    'from answer to capture, live calls',
    `${live.calls}: ${live.p50.toFixed(0)} ms (50th percentile), ${live.p99.toFixed(0)} ms (99th), ${live.most.toFixed(0)} ms at most`,
  );
  if (live.never > 0) fault('live calls that were not captured', [String(live.never)]);

  const brought = readBrought(recorder.dataDir);
  const outcomes = await outcomesOf(recorder, job.id);
  const done = made.filter(({ path }) => all || outcomes.has(shown(path)));
  if (done.length < job.done)
    faults.push(`${job.done} files were done, and ${done.length} are in the report`);
  const found = done.flatMap((one) => {
    const is = brought.get(shown(one.path)) ?? [];
    return is.length === 1 ? [[one, is[0]!] as const] : [];
  });
  fault(
    'lost',
    done
      .filter(({ path }) => !brought.has(shown(path)))
      .map(({ path }) => `${path}: ${outcomes.get(shown(path))}`),
  );
  fault(
    'imported twice',
    [...brought].filter(([, is]) => is.length > 1).map(([path]) => path),
  );
  print('found', `${found.length} of ${done.length}`);
  fault(
    'at another time than they began',
    found.filter(([one, is]) => one.startedAt !== is.startedAt).map(([{ path }]) => path),
  );
  fault(
    'that do not say where they came from',
    found.filter(([one, is]) => !isOf(is, bytesOf(monitor, one.path))).map(([{ path }]) => path),
  );
  const heard = await hearSome(recorder, found, Math.max(1, Math.floor(done.length / SAMPLE)));
  print('heard', `${heard.heard} of them, through the dashboard`);
  fault('that did not open, or sound otherwise', heard.wrong);
  // Opens each with its key, as a player does, and reads what was signed of it.
  const verified = await timed('verified', ['verify', '--all', '--json']);
  const lines = verified.trim().split('\n').filter(Boolean);
  const whole = lines.filter((line) => (JSON.parse(line) as { faults: string[] }).faults.length === 0);
  print('opened', `${whole.length} of ${lines.length}, with those of live calls`);
  if (whole.length < found.length) faults.push('opened');
  if (all) await timed('again, all known', [...args, '--wait', '--json']);
  const { catalogueBytes, keysBytes } = sizesOf(recorder.dataDir);
  print('catalogue and keys', `${mb(catalogueBytes)}, ${mb(keysBytes)}`);
  if (all && readBrought(recorder.dataDir).size !== count) faults.push('again');
} finally {
  await lab.stop();
  calls.stop();
  await recorder.stop();
  await pbx.stop();
  rmSync(dir, { recursive: true, force: true });
}
if (faults.length > 0) throw new Error(`Not as it should be: ${faults.join('; ')}`);
