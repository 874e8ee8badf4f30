/** What the waveform of a recording is drawn from: the loudest sample of each stretch of time, 0..255, for each side. */
export type Peaks = {
  /** Stretches a second; not always a whole number. */
  perSecond: number;
  durationMs: number;
  left: Uint8Array;
  right: Uint8Array;
};

const VERSION = 1;
/** version u8 · perSecond f64 · durationMs u32 · count of left u32 · left · right, big-endian */
const HEADER = 17;

/** Peaks as the catalogue keeps them. */
export function encodePeaks(peaks: Peaks): Uint8Array {
  const bytes = new Uint8Array(HEADER + peaks.left.length + peaks.right.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setFloat64(1, peaks.perSecond);
  view.setUint32(9, peaks.durationMs);
  view.setUint32(13, peaks.left.length);
  bytes.set(peaks.left, HEADER);
  bytes.set(peaks.right, HEADER + peaks.left.length);
  return bytes;
}

/** Reads what `encodePeaks` made; null when it is of another version or was cut. */
export function decodePeaks(bytes: Uint8Array): Peaks | null {
  if (bytes.length < HEADER || bytes[0] !== VERSION) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const middle = HEADER + view.getUint32(13);
  if (middle > bytes.length) return null;
  return {
    perSecond: view.getFloat64(1),
    durationMs: view.getUint32(9),
    left: bytes.slice(HEADER, middle),
    right: bytes.slice(middle),
  };
}
