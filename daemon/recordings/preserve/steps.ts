import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Spool } from '../../capture/spool.js';
import type { Verbs } from '../../catalogue/catalogue.js';
import type { StoredCall } from '../../catalogue/stored-call.js';
import { factsOf } from '../../domain/call/facts-of.js';
import { type Site, times } from '../../domain/days.js';
import { fail, TapedeckError } from '../../domain/error.js';
import type { Alarms } from '../../domain/operations/alarm.js';
import type { PbxId } from '../../domain/pbx.js';
import { because, together } from '../../domain/reason/reason.js';
import { inWords } from '../../domain/reason/words.js';
import { findGaps, type Stretch } from '../../domain/recording/gaps.js';
import { judgeQuality } from '../../domain/recording/judge-quality.js';
import { buildManifest, type Manifest, type SignedManifest } from '../../domain/recording/manifest.js';
import { isMaskedGap } from '../../domain/recording/mask.js';
import { encodePeaks } from '../../domain/recording/peaks.js';
import {
  type CallId,
  type Gap,
  type LegId,
  type Recording,
  type RecordingId,
  spoolName,
} from '../../domain/recording/recording.js';
import { decideRetention, undecided } from '../../domain/retention/decide.js';
import { type Captured, readCaptured, withoutTails } from '../../encode/captured.js';
import type { Encoder } from '../../encode/encoder.js';
import { type OpusJob, opusPlan } from '../../encode/opus.js';
import type { Peaks } from '../../encode/peaks.js';
import type { Log } from '../../ops/log.js';
import type { OpenSealed } from '../../vault/open.js';
import type { Recipients, Sealed } from '../../vault/seal.js';
import type { Place } from '../../vault/store/store.js';
import type { AheadOf, EncodedAhead } from './ahead.js';
import type { Beginning, BeginningDeps, Beginnings } from './beginnings.js';
import { coverageOf } from './coverage.js';
import { createFates, type EndedCall, type FateDeps } from './fate.js';
import { jobOf } from './job.js';
import {
  type MaskCatalogue,
  type Masking,
  maskingOf,
  tellOfLeak,
  tellOfMasks,
  withoutMasked,
} from './masks.js';
import { createPromptProof, type Hearing, type PromptDeps } from './prompts.js';
import { tellOfSilence } from './silence.js';

export type StepDeps = Pick<PromptDeps, 'promptAudio' | 'searchPrompts'> & {
  catalogue: Verbs<
    | 'calls.get'
    | 'segments.of'
    | 'segments.save'
    | 'calls.decideCoverage'
    | 'recordings.sealed'
    | 'policy.newest'
  > &
    BeginningDeps['catalogue'] &
    FateDeps['catalogue'] &
    PromptDeps['catalogue'] &
    MaskCatalogue;
  /** The spools of the PBXs there are. */
  spools: ReadonlyMap<PbxId, Pick<Spool, 'fetch' | 'readable'>>;
  encoder: Encoder;
  keys: BeginningDeps['keys'];
  seal: (place: Place, source: AsyncIterable<Uint8Array>, recipients: Recipients) => Promise<Sealed>;
  /** Signs what is vouched for. Throws `schema_altered`. */
  vouch: (manifest: Manifest) => Promise<SignedManifest>;
  /** Who else can open what is sealed, or null: "age1...". */
  recovery: string | null;
  /** Of Tapedeck. */
  version: string;
  open: (place: Place, identity: string) => Promise<OpenSealed>;
  removeSealed: (place: Place) => Promise<unknown>;
  mint: () => RecordingId;
  bitrate: number;
  complexity: number;
  /** Tells of one PBX. */
  alarmsOf: (pbx: PbxId) => Alarms;
  site: Site;
  /** The lists of numbers that a number is on. */
  listsOf: (number: string) => string[];
  clock: () => number;
  /** How far `clock` may be behind the true time, in ms. */
  behind: () => number;
  /** A recording was made, so many ms after its call had ended. */
  onSealed: (afterMs: number) => void;
  log: Log;
};

/** Has the recording of a call begun to be made. Null where it has to wait; else what to call once it is over. */
export type Enter = (call: EndedCall) => (() => void) | null;

