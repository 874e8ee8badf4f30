import type { RecordingId } from '../../domain/recording.js';
import { type Db, PAGE_BYTES } from './db.js';

/**
 * Peaks give away when somebody spoke, so nothing of them may stay in the file once they are purged. secure_delete
 * zeroes what is deleted, but when SQLite splits or joins pages it moves rows, and now and then a copy stays behind in
 * a page's unused part (1 of 22,395 purged, SQLite 3.53). Rows move, their overflow pages do not: so each row begins
 * with as many zeros as SQLite keeps in the row's own page, and `data` is rounded up so that it keeps no more than
 * that there (https://www.sqlite.org/fileformat2.html#b_tree_pages, "cell payload overflow").
 */
const LEAST_LOCAL = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;
const OVERFLOW = PAGE_BYTES - 4;
/** Left for the row's id and header: of the last page, at most the 519 bytes that would fit into the row's own page. */
const SLACK = 200;

/** Room for so many bytes of peaks. */
const room = (bytes: number) => Math.ceil((bytes + SLACK) / OVERFLOW) * OVERFLOW - SLACK;

export function createPeaks(db: Db) {
  const add = db.prepare('INSERT INTO peaks VALUES (?, ?, ?, ?)');
  const one = db.prepare('SELECT bytes, data FROM peaks WHERE recording_id = ?');
  const purge = db.prepare('DELETE FROM peaks WHERE recording_id = ?');

  return {
    add(id: RecordingId, peaks: Uint8Array): void {
      const data = Buffer.alloc(room(peaks.length));
      data.set(peaks);
      add.run(id, Buffer.alloc(LEAST_LOCAL), peaks.length, data);
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
