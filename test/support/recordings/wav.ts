/** A mono 16-bit wav file: silence with bursts of a 700 Hz tone, `[from, to]` in ms. */
export function wav(rate: number, ms: number, bursts: [number, number][], lengths?: number): Buffer {
  const samples = Math.round((ms * rate) / 1000);
  const data = Buffer.alloc(2 * samples);
  for (const [from, to] of bursts) {
    for (let n = Math.round((from * rate) / 1000); n < (to * rate) / 1000; n++) {
      data.writeInt16LE(Math.round(20_000 * Math.sin((2 * Math.PI * 700 * n) / rate + 1)), 2 * n);
    }
  }
  return Buffer.concat([wavHead({ rate, bytes: lengths ?? data.length }), data]);
}

export function wavHead({ rate = 8000, channels = 1, bits = 16, bytes = 0, tag = 1 }): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(Math.min(0xffffffff, bytes && bytes + 36), 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(tag, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE((rate * channels * bits) / 8, 28);
  head.writeUInt16LE((channels * bits) / 8, 32);
  head.writeUInt16LE(bits, 34);
  head.write('data', 36);
  head.writeUInt32LE(bytes, 40);
  return head;
}
