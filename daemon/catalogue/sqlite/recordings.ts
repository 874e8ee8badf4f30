import { Type } from 'typebox';
import { fail } from '../../domain/error.js';
import type { Growth } from '../../domain/operations/room.js';
import { type Why, writeWhy } from '../../domain/reason/reason.js';
import {
  type CallId,
  isFileOf,
  type Recording,
  type RecordingId,
  type RecordingPlace,
} from '../../domain/recording/recording.js';
import type { Redated } from '../../domain/retention/redate.js';
import type { StoredCall } from '../stored-call.js';
import { noun as checked, type Reader, Text, timeOrNull, totalOrNone, unreadable } from './checked.js';
import type { Db } from './db.js';
import { createEars } from './recordings/ears.js';
import { createPeaks } from './recordings/peaks.js';
import { createRedactions } from './recordings/redactions.js';
import { gapCell, recording as noun, storedCall } from './rows.js';

const WITH_CALL = 'SELECT calls.*, recordings.* FROM recordings JOIN calls ON calls.id = recordings.call_id';

const beginning = checked({
  table: 'recordings_begun',
  key: (row) => row.recording_id,
  shape: Type.Object({ recording_id: Text, file: Text }),
  make: ({ recording_id: id, file }): RecordingPlace => ({
    id,
    file: isFileOf(file, id) ? file : unreadable('"file" is not where its recording is kept'),
  }),
});

const begun = {
  ...noun,
  read: (row: Record<string, unknown>) => ({ ...noun.read(row), intended: row.intended === 1 }),
};

