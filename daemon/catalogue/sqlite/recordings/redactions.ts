import { Type } from 'typebox';
import { isFileOf, type RecordingId } from '../../../domain/recording/recording.js';
import type { RedactionOrder } from '../../../domain/recording/redaction.js';
import { Flag, noun, type Reader, Text, Time, unreadable } from '../checked.js';
import type { Db } from '../db.js';
import { StretchesShape } from '../rows.js';

const order = noun({
  table: 'redactions',
  key: (row) => row.recording_id,
  json: ['stretches'],
  shape: Type.Object({
    recording_id: Text,
    older_id: Text,
    file: Text,
    older_kept: Flag,
    stretches: StretchesShape,
    by: Text,
    reason: Text,
    at: Time,
  }),
  make: ({ recording_id: id, older_id: older, older_kept, file, ...row }): RedactionOrder => ({
    ...row,
    ...{ id, older, olderKept: older_kept === 1 },
    file: isFileOf(file, id) ? file : unreadable('"file" is not where its recording is kept'),
  }),
});

/** Redactions that were asked for and are not finished. */
export function createRedactions(db: Db, reader: Reader) {
  const add = db.prepare(`
    INSERT INTO redactions (recording_id, older_id, file, older_kept, stretches, by, reason, at)
    SELECT $id, id, $file, $kept, $stretches, $by, $reason, $at FROM recordings
      WHERE id = $older AND state = 'sealed' AND superseded_by IS NULL
    ON CONFLICT DO NOTHING`);
  const all = db.prepare('SELECT * FROM redactions ORDER BY at, recording_id');
  const drop = db.prepare('DELETE FROM redactions WHERE recording_id = ?');
  const supersede = db.prepare(
    'UPDATE recordings SET superseded_by = $id WHERE id = $older AND superseded_by IS NULL',
  );
  return {
    /** False where it is no recording that can be redacted, or is being redacted. */
    add: ({ olderKept, stretches, ...given }: RedactionOrder): boolean =>
      add.run({ ...given, kept: olderKept ? 1 : 0, stretches: JSON.stringify(stretches) }).changes > 0,
    all: (): RedactionOrder[] => reader.all(order, all.all()),
    drop: (id: RecordingId): void => void drop.run(id),
    /** False where another stands in its place already. */
    supersede: (older: RecordingId, id: RecordingId): boolean => supersede.run({ id, older }).changes > 0,
  };
}
