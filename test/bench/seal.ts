import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { Test } from 'tap';
import { recordingPath } from '../../daemon/domain/paths.js';
import { buildManifest } from '../../daemon/domain/recording/manifest.js';
import { PROMPT_RATES } from '../../daemon/domain/telling/prompt.js';
import { samplesOf } from '../../daemon/domain/telling/wav.js';
import { createRemoteFfmpeg } from '../../daemon/encode/apart/remote.js';
import { createEncoder } from '../../daemon/encode/encoder.js';
import { createFfmpeg } from '../../daemon/encode/ffmpeg.js';
import { opusPlan } from '../../daemon/encode/opus.js';
import { createPromptSearch } from '../../daemon/encode/prompt-search.js';
import { signManifest } from '../../daemon/vault/manifest.js';
import { openSealed } from '../../daemon/vault/open.js';
import { createOwnPrompts } from '../../daemon/vault/prompts.js';
import { sealStream } from '../../daemon/vault/seal.js';
import { createSigningKey } from '../../daemon/vault/signing-key.js';
import { createDiskStore } from '../../daemon/vault/store/disk.js';
import { createEncoderProgram } from '../support/encoder.js';
import { aCall, aRecording, nothingTold } from '../support/recordings/a-call.js';
import { addRecording, openDashboard, setUp } from '../support/web/dashboard.js';

/**
 * npm run bench:seal: what sealing and signing add to making a recording (at most 5 %), and how soon a sealed recording
 * begins to play over HTTP, at its beginning and after a seek to the end of a call of two hours (at most 200 ms at p95).
 * Another number of minutes for the first: npm run bench:seal -- 20. Also how much longer it takes where a prompt that was played
 * is looked for (at most 10 %), and for how long that keeps the recorder's own thread.
 */
const minutes = Number(process.argv[2] ?? 10);
const bars = { share: 5, searchShare: 10, startMs: 200 };

const dir = mkdtempSync(join(tmpdir(), 'tapedeck-seal-'));
const endings: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
const print = (what: string, value: string) => console.log(`${what.padEnd(58)} ${value}`);
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const p95 = (values: number[]) => values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1]!;
let failed = false;
const against = (value: number, bar: number, unit: string) => {
  if (value > bar) failed = true;
  return `${value.toFixed(2)} ${unit} (bar ${bar} ${unit}${value > bar ? ', MISSED' : ''})`;
};

/** Noise with pauses, as wav: what codecs find about as hard as speech. */
const wav = (name: string, seconds: number, seed: number): string => {
  const file = join(dir, name);
  const noise = `anoisesrc=r=8000:a=0.3:c=pink:seed=${seed}:d=${seconds}`;
  const pauses = "volume='if(lt(mod(t,6),3.5),1,0)':eval=frame";
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', noise, '-af', pauses, '-ac', '1', file]);
  return file;
};

