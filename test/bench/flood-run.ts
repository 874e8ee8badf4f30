import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { controlSocket } from '../../daemon/domain/paths.js';
import { ask } from '../../daemon/ops/control-client.js';
import { createLab, emptySpool, type Pbx } from '../support/pbx/pbx.js';
import type { Call, Phone } from '../support/pbx/phone.js';
import {
  createApiClient,
  createRecorderLab,
  type RecorderLab,
  readIfThere,
  until,
} from '../support/recorder.js';
import type { FloodOrder, FloodReport } from './flood-requests.js';
import type { Seen, TapReport } from './flood-tap.js';
import { processorTime } from './processor.js';
import { readCatalogue } from './soak-account.js';

/** One run of `flood.ts`: calls on a real PBX, a recorder under strace, and requests beside it or not. */
export type RunKind = {
  name: string;
  /** Requests a second. */
  rate: number;
  /** How long each fsync is held; null: without strace, to see what that costs. */
  fsyncMs: number | null;
};
/**
 * Of some calls: how long after the answer their snoops were asked for, and their sound began to be recorded, ms, sorted, and of
 * how many snoops were never asked for. `spread`: from the first answer to the last of calls answered at once, the mean, ms.
 */
export type Account = {
  calls: number;
  waits: number[];
  begun: number[];
  spread: number;
  never: number;
  outcomes: Record<string, number>;
};
export type RunResult = {
  singles: Account;
  burst: Account;
  reasons: Record<string, number>;
  flood: FloodReport | null;
  fsyncs: { count: number; meanMs: number } | null;
  /** % of a core, and % of the machine. */
  recorder: number;
  machine: number;
  heldP99Ms: number;
  tapP99Ms: number;
  stopped: string;
};

/** A call every so often on average, each for so long; how many are answered at once in the end. */
const EVERY_MS = 400;
const TALK_MS = 5_000;
export const BURST = 30;
/** For how long the flood runs before the first call. */
const AHEAD_MS = 2_000;
/** How long the recorder may take, to notice that calls have ended, to stop, and to make the recordings afterwards. */
const SETTLE_MS = 20_000;
const STOP_MS = 45_000;
const MAKE_MS = 120_000;
const BEFORE_BURST_MS = 30_000;
const SINGLE = '+1555';
export const TOGETHER = '+1556';

export function helper<T>(file: string, argument: string): { child: ChildProcess; told: () => Promise<T> } {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [argument]);
  return {
    child,
    told: async () => {
      const answer = once(child, 'message');
      child.send('report');
      return (await answer)[0] as T;
    },
  };
}

/** Busy time of all processors and all of their time, in ms. */
function machineTime(): { busy: number; all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const all = times.reduce((sum, t) => sum + t.user + t.nice + t.sys + t.irq + t.idle, 0);
  return { all, busy: all - times.reduce((sum, t) => sum + t.idle, 0) };
}

/** Counts each fsync, and holds it for so long before the kernel does it. -D: the recorder is our child, not strace's. */
const strace = (fsyncMs: number, file: string): string[] => [
  ...['strace', '-D', '-f', '--seccomp-bpf', '-c', '-w', '-o', file, '-e', 'trace=fsync,fdatasync'],
  ...(fsyncMs > 0 ? ['-e', `inject=fsync,fdatasync:delay_enter=${fsyncMs * 1000}`] : []),
];

/** From the table that `strace -c -w` writes when its last process has ended. */
async function fsyncsIn(file: string): Promise<NonNullable<RunResult['fsyncs']>> {
  const table = await until(
    'the account of strace',
    () => /\btotal\b/.test(readIfThere(file) ?? '') && readIfThere(file),
  );
  const rows = [...table.matchAll(/^ *[\d.]+ +([\d.]+) +\d+ +(\d+) .*f(?:data)?sync$/gm)];
  const count = rows.reduce((sum, row) => sum + Number(row[2]), 0);
  const seconds = rows.reduce((sum, row) => sum + Number(row[1]), 0);
  return { count, meanMs: (seconds * 1000) / Math.max(1, count) };
}

