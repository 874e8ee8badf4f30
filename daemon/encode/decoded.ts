import { setImmediate as turn } from 'node:timers/promises';
import { OpusDecoder } from 'opus-decoder';
import { fail } from '../domain/error.js';
import {
  isWhole,
  PAGE_BEGINS,
  PAGE_CONTINUES,
  PAGE_ENDS,
  type PageHead,
  pageHead,
} from '../domain/recording/ogg.js';
import { layoutOf } from '../domain/recording/opus-head.js';

/** What recordings are decoded at, in Hz: what was encoded. */
export type Rate = 8_000 | 16_000;

/** Opus counts time in samples of this rate (RFC 7845). */
const CLOCK = 48_000;
/** How many packets are decoded before the event loop turns: 2 s of a call take about 3 ms. */
const TURN = 100;
/** The longest packet of Opus, in s. */
const LONGEST = 0.12;
/** How far the time of a page may be off, in s: too little to hear. */
const ROUNDED = 0.02;
const SIDES = { channels: 2, streamCount: 2, coupledStreamCount: 0, channelMappingTable: [0, 1] };

/**
 * Decodes the Ogg Opus of a recording (two mono streams) as it arrives. Yields 16-bit little-endian interleaved stereo at `rate`,
 * without the padding of the encoder at both ends. libopus runs in a sandbox of its own (WebAssembly), at a tenth of the cost of
 * another ffmpeg. Throws `encode_failed` for anything else, such as a damaged or missing page, and `encode_short` if the file
 * breaks off. Rejects as `ogg` does.
 */
export async function* decoded(ogg: AsyncIterable<Buffer>, rate: Rate): AsyncGenerator<Buffer> {
  const decoder = new OpusDecoder({ ...SIDES, sampleRate: rate, preSkip: 0 });
  await decoder.ready;
  const read = createPacketReader();
  /** Samples at `rate`: decoded so far, and of these to be left out at the beginning. */
  let decodedSoFar = 0;
  let early = 0;
  try {
    for await (const chunk of ogg)
      for (const page of read.push(chunk)) {
        if (page.preSkip !== null) {
          early = toRate(page.preSkip, rate);
          continue;
        }
        const said = toRate(page.granule, rate);
        for (let at = 0; at < page.packets.length; at += TURN) {
          const { channelData, samplesDecoded, errors } = decoder.decodeFrames(
            page.packets.slice(at, at + TURN),
          );
          if (errors.length > 0) throw broken(`a packet cannot be decoded (${errors[0]!.message})`);
          const from = Math.min(samplesDecoded, Math.max(0, early - decodedSoFar));
          // The last page may say that the sound ends before its packets do.
          const until = page.ends ? Math.min(samplesDecoded, said - decodedSoFar) : samplesDecoded;
          decodedSoFar += samplesDecoded;
          yield interleaved(channelData as [Float32Array, Float32Array], from, Math.max(from, until));
          await turn();
        }
        // Players seek by the times of the pages.
        const off = (decodedSoFar - said) / rate;
        if (page.packets.length > 0 && (off < -ROUNDED || off > (page.ends ? LONGEST : ROUNDED)))
          throw broken('its pages tell other times than its packets');
      }
    read.end();
  } finally {
    decoder.free();
  }
}

const toRate = (samples: number, rate: Rate): number => Math.round((samples * rate) / CLOCK);

function interleaved([left, right]: [Float32Array, Float32Array], from: number, until: number): Buffer {
  const pcm = new Int16Array(2 * (until - from));
  for (let n = from; n < until; n++) {
    pcm[2 * (n - from)] = sample(left[n]!);
    pcm[2 * (n - from) + 1] = sample(right[n]!);
  }
  return Buffer.from(pcm.buffer);
}

const sample = (x: number): number => Math.max(-32_768, Math.min(32_767, Math.round(x * 32_768)));

/** The packets that end in a page, and its time; or `preSkip`, how much to leave out at the beginning. In samples at 48 kHz. */
type Packets = { packets: Uint8Array[]; granule: number; ends: boolean; preSkip: number | null };

const broken = (what: string) => fail('encode_failed', `Its output is no recording: ${what}.`);

/** Reads the packets of an Ogg Opus file that comes in pieces of any length. */
function createPacketReader() {
  let rest: Buffer = Buffer.alloc(0);
  let state: 'head' | 'tags' | 'sound' | 'over' = 'head';
  let serial = 0;
  let pages = 0;
  /** What has been read of a packet that continues on the next page. */
  let open: Buffer | null = null;

  function note(head: PageHead, page: Buffer): Packets | null {
    if (!isWhole(page)) throw broken(`page ${pages} has another checksum`);
    if (page.readUInt32LE(18) !== pages) throw broken(`page ${pages} is missing`);
    pages += 1;
    const body = page.subarray(head.headBytes);
    if (state === 'head') {
      if (!(head.flags & PAGE_BEGINS) || layoutOf(body) !== 'apart') throw broken('its head is another one');
      serial = head.serial;
      state = 'tags';
      return { packets: [], granule: 0, ends: false, preSkip: body.readUInt16LE(10) };
    }
    if (head.serial !== serial || state === 'over') throw broken('it has several streams');
    if (Boolean(head.flags & PAGE_CONTINUES) !== (open !== null)) throw broken('a packet is cut');
    const packets: Uint8Array[] = [];
    let place = 0;
    for (const [n, piece] of head.pieces.entries()) {
      const part = body.subarray(place, place + piece);
      place += piece;
      const whole: Buffer = open === null ? part : Buffer.concat([open, part]);
      open = head.goesOn && n === head.pieces.length - 1 ? whole : null;
      if (open === null) packets.push(whole);
    }
    if (state === 'tags') {
      if (packets.length > 1) throw broken('its tags are not where they should be');
      if (packets.length === 1) state = 'sound';
      return null;
    }
    const ends = Boolean(head.flags & PAGE_ENDS);
    if (ends) state = 'over';
    return { packets, granule: head.granule, ends, preSkip: null };
  }

  return {
    *push(chunk: Buffer): Generator<Packets> {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (;;) {
        const head = pageHead(rest);
        if (head === 'none') throw broken(`there is no page ${pages}`);
        if (head === null || rest.length < head.bytes) return;
        const found = note(head, rest.subarray(0, head.bytes));
        rest = rest.subarray(head.bytes);
        if (found) yield found;
      }
    },
    /** Throws `encode_short` if the file breaks off within a page or a packet. If whole pages are missing, its length tells. */
    end(): void {
      if (rest.length > 0 || open !== null || state === 'head' || state === 'tags')
        throw fail('encode_short', `It breaks off after ${pages} pages.`);
    },
  };
}
