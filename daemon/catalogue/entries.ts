import { type About, type AuditAction, entryOf, type NewEntry, TAPEDECK } from '../domain/assurance/audit.js';
import { type ErasureRun, runDigest, statementHash } from '../domain/certificate/certificate.js';
import { iso, isoOrNull } from '../domain/days.js';
import { fail, isDiskError, TapedeckError } from '../domain/error.js';
import { isOpen } from '../domain/operations/job.js';
import type { PbxId } from '../domain/pbx.js';
import type { Why } from '../domain/reason/reason.js';
import { inWords } from '../domain/reason/words.js';
import { damageOf } from '../domain/recording/scrub.js';
import { readCursor } from '../domain/retention/apply.js';
import { type Entries, entriesFor } from './audit.js';
import type { Catalogue, Nouns, Verbs } from './catalogue.js';

/**
 * The catalogue for those who seal, erase and watch: what they do to recordings, and when nobody watched, is written into
 * the audit log in the same transaction. Should the log alone refuse, the deed is done all the same, because no call may be
 * lost for it, and its entry is given to `later`, which writes it as soon as that can be done. Only the intent to erase is
 * not: it throws `audit_unwritable` then.
 */
export function withEntries(
  catalogue: Catalogue,
  deps: { clock: () => number; later: (entry: NewEntry) => Promise<void> },
): Catalogue {
  const own = (action: AuditAction, about: About) => entryOf(TAPEDECK, deps.clock(), action, about);
  const blind = (pbx: PbxId, from: number, until: number | null, why: Why | null) => {
    const detail = { from: iso(from), until: isoOrNull(until), because: inWords(why) };
    return own('blind_window', { detail: pbx ? { ...detail, pbx } : detail });
  };
  /** The run that erases now: each intent is bound to it. */
  let run: ErasureRun | null = null;
  /** Those that could not be written when they began. */
  const unwritten = new Map<PbxId, { from: number; why: Why }>();

  async function done<T>(entries: Entries<T>, verb: (c: Nouns) => Promise<T>): Promise<T> {
    try {
      return await catalogue.audited(entries, verb);
    } catch (e) {
      if (isDiskError(e)) throw e;
      const given = await verb(catalogue);
      for (const entry of entriesFor(entries, given)) await deps.later(entry);
      return given;
    }
  }

  return {
    ...catalogue,
    recordings: {
      ...catalogue.recordings,
      async sealed(recording, peaks, coverage, manifest) {
        // A test call leaves a line of its own and nothing else.
        if ((await catalogue.calls.get(recording.callId))?.test)
          return catalogue.recordings.sealed(recording, peaks, coverage, manifest);
        const entry = own('sealed', {
          object: 'call',
          object_id: recording.callId,
          detail: {
            recording: recording.id,
            duration_ms: recording.durationMs,
            coverage: coverage.status,
            sealed_sha256: recording.sealedSha256,
            signed: manifest !== undefined,
          },
        });
        return done<void>(entry, (c) => c.recordings.sealed(recording, peaks, coverage, manifest));
      },
      async redacted(recording, peaks, manifest) {
        const { redaction, version } = recording;
        const entry = own('redacted', {
          object: 'call',
          object_id: recording.callId,
          reason: redaction?.reason ?? '',
          detail: {
            recording: recording.id,
            ...{ version, older: redaction?.older ?? '', older_kept: redaction?.olderKept ?? false },
            sealed_sha256: recording.sealedSha256,
            signed: manifest !== undefined,
          },
        });
        return done<void>(entry, (c) => c.recordings.redacted(recording, peaks, manifest));
      },
      async redate(job, changes) {
        const cursor = readCursor(job.cursor);
        // What comes after its beginning is in the entry of its end.
        if (cursor?.id !== '') return catalogue.recordings.redate(job, changes);
        const entry = own('retention_apply', {
          detail: { job: job.id, expected: job.total, ...cursor.expected },
        });
        return done<boolean>(
          (written) => (written ? entry : null),
          (c) => c.recordings.redate(job, changes),
        );
      },
      async eraseIntended(id, why, at) {
        const recording = await catalogue.recordings.get(id);
        // Said twice, the first time and reason stand.
        if (recording?.state !== 'sealed') return catalogue.recordings.eraseIntended(id, why, at);
        // Nothing is destroyed without an entry that says so: without one the row would not be believed either.
        const intent = {
          object: 'call',
          object_id: recording.callId,
          reason: inWords(why),
          // A certificate believes nothing else of what is erased, on whose word, and that no legal hold was on it.
          detail: {
            recording: id,
            ...{ sealed_sha256: recording.sealedSha256, file: recording.file },
            ...{ rule: recording.keepRule, policy: recording.keepVersion },
            ...{ run: run && runDigest(run), holds: 0 },
          },
        };
        return onRecord<void>(catalogue, own('erase', intent), (c) =>
          c.recordings.eraseIntended(id, why, at),
        );
      },
      async erased(id, at, left = false) {
        const recording = await catalogue.recordings.get(id);
        if (recording?.state !== 'erasing') return catalogue.recordings.erased(id, at, left);
        return done<void>(
          own('erased', {
            object: 'call',
            object_id: recording.callId,
            reason: inWords(recording.eraseWhy),
            detail: {
              recording: id,
              sealed_sha256: recording.sealedSha256,
              ...(left && { file_left: true }),
            },
          }),
          (c) => c.recordings.erased(id, at, left),
        );
      },
    },
    tiers: {
      ...catalogue.tiers,
      async removed(id) {
        const recording = await catalogue.recordings.get(id);
        if (!recording) return catalogue.tiers.removed(id);
        const entry = own('archive', {
          ...{ object: 'call', object_id: recording.callId },
          detail: { what: 'removed', recording: id },
        });
        return done<boolean>(
          (news) => (news ? entry : null),
          (c) => c.tiers.removed(id),
        );
      },
    },
    certificates: {
      ...catalogue.certificates,
      async begin(given) {
        await catalogue.certificates.begin(given);
        run = given;
      },
      async end(at) {
        run = null;
        await catalogue.certificates.end(at);
      },
      issue: (certificate) =>
        onRecord<void>(
          catalogue,
          own('certificate', {
            object: 'certificate',
            object_id: String(certificate.number),
            detail: {
              number: certificate.number,
              recordings: certificate.items,
              sha256: statementHash(certificate.text),
              last_erasure: certificate.lastSeq,
            },
          }),
          (c) => c.certificates.issue(certificate),
        ),
    },
    seals: {
      ...catalogue.seals,
      async checked(id, at, fault) {
        const recording = fault === null ? null : await catalogue.recordings.get(id);
        if (fault === null || !recording) return catalogue.seals.checked(id, at, fault);
        const entry = own('damage', damageOf(recording, 'when it was read again', fault));
        return done<boolean>(
          (news) => (news ? entry : null),
          (c) => c.seals.checked(id, at, fault),
        );
      },
    },
    jobs: {
      ...catalogue.jobs,
      async save(job) {
        if (isOpen(job) || (job.kind !== 'recordings_check' && job.kind !== 'apply_retention'))
          return catalogue.jobs.save(job);
        if (job.kind === 'apply_retention') {
          const ended = own('retention_apply', {
            outcome: job.state === 'failed' ? 'failed' : 'ok',
            ...{ object: 'policy', object_id: String(job.params.version) },
            detail: { job: job.id, recordings: job.done, ...readCursor(job.cursor)?.applied },
          });
          return done<boolean>(
            (saved) => (saved ? ended : null),
            (c) => c.jobs.save(job),
          );
        }
        const entry = own('recordings_check', {
          outcome: job.state === 'failed' ? 'failed' : 'ok',
          detail: { job: job.id, read: job.done, damaged: job.faults },
        });
        return done<boolean>(
          (saved) => (saved ? entry : null),
          (c) => c.jobs.save(job),
        );
      },
    },
    watch: {
      ...catalogue.watch,
      async open(pbx, from, why) {
        try {
          const opened = await done<boolean>(
            (opened) => (opened ? blind(pbx, from, null, why) : null),
            (c) => c.watch.open(pbx, from, why),
          );
          unwritten.delete(pbx); // tried again, and written this time
          return opened;
        } catch (e) {
          if (!unwritten.has(pbx)) unwritten.set(pbx, { from, why });
          throw e;
        }
      },
      async close(pbx, at) {
        const missed = unwritten.get(pbx);
        unwritten.delete(pbx);
        if (missed) await deps.later(blind(pbx, missed.from, at, missed.why));
        return done(
          (window) => window && blind(pbx, window.from, window.to ?? at, window.why),
          (c) => c.watch.close(pbx, at),
        );
      },
    },
  };
}

/**
 * Does what `verb` asks for, for who is not served without an entry: these are written in the same transaction. Throws
 * `audit_unwritable` when the two cannot be written.
 */
export const onRecord = <T>(
  catalogue: Verbs<'audited'>,
  entries: Entries<T>,
  verb: (c: Nouns) => Promise<T>,
): Promise<T> =>
  catalogue.audited(entries, verb).catch((e: unknown) => {
    throw isDiskError(e) || isSqlite(e) ? unwritable(e) : e;
  });

/** Writes an entry; resolves with its number when it is durable. Throws `audit_unwritable`. */
export function putOnRecord(catalogue: Verbs<'audit.append'>, entry: NewEntry): Promise<number> {
  return catalogue.audit.append(entry).catch((e) => {
    throw unwritable(e);
  });
}

const isSqlite = (e: unknown): boolean =>
  e instanceof Error && 'code' in e && /^SQLITE_/.test(String(e.code));

/** What was not done, because its entry could not be written. */
export const unwritable = (e: unknown): TapedeckError =>
  e instanceof TapedeckError && e.code === 'audit_unwritable'
    ? e
    : fail('audit_unwritable', e instanceof Error ? e.message : '', e);
