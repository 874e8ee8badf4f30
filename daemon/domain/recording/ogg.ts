/** Pages of an Ogg file (RFC 3533, section 6). */

const HEAD_BYTES = 27;
export const PAGE_BEGINS = 2;
export const PAGE_CONTINUES = 1;
export const PAGE_ENDS = 4;

export type PageHead = {
  /** Of the header with its lacing, and of the whole page. */
  headBytes: number;
  bytes: number;
  flags: number;
  /** Of the last packet that ends in it; -1 when none does. */
  granule: number;
  serial: number;
  /** Lengths of its pieces of packets. The last one goes on in the next page when `goesOn`. */
  pieces: number[];
  goesOn: boolean;
};

/** The head of the page that these bytes begin with; null when there are too few of them, 'none' when it is no page. */
export function pageHead(bytes: Buffer): PageHead | null | 'none' {
  if (bytes.length < HEAD_BYTES) return null;
  if (bytes.toString('latin1', 0, 4) !== 'OggS' || bytes[4] !== 0) return 'none';
  const headBytes = HEAD_BYTES + bytes[26]!;
  if (bytes.length < headBytes) return null;
  const pieces: number[] = [];
  let open = false;
  for (const lace of bytes.subarray(HEAD_BYTES, headBytes)) {
    if (open) pieces[pieces.length - 1]! += lace;
    else pieces.push(lace);
    open = lace === 255;
  }
  return {
    headBytes,
    bytes: headBytes + pieces.reduce((sum, piece) => sum + piece, 0),
    flags: bytes[5]!,
    granule: Number(bytes.readBigInt64LE(6)),
    serial: bytes.readUInt32LE(14),
    pieces,
    goesOn: open,
  };
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** Writes the checksum of a page into it. */
export function stamp(page: Buffer): void {
  page.writeUInt32LE(checksum(page), CHECKSUM_AT);
}

/** Whether the checksum stored in a page is right. */
export const isWhole = (page: Buffer): boolean => page.readUInt32LE(CHECKSUM_AT) === checksum(page);

const CHECKSUM_AT = 22;

/** Returns the checksum of a page, taking the one stored in it as 0. */
function checksum(page: Buffer): number {
  let crc = 0;
  for (let at = 0; at < page.length; at++) {
    const byte = at >= CHECKSUM_AT && at < CHECKSUM_AT + 4 ? 0 : page[at]!;
    crc = ((crc << 8) ^ TABLE[((crc >>> 24) ^ byte) & 255]!) >>> 0;
  }
  return crc;
}