/** The steps from the captured files of a call to its row. Each may be repeated. */
export function createSteps(
  deps: StepDeps & { remove: (pbx: PbxId, name: string) => Promise<unknown> },
  { ahead, beginnings }: { ahead: AheadOf; beginnings: Beginnings },
) {
  const fates = createFates({ ...deps, discard: ahead.discard });
  const prompts = createPromptProof(deps);
  /** A time as people at the site read it. */
  const say = times(deps.site.timeZone);

  /**
   * Makes the recording of a call and removes its spool files; does nothing where that was done before. What may not be kept is
   * destroyed. Returns when it has to be decided anew, ms since 1970, for a call of which that is not known yet; `deferred` for one
   * that may not begin yet by `enter`, which gives what to do when it is over; else null.
   */
  async function preserve(id: CallId, enter: Enter): Promise<number | null | 'deferred'> {
    const call = await deps.catalogue.calls.get(id);
    // While the disk is full the end of a call waits in memory. It is taken up again when that has been written.
    if (!call || !isEnded(call)) return null;
    const spool = deps.spools.get(call.pbx);
    if (!spool) return null; // its PBX is not set up any more; `app` tells of it
    const segments = await waiting(id);
    if (segments.length === 0) return null;
    const met = await fates.meet(call, segments);
    if (!met.kept) return met.until;
    // What is not kept is gone by now: that never waits.
    const leave = enter(call);
    if (!leave) return 'deferred';
    const began = deps.clock();
    const captured: Captured[] = [];
    try {
      for (const s of met.kept) captured.push(await readCaptured(spool, s, call.answeredAt));
      const silent = captured.every(({ part }) => part.inMs === 0 && part.outMs === 0);
      await (silent ? nothing(call, captured) : make(call, captured, began));
    } finally {
      await Promise.all(captured.map((c) => c.release())).finally(leave);
    }
    // A file that could not be used as audio is kept where it is.
    for (const name of captured.flatMap((c) => c.sound)) await deps.remove(call.pbx, name);
    return null;
  }

  const waiting = async (id: CallId) =>
    (await deps.catalogue.segments.of(id)).filter((s) => s.state === 'captured' || s.state === 'capturing');

  /** Whether the captured files of a call can be read at this moment, as far as that can be told without the PBX. */
  async function readable(id: CallId, pbx: PbxId): Promise<boolean> {
    const spool = deps.spools.get(pbx);
    if (!spool) return false;
    for (const segment of await waiting(id))
      for (const side of ['in', 'out'] as const)
        if (!(await spool.readable(spoolName(segment, side)))) return false;
    return true;
  }

  async function make(call: EndedCall, captured: Captured[], began: number): Promise<void> {
    const heard = await withoutTails(captured);
    const masking = await maskingOf(deps.catalogue, call, captured);
    const found = findGaps(stretchesOf(call, heard), talkMs(call));
    const { gaps, missingMs, lacks = [] } = withoutMasked(found, masking.asked);
    tellOfMasks(deps.alarmsOf(call.pbx), call, masking);
    const job = jobOf(call, captured, masking, deps);
    const { recording, peaks, policyVersion } = await prompts.proving(
      call,
      opusPlan(job).rate,
      captured,
      (hearing) => encode(call, job, captured, hearing, gaps, masking),
    );
    tellOfLeak(deps.alarmsOf(call.pbx), call.id, masking.masks, peaks);
    const coverage = coverageOf(call, gaps, missingMs, captured.at(-1)!.cut, lacks);
    const manifest = buildManifest({
      call,
      recording,
      coverage,
      segments: captured.map((c) => c.segment),
      decision: call.decision,
      told: {
        ...(await deps.catalogue.notices.of(call.id)),
        directives: await deps.catalogue.directives.of(call.id),
      },
      policyVersion,
      sealedFor: { own_key: true, recovery_recipient: deps.recovery },
      version: deps.version,
      madeAt: recording.sealedAt,
      later: false,
      say,
    });
    const signed = await deps.vouch(manifest).catch((e) => {
      if (!(e instanceof TapedeckError && e.code === 'schema_altered')) throw e;
      deps.log.warn({ call: call.id, reason: e.detail }, 'Sealed without a signature, which is made later');
      return undefined;
    });
    const { plainSha256, sealedSha256 } = recording;
    const manifestSha256 = signed?.sha256 ?? null;
    await deps.keys.register().seal({ recordingId: recording.id, plainSha256, sealedSha256, manifestSha256 });
    await deps.catalogue.recordings.sealed(recording, encodePeaks(peaks), coverage, signed);
    const now = deps.clock();
    deps.onSealed(Math.max(0, now - call.endedAt));
    await beginnings.tidy(call, recording.id);
    for (const { segment, faults } of captured)
      if (faults.length > 0) await deps.catalogue.segments.save({ ...segment, state: 'damaged' });
    if (recording.quality) tellOfSilence(deps.alarmsOf(call.pbx), recording.quality);
    deps.log.info(
      {
        event: 'recording_sealed',
        call: call.id,
        recording: recording.id,
        ms: now - began,
        audioMs: recording.durationMs,
        bytes: recording.plainBytes,
        coverage: coverage.status,
      },
      'Sealed',
    );
  }

  async function encode(
    call: EndedCall,
    job: OpusJob,
    captured: readonly Captured[],
    hearing: Hearing | undefined,
    gaps: Gap[],
    { masks }: Masking,
  ): Promise<{ recording: Recording; peaks: Peaks; policyVersion: number }> {
    const made = await ahead.finish(call, job, captured);
    const { begun, written, peaks, heard } = made ?? (await encodeWhole(call, job, hearing));
    const { place, identity } = begun;
    await readBack(place, written, identity);
    if (made && hearing) await hearAgain(begun, peaks.rate, hearing);
    const { policy, version: policyVersion, fault } = await deps.catalogue.policy.newest();
    const facts = factsOf(call, deps.site, deps.listsOf);
    // The time to keep begins with the latest that now may be: of a call dated too early, nothing goes too early.
    const ended = call.endedAt + deps.behind();
    const decision = fault === null ? decideRetention(policy, facts, ended) : undecided(ended);
    return {
      peaks,
      policyVersion,
      recording: {
        id: place.id,
        callId: call.id,
        of: place.id,
        version: 1,
        state: 'sealed',
        durationMs: Math.round(peaks.durationMs),
        plainBytes: written.plainBytes,
        sealedBytes: written.sealedBytes,
        plainSha256: written.plainSha256,
        sealedSha256: written.sealedSha256,
        file: place.file,
        tier: 'hot',
        sealedAt: deps.clock(),
        leftDb: peaks.leftRms,
        rightDb: peaks.rightRms,
        gaps,
        masks: masks.filter((m) => m.atMs < peaks.durationMs),
        quality: judgeQuality(heard, call, [...gaps, ...masks.map((mask) => ({ ...mask, why: null }))]),
        keepUntil: decision.keepUntil,
        keepRule: decision.rule,
        keepWhy: decision.why,
        minUntil: decision.minUntil,
        keepVersion: fault === null ? policyVersion : null,
        keepFrom: decision.keepFrom,
        erasedAt: null,
        eraseWhy: null,
        redaction: null,
        supersededBy: null,
      },
    };
  }

  async function encodeWhole(
    call: EndedCall,
    job: OpusJob,
    hearing: Hearing | undefined,
  ): Promise<EncodedAhead> {
    const begun = await beginnings.begin(call);
    const { place, recipient } = begun;
    const seal = (ogg: AsyncIterable<Uint8Array>) =>
      deps.seal(place, ogg, { recipient, recovery: deps.recovery ?? undefined });
    return { begun, ...(await deps.encoder.encode(opusPlan(job), seal, hearing?.hear)) };
  }

  /** Lets `hear` listen to what was sealed while the call went on. */
  async function hearAgain(
    { place, identity }: Beginning,
    rate: number,
    { hear, untilMs }: Hearing,
  ): Promise<void> {
    const sealed = await deps.open(place, identity);
    try {
      await deps.encoder.hear(Readable.from(sealed.read(0, sealed.size - 1)), rate, untilMs, hear);
    } finally {
      await sealed.close();
    }
  }

  /** Opens the sealed file as a player would. Throws `seal_damaged` when it does not give back what was sealed. */
  async function readBack(place: Place, written: Sealed, identity: string): Promise<void> {
    const sealed = await deps.open(place, identity);
    try {
      const hash = createHash('sha256');
      for await (const chunk of sealed.read(0, sealed.size - 1)) hash.update(chunk as Buffer);
      if (hash.digest('hex') !== written.plainSha256)
        throw fail('seal_damaged', 'It was read back right after it was written.');
    } finally {
      await sealed.close();
    }
  }

  async function nothing(call: EndedCall, captured: Captured[]): Promise<void> {
    const said = captured.flatMap((c) => c.faults);
    const { asked } = await maskingOf(deps.catalogue, call, []);
    const allMasked = isMaskedGap({ atMs: 0, untilMs: talkMs(call) }, asked);
    const why =
      said.length > 0 ? together(...said, because('files_kept')) : because(allMasked ? 'masked' : 'no_audio');
    const coverage = { status: 'not_recorded', why, rule: null, missingMs: talkMs(call) } as const;
    await deps.catalogue.calls.decideCoverage(call.id, coverage);
    deps.log[allMasked ? 'info' : 'error'](
      { call: call.id, reason: inWords(why, say) },
      'A call has no audio',
    );
    for (const { segment, faults } of captured)
      await deps.catalogue.segments.save({ ...segment, state: faults.length > 0 ? 'damaged' : 'dropped' });
  }

  return { preserve, readable };
}

const isEnded = (call: StoredCall): call is EndedCall => call.answeredAt !== null && call.endedAt !== null;

/** From the answer to the hang-up. */
const talkMs = (call: EndedCall): number => Math.max(0, call.endedAt - call.answeredAt);

/** When a leg was last seen to leave the call, on its timeline. */
function leftMs(call: EndedCall, legId: LegId): number | undefined {
  const goneAt = call.legs.findLast((l) => l.id === legId)?.goneAt;
  return goneAt == null ? undefined : goneAt - call.answeredAt;
}

/** What the row says of a call whose end is missing is why: see `end` in record/steps. */
function stretchesOf(call: EndedCall, captured: Captured[]): Stretch[] {
  const ended = call.coverage.status === 'pending' ? call.coverage.why : null;
  return captured.map(({ stretch, segment }) => ({
    ...stretch,
    leftMs: leftMs(call, segment.legId),
    ...(ended && { ended }),
  }));
}
