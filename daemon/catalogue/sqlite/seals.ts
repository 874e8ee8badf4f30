import { Type } from 'typebox';
import type { SignedManifest } from '../../domain/recording/manifest.js';
import type { Recording, RecordingId } from '../../domain/recording/recording.js';
import type { CheckPlace, SealCheck, SealFigures } from '../seals.js';
import { Flag, Length, noun, orNull, type Reader, Text, Time, timeOrNull } from './checked.js';
import type { Db } from './db.js';
import { purgeable } from './purgeable.js';
import { recording } from './rows.js';

type ToCheck = Recording & { signed: boolean; checkedAt: number };

const sealCheck = noun({
  table: 'seal_checks',
  key: (row) => row.recording_id,
  shape: Type.Object({
    recording_id: Text,
    checked_at: Time,
    signed: Flag,
    fault: orNull(Text),
    fault_at: orNull(Time),
  }),
  make: (row): SealCheck => ({
    recordingId: row.recording_id,
    signed: row.signed === 1,
    checkedAt: row.checked_at,
    fault: row.fault,
    faultAt: row.fault_at,
  }),
});
const damagedCheck = {
  ...sealCheck,
  read: (row: Record<string, unknown>) => ({ ...sealCheck.read(row), callId: String(row.callId) }),
};

const manifest = noun({
  table: 'manifests',
  key: (row) => row.recording_id,
  shape: Type.Object({
    recording_id: Text,
    sha256: Text,
    signature: Text,
    key_id: Text,
    made_at: Time,
    bytes: orNull(Length),
    data: orNull(Type.Unsafe<Buffer>(Type.Any())),
  }),
  make: (row): SignedManifest => ({
    recordingId: row.recording_id,
    text: row.data === null ? null : row.data.toString('utf8', 0, row.bytes ?? 0),
    sha256: row.sha256,
    signature: row.signature,
    keyId: row.key_id,
    madeAt: row.made_at,
  }),
});

const toCheck = {
  ...recording,
  read(row: Record<string, unknown>): ToCheck {
    return { ...recording.read(row), signed: row.signed === 1, checkedAt: Number(row.checkedAt) };
  },
};

/** So many hashes are compared at once: some 10 ms. */
const HASHES = 50_000;

export function createSeals(db: Db, reader: Reader) {
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
  // CROSS JOIN: from the index over the times, or SQLite reads every sealed recording for the next twenty and sorts them.
  const of = (where: string) =>
    db.prepare(`
      SELECT recordings.*, seal_checks.checked_at AS checkedAt, seal_checks.signed AS signed
      FROM seal_checks CROSS JOIN recordings ON recordings.id = recording_id
      WHERE ${where} AND state = 'sealed' ORDER BY checked_at, recording_id LIMIT $limit`);
  const unsigned = of('signed = 0 AND fault IS NULL');
  const due = of(`(signed = 1 OR fault IS NOT NULL) AND checked_at < $before
    AND (checked_at, recording_id) > ($checkedAt, $id)`);
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
  const sealedAs = db
    .prepare(
      'SELECT id FROM recordings WHERE rowid > $after AND rowid <= $last AND sealed_sha256 = $sha256 LIMIT 1',
    )
    .pluck();
  const last = db
    .prepare(`SELECT rowid FROM recordings WHERE rowid > ? ORDER BY rowid LIMIT 1 OFFSET ${HASHES - 1}`)
    .pluck();

  function addManifest(manifest: SignedManifest): void {
    const { text, ...rest } = manifest;
    if (add.run(rest).changes === 0 || text === null) return;
    const bytes = Buffer.from(text);
    const { filler, data } = purgeable(bytes);
    addText.run(manifest.recordingId, filler, bytes.length, data);
    sign.run(manifest.recordingId);
  }

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
    manifest: (id: RecordingId): SignedManifest | null => reader.one(manifest, one.get(id)),
    check: (id: RecordingId): SealCheck | null => reader.one(sealCheck, check.get(id)),
    toCheck(before: number, limit: number, after: CheckPlace = { checkedAt: -1, id: '' }): ToCheck[] {
      const first = reader.fill(toCheck, limit, (rows) => unsigned.all({ limit: rows }));
      const left = limit - first.length;
      if (left === 0) return first;
      return [...first, ...reader.fill(toCheck, left, (rows) => due.all({ ...after, before, limit: rows }))];
    },
    checked(id: RecordingId, at: number, fault: string | null): boolean {
      const known = (check.get(id) as { fault: string | null } | undefined)?.fault ?? null;
      const { changes } = fault === null ? good.run({ id, at }) : bad.run({ id, at, fault });
      return changes > 0 && fault !== null && known === null;
    },
    damaged: (limit: number) => reader.fill(damagedCheck, limit, (rows) => damaged.all(rows)),
    figures(): SealFigures {
      const found = figures.get() as SealFigures;
      return { ...found, oldestCheckAt: timeOrNull(found.oldestCheckAt) };
    },
    after: (id: RecordingId, limit: number): Recording[] =>
      reader.fill(recording, limit, (rows) => after.all(id, rows)),
    /** Looks through some of the hashes, from after a place on: there is no index over them, which would be as large as they are. */
    sealedAs(sha256: string, after: number): { items: RecordingId[]; next: number | null } {
      const next = (last.get(after) as number | undefined) ?? null;
      const found = sealedAs.get({ sha256, after, last: next ?? Number.MAX_SAFE_INTEGER });
      return { items: found === undefined ? [] : [found as RecordingId], next };
    },
  };
}
