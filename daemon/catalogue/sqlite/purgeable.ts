import { PAGE_BYTES } from './db.js';

/**
 * What must leave nothing behind in the file once it is deleted. secure_delete zeroes what is deleted, but when SQLite
 * splits or joins pages it moves rows, and now and then a copy stays behind in a page's unused part (1 of 22,395 purged,
 * SQLite 3.53). Rows move, their overflow pages do not: so each row begins with as many zeros as SQLite keeps in the row's
 * own page, and the data is rounded up so that it keeps no more than that there
 * (https://www.sqlite.org/fileformat2.html#b_tree_pages, "cell payload overflow").
 */
const LEAST_LOCAL = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;
const OVERFLOW = PAGE_BYTES - 4;
/** Left for the row's id and header: of the last page, at most the 519 bytes that would fit into the row's own page. */
const SLACK = 200;

/** Room for so many bytes. */
const room = (bytes: number) => Math.ceil((bytes + SLACK) / OVERFLOW) * OVERFLOW - SLACK;

/** The zeros that come first in a row, then the data in its room. */
export function purgeable(bytes: Uint8Array): { filler: Buffer; data: Buffer } {
  const data = Buffer.alloc(room(bytes.length));
  data.set(bytes);
  return { filler: Buffer.alloc(LEAST_LOCAL), data };
}
