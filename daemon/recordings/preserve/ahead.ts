import { isDeepStrictEqual } from 'node:util';
import type { Spool } from '../../capture/spool.js';
import type { Verbs } from '../../catalogue/catalogue.js';
import { fail } from '../../domain/error.js';
import type { PbxId } from '../../domain/pbx.js';
import { lostMs } from '../../domain/recording/lost.js';
import type { CallId, CallRecord } from '../../domain/recording/recording.js';
import { type Captured, readCaptured } from '../../encode/captured.js';
import type { Encoded, Encoder, LiveEncoding } from '../../encode/encoder.js';
import type { OpusJob } from '../../encode/opus.js';
import {
  openSound,
  type SoundFile,
  sameUntil,
  soundOf,
  type Timeline,
  timelineOf,
} from '../../encode/timeline.js';
import type { Log } from '../../ops/log.js';
import type { Gate } from '../../ops/process/gate.js';
import { repeatedly } from '../../ops/turns.js';
import type { Recipients, Sealed } from '../../vault/seal.js';
import type { Place } from '../../vault/store/store.js';
import type { Beginning, Beginnings } from './beginnings.js';
import { byName, jobOf } from './job.js';
import { type MaskCatalogue, maskingOf } from './masks.js';

/**
 * Encodes and seals calls while they go on, so that a recording is ready when its call has ended. The result is the same as that
 * of encoding afterwards, to the sample: what was encoded is compared with the whole call in the end, and is destroyed with its
 * key if it differs. Captures never wait for it: it reads what Asterisk has written, some seconds behind, one call at a time and
 * at low priority.
 */
export type AheadDeps = {
  catalogue: Verbs<'calls.get' | 'segments.of' | 'recordings.begun' | 'recordings.abandoned'> & MaskCatalogue;
  beginnings: Beginnings;
  /** The captures that run, the longest first. */
  captures: () => readonly { pbx: PbxId; callId: CallId }[];
  spools: ReadonlyMap<PbxId, Pick<Spool, 'here'>>;
  encoder: Pick<Encoder, 'begin'>;
  seal: (place: Place, source: AsyncIterable<Uint8Array>, recipients: Recipients) => Promise<Sealed>;
  /** While it lets nothing begin, nothing is encoded; what is not kept any more is destroyed all the same. */
  gate: Pick<Gate, 'enter'>;
  recovery: string | null;
  bitrate: number;
  complexity: number;
  /** How many calls are encoded at once. */
  most: number;
  clock: () => number;
  log: Log;
  /** See EVERY, AFTER and BEHIND. */
  everyMs?: number;
  afterMs?: number;
  behindMs?: number;
};

const EVERY = 5_000;
/** A call that is encoded as far as it is settled is looked at again after so many looks: short pieces cost more than long ones. */
const LOOKS = 3;
/** Shorter calls are encoded quickly enough after they end, in ms. */
const AFTER = 20_000;
/**
 * Audio that is newer than this is left for later, in ms: a loss is noticed, and a mask is on record, some seconds after the
 * audio was written.
 */
const BEHIND = 8_000;
/** How much of a call is encoded in one turn, in ms of audio. */
const TURN = 60_000;
/** How long after a failure it is retried, in ms. */
const AGAIN = 60_000;

/**
 * A call that is being encoded. `done`: samples a side that were given to the encoder, and of what timeline. `nextLook`: the
 * look that goes on with it.
 */
type Ahead = {
  callId: CallId;
  tags: OpusJob['tags'];
  beginning: Beginning;
  encoding: LiveEncoding<Sealed>;
  timeline: Timeline;
  done: number;
  nextLook: number;
};
/** What there is of a call now. */
type Sight = { job: OpusJob; captured: readonly Captured[]; timeline: Timeline | null };

export type EncodedAhead = Encoded<Sealed> & { begun: Beginning };
export type AheadOf = ReturnType<typeof createAhead>;

