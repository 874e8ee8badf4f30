import type { Verbs } from '../catalogue/catalogue.js';
import type { StoredCall } from '../catalogue/stored-call.js';
import type { NewRun } from '../domain/certificate/certificate.js';
import { fail, isProtected, TapedeckError } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import { because, type Why } from '../domain/reason/reason.js';
import { inWords, type Say } from '../domain/reason/words.js';
import { judgeQuality } from '../domain/recording/judge-quality.js';
import { buildManifest, type Manifest, type SignedManifest } from '../domain/recording/manifest.js';
import { rateIn } from '../domain/recording/opus-head.js';
import { encodePeaks } from '../domain/recording/peaks.js';
import type { Recording, RecordingId } from '../domain/recording/recording.js';
import {
  type Redaction,
  type RedactionOrder,
  redactedMasks,
  stretchesSaid,
} from '../domain/recording/redaction.js';
import { tagsOf } from '../domain/recording/tags.js';
import type { Encoder } from '../encode/encoder.js';
import { recodePlan } from '../encode/opus.js';
import type { Log } from '../ops/log.js';
import { serialQueue } from '../ops/turns.js';
import type { AnyKeys } from '../vault/keys.js';
import type { OpenSealed } from '../vault/open.js';
import type { Recipients, Sealed } from '../vault/seal.js';
import type { FileHash, Place } from '../vault/store/store.js';

export type RedactDeps = {
  catalogue: Verbs<
    | 'calls.get'
    | 'policy.newest'
    | 'recordings.get'
    | 'recordings.redactions'
    | 'recordings.redacted'
    | 'recordings.dropRedaction'
    | 'holds.guard'
    | 'audit.entries'
    | 'seals.manifest'
    | 'segments.of'
    | 'notices.of'
    | 'directives.of'
  >;
  encoder: Pick<Encoder, 'recode' | 'redactionFault'>;
  keys: Pick<AnyKeys, 'create' | 'destroy' | 'identity' | 'register'>;
  seal: (place: Place, source: AsyncIterable<Uint8Array>, recipients: Recipients) => Promise<Sealed>;
  open: (place: Place, identity: string) => Promise<OpenSealed>;
  /** Decrypts a whole recording: SHA-256 of its content. */
  content: (place: Place, identity: string) => Promise<FileHash>;
  removeSealed: (place: Place) => Promise<unknown>;
  /** Erases a version: intent, key, file, tombstone. Idempotent. */
  erase: (id: RecordingId, why: Why, run: NewRun) => Promise<void>;
  /** Signs what is vouched for. Throws `schema_altered`. */
  vouch: (manifest: Manifest) => Promise<SignedManifest>;
  recovery: string | null;
  version: string;
  bitrate: number;
  complexity: number;
  clock: () => number;
  alarms: Alarms;
  say: Say;
  log: Log;
};

const FOREIGN = 'foreign_redaction';
/** So many redactions an alarm names, and so many entries of one recording are looked at. */
const NAMED = 3;
const MOST_ENTRIES = 100;
/** The first page of a file, with the head in it, is shorter. */
const HEAD_BYTES = 512;

/**
 * A stretch of a sealed recording is silenced: a new version is made of the one that is there. Its id, file and stretches are
 * durable before its key is. It is decoded, silenced and encoded again by ffmpeg, sealed, read back, and compared with the
 * version before: silent where it should be, the same elsewhere. Only then comes its row, and only after that is the version
 * before erased, where it is not to be kept. A crash anywhere comes to the same end at the next start.
 */