export function createRecordings(db: Db, reader: Reader) {
  const stored = storedCall(reader);
  const peaks = createPeaks(db);
  const ears = createEars(db);
  const redactions = createRedactions(db, reader);
  const add = db.prepare(`
    INSERT INTO recordings (id, call_id, of_id, version, state, duration_ms, plain_bytes, sealed_bytes, plain_sha256, sealed_sha256,
      file, sealed_at, left_db, right_db, gaps, masks, quality, quality_flags, keep_until, keep_rule, keep_reason, min_until, keep_version, keep_from,
      redaction)
    VALUES ($id, $callId, $of, $version, 'sealed', $durationMs, $plainBytes, $sealedBytes, $plainSha256, $sealedSha256,
      $file, $sealedAt, $leftDb, $rightDb, $gaps, $masks, $quality, $qualityFlags, $keepUntil, $keepRule, $keepWhy, $minUntil, $keepVersion, $keepFrom,
      $redaction)`);
  const one = db.prepare('SELECT * FROM recordings WHERE id = ?');
  const ofCall = db.prepare('SELECT * FROM recordings WHERE call_id = ? ORDER BY of_id, version');
  const begin = db.prepare(
    'INSERT INTO recordings_begun SELECT $id, id, $file FROM calls WHERE id = $callId',
  );
  const begunOf = db.prepare(
    'SELECT recording_id, file FROM recordings_begun WHERE call_id = ? ORDER BY recording_id',
  );
  const abandoned = db.prepare(`SELECT recording_id, file FROM recordings_begun AS begun WHERE NOT EXISTS (
      SELECT 1 FROM segments WHERE segments.call_id = begun.call_id AND segments.state IN ('capturing', 'captured'))
    ORDER BY recording_id`);
  const drop = db.prepare('DELETE FROM recordings_begun WHERE recording_id = ?');
  const keptAfter = db
    .prepare(`${WITH_CALL} WHERE recordings.id > ? AND recordings.state = 'sealed' AND calls.test = 0
      ORDER BY recordings.id LIMIT ?`)
    .expand();
  const redate = db.prepare(`
    UPDATE recordings SET keep_until = $keepUntil, keep_rule = $keepRule, keep_reason = $keepWhy, min_until = $minUntil,
      keep_version = $keepVersion, keep_from = $keepFrom
    WHERE id = $id AND state = 'sealed'`);
  // total, unlike sum, has no overflow: rows may hold anything.
  const sealedSince = db.prepare('SELECT total(sealed_bytes) FROM recordings WHERE sealed_at >= ?').pluck();
  const erasedSince = db
    .prepare("SELECT total(sealed_bytes) FROM recordings WHERE state = 'erased' AND erased_at >= ?")
    .pluck();
  const firstSeal = db.prepare('SELECT min(sealed_at) FROM recordings').pluck();
  const intend = db.prepare(`
    UPDATE recordings SET state = 'erasing', erase_reason = $why, erase_intended_at = $at
    WHERE id = $id AND state = 'sealed'`);
  const erasing = db.prepare(`
    SELECT recordings.*, EXISTS (
      SELECT 1 FROM audit WHERE entry ->> '$.detail.recording' = recordings.id
        AND action = 'erase' AND outcome = 'ok' AND actor = 'tapedeck') AS intended
    FROM recordings WHERE state = 'erasing' ORDER BY erase_intended_at, id`);
  const erased = db.prepare(
    `UPDATE recordings SET state = 'erased', erased_at = $at,
       tier = iif(tier IN ('moving', 'archive') AND $left = 0, 'gone', tier)
     WHERE id = $id AND state = 'erasing'`,
  );
  const recording = (id: RecordingId): Recording | null => reader.one(noun, one.get(id));
  const known = (id: RecordingId): Recording => {
    const found = recording(id);
    if (!found) throw fail('recording_absent', id);
    return found;
  };

  const beginnings = (callId: CallId): RecordingPlace[] => reader.all(beginning, begunOf.all(callId));

  return {
    recording,
    ofCall: (id: CallId): Recording[] => reader.all(noun, ofCall.all(id)),
    begun: beginnings,
    abandoned: (): RecordingPlace[] => reader.all(beginning, abandoned.all()),
    begin(callId: CallId, place: RecordingPlace): RecordingPlace {
      const [known] = beginnings(callId);
      if (known) return known;
      if (begin.run({ ...place, callId }).changes === 0) throw fail('call_unknown', callId);
      return place;
    },
    dropBegun(id: RecordingId): void {
      drop.run(id);
    },
    sealed(given: Recording, data: Uint8Array): void {
      add.run({
        ...given,
        gaps: JSON.stringify(given.gaps.map(gapCell)),
        masks: JSON.stringify(given.masks),
        redaction: given.redaction && JSON.stringify(given.redaction),
        keepWhy: writeWhy(given.keepWhy),
        quality: given.quality && JSON.stringify(given.quality),
        qualityFlags: [...new Set(given.quality?.flags.map((f) => f.flag))].join(' '),
      });
      drop.run(given.id);
      if (given.quality) ears.add(given, given.quality);
      peaks.add(given.id, data);
    },
    peaks: peaks.of,
    redactions,
    trends: ears.trends,
    keptAfter: (id: RecordingId, limit: number): StoredCall[] =>
      reader.fill(stored, limit, (rows) => keptAfter.all(id, rows)),
    redate(given: Redated): void {
      redate.run({ ...given, keepWhy: writeWhy(given.keepWhy) });
    },
    growth(since: number, now: number): Growth {
      const first = timeOrNull(firstSeal.get());
      return {
        sealedBytes: totalOrNone(sealedSince.get(since)),
        erasedBytes: totalOrNone(erasedSince.get(since)),
        days: first === null ? 0 : Math.max(0, now - Math.max(since, first)) / 86_400_000,
      };
    },
    /** Said twice, the first time and reason stand. False where it was intended before. */
    eraseIntended(id: RecordingId, why: Why, at: number): boolean {
      if (intend.run({ id, why: writeWhy(why), at }).changes > 0) return true;
      known(id);
      return false;
    },
    erasing: () => reader.all(begun, erasing.all()),
    /** Without an intent on record nothing may be called erased. False where it was erased before. */
    erased(id: RecordingId, at: number, left: boolean): boolean {
      peaks.purge(id);
      if (erased.run({ id, at, left: left ? 1 : 0 }).changes > 0) return true;
      if (known(id).state !== 'erased') throw fail('internal', `${id}: erased without an intent.`);
      return false;
    },
  };
}
