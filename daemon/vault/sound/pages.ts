import { fail } from '../../domain/error.js';
import {
  PAGE_BEGINS,
  PAGE_CONTINUES,
  PAGE_ENDS,
  type PageHead,
  pageHead,
} from '../../domain/recording/ogg.js';
import { type Layout, layoutOf } from '../../domain/recording/opus-head.js';
import { type Packet, readPacket } from './opus.js';

/** A packet that lies in more than one page. What it is, and when it is heard, is known once its end was read. */
export type Spread = { packet: Packet | null; from: number; until: number };

/** A page of a recording. Times are samples at 48 kHz since the recording began. */
export type Page = {
  /** Its place in the file. */
  at: number;
  bytes: number;
  /** Of its packets; null for the head of a stream and for its tags, which are kept as they are. */
  layout: Layout | null;
  /** When the first packet that begins in it begins. */
  from: number;
  /** By how much the page says that its packets lie elsewhere than where the ones before end; 0 where all is well. */
  off: number;
  /** The packet that its first bytes belong to, and how many bytes of that are in pages before. */
  carried: { spread: Spread; done: number } | null;
  /** The packet that its last bytes belong to, where that goes on in the next page. */
  cut: Spread | null;
};

/** No stream needs more for a packet (RFC 7845, section 6). */
const MAX_PACKET_BYTES = 61_440;

type State = 'head' | 'tags' | 'sound';

/** The error of a file that cannot be made silent for sure. */
export const unfit = (detail: string) => fail('mask_failed', detail);

/**
 * Notes where the pages of an Ogg Opus file lie and when their packets are, while it is read once from its beginning (RFC
 * 7845). Throws `mask_failed` for whatever else it is: what is not understood cannot be made silent for sure.
 */
export function createIndexer() {
  const pages: Page[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let at = 0;
  let state: State = 'head';
  let serial = 0;
  let layout: Layout | null = null;
  /** What a granule position has to be lessened by, and where the next packet begins. */
  let zero = 0;
  let time = 0;
  /** What has been read of a packet that continues on the next page. */
  let open: { spread: Spread; parts: Buffer } | null = null;

  function begin(head: PageHead, body: Buffer): void {
    const first = body.subarray(0, head.pieces[0] ?? 0);
    layout = head.flags & PAGE_BEGINS ? layoutOf(first) : null;
    if (layout === null) throw unfit(`At byte ${at} it does not begin as Tapedeck's recordings do.`);
    if (head.pieces.length > 1 || head.goesOn || open) throw unfit('Its head is not alone in its page.');
    serial = head.serial;
    const skipped = first.readUInt16LE(10);
    zero = skipped - (pages.length === 0 ? 0 : time);
    time -= skipped;
    state = 'tags';
  }

  function sound(page: Page, head: PageHead, body: Buffer, kind: Layout): void {
    let place = 0;
    let ended = 0;
    page.from = time;
    page.carried = open && { spread: open.spread, done: open.parts.length };
    head.pieces.forEach((piece, i) => {
      const carried = i === 0 ? open : null;
      const goesOn = head.goesOn && i === head.pieces.length - 1;
      let [data, from] = [body, place];
      place += piece;
      if (carried || goesOn) {
        const part = body.subarray(from, place);
        [data, from] = [carried ? Buffer.concat([carried.parts, part]) : Buffer.from(part), 0];
      }
      if (goesOn) {
        if (data.length > MAX_PACKET_BYTES) throw unfit(`A packet in the page at byte ${at} is too long.`);
        page.cut = carried?.spread ?? { packet: null, from: 0, until: 0 };
        open = { spread: page.cut, parts: data };
        return;
      }
      const packet = readPacket(data, from, carried ? data.length : place, kind);
      if (packet === null) throw unfit(`A packet in the page at byte ${at} is not one that Tapedeck writes.`);
      ended += 1;
      if (carried) {
        Object.assign(carried.spread, { packet, from: time, until: time + packet.samples });
        open = null;
        page.from = time + packet.samples;
      }
      time += packet.samples;
    });
    if (head.granule === -1 || ended === 0) return;
    const said = head.granule - zero;
    // The last page may say that the sound is cut off before its packets end.
    page.off = said < time && head.flags & PAGE_ENDS ? 0 : said - time;
    if (page.carried?.spread.packet) widen(page.carried.spread, page.off);
    time = said;
  }

  function note(head: PageHead, body: Buffer): void {
    const page: Page = {
      ...{ at, bytes: head.bytes, layout: null, from: 0, off: 0, carried: null, cut: null },
    };
    if (head.flags & PAGE_BEGINS || layout === null) {
      begin(head, body);
    } else if (head.serial !== serial) throw unfit('It has several streams at once.');
    else if (state === 'tags') {
      const continues = Boolean(head.flags & PAGE_CONTINUES);
      if (head.pieces.length > 1 || (!continues && body.toString('latin1', 0, 8) !== 'OpusTags'))
        throw unfit('Its tags are not where they should be.');
      if (!head.goesOn) state = 'sound';
    } else {
      if (Boolean(head.flags & PAGE_CONTINUES) !== (open !== null))
        throw unfit('A page does not go on where the one before ends.');
      page.layout = layout;
      sound(page, head, body, layout);
    }
    pages.push(page);
  }

  return {
    push(chunk: Buffer): void {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (;;) {
        const head = pageHead(rest);
        if (head === 'none') throw unfit(`There is no page at byte ${at}.`);
        if (head === null || rest.length < head.bytes) return;
        note(head, rest.subarray(head.headBytes, head.bytes));
        rest = rest.subarray(head.bytes);
        at += head.bytes;
      }
    },
    /** All pages, when there is nothing more to read. */
    end(): Page[] {
      if (rest.length > 0 || state !== 'sound' || open) throw unfit('It ends in the middle of a page.');
      return pages;
    },
  };
}

/** Makes the times of a packet reach over both places where it may be. */
export function widen(times: { from: number; until: number }, off: number): void {
  times.from += Math.min(0, off);
  times.until += Math.max(0, off);
}
