import type { RecordingId } from '../../../domain/recording/recording.js';
import type { Db } from '../db.js';
import { purgeable } from '../purgeable.js';

/** Peaks give away when somebody spoke, so nothing of them may stay in the file once they are purged. */
export function createPeaks(db: Db) {
  const add = db.prepare('INSERT INTO peaks VALUES (?, ?, ?, ?)');
  const one = db.prepare('SELECT bytes, data FROM peaks WHERE recording_id = ?');
  const purge = db.prepare('DELETE FROM peaks WHERE recording_id = ?');

  return {
    add(id: RecordingId, peaks: Uint8Array): void {
      const { filler, data } = purgeable(peaks);
      add.run(id, filler, peaks.length, data);
    },
    of(id: RecordingId): Uint8Array | null {
      const row = one.get(id) as { bytes: number; data: Buffer } | undefined;
      return row ? new Uint8Array(row.data.buffer, row.data.byteOffset, row.bytes) : null;
    },
    purge(id: RecordingId): void {
      purge.run(id);
    },
  };
}
