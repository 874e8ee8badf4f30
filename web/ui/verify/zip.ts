import { inflateSync } from 'fflate';

/** A file in a ZIP. Places and lengths in bytes; `start` is that of its header. */
type Member = { name: string; method: number; packed: number; bytes: number; start: number; from: number };
type Fault = { file: string; what: string };

export const THE_ZIP = 'the ZIP';

const SIGN = { end: 0x06054b50, entry: 0x02014b50, header: 0x04034b50, sizes: 0x08074b50 } as const;
const LENGTH = { end: 22, entry: 46, header: 30, sizes: 16 } as const;
/** Its lengths stand behind the file. */
const BEHIND = 0x0008;
/** Besides: how hard it was packed, and that the name is UTF-8. Whatever else can be said of a file makes it another one. */
const FLAGS = BEHIND | 0x0806;
/** The one addition that changes nothing: its time, in seconds. */
const TIME = 0x5455;
const KIND = { bits: 0o170000, none: 0, file: 0o100000 } as const;
/** Nothing that was deflated becomes longer than so many times. */
const TIGHTEST = 1_032;

/**
 * The files of a ZIP. Other programs may see others: some go by the directory at its end, some from file to file, and what
 * lies between nobody sees. So whatever they might read in more ways than one is a fault here. Null for what is no ZIP, or
 * has anything before or behind it.
 */
export function membersOf(zip: Uint8Array): { members: Member[]; faults: Fault[] } | null {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const short = (at: number) => view.getUint16(at, true);
  const long = (at: number) => view.getUint32(at, true);
  const same = (here: number, there: number, length: number) =>
    zip.subarray(here, here + length).every((byte, i) => byte === zip[there + i]);
  const nameAt = (at: number, length: number) =>
    new TextDecoder('utf-8', { ignoreBOM: true }).decode(zip.subarray(at, at + length));

  const end = zip.length - LENGTH.end;
  if (end < 0 || long(end) !== SIGN.end || long(end + 4) !== 0 || short(end + 20) !== 0) return null;
  const begin = long(end + 16);
  if (begin + long(end + 12) !== end || short(end + 8) !== short(end + 10)) return null;

  /** Where a file ends of which all of the ZIP says the same; null for one that can be read in more ways. */
  function endOf(entry: number, named: number, added: number, start: number): number | null {
    const from = start + LENGTH.header + named;
    const extra = entry + LENGTH.entry + named;
    const kind = (long(entry + 38) >>> 16) & KIND.bits;
    const flags = short(entry + 8);
    const plain =
      short(entry + 32) === 0 &&
      (added === 0 || (added > 4 && short(extra) === TIME && short(extra + 2) === added - 4)) &&
      (flags & ~FLAGS) === 0 &&
      (kind === KIND.none || kind === KIND.file);
    if (!plain || from > begin || long(start) !== SIGN.header) return null;
    // Flags, method and time, and the name with nothing behind it.
    if (!same(start + 6, entry + 8, 8) || short(start + 26) !== named || short(start + 28) !== 0) return null;
    if (!same(start + LENGTH.header, entry + LENGTH.entry, named)) return null;
    const until = from + long(entry + 20);
    // CRC-32 and both lengths.
    if ((flags & BEHIND) === 0) return same(start + 14, entry + 16, 12) ? until : null;
    const whole = until + LENGTH.sizes <= begin && long(until) === SIGN.sizes;
    return whole && same(until + 4, entry + 16, 12) ? until + LENGTH.sizes : null;
  }

  const faults: Fault[] = [];
  const members: (Member & { end: number | null })[] = [];
  for (let at = begin; at < end; ) {
    if (at + LENGTH.entry > end || long(at) !== SIGN.entry) return null;
    const [named, added, start] = [short(at + 28), short(at + 30), long(at + 42)];
    const next = at + LENGTH.entry + named + added + short(at + 32);
    if (next > end) return null;
    const name = nameAt(at + LENGTH.entry, named);
    members.push({
      ...{ name, method: short(at + 10), packed: long(at + 20), bytes: long(at + 24) },
      ...{ start, from: start + LENGTH.header + named, end: endOf(at, named, added, start) },
    });
    at = next;
  }
  const count = short(end + 10);
  if (count !== members.length)
    faults.push({ file: THE_ZIP, what: `It says that it has ${count} files, and has ${members.length}.` });

  // From file to file: nothing lies between them, and none over another.
  let next: number | null = 0;
  for (const { name, start, end: until } of members.toSorted((a, b) => a.start - b.start)) {
    if (until === null) faults.push({ file: name, what: 'The ZIP tells of it in more ways than one.' });
    else if (next !== null && start !== next) stray(next, start);
    next = until;
  }
  if (next !== null && next !== begin) stray(next, begin);
  function stray(from: number, until: number): void {
    const hidden = until - from >= LENGTH.header && long(from) === SIGN.header;
    if (hidden)
      faults.push({
        file: nameAt(from + LENGTH.header, Math.min(short(from + 26), 200)) || THE_ZIP,
        what: 'It is hidden in the ZIP: most programs do not see it.',
      });
    else if (until > from)
      faults.push({ file: THE_ZIP, what: `${until - from} bytes in it belong to no file.` });
    else faults.push({ file: THE_ZIP, what: 'Files in it lie over one another.' });
  }
  return { members: members.filter((each) => each.end !== null), faults };
}

/** The file itself. Throws where it cannot be unpacked, or is not as long as the ZIP says. */
export function unpacked(zip: Uint8Array, { method, packed, bytes, from }: Member): Uint8Array {
  const found = zip.subarray(from, from + packed);
  if (method === 0 && packed === bytes) return found;
  if (method !== 8 || bytes > packed * TIGHTEST) throw new RangeError();
  const out = inflated(found, bytes);
  // Who goes from file to file reads on where the stream ends: without its last byte it must not be whole.
  if (out?.length !== bytes || inflated(found.subarray(0, -1), bytes) !== null) throw new RangeError();
  return out;
}

/** Null where the stream does not come to its end. With room for a byte more: what is longer must not be cut to that. */
function inflated(packed: Uint8Array, bytes: number): Uint8Array | null {
  try {
    return inflateSync(packed, { out: new Uint8Array(bytes + 1) });
  } catch {
    return null;
  }
}
