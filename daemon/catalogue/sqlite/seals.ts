import type { SignedManifest } from '../../domain/manifest.js';
import type { Recording, RecordingId } from '../../domain/recording.js';
import type { SealCheck, SealFigures } from '../seals.js';
import type { Db } from './db.js';
import { purgeable } from './purgeable.js';
import { type RecordingRow, toRecording } from './rows.js';

type CheckRow = {
  recording_id: string;
  checked_at: number;
  signed: number;
  fault: string | null;
  fault_at: number | null;
};
type ManifestRow = {
  recording_id: string;
  sha256: string;
  signature: string;
  key_id: string;
  made_at: number;
  bytes: number | null;
  data: Buffer | null;
};
type ToCheck = Recording & { signed: boolean; checkedAt: number };

export function createSeals(db: Db) {
  const add = db.prepare(`
    INSERT INTO manifests VALUES ($recordingId, $sha256, $signature, $keyId, $madeAt) ON CONFLICT DO NOTHING`);
  const addText = db.prepare('INSERT INTO manifest_texts VALUES (?, ?, ?, ?)');
  const purgeText = db.prepare('DELETE FROM manifest_texts WHERE recording_id = ?');
  const one = db.prepare(`
    SELECT manifests.*, bytes, data FROM manifests LEFT JOIN manifest_texts USING (recording_id)
    WHERE recording_id = ?`);
  const watch = db.prepare('INSERT INTO seal_checks VALUES (?, ?, ?, NULL, NULL)');
  const unwatch = db.prepare('DELETE FROM seal_checks WHERE recording_id = ?');
  const sign = db.prepare('UPDATE seal_checks SET signed = 1 WHERE recording_id = ?');
  const check = db.prepare('SELECT * FROM seal_checks WHERE recording_id = ?');
  const of = (where: string) =>
    db.prepare(`
      SELECT recordings.*, seal_checks.checked_at AS checkedAt, seal_checks.signed AS signed
      FROM seal_checks JOIN recordings ON recordings.id = recording_id
      WHERE ${where} AND state = 'sealed' ORDER BY checked_at LIMIT $limit`);
  const unsigned = of('signed = 0 AND fault IS NULL');
  const due = of('(signed = 1 OR fault IS NOT NULL) AND checked_at < $before');
  const kept = "EXISTS (SELECT 1 FROM recordings WHERE id = $id AND state = 'sealed')";
  const good = db.prepare(`
    UPDATE seal_checks SET checked_at = $at, fault = NULL, fault_at = NULL
    WHERE recording_id = $id AND ${kept}`);
  // A fault that is found again is still the first one. Its time of checking moves on, so that others have their turn.
  const bad = db.prepare(`
    UPDATE seal_checks SET checked_at = $at, fault = $fault, fault_at = coalesce(fault_at, $at)
    WHERE recording_id = $id AND ${kept}`);
  const damaged = db.prepare(`
    SELECT seal_checks.*, recordings.call_id AS callId
    FROM seal_checks JOIN recordings ON recordings.id = recording_id
    WHERE fault IS NOT NULL ORDER BY fault_at, recording_id LIMIT ?`);
  // Each from an index: this is asked often.
  const figures = db.prepare(`
    SELECT (SELECT count(*) FROM seal_checks) AS recordings,
      (SELECT min(checked_at) FROM seal_checks) AS oldestCheckAt,
      (SELECT count(*) FROM seal_checks WHERE fault IS NOT NULL) AS faults,
      (SELECT count(*) FROM seal_checks WHERE signed = 0 AND fault IS NULL) AS unsigned`);
  const after = db.prepare('SELECT * FROM recordings WHERE id > ? ORDER BY id LIMIT ?');
  const sealedAs = db.prepare('SELECT id FROM recordings WHERE sealed_sha256 = ?').pluck();

  function addManifest(manifest: SignedManifest): void {
    const { text, ...rest } = manifest;
    if (add.run(rest).changes === 0 || text === null) return;
    const bytes = Buffer.from(text);
    const { filler, data } = purgeable(bytes);
    addText.run(manifest.recordingId, filler, bytes.length, data);
    sign.run(manifest.recordingId);
  }

  const toCheck = ({ recording_id, checked_at, signed, fault, fault_at }: CheckRow): SealCheck => ({
    recordingId: recording_id,
    signed: signed === 1,
    checkedAt: checked_at,
    fault,
    faultAt: fault_at,
  });

  return {
    /** A recording was sealed and read back. */
    sealed(id: RecordingId, at: number, manifest: SignedManifest | undefined): void {
      watch.run(id, at, 0);
      if (manifest) addManifest(manifest);
    },
    /** The recording is erased: what was signed of it names people, and goes; its hash and its signature stay. */
    erased(id: RecordingId): void {
      purgeText.run(id);
      unwatch.run(id);
    },
    addManifest,
    manifest(id: RecordingId): SignedManifest | null {
      const row = one.get(id) as ManifestRow | undefined;
      if (!row) return null;
      return {
        recordingId: row.recording_id,
        text: row.data === null ? null : row.data.toString('utf8', 0, row.bytes!),
        sha256: row.sha256,
        signature: row.signature,
        keyId: row.key_id,
        madeAt: row.made_at,
      };
    },
    check(id: RecordingId): SealCheck | null {
      const row = check.get(id) as CheckRow | undefined;
      return row ? toCheck(row) : null;
    },
    toCheck(before: number, limit: number): ToCheck[] {
      const first = unsigned.all({ limit });
      const rest = due.all({ before, limit: limit - first.length });
      return ([...first, ...rest] as (RecordingRow & { signed: number; checkedAt: number })[]).map((row) => ({
        ...toRecording(row),
        signed: row.signed === 1,
        checkedAt: row.checkedAt,
      }));
    },
    checked(id: RecordingId, at: number, fault: string | null): boolean {
      const known = (check.get(id) as CheckRow | undefined)?.fault ?? null;
      const { changes } = fault === null ? good.run({ id, at }) : bad.run({ id, at, fault });
      return changes > 0 && fault !== null && known === null;
    },
    damaged: (limit: number) =>
      (damaged.all(limit) as (CheckRow & { callId: string })[]).map((row) => ({
        ...toCheck(row),
        callId: row.callId,
      })),
    figures: () => figures.get() as SealFigures,
    after: (id: RecordingId, limit: number): Recording[] =>
      (after.all(id, limit) as RecordingRow[]).map(toRecording),
    sealedAs: (sha256: string) => (sealedAs.get(sha256) as RecordingId | undefined) ?? null,
  };
}
