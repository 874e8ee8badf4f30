import type { Verbs } from '../../catalogue/catalogue.js';
import type { ImportFile, ImportRow } from '../../catalogue/recordings/imports.js';
import { fail, TapedeckError } from '../../domain/error.js';
import type { CdrMatch } from '../../domain/importing/cdr-match.js';
import type { Imported } from '../../domain/importing/imported.js';
import { cdrsSaid } from '../../domain/importing/imported-call.js';
import type { ImportNote } from '../../domain/importing/outcome.js';
import { readSoundFile } from '../../domain/importing/sound-file.js';
import { placeOf } from '../../domain/paths.js';
import { judgeQuality } from '../../domain/recording/judge-quality.js';
import { buildManifest, type Manifest, type SignedManifest } from '../../domain/recording/manifest.js';
import { encodePeaks } from '../../domain/recording/peaks.js';
import type { CallRecord, Recording, RecordingPlace } from '../../domain/recording/recording.js';
import { tagsOf } from '../../domain/recording/tags.js';
import type { RetentionDecision } from '../../domain/retention/decide.js';
import type { AdoptJob, AdoptPlan, Foreign } from '../../encode/adopt.js';
import type { Encoder } from '../../encode/encoder.js';
import type { AnyKeys } from '../../vault/keys.js';
import type { Recipients, Sealed } from '../../vault/seal.js';
import type { Place } from '../../vault/store/store.js';
import type { Judge } from './judge.js';
import { type Looked, type Refusal, unreadable } from './look.js';

export type BringDeps = {
  catalogue: Verbs<'imports.begin' | 'imports.begun' | 'imports.dropBegun' | 'imports.sealed'>;
  encoder: Pick<Encoder, 'adopt' | 'measure'>;
  plan: (job: AdoptJob) => AdoptPlan;
  keys: Pick<AnyKeys, 'create' | 'destroy' | 'register'>;
  seal: (place: Place, source: AsyncIterable<Uint8Array>, recipients: Recipients) => Promise<Sealed>;
  /** What the sealed file holds, as a player would read it. */
  content: (place: Place, identity: string) => Promise<{ sha256: string }>;
  removeSealed: (place: Place) => Promise<unknown>;
  vouch: (manifest: Manifest) => Promise<SignedManifest>;
  recovery: string | null;
  /** Of Tapedeck. */
  version: string;
  bitrate: number;
  complexity: number;
  /** Makes an id; of a time, ms since 1970, where one is given. */
  mint: (at?: number) => string;
  clock: () => number;
  /** Writes a time as people at the site read it. */
  say: (ms: number) => string;
};

/** What goes for all files of a job. */
export type BringJob = {
  id: string;
  by: string;
  /** Whose voice the left channel of two has. */
  left: 'caller' | 'callee';
  judge: Judge;
  /** The newest version of the policy. */
  policyVersion: number;
};

/** A week, in ms: what the encoder takes. */
const LONGEST_MS = 7 * 86_400_000;
/** Decoding takes a hundredth of the time; the smallest bit rate there is has a byte for each ms. */
const limitFor = (bytes: number) => 60_000 + bytes / 10;

