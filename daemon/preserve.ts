import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import type { Spool } from './capture/spool.js';
import type { Catalogue, StoredCall } from './catalogue/catalogue.js';
import { fail, TapedeckError } from './domain/error.js';
import { encodePeaks } from './domain/peaks.js';
import { type CallFacts, decideRetention } from './domain/policy.js';
import {
  type CallId,
  type Coverage,
  parseOurs,
  type Recording,
  type Segment,
  spoolName,
} from './domain/recording.js';
import { keepUntil } from './domain/retention.js';
import type { Ffmpeg } from './encode/ffmpeg.js';
import { type OpusSegment, opusPlan } from './encode/opus.js';
import { createPeaks, type Peaks } from './encode/peaks.js';
import { readWavHeader } from './encode/wav.js';
import type { Log } from './ops/log.js';
import type { Keys } from './vault/keys.js';
import type { OpenSealed } from './vault/open.js';
import type { Sealed } from './vault/seal.js';

/**
 * Story 2: captured segments become a sealed recording. The plain Opus never touches a disk: ffmpeg writes into the seal.
 * What is believed is what comes out again: the very bytes that are sealed are decoded and their length compared, and the
 * sealed file is opened and its content hashed, before the row is written and the spool is removed. Each step may be
 * repeated; a start takes up what a stop has left.
 */
export type PreserveDeps = {
  catalogue: Catalogue;
  spool: Spool;
  ffmpeg: Ffmpeg;
  keys: Pick<Keys, 'create'>;
  seal: (
    source: AsyncIterable<Uint8Array>,
    target: { recipient: string; dir: string; name: string },
  ) => Promise<Sealed>;
  open: (path: string, identity: string) => Promise<OpenSealed>;
  dataDir: string;
  bitrate: number;
  complexity: number;
  atOnce: number;
  clock: () => number;
  log: Log;
};

/** How far the decoded length may be from what was captured, in ms. */
const TOLERANCE = 100;
/** Less than this missing at the edges is how long a PBX takes to begin and to hang up, in ms. */
const EDGE = 1_000;
const RETRIES = [2_000, 15_000];

export type Preserver = ReturnType<typeof createPreserver>;

