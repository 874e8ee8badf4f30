import { Type } from 'typebox';
import { type ActorKind, actorKinds } from '../../../domain/assurance/audit.js';
import {
  type Certificate,
  type Erasure,
  type ErasureKind,
  type ErasureRun,
  erasureKinds,
} from '../../../domain/certificate/certificate.js';
import { fail } from '../../../domain/error.js';
import { readWhy } from '../../../domain/reason/reason.js';
import { inWords } from '../../../domain/reason/words.js';
import { isFileOf, type RecordingId } from '../../../domain/recording/recording.js';
import { tiers } from '../../../domain/recording/tier.js';
import type { IssuedCertificate, ItemLine } from '../../certificates/certificates.js';
import { Length, noun, orNull, type Reader, Text, Time, timeOrNull } from '../checked.js';
import type { Db } from '../db.js';

const Kind = Type.Unsafe<ErasureKind>(Type.Enum([...erasureKinds]));
const Who = Type.Object({ id: Text, name: Text });

const run = noun({
  table: 'erasure_runs',
  key: (row) => row.run,
  json: ['about'],
  shape: Type.Object({
    run: Text,
    about: Type.Object({
      kind: Kind,
      requestedBy: Type.Object({
        actor: Type.Unsafe<ActorKind>(Type.Enum([...actorKinds])),
        id: Text,
        name: Text,
      }),
      approvedBy: orNull(Who),
      reference: Text,
      reason: Text,
    }),
    run_started_at: Time,
  }),
  make: ({ run: id, about, run_started_at: startedAt }): ErasureRun => ({ id, ...about, startedAt }),
});

const certificate = noun({
  table: 'certificates',
  key: (row) => row.number,
  shape: Type.Object({
    number: Length,
    statement: Text,
    signature: Text,
    key_id: Text,
    issued_at: Time,
    kind: Type.Unsafe<Certificate['kind']>(Type.Enum([...erasureKinds, 'unknown'])),
    items: Length,
  }),
  make: ({ statement: text, key_id: keyId, issued_at: issuedAt, ...row }): Certificate => ({
    ...{ number: row.number, text, signature: row.signature, keyId, issuedAt },
    ...{ kind: row.kind, items: row.items },
  }),
});

const line = noun({
  table: 'erasures',
  key: (row) => row.recording_id,
  shape: Type.Object({ seq: Length, line: Text }),
  make: ({ seq, line: text }): ItemLine => ({ seq, text }),
});

/**
 * The number of the last certificate that was issued: here, or before a restore of an older catalogue, which has it in its entry in
 * the audit log. No number is given twice.
 */
export const LAST_CERTIFICATE = `
  SELECT max(
    coalesce((SELECT max(number) FROM certificates), 0),
    coalesce((SELECT max(CAST(entry ->> '$.detail.last_certificate' AS INTEGER)) FROM audit WHERE action = 'restore'), 0))`;