/** The steps from an original to its row. Each may be repeated: what was begun is taken up under the same ids. */
export function createBring(deps: BringDeps) {
  const { catalogue, keys } = deps;

  /** Rate, channels and length of a file whose header does not tell them. */
  async function measure({ file, sound }: Looked, sha256: string, foreign: Foreign) {
    const { rate, channels, durationMs } = sound;
    if (durationMs !== null && rate !== null && channels !== null)
      return { rate, channels, durationMs, alike: false };
    return deps.encoder.measure(file.read(sha256), foreign, measured, limitFor(file.bytes));
  }

  /** Imports one file. Returns why not, and nothing is left then. Throws what keeps every file from being imported. */
  async function bring(
    looked: Looked,
    job: BringJob,
  ): Promise<Refusal | Pick<ImportFile, 'callId' | 'sha256' | 'notes'>> {
    const { file, sound, original } = looked;
    const { sha256, alike } = await file.hash(sound.channels === 2 ? sound.pcm : null);
    if (!(await file.unchanged())) return unreadable('changed');
    const key = job.judge.keyOf(looked, sha256);
    const known = await job.judge.known(key);
    if (known?.sealed) return { outcome: 'already', detail: known.erased ? 'erased' : known.callId };
    const { match, refusal } = await job.judge.match(looked);
    if (refusal) return refusal;
    const foreign: Foreign = {
      form: sound.form,
      rate: sound.rate ?? 8_000,
      ignoreLength: sound.ignoreLength,
    };
    let found: Awaited<ReturnType<typeof measure>>;
    try {
      found = await measure(looked, sha256, foreign);
    } catch (e) {
      return refusalOf(e);
    }
    if (found.channels > 2) return unreadable('many_channels');
    if (found.durationMs < 1) return unreadable('header_only');
    if (found.durationMs > LONGEST_MS) return unreadable('too_long');
    const sides = found.channels === 1 || alike || found.alike ? 'mixed' : 'separate';
    const callId = known?.callId ?? deps.mint(looked.time.startedAt);
    const imported: Imported = {
      ...{ recorder: looked.name.recorder, file: original.shown.slice(0, 1_000), bytes: file.bytes, sha256 },
      ...{ format: sound.name, sides, cdrs: cdrsSaid(match), at: deps.clock(), by: job.by, job: job.id },
    };
    const call = { ...job.judge.call(callId, looked, match, found.durationMs), imported };
    const keep = job.judge.keep(call, call.endedAt! - call.answeredAt!);
    if ('outcome' in keep) {
      if (known) await forget(known);
      return keep;
    }
    const row =
      known ?? (await begin({ ...key, callId, job: job.id, place: placeOf(deps.mint(), call.startedAt) }));
    const plan = deps.plan({
      ...{ foreign, rate: found.rate, durationMs: found.durationMs },
      sides: sides === 'mixed' ? 'mixed' : leftIsThem(call, job.left) ? 'separate' : 'swapped',
      ...{ tags: tagsOf(call), bitrate: deps.bitrate, complexity: deps.complexity },
    });
    const notes = [...looked.notes, ...notesOf(match, sides)];
    const item = { path: original.path, bytes: file.bytes, notes };
    const problem = await make(row, call, plan, looked, { keep, job, item, sha256 });
    return problem ?? { callId, sha256, notes };
  }

  async function begin(
    row: Omit<ImportRow, 'sealed' | 'erased'>,
  ): Promise<Pick<ImportRow, 'callId' | 'place'>> {
    await catalogue.imports.begin(row);
    return row;
  }

  async function make(
    row: Pick<ImportRow, 'callId' | 'place'>,
    call: CallRecord,
    plan: AdoptPlan,
    { file }: Looked,
    given: {
      keep: RetentionDecision;
      job: BringJob;
      item: Pick<ImportFile, 'path' | 'bytes' | 'notes'>;
      sha256: string;
    },
  ): Promise<Refusal | null> {
    const { place } = row;
    const { identity, recipient } = await keys.create(place.id);
    const seal = (ogg: AsyncIterable<Uint8Array>) =>
      deps.seal(place, ogg, { recipient, recovery: deps.recovery ?? undefined });
    let made: Awaited<ReturnType<typeof deps.encoder.adopt<Sealed>>>;
    try {
      made = await deps.encoder.adopt(plan, file.read(given.sha256), seal);
    } catch (e) {
      const refusal = refusalOf(e); // throws what is no fault of the file's
      await forget(row);
      return refusal;
    }
    const { written, peaks, heard } = made;
    if ((await deps.content(place, identity)).sha256 !== written.plainSha256)
      throw fail('seal_damaged', 'It was read back right after it was written.');
    const quality = call.imported!.sides === 'mixed' ? null : judgeQuality(heard, call, []);
    const recording = recordingOf(call, place, written, peaks, given.keep, given.job.policyVersion, quality);
    const manifest = buildManifest({
      ...{ call, recording, coverage: IMPORTED, segments: [], decision: null },
      told: { notice: null, played: [], directives: [] },
      ...{ policyVersion: given.job.policyVersion, version: deps.version, later: false, say: deps.say },
      sealedFor: { own_key: true, recovery_recipient: deps.recovery },
      madeAt: recording.sealedAt,
    });
    const signed = await deps.vouch(manifest);
    const { plainSha256, sealedSha256 } = recording;
    await keys
      .register()
      .seal({ recordingId: recording.id, plainSha256, sealedSha256, manifestSha256: signed.sha256 });
    await catalogue.imports.sealed(call, recording, encodePeaks(peaks), signed, {
      ...{ ...given.item, job: given.job.id, sha256: given.sha256 },
      ...{ outcome: 'imported', detail: '', callId: call.id },
    });
    await keys.register().settle(recording.id);
    return null;
  }

  function recordingOf(
    call: CallRecord,
    place: RecordingPlace,
    written: Sealed,
    peaks: { durationMs: number; leftRms: number; rightRms: number },
    keep: RetentionDecision,
    policyVersion: number,
    quality: Recording['quality'],
  ): Recording {
    return {
      ...{ id: place.id, callId: call.id, of: place.id, version: 1, state: 'sealed' },
      ...{ durationMs: Math.round(peaks.durationMs), file: place.file, tier: 'hot' },
      ...{ plainBytes: written.plainBytes, sealedBytes: written.sealedBytes },
      ...{ plainSha256: written.plainSha256, sealedSha256: written.sealedSha256 },
      ...{ sealedAt: deps.clock(), leftDb: peaks.leftRms, rightDb: peaks.rightRms },
      ...{ gaps: [], masks: [], quality },
      ...{ keepUntil: keep.keepUntil, keepRule: keep.rule, keepWhy: keep.why, minUntil: keep.minUntil },
      ...{ keepVersion: policyVersion, keepFrom: keep.keepFrom },
      ...{ erasedAt: null, eraseWhy: null, redaction: null, supersededBy: null },
    };
  }

  /** Nothing is left of what was begun: its key first. */
  async function forget({ callId, place }: Pick<ImportRow, 'callId' | 'place'>): Promise<void> {
    await keys.destroy(place.id);
    await deps.removeSealed(place);
    await catalogue.imports.dropBegun(callId);
  }

  return {
    bring,
    /** Removes what imports have begun that are over, but for those of this job. */
    async tidy(but: string | null): Promise<void> {
      for (const row of await catalogue.imports.begun()) if (row.job !== but) await forget(row);
    },
  };
}