/** `only`: see `FloodOrder`. */
export async function runFlood(
  pbx: Pbx,
  dir: string,
  kind: RunKind,
  { seconds, bursts, only }: { seconds: number; bursts: number; only: string },
): Promise<RunResult> {
  mkdirSync(dir);
  emptySpool(pbx);
  const tap = helper<TapReport>('./flood-tap.ts', new URL(pbx.ari.url).port);
  const [port] = (await once(tap.child, 'message')) as [number];
  const url = new URL(pbx.ari.url);
  url.port = String(port);
  const recorder = createRecorderLab({ dir, pbx: { ...pbx, ari: { ...pbx.ari, url: url.href } } });
  const lab = createLab(pbx);
  let flood: ReturnType<typeof helper<FloodReport>> | null = null;
  try {
    await lab.phone('100');
    const together = await lab.phone('101', { answerAfterMs: null });
    const carrier = await lab.carrier();

    await recorder.startDaemon();
    const { address, setupCode } = await recorder.startWeb();
    const api = createApiClient(address);
    await api.setUp(setupCode!, 'bench', 'four unrelated quiet words');
    const { user } = await api.json<{ user: { id: string } }>('GET', '/session');
    const first = await carrier.call('5554100', { caller: { number: '+15570000000' } });
    await first.answered;
    await wait(2_000);
    await first.hangup();
    const heard = await until(
      'the recording of a call before all others',
      async () => (await api.calls()).find((c) => c.recording),
      30_000,
    );
    await recorder.stopWeb();
    await recorder.stopDaemon();

    const counted = join(dir, 'fsyncs');
    await recorder.startDaemon(
      /Connected to ARI/,
      kind.fsyncMs === null ? [] : strace(kind.fsyncMs, counted),
    );
    const pid = recorder.pid('run')!;
    if (kind.rate > 0) {
      const order: FloodOrder = {
        socket: controlSocket(recorder.dataDir),
        ...{ rate: kind.rate, only, person: user.id, call: heard.id },
      };
      flood = helper<FloodReport>('./flood-requests.ts', JSON.stringify(order));
    }
    await wait(AHEAD_MS);
    const before = { at: performance.now(), own: processorTime(pid).own, machine: machineTime() };
    await callSingly(carrier, seconds);
    for (let n = 0; n < bursts; n++) {
      // Making recordings takes all processors for some seconds.
      await made(recorder, BEFORE_BURST_MS);
      await callTogether(carrier, together, n * BURST);
    }
    const lasted = (performance.now() - before.at) / 1000;
    const machine = machineTime();
    const used = {
      recorder: ((processorTime(pid).own - before.own) / lasted) * 100,
      machine: ((machine.busy - before.machine.busy) / (machine.all - before.machine.all)) * 100,
    };
    const report = flood ? await flood.told() : null;
    flood?.child.kill();
    const seen = await tap.told();

    await until(
      'the recorder to notice that all calls have ended',
      async () => (await ask(recorder.dataDir, 'status').catch(() => null))?.calls_now === 0,
      SETTLE_MS,
    ).catch(() => {});
    const stopped = await stop(recorder);
    const fsyncs = kind.fsyncMs === null ? null : await fsyncsIn(counted);
    await recorder.startDaemon();
    await made(recorder, MAKE_MS);
    const { rows } = readCatalogue(recorder.dataDir);
    const status = (number: string) => rows.find((row) => row.them === number)?.status ?? 'no row';
    const of = (prefix: string): Account => {
      const mine = seen.channels.filter(({ caller }) => caller.startsWith(prefix));
      return { ...waitsOf(mine), outcomes: tally(mine.map(({ caller }) => status(caller))) };
    };
    const bad = rows.filter((row) => row.status !== 'recorded' && row.answered_at !== null);
    return {
      ...{ singles: of(SINGLE), burst: of(TOGETHER), flood: report, fsyncs, stopped },
      reasons: tally(bad.map(({ status: how, reason }) => `${how}: ${reason}`.replace(/\d[\d:.TZ-]*/g, 'N'))),
      ...used,
      heldP99Ms: percentile(
        seen.channels.map(({ heldMs }) => heldMs).sort((a, b) => a - b),
        0.99,
      ),
      tapP99Ms: seen.delayP99Ms,
    };
  } finally {
    flood?.child.kill();
    await lab.stop();
    await stop(recorder);
    await recorder.stop();
    tap.child.kill();
  }
}