export function createAhead(deps: AheadDeps) {
  const { catalogue, beginnings, clock, log, most } = deps;
  const { everyMs = EVERY, afterMs = AFTER, behindMs = BEHIND } = deps;
  const aheads = new Map<CallId, Ahead>();
  /** When calls that failed may be begun again. */
  const later = new Map<CallId, number>();
  /** Calls that have ended, or of which nothing is kept: nothing more is added to them here. */
  const claimed = new Set<CallId>();
  let looks = 0;
  let inHand: { callId: CallId; work: Promise<void> } | null = null;
  let stopped = false;

  async function look(): Promise<void> {
    looks += 1;
    for (const place of await catalogue.recordings.abandoned()) {
      await stopAt(place);
      await beginnings.discard(place);
    }
    const captures = deps.captures();
    for (const id of claimed) if (!captures.some(({ callId }) => callId === id)) claimed.delete(id);
    for (const [id, at] of later) if (at <= clock()) later.delete(id);
    for (const { pbx, callId } of captures) {
      if (stopped) return;
      const begun = aheads.get(callId);
      if (claimed.has(callId) || later.has(callId) || (begun ? looks < begun.nextLook : aheads.size >= most))
        continue;
      const piece = deps.gate.enter({ since: null });
      if (!piece && !begun) continue;
      const work = advance(pbx, callId, piece !== null).catch((err: unknown) => failed(callId, err));
      inHand = { callId, work };
      await work.finally(() => {
        inHand = null;
        piece?.leave();
      });
    }
  }

  async function failed(callId: CallId, err: unknown): Promise<void> {
    log.warn({ err, call: callId }, 'A call could not be encoded while it goes on; it is afterwards');
    later.set(callId, clock() + AGAIN);
    await drop(callId);
  }

  /** Keeps `look` away from this call from now on, once it has let go of it. */
  async function claim(callId: CallId): Promise<void> {
    claimed.add(callId);
    if (inHand?.callId === callId) await inHand.work.catch(() => {}); // `look` tells of it
  }

  /** Encodes some more of a call, if it `may`. */
  async function advance(pbx: PbxId, callId: CallId, may: boolean): Promise<void> {
    const call = await catalogue.calls.get(callId);
    const spool = deps.spools.get(pbx);
    // An absorbed call has another id by now.
    if (!spool || call?.id !== callId || call.answeredAt === null || call.endedAt !== null) return;
    if (clock() - call.answeredAt < afterMs) return;
    await seeing({ ...call, answeredAt: call.answeredAt, endedAt: clock() }, spool, async (sight) => {
      if (!sight.timeline) return drop(callId);
      const known = aheads.get(callId);
      if (known && !isBegunOf(known, sight.job, sight.timeline)) await drop(callId);
      if (!may) {
        const waits = aheads.get(callId);
        if (waits) waits.nextLook = looks + LOOKS;
        return;
      }
      const ahead = aheads.get(callId) ?? (await begin(call, sight.job, sight.timeline));
      const settled = settledUntil(sight, behindMs);
      const until = Math.min(settled, ahead.done + samples(TURN, sight.timeline));
      if (until === settled) ahead.nextLook = looks + LOOKS;
      await add(ahead, sight, sight.timeline, until, () => stopped || claimed.has(callId));
    });
  }

  /** Reads what there is of a call in progress. */
  async function seeing(
    call: CallRecord & { answeredAt: number; endedAt: number } & Parameters<typeof maskingOf>[1],
    spool: Pick<Spool, 'here'>,
    use: (sight: Sight) => Promise<void>,
  ): Promise<void> {
    const captured: Captured[] = [];
    try {
      for (const segment of await catalogue.segments.of(call.id)) {
        const open = segment.state === 'capturing' || segment.state === 'captured';
        if (!open || segment.inStartedAt === null || segment.outStartedAt === null) continue;
        captured.push(await readCaptured({ fetch: localOf(spool) }, segment, call.answeredAt));
      }
      const masking = await maskingOf(catalogue, call, captured, async () => 0);
      const job = jobOf(call, captured, masking, deps);
      await use({ job, captured, timeline: timelineOf(byName(job, captured)) });
    } finally {
      await Promise.all(captured.map((c) => c.release()));
    }
  }

  async function begin(
    call: Pick<CallRecord, 'id' | 'startedAt'>,
    { tags }: OpusJob,
    timeline: Timeline,
  ): Promise<Ahead> {
    // An earlier run may have encoded audio that is no longer kept.
    await discardAll(call);
    const beginning = await beginnings.begin(call);
    const { bitrate, complexity, recovery } = deps;
    const recipients = { recipient: beginning.recipient, ...(recovery !== null && { recovery }) };
    const encoding = deps.encoder.begin({ tags, bitrate, complexity, rate: timeline.rate }, (ogg) =>
      deps.seal(beginning.place, ogg, recipients),
    );
    const ahead: Ahead = { callId: call.id, tags, beginning, encoding, timeline, done: 0, nextLook: 0 };
    aheads.set(call.id, ahead);
    return ahead;
  }

  /** Destroys what was encoded of a call, key first. */
  async function drop(callId: CallId): Promise<void> {
    const ahead = aheads.get(callId);
    if (!ahead) return;
    await stopAt(ahead.beginning.place);
    await beginnings.discard(ahead.beginning.place);
  }

  /** Stops encoding to this place. Returns false if nothing was being encoded there. */
  async function stopAt({ id }: Pick<Place, 'id'>): Promise<boolean> {
    const ahead = [...aheads.values()].find(({ beginning }) => beginning.place.id === id);
    if (!ahead) return false;
    aheads.delete(ahead.callId);
    await ahead.encoding.stop();
    return true;
  }

  async function discardAll(call: Pick<CallRecord, 'id'>): Promise<void> {
    for (const place of await catalogue.recordings.begun(call.id)) {
      await stopAt(place);
      await beginnings.discard(place);
    }
  }

  const looking = repeatedly(everyMs, look, (err) =>
    log.warn({ err }, 'Calls in progress could not be looked at; they are encoded afterwards'),
  );

  return {
    /** Before anything is captured. */
    start: looking.start,

    /** Whether something of this call has been encoded. */
    has: (id: CallId): boolean => aheads.has(id),

    /** What is being encoded: how much of each call, in ms. */
    now: (): { call: CallId; ms: number }[] =>
      [...aheads.values()].map(({ callId, done, timeline }) => ({
        ...{ call: callId, ms: (done * 1000) / timeline.rate },
      })),

    /**
     * Adds the rest of a call that has ended. Returns null if nothing of it was encoded, or something other than this `job`,
     * which is destroyed then.
     */
    async finish(
      call: CallRecord,
      job: OpusJob,
      captured: readonly Captured[],
    ): Promise<EncodedAhead | null> {
      await claim(call.id);
      const ahead = aheads.get(call.id);
      aheads.delete(call.id);
      // What was encoded of a call that this one has absorbed.
      for (const place of await catalogue.recordings.begun(call.id))
        if (await stopAt(place)) await beginnings.discard(place);
      if (!ahead) return null;
      const timeline = timelineOf(byName(job, captured));
      try {
        if (timeline && isBegunOf(ahead, job, timeline)) {
          await add(ahead, { job, captured }, timeline, timeline.length, () => false);
          return { begun: ahead.beginning, ...(await ahead.encoding.end()) };
        }
        log.info({ call: call.id }, 'What was encoded of a call is not what it came to; it is encoded anew');
      } catch (err) {
        log.warn({ err, call: call.id }, 'What was encoded of a call failed; it is encoded anew');
      }
      await ahead.encoding.stop();
      await beginnings.discard(ahead.beginning.place);
      return null;
    },

    /** Destroys everything that was encoded of a call that is not kept. */
    async discard(call: Pick<CallRecord, 'id'>): Promise<void> {
      await claim(call.id);
      await discardAll(call);
    },

    /** Breaks off all encoding; the next start begins again. */
    async stop(): Promise<void> {
      stopped = true;
      await looking.stop();
      await Promise.all([...aheads.values()].map(({ encoding }) => encoding.stop()));
      aheads.clear();
    },
  };
}