const IMPORTED = { status: 'imported', why: null, rule: null, missingMs: 0 } as const;

const notesOf = (match: CdrMatch, sides: Imported['sides']): ImportNote[] => [
  ...(match.several ? (['several_cdrs'] as const) : match.by === null ? (['no_cdr'] as const) : []),
  ...(sides === 'mixed' ? (['mixed'] as const) : []),
];

/** The left side of a recording is theirs: the outside party, or the caller of an internal call. */
const leftIsThem = ({ direction }: CallRecord, left: 'caller' | 'callee'): boolean =>
  (direction === 'out') === (left === 'callee');

/** What the decoder says of a file is the file's; what says that nothing can be decoded, or sealed, is thrown. */
function refusalOf(e: unknown): Refusal {
  if ((e as { changed?: boolean } | null)?.changed || ((e as Error).cause as { changed?: boolean })?.changed)
    return unreadable('changed');
  if (e instanceof TapedeckError && (e.code === 'encode_failed' || e.code === 'encode_short'))
    return unreadable('decoder');
  throw e;
}

/** Reads a wav file of 16 bits, as it comes: what it holds, and whether both channels are the same. */
async function measured(wav: AsyncIterable<Buffer>) {
  let head = Buffer.alloc(0);
  let bytes = 0;
  let header: { rate: number; channels: number; from: number } | null = null;
  let alike = true;
  const frame = Buffer.alloc(4);
  for await (const chunk of wav) {
    let sound = chunk;
    if (!header) {
      head = Buffer.concat([head, chunk]);
      if (head.length < 44) continue;
      const read = readSoundFile('.wav', head, Number.MAX_SAFE_INTEGER);
      if (typeof read === 'string') {
        if (read === 'many_channels') return { rate: 8_000, channels: 3, durationMs: 1, alike: false };
        throw fail('encode_failed', 'The decoder gave no wav file.');
      }
      header = { rate: read.rate!, channels: read.channels!, from: read.pcm!.from };
      sound = head.subarray(header.from);
    }
    if (header.channels === 2 && alike)
      for (let i = 0; alike && i < sound.length; i++) {
        const place = (bytes + i) & 3;
        frame[place] = sound[i]!;
        if (place === 3) alike = frame[0] === frame[2] && frame[1] === frame[3];
      }
    bytes += sound.length;
    if (bytes / (header.channels * 2 * header.rate) > LONGEST_MS / 1_000) break;
  }
  if (!header) return { rate: 8_000, channels: 1, durationMs: 0, alike: false };
  const { rate, channels } = header;
  const frames = Math.floor(bytes / (channels * 2));
  return { rate, channels, durationMs: (frames * 1_000) / rate, alike: channels === 2 && alike };
}
