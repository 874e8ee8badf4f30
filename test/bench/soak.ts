import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createLab, emptySpool, startPbx } from '../support/pbx/pbx.js';
import { createApiClient, createRecorderLab, until } from '../support/recorder.js';
import { dice, newSeed } from '../support/search/dice.js';
import { inspect } from './inspector.js';
import { listenToCdrs, match, name, orphans, readCatalogue, skewOf } from './soak-account.js';
import { createSoakCalls, KINDS, type Soaked } from './soak-calls.js';

/**
 * npm run soak -- MINUTES [SEED]: calls of all kinds on a real Asterisk while the daemon is killed and stopped again and again,
 * and then a stretch without kills in which its memory is watched. Ends with 1 when a call is lost or there twice, when
 * anything is left over, when the two sides of a recording lie more than 40 ms apart, or when memory or descriptors grow.
 */
const minutes = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? newSeed());
const MOST_AT_ONCE = 12;
/** Ms between two kills; the share of the time in which there are kills. */
const KILL_EVERY = 90_000;
const KILLING = 0.5;
const MOST_SKEW = 40;
/**
 * Growth that counts: MB and descriptors an hour, but so much within the stretch is the heap's own breathing. From how long
 * a stretch it is judged, ms.
 */
const SLOPE = 1;
const BREATH = { heap: 1, rss: 4, fds: 2 };
/** How often memory is looked at, in ms: the daemon collects its garbage each time. */
const LOOK_EVERY = 10_000;
const JUDGED_FROM = 5 * 60_000;

const random = dice(seed);
const dir = await mkdtemp(join(tmpdir(), 'tapedeck-soak-'));
const pbx = await startPbx({ name: 'soak' });
emptySpool(pbx);
const lab = createLab(pbx);
const recorder = createRecorderLab({ dir, pbx });
const print = (what: string, value: string | number) => console.log(`${what.padEnd(40)} ${value}`);
const soaked: Soaked[] = [];
const samples: { at: number; heap: number; rss: number; fds: number }[] = [];
let kills = 0;
let failed = false;
let looked = false;
const fault = (what: string, list: string[]) => {
  print(what, list.length);
  for (const each of list.slice(0, 20)) console.log(`    ${each}`);
  failed ||= list.length > 0;
};

/** Units an hour, by least squares over the lowest value of each twentieth: what calls use for a while does not count. */
function slope(of: (s: (typeof samples)[number]) => number): number {
  const size = Math.max(1, Math.floor(samples.length / 20));
  const floors = Array.from({ length: Math.floor(samples.length / size) }, (_, i) =>
    samples.slice(i * size, (i + 1) * size).reduce((a, b) => (of(b) < of(a) ? b : a)),
  );
  const mean = (f: (s: (typeof samples)[number]) => number) =>
    floors.reduce((sum, s) => sum + f(s), 0) / floors.length;
  const [at, value] = [mean((s) => s.at), mean(of)];
  const top = floors.reduce((sum, s) => sum + (s.at - at) * (of(s) - value), 0);
  const below = floors.reduce((sum, s) => sum + (s.at - at) ** 2, 0);
  return below === 0 ? 0 : (top / below) * 3_600_000;
}

async function sampling(end: number): Promise<void> {
  const pid = recorder.pid('run')!;
  // What a process needs to get going is not growth.
  await wait(Math.max(0, (end - Date.now()) / 5));
  const daemon = await inspect(pid);
  await daemon.compileNoMore();
  while (Date.now() < end) {
    samples.push({
      at: Date.now(),
      ...(await daemon.inUse()),
      fds: readdirSync(`/proc/${pid}/fd`).length,
    });
    await wait(LOOK_EVERY);
  }
  daemon.stop();
}

