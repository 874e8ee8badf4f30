import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPbx } from '../support/pbx/pbx.js';
import { readIfThere } from '../support/recorder.js';
import { type Account, percentile, type RunKind, type RunResult, runFlood } from './flood-run.js';

/**
 * npm run bench:flood -- [SECONDS] [RUN...] [--only REQUEST] [--bursts N]: how long after a call is answered the recorder asks for its
 * snoops and the PBX begins to record, while the dashboard sends 1,000 requests a second and each fsync of the recorder takes 200 ms. The target is 100 ms at
 * the 99th percentile, both for calls answered one at a time and for 30 answered at once. Two more runs only on demand: `slow`
 * (slow fsyncs, no requests) and `bare` (quiet without strace, to see what strace costs). `--only tell` sends requests of one
 * kind, to see which are in the way; `--bursts 10` has calls answered at once ten times instead of three.
 */
const TARGET_MS = 100;
const RATE = 1_000;
const FSYNC_MS = 200;
const RUNS: RunKind[] = [
  { name: 'bare', rate: 0, fsyncMs: null },
  { name: 'quiet', rate: 0, fsyncMs: 0 },
  { name: 'flood', rate: RATE, fsyncMs: 0 },
  { name: 'slow', rate: 0, fsyncMs: FSYNC_MS },
  { name: 'both', rate: RATE, fsyncMs: FSYNC_MS },
];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' }, bursts: { type: 'string', default: '3' } },
});
const seconds = Number(positionals.find((one) => /^\d+$/.test(one)) ?? 75);
const names = positionals.filter((one) => !/^\d+$/.test(one));
const unknown = names.filter((one) => !RUNS.some(({ name }) => name === one));
if (unknown.length > 0)
  throw new Error(`no run ${unknown.join(', ')}; there are ${RUNS.map(({ name }) => name).join(', ')}`);
const chosen = names.length > 0 ? names : ['quiet', 'flood', 'both'];
const runs = RUNS.filter(({ name }) => chosen.includes(name));

const ms = (n: number) => (Number.isFinite(n) ? `${n.toFixed(n < 100 ? 1 : 0)} ms` : '-');
const counts = (tally: Record<string, number>) =>
  Object.entries(tally)
    .map(([name, n]) => `${n} ${name}`)
    .join(', ');

type Row = [string, (r: RunResult) => string];
function rowsOf(title: string, of: (r: RunResult) => Account): Row[] {
  const wait = (share: number) => (r: RunResult) => ms(percentile(of(r).waits, share));
  const ended = (r: RunResult, ...how: string[]) =>
    String(how.reduce((sum, one) => sum + (of(r).outcomes[one] ?? 0), 0));
  const begun = (share: number) => (r: RunResult) => ms(percentile(of(r).begun, share));
  return [
    [title, (r) => `${of(r).calls} calls`],
    ['  to the snoops, median', wait(0.5)],
    ['  95th percentile', wait(0.95)],
    ['  99th percentile', wait(0.99)],
    ['  maximum', wait(1)],
    ['  to the recorded sound, median', begun(0.5)],
    ['  maximum', begun(1)],
    ['  snoops never asked for', (r) => String(of(r).never)],
    ['  recorded whole', (r) => ended(r, 'recorded')],
    ['  recorded in part', (r) => ended(r, 'partial')],
    ['  not recorded', (r) => ended(r, 'not_recorded', 'no row')],
    ['  still pending', (r) => ended(r, 'pending')],
  ];
}

function floodRow(title: string, of: (flood: NonNullable<RunResult['flood']>) => string | number): Row {
  return [title, ({ flood }) => (flood ? String(of(flood)) : '-')];
}
const answered = (title: string, wanted: (code: string) => boolean): Row =>
  floodRow(title, ({ outcomes }) =>
    Object.values(outcomes)
      .flatMap((codes) => Object.entries(codes))
      .reduce((sum, [code, n]) => sum + (wanted(code) ? n : 0), 0),
  );
const LIMITS = ['too_many', 'recorder_busy'];

const ROWS: Row[] = [
  ...rowsOf('answered one at a time', (r) => r.singles),
  ...rowsOf('answered at once', (r) => r.burst),
  ['  from the first answer to the last, mean', ({ burst }) => ms(burst.spread)],
  floodRow('requests per second', (flood) => (flood.sent / flood.seconds).toFixed(0)),
  answered('  done', (code) => code === 'ok'),
  answered('  refused', (code) => code !== 'ok' && !LIMITS.includes(code)),
  answered('  too_many', (code) => code === 'too_many'),
  answered('  recorder_busy', (code) => code === 'recorder_busy'),
  floodRow('  not answered', (flood) => flood.unanswered),
  floodRow('  not sent: the recorder did not read', (flood) => flood.heldBack),
  floodRow('  connections closed by the recorder', (flood) => flood.closed),
  floodRow('  response time, median', (flood) => ms(flood.p50Ms)),
  floodRow('  99th percentile', (flood) => ms(flood.p99Ms)),
  ['fsyncs by the recorder', ({ fsyncs }) => String(fsyncs?.count ?? '-')],
  ['  mean', ({ fsyncs }) => ms(fsyncs?.meanMs ?? Number.NaN)],
  ['processor: recorder, of one core', (r) => `${r.recorder.toFixed(0)} %`],
  ['processor: all of the machine', (r) => `${r.machine.toFixed(0)} %`],
  ["PBX's timestamp to proxy, 99th perc.", (r) => ms(r.heldP99Ms)],
  ["proxy's own delay, 99th perc.", (r) => ms(r.tapP99Ms)],
];

const print = (cells: string[]) =>
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(40) : cell.padStart(12))).join(''));
const verdict = ({ waits, never }: Account) =>
  never === 0 && percentile(waits, 0.99) <= TARGET_MS ? 'holds' : 'does not hold';

const dir = await mkdtemp(join(tmpdir(), 'tapedeck-flood-'));
const pbx = await startPbx({ name: 'flood' });
const results: { kind: RunKind; result: RunResult }[] = [];
try {
  for (const kind of runs) {
    const { name, rate, fsyncMs } = kind;
    const home = join(dir, name);
    console.log(
      `${name}: ${rate} requests per second, ${fsyncMs === null ? 'without strace' : `fsyncs delayed by ${fsyncMs} ms`}, ${seconds} s of calls`,
    );
    const result = await runFlood(pbx, home, kind, {
      ...{ seconds, bursts: Number(values.bursts), only: values.only },
    }).catch((e: unknown) => {
      console.error(readIfThere(join(home, 'run.log'))?.slice(-4_000));
      throw e;
    });
    results.push({ kind, result });
    for (const [what, codes] of Object.entries(result.flood?.outcomes ?? {}))
      console.log(`    ${what.padEnd(26)} ${counts(codes)}`);
    for (const [why, n] of Object.entries(result.reasons)) console.log(`    ${n} calls ${why}`);
    console.log(`    the recorder stopped ${result.stopped}`);
  }
  print(['', ...results.map(({ kind }) => kind.name)]);
  for (const [what, of] of ROWS) print([what, ...results.map(({ result }) => of(result))]);
  console.log(`Snoops asked for within ${TARGET_MS} ms at the 99th percentile:`);
  for (const { kind, result } of results)
    console.log(
      `  ${kind.name}: ${verdict(result.singles)} for calls answered one at a time, ${verdict(result.burst)} for calls answered at once`,
    );
} finally {
  await pbx.stop();
  await rm(dir, { recursive: true, force: true });
}
process.exit(0);