export function createPreserver(deps: PreserveDeps) {
  const queue: CallId[] = [];
  const busy = new Map<CallId, Promise<void>>();
  const later = new Set<NodeJS.Timeout>();
  const failures = new Map<CallId, number>();
  let stopped = false;

  function enqueue(id: CallId): void {
    if (stopped || queue.includes(id) || busy.has(id)) return;
    queue.push(id);
    next();
  }

  function next(): void {
    while (!stopped && busy.size < deps.atOnce && queue.length > 0) {
      const id = queue.shift()!;
      const work: Promise<void> = preserve(id)
        .then(() => void failures.delete(id))
        .catch((e: unknown) => failed(id, e))
        .finally(() => {
          busy.delete(id);
          next();
        });
      busy.set(id, work);
    }
  }

  async function failed(id: CallId, e: unknown): Promise<void> {
    const attempt = failures.get(id) ?? 0;
    failures.set(id, attempt + 1);
    const wait = RETRIES[attempt];
    const code = e instanceof TapedeckError ? e.code : 'internal';
    deps.log.error(
      { err: e, call: id, code, attempt },
      'A recording could not be made; what was captured is kept',
    );
    if (wait !== undefined) {
      const timer = setTimeout(() => {
        later.delete(timer);
        enqueue(id);
      }, wait);
      later.add(timer);
      return;
    }
    const reason = `${e instanceof Error ? e.message : 'The recording could not be made.'} The captured audio is kept in the spool; it is tried again at the next start.`;
    await deps.catalogue.decideCoverage(id, { status: 'not_recorded', reason, rule: null, missingMs: 0 });
  }

  async function preserve(id: CallId): Promise<void> {
    const call = await deps.catalogue.call(id);
    if (!call || call.answeredAt === null) return;
    const segments = (await deps.catalogue.segments(id)).filter(
      (s) => s.state === 'captured' || s.state === 'capturing',
    );
    const began = deps.clock();
    const fetched = await Promise.all(segments.map((s) => fetchSegment(deps.spool, s, call.answeredAt!)));
    try {
      const faults = fetched.flatMap((f) => f.faults);
      const parts = fetched.map((f) => f.part).filter((p) => p.inFile !== null || p.outFile !== null);
      if (parts.every((p) => p.inMs === 0 && p.outMs === 0)) {
        await nothing(call, faults);
        for (const [i, s] of segments.entries())
          await deps.catalogue.saveSegment({
            ...s,
            state: fetched[i]!.faults.length > 0 ? 'damaged' : 'dropped',
          });
        return;
      }
      const { recording, peaks } = await make(call, parts);
      const coverage = coverageOf(call, recording, faults);
      await deps.catalogue.recordingSealed(recording, encodePeaks(peaks), coverage);
      await keepDamaged(segments, fetched);
      const took = deps.clock() - began;
      deps.log.info(
        {
          call: id,
          ms: took,
          audioMs: recording.durationMs,
          bytes: recording.plainBytes,
          coverage: coverage.status,
        },
        'Sealed',
      );
    } finally {
      await Promise.all(fetched.map((f) => f.release()));
    }
    // A file that could not be used as audio is kept where it is.
    for (const f of fetched) for (const name of f.sound) await deps.spool.remove(name);
  }

  async function make(
    call: StoredCall,
    parts: OpusSegment[],
  ): Promise<{ recording: Recording; peaks: Peaks }> {
    const started = new Date(call.startedAt).toISOString();
    const title = `${call.them.name || call.them.number || 'unknown'} - ${call.us.name || call.us.number || 'unknown'}`;
    const plan = opusPlan({
      segments: parts,
      tags: { title, date: started, callId: call.id },
      bitrate: deps.bitrate,
      complexity: deps.complexity,
    });
    const { identity, recipient } = await deps.keys.create(call.id);
    const folder = join('recordings', ...started.slice(0, 10).split('-'));
    const file = join(folder, `${call.id}.opus.age`);
    // Decoded while it is encoded, on another core: what is heard here is what is sealed, by its hash.
    const encoder = deps.ffmpeg.encode(plan);
    const ear = new PassThrough();
    const decoder = deps.ffmpeg.decode(ear, plan.rate);
    const meter = createPeaks({ rate: plan.rate });
    const target = { recipient, dir: join(deps.dataDir, folder), name: `${call.id}.opus.age` };
    const [sealed] = await Promise.all([
      deps.seal(overheard(encoder.stdout, ear), target),
      encoder.done,
      drain(decoder.stdout, meter.write),
      decoder.done,
    ]);
    const peaks = meter.result();
    if (Math.abs(peaks.durationMs - plan.expectedMs) > TOLERANCE)
      throw fail('encode_short', `${Math.round(peaks.durationMs)} ms of ${Math.round(plan.expectedMs)} ms.`);
    await readBack(sealed, identity);
    const sealedAt = deps.clock();
    const { policy } = await deps.catalogue.policy();
    const keep = decideRetention(policy, factsOf(call));
    return {
      peaks,
      recording: {
        id: call.id,
        callId: call.id,
        state: 'sealed',
        durationMs: Math.round(peaks.durationMs),
        plainBytes: sealed.plainBytes,
        sealedBytes: sealed.sealedBytes,
        plainSha256: sealed.plainSha256,
        sealedSha256: sealed.sealedSha256,
        file,
        sealedAt,
        leftDb: peaks.leftRms,
        rightDb: peaks.rightRms,
        keepUntil: keepUntil(keep, call.endedAt ?? sealedAt),
        keepRule: keep.rule,
        keepReason: keep.reason,
        erasedAt: null,
        eraseReason: null,
      },
    };
  }

  /** Opens the sealed file as a player would. Throws `seal_damaged` when it does not give back what was sealed. */
  async function readBack(written: Sealed, identity: string): Promise<void> {
    const sealed = await deps.open(written.path, identity);
    try {
      const hash = createHash('sha256');
      await drain(sealed.read(0, sealed.size - 1), (chunk) => hash.update(chunk));
      if (hash.digest('hex') !== written.plainSha256)
        throw fail('seal_damaged', 'It was read back right after it was written.');
    } finally {
      await sealed.close();
    }
  }

  async function keepDamaged(segments: Segment[], fetched: Fetched[]): Promise<void> {
    for (const [i, segment] of segments.entries())
      if (fetched[i]!.faults.length > 0) await deps.catalogue.saveSegment({ ...segment, state: 'damaged' });
  }

  async function isSound(name: string): Promise<boolean> {
    const side = await fetchSide(deps.spool, name, parseOurs(name)!.side);
    await side.release();
    return side.fault === null;
  }

  async function nothing(call: StoredCall, faults: string[]): Promise<void> {
    const reason =
      faults.length > 0
        ? `${faults.join(' ')} The files are kept in the spool.`
        : 'The call ended before any audio came.';
    const missingMs = Math.max(0, (call.endedAt ?? call.answeredAt!) - call.answeredAt!);
    await deps.catalogue.decideCoverage(call.id, { status: 'not_recorded', reason, rule: null, missingMs });
    deps.log.error({ call: call.id, reason }, 'A call has no audio');
  }

  return {
    enqueue,
    /** Takes up what an earlier run has left: calls not yet preserved, and spool files whose recording is sealed. */
    async recover(): Promise<void> {
      for (const name of await deps.spool.ours()) {
        const { callId, seq } = parseOurs(name)!;
        const segment = (await deps.catalogue.segments(callId)).find(
          (s) => s.callId === callId && s.seq === seq,
        );
        // A stop may have come between the row and the mark that a file is damaged: one that is no audio stays.
        const over =
          segment?.state === 'dropped' || (segment?.state === 'preserved' && (await isSound(name)));
        if (over) await deps.spool.remove(name);
        if (!segment)
          deps.log.warn({ name }, 'A captured file belongs to no call that is known here; it is left alone');
      }
      for (const id of await deps.catalogue.callsToPreserve()) enqueue(id);
    },
    waiting: () => queue.length + busy.size + later.size,
    /** Finishes what is in hand. */
    async stop(): Promise<void> {
      stopped = true;
      for (const timer of later) clearTimeout(timer);
      await Promise.all(busy.values());
    },
  };
}