/** Adds the sound of a timeline up to a sample, unless it is `over` before. */
async function add(
  ahead: Ahead,
  { job, captured }: Pick<Sight, 'job' | 'captured'>,
  timeline: Timeline,
  until: number,
  over: () => boolean,
): Promise<void> {
  if (until <= ahead.done) return;
  const files = new Map<string, SoundFile>();
  try {
    for (const [n, { inFile, outFile }] of byName(job, captured).segments.entries())
      for (const [name, path] of [
        [inFile, job.segments[n]!.inFile],
        [outFile, job.segments[n]!.outFile],
      ])
        if (name && path) files.set(name, await openSound(path, timeline.rate));
    ahead.timeline = timeline;
    for await (const chunk of soundOf(timeline, ahead.done, until, files)) {
      await ahead.encoding.write(chunk);
      ahead.done += chunk.length / 4;
      if (over()) return;
    }
  } finally {
    await Promise.all([...files.values()].map((file) => file.close()));
  }
}

const isBegunOf = ({ tags, timeline, done }: Ahead, job: OpusJob, now: Timeline): boolean =>
  isDeepStrictEqual(tags, job.tags) && sameUntil(timeline, now, done);

const samples = (ms: number, { rate }: Timeline): number => Math.round((ms * rate) / 1000);

/** Returns the sample up to which nothing is expected to change, because both sides were captured `behindMs` beyond it. */
function settledUntil({ job, timeline }: Sight, behindMs: number): number {
  const last = job.segments.toSorted((a, b) => a.offsetMs - b.offsetMs).at(-1);
  if (!last || !timeline || !last.inFile || !last.outFile) return 0;
  const { offsetMs, inMs, outMs, inLost = [], outLost = [] } = last;
  const ms = Math.min(inMs + lostMs(inLost), outMs + lostMs(outLost));
  return Math.min(timeline.length, samples(offsetMs + ms - behindMs, timeline));
}

/** Opens files on this machine only: those that have to be fetched from the PBX are fetched once, after the call. */
const localOf = (spool: Pick<Spool, 'here'>) => async (name: string) => {
  const file = await spool.here(name);
  if (!file) throw fail('spool_unreadable', `${name}: this machine does not have it.`);
  return file;
};
