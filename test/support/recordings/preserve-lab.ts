import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pino } from 'pino';
import type { Test } from 'tap';
import { ulid } from 'ulid';
import { createSpool, type RemoteSpool } from '../../../daemon/capture/spool.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import type { DirectiveKind } from '../../../daemon/domain/call/directive.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { type CallRecord, type Segment, spoolName } from '../../../daemon/domain/recording/recording.js';
import { ffmpegOf } from '../../../daemon/encode/chosen.js';
import { createEncoder } from '../../../daemon/encode/encoder.js';
import { createPromptSearch } from '../../../daemon/encode/prompt-search.js';
import { createGate, type Gate } from '../../../daemon/ops/process/gate.js';
import { createPreserver } from '../../../daemon/recordings/preserve.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { signManifest } from '../../../daemon/vault/manifest.js';
import { openSealed } from '../../../daemon/vault/open.js';
import { sealStream } from '../../../daemon/vault/seal.js';
import { createSigningKey } from '../../../daemon/vault/signing-key.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import { alarmBoard } from '../alarm-board.js';
import { freshCatalogue } from '../catalogue/fresh.js';
import { until } from '../recorder.js';
import { aCall } from './a-call.js';

export const answeredAt = Date.UTC(2026, 0, 5, 9, 0, 0);

/** A mono 16-bit wav file of these samples. `declared` is the length that its header tells. */
export function wavOf(samples: Int16Array, rate = 8_000, declared?: number): Buffer {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + (declared ?? data.length), 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(declared ?? data.length, 40);
  return Buffer.concat([head, data]);
}

/** 8 kHz mono wav of a tone. */
export function toneWav(seconds: number, declared?: number, pitch = 3): Buffer {
  const samples = Int16Array.from({ length: Math.round(seconds * 8_000) }, (_, i) =>
    Math.round(8000 * Math.sin(i / pitch)),
  );
  return wavOf(samples, 8_000, declared);
}

/** A captured segment: its files, and what is not as usual of it. It began `atMs` after the answer. */
export type Piece = { in?: Buffer; out?: Buffer; atMs?: number } & Partial<Segment>;
export type Options = {
  /** Path of ffmpeg, or of what stands in its place. */
  ffmpeg?: string;
  /** Socket of an encoder that runs it. */
  socket?: string;
  /** How long ffmpeg may take, in ms. */
  limit?: number;
  /** When it is tried again, in ms. */
  retries?: number[];
  again?: number;
  remote?: Partial<RemoteSpool>;
  /** How far the clock may be behind the true time, in ms. */
  behind?: number;
  /** Who else can open what is sealed. */
  recovery?: string;
  /** So many calls are encoded while they go on. */
  during?: number;
  gate?: Gate;
  /** What looks for prompts. */
  searchPrompts?: typeof createPromptSearch;
};