/** What erases recordings writes here, in the transactions of the intent and of the tombstone. */
export function createCertificates(db: Db, reader: Reader) {
  const begin = db.prepare('INSERT OR IGNORE INTO erasure_runs VALUES ($id, $about, $startedAt, NULL)');
  const end = db.prepare('UPDATE erasure_runs SET ended_at = $at WHERE ended_at IS NULL');
  // A row that is there before was put in by somebody else, or is of a catalogue that was restored.
  const intended = db.prepare(`
    INSERT INTO erasures (recording_id, run)
    VALUES ($id, (SELECT id FROM erasure_runs WHERE ended_at IS NULL ORDER BY started_at DESC, id DESC LIMIT 1))
    ON CONFLICT DO UPDATE SET run = excluded.run, seq = NULL, erased_at = NULL, line = NULL`);
  // The intent of an earlier version has left no row.
  const erased = db.prepare(`
    INSERT INTO erasures (recording_id, seq, erased_at)
    VALUES ($id, (SELECT coalesce(max(seq), 0) + 1 FROM erasures), $at)
    ON CONFLICT (recording_id) DO UPDATE SET seq = excluded.seq, erased_at = excluded.erased_at WHERE seq IS NULL`);
  const refuse = db.prepare(`
    UPDATE erasures SET seq = NULL, line = NULL
    WHERE (recording_id = $recording OR seq = $seq) AND seq > (SELECT coalesce(max(last_seq), 0) FROM certificates)`);
  const refused = db
    .prepare('SELECT recording_id FROM erasures WHERE seq IS NULL AND erased_at IS NOT NULL LIMIT ?')
    .pluck();
  const reopen = db.prepare(`
    UPDATE erasures SET seq = 1 + max(
      (SELECT coalesce(max(seq), 0) FROM erasures), (SELECT coalesce(max(last_seq), 0) FROM certificates))
    WHERE recording_id = ?`);
  const lastOn = db.prepare('SELECT coalesce(max(last_seq), 0) FROM certificates').pluck();
  const open = db.prepare(`
    SELECT calls.started_at, calls.ended_at, recordings.*, erasures.recording_id AS erased_id,
      erasures.seq AS erased_seq, erasures.erased_at AS gone_at, manifests.sha256 AS manifest,
      erasure_runs.id AS run, erasure_runs.about, erasure_runs.started_at AS run_started_at
    FROM erasures LEFT JOIN recordings ON recordings.id = erasures.recording_id
      LEFT JOIN calls ON calls.id = recordings.call_id
      LEFT JOIN manifests ON manifests.recording_id = erasures.recording_id
      LEFT JOIN erasure_runs ON erasure_runs.id = erasures.run
    WHERE seq > ? ORDER BY seq LIMIT ?`);
  const describe = db.prepare(`
    UPDATE erasures SET line = $text
    WHERE seq = $seq AND seq > (SELECT coalesce(max(last_seq), 0) FROM certificates)`);
  const described = db
    .prepare('SELECT count(line) FROM erasures WHERE seq > $firstAfter AND seq <= $lastSeq')
    .pluck();
  const issue = db.prepare(`
    INSERT INTO certificates (number, statement, signature, key_id, issued_at, kind, items, last_seq)
    VALUES ($number, $text, $signature, $keyId, $issuedAt, $kind, $items, $lastSeq)`);
  const one = db.prepare('SELECT * FROM certificates WHERE number = ?');
  const list = db.prepare('SELECT * FROM certificates WHERE number < ? ORDER BY number DESC LIMIT ?');
  const count = db.prepare('SELECT count(*) FROM certificates').pluck();
  const last = db.prepare(LAST_CERTIFICATE).pluck();
  const items = db.prepare(`
    SELECT recording_id, seq, line FROM erasures
    WHERE seq > max($after, (SELECT coalesce(max(last_seq), 0) FROM certificates WHERE number < $number))
      AND seq <= (SELECT last_seq FROM certificates WHERE number = $number)
    ORDER BY seq LIMIT $limit`);
  const of = db
    .prepare(`
      SELECT min(number) FROM certificates
      WHERE last_seq >= (SELECT seq FROM erasures WHERE recording_id = ?)`)
    .pluck();

  return {
    begin({ id, startedAt, ...about }: ErasureRun): void {
      // One that was killed is over, whatever the clock says of which is newer.
      end.run({ at: startedAt });
      begin.run({ id, startedAt, about: JSON.stringify(about) });
    },
    end: (at: number): void => void end.run({ at }),
    /** To be called in the transaction of the intent. */
    intended: (id: RecordingId): void => void intended.run({ id }),
    /** To be called in the transaction of the tombstone. */
    erased: (id: RecordingId, at: number): void => void erased.run({ id, at }),
    open: (after: number, limit: number): Erasure[] =>
      open.all(Math.max(after, lastOn.get() as number), limit).map((row) => erasureOf(row as Cells, reader)),
    describe(lines: readonly ItemLine[]): void {
      for (const one of lines) describe.run(one);
    },
    refuse: ({ seq, recording }: Pick<Erasure, 'seq' | 'recording'>): void =>
      void refuse.run({ seq, recording }),
    reopen(limit: number): void {
      for (const id of refused.all(limit)) reopen.run(id);
    },
    issue(given: IssuedCertificate): void {
      const next = (last.get() as number) + 1;
      if (given.number !== next)
        throw fail('internal', `Certificate ${given.number} is not the next one, which is ${next}.`);
      const firstAfter = lastOn.get() as number;
      if (described.get({ firstAfter, lastSeq: given.lastSeq }) !== given.items)
        throw fail('internal', `Certificate ${given.number} lacks items.`);
      issue.run(given);
    },
    get: (number: number): Certificate | null => reader.one(certificate, one.get(number)),
    list: ({ before = Number.MAX_SAFE_INTEGER, limit }: { before?: number; limit: number }): Certificate[] =>
      reader.fill(certificate, limit, (rows) => list.all(before, rows)),
    count: (): number => count.get() as number,
    last: (): number => last.get() as number,
    items: (number: number, after: number, limit: number): ItemLine[] =>
      reader.fill(line, limit, (rows) => items.all({ number, after, limit: rows })),
    of: (id: RecordingId): number | null => (of.get(id) as number | null | undefined) ?? null,
  };
}

type Cells = Record<string, unknown>;
/** No cell that Tapedeck writes into these rows is longer. */
const MOST_CHARS = 100_000;

/**
 * Reads an erasure whatever its row says: what cannot be read is left out, because a recording that is erased has to come on
 * a certificate all the same, or be refused by its id.
 */
function erasureOf(row: Cells, reader: Reader): Erasure {
  const textOrNull = (cell: unknown): string | null =>
    typeof cell === 'string' && cell.length <= MOST_CHARS ? cell : null;
  const text = (cell: unknown): string => textOrNull(cell) ?? '';
  const size = (cell: unknown): number => (Number.isSafeInteger(cell) && Number(cell) > 0 ? Number(cell) : 0);
  const id = text(row.erased_id);
  const file = text(row.file);
  return {
    seq: Number(row.erased_seq),
    recording: id,
    call: text(row.call_id),
    version: size(row.version),
    run: row.run === null ? null : reader.orNull(run, row),
    startedAt: timeOrNull(row.started_at),
    endedAt: timeOrNull(row.ended_at),
    durationMs: size(row.duration_ms),
    sealedAt: timeOrNull(row.sealed_at),
    sealedBytes: size(row.sealed_bytes),
    sealedSha256: text(row.sealed_sha256),
    manifestSha256: textOrNull(row.manifest),
    file: isFileOf(file, id) ? file : '',
    tier: tiers.find((tier) => tier === row.tier) ?? 'hot',
    gone: row.state === 'erased',
    policyVersion: size(row.keep_version) || null,
    rule: textOrNull(row.keep_rule),
    reason: reasonOf(row.erase_reason),
    beganAt: timeOrNull(row.erase_intended_at),
    erasedAt: timeOrNull(row.gone_at) ?? 0,
  };
}

function reasonOf(cell: unknown): string {
  try {
    return typeof cell === 'string' ? inWords(readWhy(cell)) : '';
  } catch {
    return '';
  }
}