async function sealing(): Promise<void> {
  const [inFile, outFile] = [wav('in.wav', minutes * 60, 1), wav('out.wav', minutes * 60, 2)];
  const length = minutes * 60_000;
  const plan = opusPlan({
    segments: [{ offsetMs: 0, inFile, outFile, rate: 8000, inMs: length, outMs: length }],
    tags: { title: 'bench', date: '2026-01-01', callId: 'bench' },
    bitrate: 24_000,
    complexity: 5,
  });
  const key = createSigningKey(dir, randomBytes(32));
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const encoder = createEncoder({ ffmpeg: createFfmpeg() });
  const program = createEncoderProgram();
  await program.start();
  const apart = createEncoder({ ffmpeg: createRemoteFfmpeg({ socket: program.socket }) });
  const store = createDiskStore(dir);
  const place = { id: 'bench', file: recordingPath('bench', 0) };
  const call = aCall('bench', { legs: [], marks: [] });
  /** All that sealing is: the file, durable, and what is signed of it. */
  const seal = async (ogg: AsyncIterable<Uint8Array>) => {
    const sealed = await sealStream(store, place, ogg, { recipient });
    const manifest = buildManifest({
      call,
      recording: aRecording('bench', 'bench', sealed),
      coverage: { status: 'recorded', why: null, rule: null, missingMs: 0 },
      segments: [],
      told: nothingTold,
      ...{ decision: null, policyVersion: 1, sealedFor: null, version: 'bench', madeAt: 0, later: false },
    });
    return { ...sealed, manifest: signManifest(manifest, key) };
  };
  const timed = async <T>(work: () => Promise<T>) => {
    const delays = monitorEventLoopDelay({ resolution: 5 });
    delays.enable();
    const [cpu, at] = [process.cpuUsage(), performance.now()];
    const value = await work();
    const used = process.cpuUsage(cpu);
    delays.disable();
    const heldMs = delays.max / 1e6;
    return { value, ms: performance.now() - at, cpuMs: (used.user + used.system) / 1000, heldMs };
  };
  const ogg: Buffer = await buffer(createFfmpeg().encode(plan).stdout);
  await timed(() => seal(Readable.from([ogg]))); // warm
  const { files, durationMs } = createOwnPrompts().of('ask', 'en', '1');
  const { buffer: samples } = Uint8Array.from(samplesOf(files.wav16));
  const stretches = [{ samples: new Int16Array(samples), fromMs: 0, untilMs: 80 + durationMs + 5_000 }];
  /** While a prompt is looked for that was played at the beginning. */
  async function searching(): Promise<void> {
    const search = createPromptSearch({ rate: plan.rate, promptRate: PROMPT_RATES.wav16, stretches });
    await encoder.encode(plan, seal, search.write);
    await search.result();
    await search.stop();
  }
  const searched: { ms: number; cpuMs: number; heldMs: number }[] = [];
  const whole: number[] = [];
  const own: number[] = [];
  const usual: number[] = [];
  const separate: { ms: number; cpuMs: number }[] = [];
  const alone: { ms: number; cpuMs: number }[] = [];
  const back: number[] = [];
  for (let n = 0; n < 5; n++) {
    const here = await timed(() => encoder.encode(plan, seal));
    whole.push(here.ms);
    own.push(here.cpuMs);
    usual.push(here.heldMs);
    searched.push(await timed(searching));
    separate.push(await timed(() => apart.encode(plan, seal)));
    // The same bytes in pieces as ffmpeg gives them.
    const pieces = Readable.from(
      (function* () {
        for (let at = 0; at < ogg.length; at += 8192) yield ogg.subarray(at, at + 8192);
      })(),
    );
    alone.push(await timed(() => seal(pieces)));
    back.push(
      (
        await timed(async () => {
          const sealed = await openSealed(store, place, identity);
          const hash = createHash('sha256');
          for await (const chunk of sealed.read(0, sealed.size - 1)) hash.update(chunk as Buffer);
          await sealed.close();
        })
      ).ms,
    );
  }
  await program.stop();
  const total = median(whole);
  const ms = median(alone.map((a) => a.ms));
  print(`encode pass of a call of ${minutes} minutes, sealed and signed`, `${total.toFixed(0)} ms`);
  const by = median(separate.map((s) => s.ms));
  print(
    `the same by way of the encoder${program.separate ? ', a user of its own' : ''}`,
    `${by.toFixed(0)} ms (${(by / total).toFixed(2)} times as long)`,
  );
  print(
    'processor time of the recorder for it, beside running ffmpeg itself',
    `${median(separate.map((s) => s.cpuMs)).toFixed(0)} ms, ${median(own).toFixed(0)} ms`,
  );
  const withSearch = median(searched.map((one) => one.ms));
  print('the same while a prompt is looked for', `${withSearch.toFixed(0)} ms`);
  print('longer by', against((withSearch / total - 1) * 100, bars.searchShare, '%'));
  print(
    'processor time for that',
    `${(median(searched.map((one) => one.cpuMs)) - median(own)).toFixed(0)} ms`,
  );
  print(
    'longest that the event loop was held, with that and without',
    `${median(searched.map((one) => one.heldMs)).toFixed(1)} ms, ${median(usual).toFixed(1)} ms`,
  );
  print('sealing and signing alone, the file synced to the disk', `${ms.toFixed(1)} ms`);
  print('of it processor time', `${median(alone.map((a) => a.cpuMs)).toFixed(1)} ms`);
  print('share of the encode pass', against((ms / total) * 100, bars.share, '%'));
  print('reading it back (verifying what was sealed)', `${median(back).toFixed(1)} ms`);
}

async function playing(): Promise<void> {
  const ogg = join(dir, 'long.opus');
  const noise = 'anoisesrc=r=8000:a=0.3:c=pink:d=7200';
  const encode = [
    '-c:a',
    'libopus',
    '-b:a',
    '24k',
    '-ac',
    '2',
    '-application',
    'voip',
    '-compression_level',
    '0',
  ];
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', noise, ...encode, ogg]);
  const home = mkdtempSync(join(tmpdir(), 'tapedeck-play-'));
  endings.push(() => rmSync(home, { recursive: true, force: true }));
  const t = {
    testdir: () => home,
    teardown: (end: () => unknown) => endings.unshift(end),
  } as unknown as Test;
  const desk = await openDashboard(t);
  const cookie = await setUp(desk);
  const bytes = readFileSync(ogg);
  const { call } = await addRecording(desk, bytes, { recording: { durationMs: 7_200_000 } });
  const address = await desk.app.listen({ port: 0, host: '127.0.0.1' });
  /** From the request to the first bytes of sound. */
  const first = async (from: number): Promise<number> => {
    const at = performance.now();
    const answer = await fetch(`${address}/api/v1/calls/${call.id}/audio`, {
      headers: { cookie, range: `bytes=${from}-` },
    });
    const reader = answer.body!.getReader();
    const { value } = await reader.read();
    const ms = performance.now() - at;
    if (answer.status !== 206 || !value || !bytes.subarray(from, from + value.length).equals(value))
      throw new Error(`${answer.status}: that is not the recording`);
    await reader.cancel();
    return ms;
  };
  const rounds = 100;
  const where: [string, (n: number) => number][] = [
    ['at the beginning', () => 0],
    ['after a seek to the last minute', () => Math.floor(bytes.length * (1 - 1 / 120))],
    ['after a seek to anywhere', (n) => (n * 7_919_993) % (bytes.length - 1)],
  ];
  print('a call of two hours', `${(bytes.length / 1e6).toFixed(1)} MB`);
  for (const [what, from] of where) {
    const times: number[] = [];
    for (let n = 0; n < rounds; n++) times.push(await first(from(n)));
    print(`first sound over HTTP ${what}, median`, `${median(times).toFixed(1)} ms`);
    print(`first sound over HTTP ${what}, p95`, against(p95(times), bars.startMs, 'ms'));
  }
}

try {
  await sealing();
  await playing();
} finally {
  for (const end of endings) await end();
}
process.exitCode = failed ? 1 : 0;