/** A preserver on real parts, and nothing to preserve yet. */
export async function preserveLab(t: Test, options: Options = {}) {
  const { ffmpeg = 'ffmpeg', socket = '', limit, retries, again, remote, behind = 0 } = options;
  const dir = t.testdir({});
  const spoolDir = join(dir, 'spool');
  mkdirSync(spoolDir);
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(catalogueFile(dir)) });
  await catalogue.start();
  const keys = createKeys({ path: keysFile(dir), masterKey: new Uint8Array(32).fill(7) });
  keys.start();
  const signingKey = createSigningKey(dir, new Uint8Array(32).fill(7));
  const store = createDiskStore(dir);
  const absent = async () => null;
  const faults: string[] = [];
  const sealedAfter: number[] = [];
  /** Why what was being sealed could not be. */
  const unsealed: unknown[] = [];
  const prompts = new Map<string, Int16Array>();
  const captures: { pbx: string; callId: string }[] = [];
  const { standing, alarms } = alarmBoard();
  const preserver = createPreserver({
    listsOf: () => [],
    catalogue,
    spools: new Map([
      [
        '',
        createSpool({
          dir: spoolDir,
          workDir: join(dir, 'work'),
          remote: { stored: absent, storedNames: async () => [], deleteStored: async () => {}, ...remote },
        }),
      ],
    ]),
    encoder: createEncoder({
      ffmpeg: ffmpegOf({ socket, ffmpeg }),
      ...(limit === undefined ? {} : { limit: () => limit }),
    }),
    keys,
    seal: (...given) =>
      sealStream(store, ...given).catch((e) => {
        unsealed.push(e);
        throw e;
      }),
    open: (...given) => openSealed(store, ...given),
    removeSealed: store.remove,
    mint: ulid,
    vouch: async (manifest) => signManifest(manifest, signingKey),
    recovery: options.recovery ?? null,
    version: '0.0.0-test',
    promptAudio: async ({ hash }) => prompts.get(hash) ?? null,
    searchPrompts: options.searchPrompts ?? createPromptSearch,
    bitrate: 24_000,
    complexity: 5,
    atOnce: 1,
    captures: () => captures,
    during: options.during ?? 4,
    paces: { everyMs: 10, afterMs: 0, behindMs: 500 },
    site: { timeZone: 'UTC', region: '' },
    alarms,
    gate:
      options.gate ?? createGate({ read: () => [], clock: () => answeredAt, log: pino({ level: 'silent' }) }),
    deferredMs: 10,
    alarmsOf: () => alarms,
    clock: () => answeredAt + 60_000,
    behind: () => behind,
    onSealed: (afterMs) => sealedAfter.push(afterMs),
    log: pino({ level: 'error' }, { write: (line: string) => void faults.push(line) }),
    ...(retries && { retries }),
    ...(again && { again }),
  });
  t.teardown(async () => {
    await preserver.stop();
    await catalogue.stop();
    keys.stop();
  });

  async function run(id: string) {
    preserver.enqueue('', id);
    await until('the end of preserving', () => preserver.waiting() === 0);
    return (await catalogue.calls.get(id))!;
  }

  return {
    dir,
    catalogue,
    keys,
    preserver,
    /** The samples of prompts at 16 kHz, by their hash. */
    prompts,
    ...{ alarms, standing },
    /** The captures that run. */
    captures,
    /** Asterisk writes so much more of a file. */
    grow: (file: Parameters<typeof spoolName>[0], side: 'in' | 'out', samples: Int16Array) =>
      appendFileSync(
        join(spoolDir, `${spoolName(file, side)}.wav`),
        Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength),
      ),
    /** What was logged as an error. */
    faults,
    /** How long after the end of its call each recording was made, in ms. */
    sealedAfter,
    unsealed,
    identity: (id: string) => keys.identity(id),
    spool: () => readdirSync(spoolDir).sort(),
    /** Files under `recordings`, whatever their name. */
    sealed: () => {
      const all = readdirSync(dir, { recursive: true, withFileTypes: true });
      const within = (path: string) => relative(dir, path).split('/')[0] === 'recordings';
      return all.filter((f) => f.isFile() && within(f.parentPath)).map((f) => f.name);
    },
    /** An ended call with these captured segments. */
    async add(
      id: string,
      pieces: Piece[],
      { talkMs = 3_000, ...call }: { talkMs?: number } & Partial<CallRecord> = {},
    ) {
      const { version } = await catalogue.policy.newest();
      await catalogue.calls.save(
        { ...aCall(id), answeredAt, endedAt: answeredAt + talkMs, outcome: 'answered', ...call, id },
        { status: 'pending', why: null, rule: null, missingMs: 0 },
        { version, outcome: 'record', rule: null, why: because('recorded_by_default') },
      );
      for (const [seq, { in: a, out: b, atMs = 0, ...more }] of pieces.entries()) {
        const startedAt = answeredAt + atMs;
        const times = { inStartedAt: startedAt, outStartedAt: startedAt };
        const usual = {
          callId: id,
          seq,
          legId: 'leg',
          ...times,
          state: 'captured',
          because: null,
          token: '',
          mutedFrom: { in: null, out: null },
          fed: '',
          swapped: false,
        } as const;
        const { token } = { ...usual, ...more };
        await catalogue.segments.save({ ...usual, ...more });
        if (a) writeFileSync(join(spoolDir, `${spoolName({ callId: id, seq, token }, 'in')}.wav`), a);
        if (b) writeFileSync(join(spoolDir, `${spoolName({ callId: id, seq, token }, 'out')}.wav`), b);
      }
    },
    /** Somebody says this about the recording of a call. */
    say: (callId: string, kind: DirectiveKind, legId: string | null = null) =>
      catalogue.directives.add({ callId, at: answeredAt, kind, how: 'button', who: 'Anna', legId }),
    /** Nothing is in hand, but for what waits for its time. */
    settled: () => until('what is in hand', () => preserver.busy() === 0),
    run,
    /** A call in progress ends after so many seconds, and becomes a recording. */
    async hangUp(id: string, seconds: number) {
      captures.splice(0);
      const [segment] = await catalogue.segments.of(id);
      await catalogue.segments.save({ ...segment!, state: 'captured' });
      const { coverage, decision, ...call } = (await catalogue.calls.get(id))!;
      await catalogue.calls.save({ ...call, endedAt: answeredAt + seconds * 1_000 }, coverage, decision!);
      return run(id);
    },
  };
}
