import { fail } from '../../daemon/domain/error.js';
import { PAGE_BEGINS, PAGE_CONTINUES, PAGE_ENDS, type PageHead, pageHead } from './ogg.js';
import { type PacketHead, samplesOf } from './opus.js';

/** A packet that lies in more than one page; its length and times are known at its end. */
export type Spread = PacketHead & { from: number; until: number };

/** A page of a recording. Times are samples at 48 kHz since the recording began. */
export type Page = {
  /** Its place in the file. */
  at: number;
  bytes: number;
  /** It has sound: not the head of a stream, and not its tags, which are kept as they are. */
  sound: boolean;
  /** When the first packet that begins in it begins. */
  from: number;
  /** By how much the page says that its packets lie elsewhere than where the ones before end; 0 where all is well. */
  off: number;
  /** The packet that its first bytes belong to, and how many bytes of that are in pages before. */
  carried: { packet: Spread; done: number } | null;
  /** The packet that its last bytes belong to, where that goes on in the next page. */
  cut: Spread | null;
};

type State = 'between' | 'head' | 'tags' | 'sound';

const unfit = (detail: string) => fail('mask_failed', detail);

/**
 * Notes where the pages of an Ogg Opus file lie and when their packets are, while it is read once from its beginning (RFC
 * 7845). Throws `mask_failed` for whatever else it is: what is not understood cannot be made silent for sure.
 */
export function createIndexer() {
  const pages: Page[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let at = 0;
  let state: State = 'between';
  let serial = 0;
  /** What a granule position has to be lessened by, and where the next packet begins. */
  let zero = 0;
  let time = 0;
  let open: { packet: Spread; done: number } | null = null;

  function begin(head: PageHead, body: Buffer): void {
    const first = body.subarray(0, head.pieces[0] ?? 0);
    if (!(head.flags & PAGE_BEGINS) || first.length < 19 || first.toString('latin1', 0, 8) !== 'OpusHead')
      throw unfit('It does not begin as an Ogg Opus file does.');
    if (head.pieces.length > 1 || head.goesOn || open) throw unfit('Its head is not alone in its page.');
    serial = head.serial;
    const skipped = first.readUInt16LE(10);
    zero = skipped - (pages.length === 0 ? 0 : time);
    time -= skipped;
    state = 'tags';
  }

  function sound(page: Page, head: PageHead, body: Buffer): void {
    let place = 0;
    let ended = 0;
    page.carried = open;
    page.from = time;
    const mine: Spread[] = [];
    head.pieces.forEach((piece, i) => {
      const last = i === head.pieces.length - 1;
      const goesOn = last && head.goesOn;
      if (i === 0 && open) {
        const { packet } = open;
        packet.bytes += piece;
        if (!goesOn) {
          ended += take(packet, mine);
          open = null;
          page.from = time;
        } else open = { packet, done: packet.bytes };
      } else {
        const packet = {
          bytes: piece,
          toc: body[place] ?? 0,
          second: body[place + 1] ?? 0,
          from: 0,
          until: 0,
        };
        if (goesOn) {
          page.cut = packet;
          open = { packet, done: piece };
        } else ended += take(packet, mine);
      }
      place += piece;
    });
    if (head.granule === -1 || ended === 0) return;
    const said = head.granule - zero;
    // The last page may say that the sound is cut off before its packets end.
    if (said < time && head.flags & PAGE_ENDS) page.off = 0;
    else page.off = said - time;
    for (const packet of mine) spread(packet, page.off);
    time = said;
  }

  /** A packet is at its end: gives 1. */
  function take(packet: Spread, mine: Spread[]): number {
    packet.from = time;
    time += samplesOf(packet) ?? 0;
    packet.until = time;
    mine.push(packet);
    return 1;
  }

  function note(head: PageHead, body: Buffer): void {
    const page: Page = {
      ...{ at, bytes: head.bytes, sound: state === 'sound', from: 0, off: 0, carried: null, cut: null },
    };
    if (head.flags & PAGE_BEGINS || state === 'between') {
      page.sound = false;
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
      sound(page, head, body);
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
export function spread(times: { from: number; until: number }, off: number): void {
  times.from += Math.min(0, off);
  times.until += Math.max(0, off);
}
