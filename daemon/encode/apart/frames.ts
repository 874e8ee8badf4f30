/**
 * How the recorder and the encoder speak over their socket: frames of a head (kind, input, length) and a payload. One
 * connection is one run of ffmpeg. The recorder sends an order, and the bytes of each input as far as the encoder has asked for
 * them (`want`); so no input waits behind another, whichever ffmpeg reads first. The encoder sends the result, and last of all
 * `done`, `answer` or `fault`.
 */
export const KINDS = {
  // From the recorder.
  order: 1,
  input: 2,
  inputEnd: 3,
  // From the encoder.
  want: 16,
  output: 17,
  done: 18,
  answer: 19,
  fault: 20,
} as const;
export type Kind = keyof typeof KINDS;

export type Frame = { kind: Kind; input: number; payload: Buffer };

const HEAD_BYTES = 8;
/** Of a payload; more is sent as several frames. */
export const PIECE_BYTES = 64 << 10;
/** Of an order, which names every stretch of a call. */
export const ORDER_BYTES = 4 << 20;

const NAMES = new Map<number, Kind>(Object.entries(KINDS).map(([name, value]) => [value, name as Kind]));

/** A frame as it is sent. */
export function frame(kind: Kind, payload: Uint8Array = NOTHING, input = 0): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  bytes.writeUInt16BE(KINDS[kind], 0);
  bytes.writeUInt16BE(input, 2);
  bytes.writeUInt32BE(payload.length, 4);
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}
const NOTHING = Buffer.alloc(0);

/** So many bytes are wanted. */
export function amount(bytes: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(bytes);
  return payload;
}

/** A frame that the other side may not send. */
export class BadFrame extends Error {}

/**
 * Reads frames from a stream that is cut anywhere, holding one frame at most. Throws `BadFrame` for a kind that is not in
 * `kinds`, or one that is longer than that kind may be.
 */
export function createFrameReader(kinds: readonly Kind[]): (chunk: Buffer) => Generator<Frame> {
  let held: Buffer[] = [];
  let bytes = 0;
  let needed = HEAD_BYTES;

  return function* read(chunk) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes < needed) return;
    let rest = held.length === 1 ? chunk : Buffer.concat(held);
    for (;;) {
      needed = HEAD_BYTES;
      if (rest.length < needed) break;
      const kind = NAMES.get(rest.readUInt16BE(0));
      const length = rest.readUInt32BE(4);
      if (kind === undefined || !kinds.includes(kind)) throw new BadFrame('a frame of another kind');
      if (length > (kind === 'order' ? ORDER_BYTES : PIECE_BYTES))
        throw new BadFrame(`a frame of ${length} bytes`);
      needed = HEAD_BYTES + length;
      if (rest.length < needed) break;
      const payload = rest.subarray(HEAD_BYTES, needed);
      const input = rest.readUInt16BE(2);
      rest = rest.subarray(needed);
      yield { kind, input, payload };
    }
    held = rest.length > 0 ? [rest] : [];
    bytes = rest.length;
  };
}