async function killing(end: number): Promise<void> {
  for (;;) {
    const pause = KILL_EVERY * (0.7 + random() * 0.6);
    if (Date.now() + pause > end) return;
    await wait(pause);
    await recorder.stopDaemon(kills++ % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
    await recorder.startDaemon();
  }
}

try {
  console.log(`seed ${seed}, ${minutes} minutes`);
  await recorder.startDaemon();
  const { address, setupCode } = await recorder.startWeb();
  const api = createApiClient(address);
  await api.setUp(setupCode!, 'soak', 'four unrelated quiet words');
  const cdrs = listenToCdrs(pbx);
  const calls = await createSoakCalls(lab, random);
  const began = Date.now();
  const end = began + minutes * 60_000;
  const running = new Set<Promise<Soaked>>();
  const disturbance = killing(began + minutes * 60_000 * KILLING).then(() => sampling(end));
  for (let n = 0; Date.now() < end; ) {
    const call = running.size < MOST_AT_ONCE ? calls.begin(n, (end - Date.now()) / 1000) : null;
    if (call) {
      n++;
      running.add(call);
      void call.then((done) => {
        soaked.push(done);
        running.delete(call);
      });
    }
    await wait(random() * 1500);
  }
  await Promise.all(running);
  await disturbance;
  cdrs.stop();
  await until(
    'all recordings to be made',
    () => {
      const { rows, open } = readCatalogue(recorder.dataDir);
      return open === 0 && rows.every((row) => row.ended_at !== null && row.status !== 'pending');
    },
    120_000,
  ).catch((e: Error) => console.log(e.message));

  const { rows, open, windows } = readCatalogue(recorder.dataDir);
  const { lost, duplicated, reasons, found } = match(soaked, rows);
  const answered = soaked.filter((c) => c.answeredAt !== null);
  print('calls, by the phones', `${soaked.length}, ${answered.length} of them answered`);
  for (const kind of KINDS) print(`  ${kind}`, soaked.filter((c) => c.kind === kind).length);
  print("answered, by Asterisk's CDRs (linkedids)", cdrs.answered.size);
  print('answered, in the catalogue', rows.filter((row) => row.answered_at !== null).length);
  print('kills and stops of the daemon', kills);
  print(
    'recorded whole',
    [...found.values()].filter((row) => row.recording && row.status === 'recorded').length,
  );
  for (const [why, count] of reasons) print(`  ${count} x`, why);
  const upset = soaked.filter((c) => c.fault);
  print('phones that were upset', upset.length);
  for (const call of upset.slice(0, 10)) console.log(`    ${name(call)}: ${call.fault}`);
  fault('lost', lost);
  fault('duplicated', duplicated);
  fault('orphaned', await orphans(pbx, recorder.dataDir, rows, open));

  const skews: { ms: number; call: Soaked }[] = [];
  for (const [call, row] of found) {
    if (
      !['in', 'out', 'internal'].includes(call.kind) ||
      !row.recording ||
      call.endedAt - call.answeredAt! < 4000
    )
      continue;
    const ms = await skewOf(await api.audio(row.id), row.answered_at!, call.clicks);
    if (ms !== null) skews.push({ ms: Math.abs(ms), call });
  }
  skews.sort((a, b) => a.ms - b.ms);
  print('skew of the sides, calls measured', skews.length);
  print(
    '  99 of 100 below, at most',
    `${skews[Math.ceil(skews.length * 0.99) - 1]?.ms.toFixed(1)} ms, ${skews.at(-1)?.ms.toFixed(1)} ms`,
  );
  fault(
    '  above 40 ms',
    skews.filter((s) => s.ms > MOST_SKEW).map((s) => `${s.ms.toFixed(0)} ms: ${name(s.call)}`),
  );

  fault('not looked at', [
    ...(answered.length === 0 ? ['no call was answered'] : []),
    ...(skews.length === 0 ? ['of no recording could it be told how its sides lie'] : []),
  ]);

  const stretch = (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0);
  const judged = stretch >= JUDGED_FROM;
  const grown = { heap: slope((s) => s.heap), rss: slope((s) => s.rss), fds: slope((s) => s.fds) };
  for (const [what, of] of [
    ['memory in use by the daemon, undisturbed', 'heap'],
    ['memory that it holds', 'rss'],
  ] as const)
    print(
      what,
      `${samples[0]?.[of].toFixed(1)} to ${samples.at(-1)?.[of].toFixed(1)} MB, ${grown[of].toFixed(1)} MB/h`,
    );
  print('descriptors', `${samples[0]?.fds} to ${samples.at(-1)?.fds}, ${grown.fds.toFixed(1)} /h`);
  const grows = (what: 'heap' | 'rss' | 'fds') =>
    grown[what] > SLOPE && (grown[what] * stretch) / 3_600_000 > BREATH[what];
  if (judged) {
    const all = grows('heap') || grows('rss') || grows('fds');
    print('  flat', all ? 'no' : 'yes');
    failed ||= all;
  } else
    print(
      '  (not judged)',
      `${(stretch / 60_000).toFixed(1)} minutes; it takes ${JUDGED_FROM / 60_000}, a run of ${Math.ceil(JUDGED_FROM / 60_000 / (1 - KILLING) / 0.8)}`,
    );
  print('monitoring gaps', windows.length);
  for (const w of windows) {
    const to = w.to_at ?? Date.now();
    const inside = answered.filter((c) => c.answeredAt! < to && c.endedAt > w.from_at);
    const without = inside.filter((c) => !found.get(c)?.recording);
    console.log(
      `    ${new Date(w.from_at).toISOString()} ${((to - w.from_at) / 1000).toFixed(1)} s, ${inside.length} calls, ${without.length} without a recording: ${w.reason}`,
    );
  }
  looked = true;
  console.log(failed ? 'FAILED' : 'PASSED');
} finally {
  await lab.stop();
  await recorder.stop();
  await pbx.stop();
  if (failed || !looked) console.log(`kept: ${dir}`);
  else await rm(dir, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