/** Both snoops of a call count: a recording needs them. */
export function waitsOf(channels: readonly Seen[]): Omit<Account, 'outcomes'> {
  const asked = channels.filter(({ askedAt }) => askedAt.length >= 2);
  return {
    calls: channels.length,
    waits: asked.map(({ upAt, askedAt }) => askedAt[1]! - upAt).sort((a, b) => a - b),
    begun: channels
      .filter(({ begunMs }) => begunMs.length >= 2)
      .map(({ begunMs }) => begunMs[1]!)
      .sort((a, b) => a - b),
    spread: spreadOf(channels.map(({ upAt, heldMs }) => upAt - heldMs)),
    never: channels.length - asked.length,
  };
}

/** Answers of different bursts are seconds apart. */
function spreadOf(answers: number[]): number {
  const sorted = answers.sort((a, b) => a - b);
  const apart = sorted.slice(1).map((at, i) => at - sorted[i]!);
  const bursts = 1 + apart.filter((ms) => ms > 1_000).length;
  return apart.filter((ms) => ms <= 1_000).reduce((sum, ms) => sum + ms, 0) / bursts;
}

export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

async function callSingly(carrier: Phone, seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  const calls: Promise<void>[] = [];
  for (let n = 0; performance.now() < end; n++) {
    const number = `${SINGLE}${String(n).padStart(7, '0')}`;
    calls.push(carrier.call('5554100', { caller: { number } }).then(talk));
    // Uneven, so that calls do not keep step with fsyncs of a fixed length.
    await wait(EVERY_MS * (0.5 + Math.random()));
  }
  await Promise.all(calls);
}

export async function callTogether(carrier: Phone, callee: Phone, first: number): Promise<void> {
  const calls = await Promise.all(
    Array.from({ length: BURST }, (_, n) =>
      carrier.call('5558101', { caller: { number: `${TOGETHER}${String(first + n).padStart(7, '0')}` } }),
    ),
  );
  const ringing = () => callee.calls.filter((c) => c.state() === 'ringing');
  await until(`${BURST} calls to ring`, () => ringing().length === BURST, 30_000);
  // On a fast disk, the recorder has written by then that they ring.
  await wait(2_000);
  for (const call of ringing()) call.answer();
  await Promise.all(calls.map(talk));
}

async function talk(call: Call): Promise<void> {
  if (!(await call.answered)) return;
  await Promise.race([wait(TALK_MS), call.ended]);
  await call.hangup();
}

/** Waits until all recordings are made, but no longer than that. */
export async function made({ dataDir }: RecorderLab, ms: number): Promise<void> {
  const done = () => readCatalogue(dataDir).rows.every((r) => r.ended_at !== null && r.status !== 'pending');
  await until('all recordings', done, ms).catch(() => {});
}

/** Ends the recorder, by force where it takes long; gives how it ended. */
async function stop(recorder: RecorderLab): Promise<string> {
  const pid = recorder.pid('run');
  if (pid === undefined) return '';
  let how = 'by itself';
  const began = performance.now();
  const late = setTimeout(() => {
    how = 'by force';
    process.kill(pid, 'SIGKILL');
  }, STOP_MS);
  await recorder.stopDaemon();
  clearTimeout(late);
  return `${how}, after ${((performance.now() - began) / 1000).toFixed(1)} s`;
}