export function createRedactor(deps: RedactDeps) {
  const { catalogue, keys } = deps;
  const queue = serialQueue();

  async function finish(order: RedactionOrder): Promise<Recording> {
    const made = (await catalogue.recordings.get(order.id)) ?? (await make(await allowed(order)));
    await keys.register().settle(order.id);
    if (!order.olderKept && !made.redaction?.olderKept) await eraseOlder(order);
    await catalogue.recordings.dropRedaction(order.id);
    return made;
  }

  /** Whether the audit log has that somebody asked for exactly this: anyone who can write to the catalogue can put in a row. */
  async function wasAsked({ id, older, olderKept, stretches, by, reason }: RedactionOrder): Promise<boolean> {
    const entries = await catalogue.audit.entries({
      ...{ recording: older, actions: ['redact'], outcome: 'ok', limit: MOST_ENTRIES },
    });
    return entries.some(
      ({ detail, actor_name: name, reason: said }) =>
        detail.newer === id &&
        detail.older === (olderKept ? 'keep' : 'destroy') &&
        said === reason &&
        [name, `${name} (command line)`].includes(by) &&
        JSON.stringify(detail.stretches) === JSON.stringify(stretchesSaid(stretches)),
    );
  }

  function tellForeign(foreign: readonly RedactionOrder[]): void {
    const named = foreign.slice(0, NAMED).map(({ older }) => older);
    const params = { recordings: foreign.length, named };
    if (foreign.length === 0) deps.alarms.clear(FOREIGN);
    else deps.alarms.raise(FOREIGN, { severity: 'critical', why: { code: 'foreign_redaction', params } });
  }

  /** A version under legal hold, or that has to be kept for a time, is kept whatever was asked for. */
  async function allowed(order: RedactionOrder): Promise<RedactionOrder> {
    const why = order.olderKept ? null : await catalogue.holds.guard(order.older, deps.clock());
    if (!why) return order;
    deps.log.info({ recording: order.older, reason: inWords(why) }, 'The version before is kept');
    return { ...order, olderKept: true };
  }

  /** It may have come under legal hold since the newer version was made, which then says that it was erased. */
  async function eraseOlder(order: RedactionOrder): Promise<void> {
    const { older } = order;
    await deps.erase(older, because('redacted'), redactionRun(order)).catch((e) => {
      if (!isProtected(e)) throw e;
      deps.log.warn({ recording: older, reason: e.detail }, 'The version before is kept');
    });
  }

  async function make(order: RedactionOrder): Promise<Recording> {
    const older = await catalogue.recordings.get(order.older);
    const call = older && (await catalogue.calls.get(older.callId));
    if (older?.state !== 'sealed' || !call) throw fail('recording_absent', 'It was erased meanwhile.');
    const { identity, recipient } = await keys.create(order.id);
    const oldIdentity = await keys.identity(older.id);
    const file = await deps.open(older, oldIdentity);
    try {
      const plan = recodePlan({
        durationMs: older.durationMs,
        rate: await rateOf(file),
        silences: order.stretches,
        tags: tagsOf(call),
        ...{ bitrate: deps.bitrate, complexity: deps.complexity },
      });
      const { written, peaks, heard } = await deps.encoder.recode(plan, file.read(0, file.size - 1), (ogg) =>
        deps.seal(order, ogg, { recipient, recovery: deps.recovery ?? undefined }),
      );
      await readBack(order, written, identity);
      await compare(order, file, identity, plan);
      const redaction = await redactionOf(order, older);
      const { gaps } = older;
      const masks = [...older.masks, ...redactedMasks(order.stretches)].toSorted((a, b) => a.atMs - b.atMs);
      const recording: Recording = {
        ...older,
        ...{
          id: order.id,
          file: order.file,
          tier: 'hot',
          version: older.version + 1,
          sealedAt: deps.clock(),
        },
        ...{ plainBytes: written.plainBytes, sealedBytes: written.sealedBytes },
        ...{ plainSha256: written.plainSha256, sealedSha256: written.sealedSha256 },
        ...{ durationMs: Math.round(peaks.durationMs), leftDb: peaks.leftRms, rightDb: peaks.rightRms },
        ...{ masks, redaction, supersededBy: null },
        quality: judgeQuality(heard, call, [...gaps, ...masks.map((mask) => ({ ...mask, why: null }))]),
      };
      const signed = await sign(recording, call);
      const { plainSha256, sealedSha256 } = recording;
      await keys
        .register()
        .seal({ recordingId: order.id, plainSha256, sealedSha256, manifestSha256: signed?.sha256 ?? null });
      await catalogue.recordings.redacted(recording, encodePeaks(peaks), signed);
      deps.log.info(
        { call: call.id, recording: order.id, older: older.id, kept: order.olderKept },
        'Redacted',
      );
      return recording;
    } finally {
      await file.close();
    }
  }

  /** Opens the sealed file as a player would. */
  async function readBack(place: Place, written: Sealed, identity: string): Promise<void> {
    const { sha256 } = await deps.content(place, identity);
    if (sha256 !== written.plainSha256)
      throw fail('seal_damaged', 'It was read back right after it was written.');
  }

  async function compare(
    order: RedactionOrder,
    older: OpenSealed,
    identity: string,
    { rate, expectedMs }: { rate: number; expectedMs: number },
  ): Promise<void> {
    const newer = await deps.open(order, identity);
    try {
      const fault = await deps.encoder.redactionFault(
        older.read(0, older.size - 1),
        newer.read(0, newer.size - 1),
        { rate, silences: order.stretches, durationMs: expectedMs },
      );
      if (fault !== null) throw fail('encode_failed', `The redacted version was thrown away. ${fault}`);
    } finally {
      await newer.close();
    }
  }

  async function redactionOf(order: RedactionOrder, older: Recording): Promise<Redaction> {
    const { stretches, by, reason, at, olderKept } = order;
    return {
      ...{ older: older.id, olderPlainSha256: older.plainSha256, olderSealedSha256: older.sealedSha256 },
      olderManifestSha256: (await catalogue.seals.manifest(older.id))?.sha256 ?? null,
      ...{ olderKept, stretches, by, reason, at },
    };
  }

  /** Undefined while the schema of the catalogue is another: then it is signed later, as any recording is. */
  async function sign(recording: Recording, call: StoredCall): Promise<SignedManifest | undefined> {
    const manifest = buildManifest({
      ...{ call, recording, coverage: call.coverage, decision: call.decision },
      segments: (await catalogue.segments.of(call.id)).filter((s) => s.state !== 'dropped'),
      told: {
        ...(await catalogue.notices.of(call.id)),
        directives: await catalogue.directives.of(call.id),
      },
      policyVersion: (await catalogue.policy.newest()).version,
      sealedFor: { own_key: true, recovery_recipient: deps.recovery },
      ...{ version: deps.version, madeAt: recording.sealedAt, later: false, say: deps.say },
    });
    return deps.vouch(manifest).catch((e) => {
      if (!(e instanceof TapedeckError && e.code === 'schema_altered')) throw e;
      deps.log.warn({ call: call.id, reason: e.detail }, 'Redacted without a signature, which is made later');
      return undefined;
    });
  }

  /** Nothing is left of a version that was not made: its key is destroyed first. */
  async function undo(order: RedactionOrder): Promise<void> {
    await keys.destroy(order.id);
    await deps.removeSealed(order);
    await catalogue.recordings.dropRedaction(order.id);
  }

  return {
    /**
     * Carries out one that was asked for. Throws what hindered it; then nothing is left of the new version, and the one before is
     * as it was. What fails after that is done at the next start.
     */
    redact: (order: RedactionOrder): Promise<Recording> =>
      queue.run(async () => {
        try {
          return await finish(order);
        } catch (e) {
          if ((await catalogue.recordings.get(order.id)) === null) await undo(order);
          throw e;
        }
      }),

    /** Finishes those that a stop or a crash has interrupted. One that nobody asked for is left alone, and named in an alarm. */
    recover: (): Promise<void> =>
      queue.run(async () => {
        const asked: RedactionOrder[] = [];
        const foreign: RedactionOrder[] = [];
        for (const order of await catalogue.recordings.redactions())
          ((await wasAsked(order)) ? asked : foreign).push(order);
        tellForeign(foreign);
        for (const order of asked)
          await finish(order).catch((err) =>
            deps.log.error(
              { err, recording: order.older },
              'A redaction was not finished; it is tried again',
            ),
          );
      }),

    /** Waits for the one in hand. */
    stop: (): Promise<void> => queue.idle(),
  };
}

/** What a certificate says of the older version that a redaction has erased. */
const redactionRun = ({ by, reason }: RedactionOrder): NewRun => ({
  ...{ kind: 'redaction', requestedBy: { actor: 'person', id: '', name: by }, approvedBy: null },
  ...{ reference: '', reason },
});

async function rateOf(file: OpenSealed): Promise<number> {
  const pieces: Buffer[] = [];
  for await (const piece of file.read(0, Math.min(file.size, HEAD_BYTES) - 1)) pieces.push(piece as Buffer);
  const rate = rateIn(Buffer.concat(pieces));
  if (rate === null) throw fail('seal_damaged', 'It does not begin as a recording does.');
  return rate;
}