/** A stream that is passed on unchanged, each piece given to a second listener first. */
async function* overheard(source: Readable, ear: PassThrough): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of source) {
      if (!ear.write(chunk)) await Promise.race([once(ear, 'drain'), once(ear, 'close')]);
      yield chunk as Buffer;
    }
    ear.end();
  } finally {
    // Left early, by a fault on either side: the listener must not wait for more.
    if (!ear.writableEnded) ear.destroy();
  }
}

async function drain(source: Readable, write: (chunk: Buffer) => unknown): Promise<void> {
  for await (const chunk of source) write(chunk as Buffer);
}

type Fetched = { part: OpusSegment; faults: string[]; sound: string[]; release: () => Promise<void> };

async function fetchSegment(spool: Spool, segment: Segment, answeredAt: number): Promise<Fetched> {
  const sides = await Promise.all(
    (['in', 'out'] as const).map((side) =>
      fetchSide(spool, spoolName(segment.callId, segment.seq, side), side),
    ),
  );
  const [a, b] = sides as [Side, Side];
  const startedAt = Math.min(
    segment.inStartedAt ?? Number.POSITIVE_INFINITY,
    segment.outStartedAt ?? Number.POSITIVE_INFINITY,
  );
  return {
    part: {
      offsetMs: Number.isFinite(startedAt) ? Math.max(0, startedAt - answeredAt) : 0,
      inFile: a.path,
      outFile: b.path,
      rate: Math.max(a.rate, b.rate),
      inMs: a.ms,
      outMs: b.ms,
    },
    faults: sides.flatMap((s) => s.fault ?? []),
    sound: sides.filter((s) => s.fault === null).map((s) => s.name),
    release: async () => {
      for (const s of sides) await s.release();
    },
  };
}

type Side = {
  name: string;
  path: string | null;
  rate: number;
  ms: number;
  fault: string | null;
  release: () => Promise<void>;
};

async function fetchSide(spool: Spool, name: string, side: 'in' | 'out'): Promise<Side> {
  const who = side === 'in' ? 'What the outside party or caller said' : 'What the other side said';
  let release = async () => {};
  try {
    const fetched = await spool.fetch(name);
    release = fetched.release;
    const header = await readWavHeader(fetched.path);
    return { name, path: fetched.path, rate: header.rate, ms: header.durationMs, fault: null, release };
  } catch (e) {
    const detail = e instanceof TapedeckError ? e.detail : (e as Error).message;
    return { name, path: null, rate: 8000, ms: 0, fault: `${who} is missing: ${detail}.`, release };
  }
}

function coverageOf(call: StoredCall, recording: Recording, faults: string[]): Coverage {
  const talk = (call.endedAt ?? call.answeredAt!) - call.answeredAt!;
  const missingMs = Math.max(0, talk - recording.durationMs);
  if (faults.length > 0) return { status: 'partial', reason: faults.join(' '), rule: null, missingMs };
  if (missingMs > EDGE)
    return {
      status: 'partial',
      reason: `${Math.round(missingMs / 1000)} s of the call are not in the recording.`,
      rule: null,
      missingMs,
    };
  return { status: 'recorded', reason: '', rule: call.coverage.rule, missingMs };
}

function factsOf(call: StoredCall): CallFacts {
  const extensions = call.legs.filter((l) => l.party.ours && l.upAt !== null).map((l) => l.party.number);
  return {
    direction: call.direction,
    extensions: [...new Set(extensions)],
    queue: call.queue,
    did: call.did,
    number: call.direction === 'internal' ? call.us.number : call.them.number,
    dialled: call.dialled,
  };
}
