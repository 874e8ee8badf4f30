/** The plainest wav file there is: 16-bit mono samples, little-endian, behind a header of this length. */
const HEADER_BYTES = 44;

/** Returns a wav file of such samples at `rate` Hz. */
export function wavOf(samples: Uint8Array, rate: number): Uint8Array {
  const file = new Uint8Array(HEADER_BYTES + samples.length);
  const view = new DataView(file.buffer);
  const words = (at: number, text: string) => {
    for (const [n, c] of [...text].entries()) file[at + n] = c.charCodeAt(0);
  };
  words(0, 'RIFF');
  view.setUint32(4, file.length - 8, true);
  words(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  words(36, 'data');
  view.setUint32(40, samples.length, true);
  file.set(samples, HEADER_BYTES);
  return file;
}

/** Returns the samples of such a file. */
export const samplesOf = (file: Uint8Array): Uint8Array => file.subarray(HEADER_BYTES);

/** Returns one file of several such files at the same rate, one after the other. */
export function joined(files: Uint8Array[], rate: number): Uint8Array {
  const parts = files.map(samplesOf);
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return wavOf(all, rate);
}

/** How long such a file lasts, in ms. */
export const lengthOf = (file: Uint8Array, rate: number): number =>
  Math.round(((file.length - HEADER_BYTES) / 2 / rate) * 1_000);
