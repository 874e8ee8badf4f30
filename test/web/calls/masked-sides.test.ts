import fc from 'fast-check';
import t from 'tap';
import { stamp } from '../../../daemon/domain/recording/ogg.js';
import { readPacket, silentPacket } from '../../../daemon/vault/sound/opus.js';
import { maskedOf } from '../../support/recordings/masked.js';
import {
  apartOf,
  bodyOf,
  DECODERS,
  dataOf,
  heardBy,
  oggOf,
  opusOf,
  pagesOf,
} from '../../support/recordings/opus.js';

/** Recordings of two mono streams: every packet, header and page that can be made silent, and those that are refused. */
const MS = 20;
const real = apartOf(6, 8000, '-application', 'voip', '-b:a', '24k');
const realPackets = dataOf(real);

/** First bytes of one mono frame of 20 ms: for speech, for both, and for music. */
const TOCS = [1, 5, 9, 13, 15, 19, 23, 27, 31].map((config) => config << 3);

/** A packet of two streams as appendix B of RFC 6716 has it, with noise in both. */
function packetOf(left: number, right: number, toc = 0x08, other = toc, noise = 7): Buffer {
  const bytes = (n: number) =>
    Buffer.from(Array.from({ length: n }, (_, i) => (i * 89 + noise * 53 + 17) & 255));
  const length = left < 252 ? [left] : [252 + (left & 3), (left - 252 - (left & 3)) / 4];
  return Buffer.concat([Buffer.of(toc, ...length), bytes(left), Buffer.of(other), bytes(right)]);
}
/** The smallest packet of so many bytes. */
const packetOfSize = (bytes: number, toc?: number): Buffer => {
  const left = Math.min(1275, Math.floor((bytes - 3) / 2));
  const packet = packetOf(left, 0, toc);
  return packetOf(left, bytes - packet.length, toc);
};
const packetIn = (data: Buffer) => readPacket(data, 0, data.length, 'apart')!;
const sizes = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

t.test('a packet of two streams becomes a silent one of the same length, from the smallest on', async (t) => {
  for (const bytes of sizes(3, 2554)) {
    const packet = packetOfSize(bytes);
    const silent = silentPacket(packetIn(packet));
    // Padding is not what the encoder makes, so what must be read back is what a decoder reads: both streams, 20 ms each.
    const left = silent[1]!;
    if (
      packet.length !== bytes ||
      silent.length !== bytes ||
      silent[0] !== 0xf8 ||
      silent[left + 2]! >> 3 !== 31
    )
      t.fail(`${bytes} bytes: ${silent.toString('hex').slice(0, 40)}`);
  }
  const hex = (bytes: number) => silentPacket(packetIn(packetOfSize(bytes))).toString('hex');
  t.equal(hex(3), 'f800f8', 'no room: nothing is there, on either side');
  t.equal(hex(7), 'f802fffff8ffff');
  t.equal(hex(8), 'f802fffffb01ffff');
  t.equal(hex(11), 'f802fffffb4102ffff0000');
});

t.test('packets of every size are digital silence to every decoder', async (t) => {
  const step = [...sizes(7, 560), ...sizes(1020, 1040), ...sizes(2530, 2554)];
  for (const toc of [0x08, 0x48, 0x98]) {
    const bytes = oggOf(
      real,
      step.map((size) => packetOfSize(size, toc)),
      255,
    );
    const length = step.length * MS;
    const silent = await maskedOf(bytes, length, [length + 1, null]);
    t.equal(silent.length, bytes.length);
    for (const decoder of DECODERS) {
      const { channels, seconds } = heardBy(decoder, silent);
      t.ok(seconds * 1000 > length - 30, `${decoder}: nothing is left out`);
      t.ok(
        channels.every((side) => side.every((sample) => sample === 0)),
        `${decoder}: nothing is heard`,
      );
    }
  }
  // Too small for silence on both sides: what was heard before fades out.
  for (const size of sizes(3, 6)) {
    const packets = [...realPackets.slice(0, 100), ...sizes(1, 100).map(() => packetOfSize(size))];
    const silent = await maskedOf(oggOf(real, packets, 255), 4000, [0, 2000]);
    for (const decoder of DECODERS) {
      const { channels } = heardBy(decoder, silent);
      const loudest = Math.max(...channels.map((side) => side.subarray(48 * 3000).reduce(louder, 0)));
      t.ok(loudest < 0.001, `${size} bytes, ${decoder}: ${loudest}`);
    }
  }
});
const louder = (top: number, sample: number) => Math.max(top, Math.abs(sample));

const frame = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 1275 }));
const packet = fc
  .tuple(frame, frame, fc.constantFrom(...TOCS), fc.constantFrom(...TOCS), fc.nat(255))
  .map((given) => packetOf(...given));

t.test('whatever the packets and wherever the pages end, only what may be heard is left', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(packet, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 255 }),
      fc.nat(1200),
      fc.nat(1200),
      async (packets, pieces, from, more) => {
        const bytes = oggOf(real, packets, pieces);
        const length = packets.length * MS;
        const out = await maskedOf(bytes, length, [from, from + more], [length + 9, null]);
        t.equal(out.length, bytes.length);
        const shape = (file: Buffer) => pagesOf(file).map((page) => page.subarray(0, 22).toString('hex'));
        t.strictSame(shape(out), shape(bytes), 'pages lie where they did');
        for (const page of pagesOf(out)) {
          const copy = Buffer.from(page);
          stamp(copy);
          if (!copy.equals(page)) t.fail('a checksum is wrong');
        }
        const before = bytes.readUInt16LE(bytes.indexOf('OpusHead') + 10) / 48;
        dataOf(out).forEach((data, n) => {
          const at = n * MS - before;
          const inside = from <= at - MS && at + MS + 5 <= from + more;
          const due = inside || (from <= 0 && at + MS + 5 <= more) ? packets[n]! : null;
          const silence = silentPacket(packetIn(packets[n]!));
          if (!data.equals(due ?? silence)) t.fail(`packet ${n}, ${from} to ${from + more} ms`);
        });
      },
    ),
    { numRuns: 150 },
  );
});

