/** The level that stands for digital silence, in dBFS. */
export const SILENCE_DB = -120;

/** The level of a mean square in 16-bit units, in dBFS: a full-scale square wave is 0. */
export const levelOf = (square: number): number =>
  square === 0 ? SILENCE_DB : Math.max(SILENCE_DB, 10 * Math.log10(square / 32_768 ** 2));

/** Cuts a stream of 16-bit little-endian interleaved stereo, cut at any byte, into whole frames: left, right, left, … */
export function createPcmReader(): (chunk: Buffer) => Int16Array {
  let carry: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk;
    const whole = bytes.length - (bytes.length % 4);
    carry = Buffer.from(bytes.subarray(whole)); // a copy: the caller may use its buffer again
    // Only what begins at an even address can be read as it is.
    const even = bytes.byteOffset % 2 === 0 ? bytes : Uint8Array.from(bytes.subarray(0, whole));
    return new Int16Array(even.buffer, even.byteOffset, whole / 2);
  };
}