t.test('at the boundary of every page each side is as before within, and silent without', async (t) => {
  const whole = heardBy('libopus', real).channels;
  // 50 packets a page, as ffmpeg makes them, and pages that cut packets.
  for (const pieces of [50, 7]) {
    const bytes = oggOf(real, realPackets, pieces);
    for (const from of [1000, 2000, 3000, 4000]) {
      const out = await maskedOf(bytes, 6000, [from, from + 1000]);
      for (const decoder of DECODERS) {
        const { channels } = heardBy(decoder, out);
        for (const [i, side] of channels.entries()) {
          const part = (a: number, b: number) => side.subarray(a * 48, b * 48).reduce(louder, 0);
          t.equal(part(0, from), 0, `${decoder}, ${from} ms: silent before`);
          t.equal(part(from + 1030, 6000), 0, `${decoder}, ${from} ms: silent after`);
          const own = whole[i]!.subarray((from + 500) * 48, (from + 900) * 48);
          const worst = own.reduce((w, s, n) => Math.max(w, Math.abs(s - side[(from + 500) * 48 + n]!)), 0);
          t.ok(
            worst < (decoder === 'opus' ? 0.2 : 0.01),
            `${decoder}, ${from} ms: as before within, ${worst}`,
          );
        }
      }
    }
  }
});

t.test('what is not exactly as recordings are made is refused, not guessed', async (t) => {
  const refused = async (bytes: Buffer, what: string) =>
    t.rejects(maskedOf(bytes, 6000, [1000, 2000]), { code: 'mask_failed' }, what);
  const withHead = (change: (head: Buffer) => void): Buffer => {
    const bytes = Buffer.from(real);
    const [page] = pagesOf(bytes);
    change(bodyOf(page!));
    stamp(page!);
    return bytes;
  };
  await t.resolves(
    maskedOf(
      withHead(() => {}),
      6000,
      [1000, 2000],
    ),
  );
  const heads: [string, number, number][] = [
    ['version 0', 8, 0],
    ['version 2', 8, 2],
    ['version 17', 8, 17],
    ['one channel', 9, 1],
    ['three channels', 9, 3],
    ['mapping family 0 with a table', 18, 0],
    ['mapping family 2', 18, 2],
    ['mapping family 255', 18, 255],
    ['one stream', 19, 1],
    ['three streams', 19, 3],
    ['a coupled stream', 20, 1],
    ['the sides exchanged', 21, 1],
    ['the left on both sides', 22, 0],
    ['a silent side', 22, 255],
  ];
  for (const [what, at, byte] of heads)
    await refused(
      withHead((head) => head.fill(byte, at, at + 1)),
      what,
    );
  const mono = opusOf(2, 8000, '-ac', '1', '-application', 'voip', '-b:a', '12k');
  await refused(mono, 'a mono file');
  await refused(opusOf(2, 8000, '-mapping_family', '255', '-b:a', '24k'), 'as ffmpeg writes it');

  const packets: [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.of(0x08)],
    ['two bytes', Buffer.of(0x08, 0)],
    ['a left side longer than the packet', Buffer.of(0x08, 9, 1, 2, 3, 0x08)],
    ['no right side', Buffer.of(0x08, 3, 1, 2, 3)],
    ['a length cut off', Buffer.of(0x08, 253)],
    ['a stereo left side', packetOf(20, 20, 0x0c, 0x08)],
    ['a stereo right side', packetOf(20, 20, 0x08, 0x0c)],
    ['two frames on the left', packetOf(20, 20, 0x09, 0x08)],
    ['two frames on the right', packetOf(20, 20, 0x08, 0x0a)],
    ['any number of frames', packetOf(20, 20, 0x0b, 0x0b)],
    ['10 ms', packetOf(20, 20, 0x00)],
    ['40 ms on the right', packetOf(20, 20, 0x08, 0x10)],
    ['a frame that is too long', packetOf(1276, 9)],
    ['a right frame that is too long', packetOf(9, 1276)],
  ];
  for (const [what, packet] of packets)
    for (const pieces of [1, 50])
      await refused(
        oggOf(real, [...realPackets.slice(0, 60), packet, ...realPackets.slice(60)], pieces),
        what,
      );
  const long = Buffer.concat([packetOf(20, 20), Buffer.alloc(70_000)]);
  await refused(oggOf(real, [long, ...realPackets], 1), 'a packet that never ends');
});

t.test('a coupled recording with what is no packet is refused too', async (t) => {
  const coupled = opusOf(2, 8000, '-application', 'voip', '-b:a', '24k');
  const packets = dataOf(coupled);
  await t.resolves(maskedOf(oggOf(coupled, packets, 50), 2000, [500, 1000]));
  for (const [what, packet] of [
    ['nothing', Buffer.alloc(0)],
    ['no count of frames', Buffer.of(0x0b)],
    ['no frames', Buffer.of(0x0b, 0, 1, 2)],
    ['more than 120 ms', Buffer.of(0x1b, 3, 1, 2)],
  ] as const)
    await t.rejects(
      maskedOf(oggOf(coupled, [...packets.slice(0, 9), packet, ...packets.slice(9)], 50), 2000, [500, 1000]),
      { code: 'mask_failed' },
      what,
    );
});
