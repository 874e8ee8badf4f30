import fc from 'fast-check';
import t from 'tap';
import { TapedeckError } from '../../../daemon/domain/error.js';
import type { Stretch } from '../../../daemon/domain/people/person.js';
import { pageHead, stamp } from '../../../daemon/domain/recording/ogg.js';
import { createMasks } from '../../../daemon/vault/sound/masked.js';
import { readPacket, silentPacket } from '../../../daemon/vault/sound/opus.js';
import { gathered, maskedOf, recordingOf, sourceOf } from '../../support/recordings/masked.js';
import { kinds } from '../../support/recordings/masked-kinds.js';
import { DECODERS, dataOf, heardBy, oggOf, opusOf, packetsOf } from '../../support/recordings/opus.js';

/** A packet that begins so, of so many bytes. */
const packetOf = (toc: number, second: number, bytes: number) =>
  Buffer.of(toc, second, ...Array(1500).fill(0xa5)).subarray(0, bytes);

const SECONDS = 12;
const LONG = SECONDS * 1000;
const [telephone] = Object.values(kinds) as [Buffer];

t.test('a silent packet is as long as the one in whose place it is, in bytes and in time', async (t) => {
  fc.assert(
    fc.property(fc.nat(255), fc.nat(255), fc.integer({ min: 0, max: 1500 }), (toc, second, bytes) => {
      const packet = readPacket(packetOf(toc, second, bytes), 0, bytes, 'coupled');
      if (packet === null) return bytes === 0 || (toc & 3) === 3;
      const { samples, bytes: length } = readPacket(silentPacket(packet), 0, bytes, 'coupled')!;
      return length === bytes && samples === packet.samples;
    }),
    { numRuns: 5000 },
  );
  const silent = (toc: number, second: number, bytes: number) =>
    silentPacket(readPacket(packetOf(toc, second, bytes), 0, bytes, 'coupled')!);
  t.strictSame(silent(0x08, 9, 1), Buffer.of(0x08), 'one byte says how long it is');
  t.strictSame(silent(0x78, 9, 3), Buffer.of(0xf8, 0xff, 0xff));
  t.strictSame(silent(0x7c, 9, 2), Buffer.of(0xff, 1), 'no room: nothing is there');
  t.strictSame(
    [...silent(0x7b, 2, 600).subarray(0, 5)],
    [0xfb, 0x42, 255, 255, 83],
    'RFC 6716, 3.2.5: 2 + 3 + 2 * 254 + 83 + 2 * 2 = 600',
  );
});

t.test(
  'outside of what may be heard there is silence, inside the same as ever, and nothing moves',
  async (t) => {
    for (const [kind, bytes] of Object.entries(kinds)) {
      const silenced = await maskedOf(bytes, LONG, [3010, 8000], [9000, 10_200]);
      t.equal(silenced.length, bytes.length, kind);
      const before = packetsOf(bytes);
      const after = packetsOf(silenced);
      const shape = (packets: typeof before) =>
        packets.map(({ pts, duration, size }) => `${pts} ${duration} ${size}`).join('\n');
      t.ok(shape(after) === shape(before), `${kind}: packets lie where they did`);
      for (const [i, { pts, duration, hash }] of before.entries()) {
        const until = pts + duration;
        const inside = [
          [3010, 8000],
          [9000, 10_200],
        ].some(([from, to]) => from! <= pts && until <= to!);
        const deep = [
          [3010, 8000],
          [9000, 10_200],
        ].some(([from, to]) => from! + duration <= pts && until + 5 <= to!);
        if (deep && after[i]!.hash !== hash) t.fail(`${kind}: ${pts} ms is lost`);
        if (!inside && after[i]!.hash === hash) t.fail(`${kind}: ${pts} ms is given away`);
      }
      for (const decoder of DECODERS) {
        const whole = heardBy(decoder, bytes);
        const part = heardBy(decoder, silenced);
        const at = (ms: number) => ms * 48;
        for (const side of [0, 1]) {
          const [was, is] = [whole.channels[side]!, part.channels[side]!];
          t.equal(is.length, was.length);
          const loudest = (from: number, to: number) =>
            is.subarray(at(from), at(to)).reduce((top, s) => Math.max(top, Math.abs(s)), 0);
          for (const [from, to] of [
            [0, 3010],
            [8110, 9000],
            [10_300, LONG],
          ])
            t.ok(
              loudest(from!, to!) <= 2 / 32_768,
              `${kind}, ${decoder}: ${from} to ${to}: ${loudest(from!, to!)}`,
            );
          // A decoder is as if nothing had been silent once it has come through a pause.
          let worst = 0;
          for (let n = at(5250); n < at(7900); n++) worst = Math.max(worst, Math.abs(was[n]! - is[n]!));
          t.ok(worst <= 1 / 32_768, `${kind}, ${decoder}: differs by ${worst}`);
        }
      }
    }
  },
);

t.test('any range of it is the same bytes, whoever asks and however often', async (t) => {
  const masks = createMasks();
  const recording = recordingOf(telephone, LONG);
  const stretches = fc
    .uniqueArray(fc.integer({ min: -500, max: LONG + 500 }), { minLength: 2, maxLength: 6 })
    .map((times) => times.sort((a, b) => a - b))
    .map((times) =>
      times.flatMap((fromMs, i): Stretch[] => {
        const untilMs = times[i + 1];
        return i % 2 === 0 ? [{ fromMs, untilMs: untilMs ?? null }] : [];
      }),
    );
  await fc.assert(
    fc.asyncProperty(
      stretches,
      fc.nat(telephone.length - 1),
      fc.nat(telephone.length),
      async (heard, start, more) => {
        const end = Math.min(telephone.length - 1, start + more);
        const source = await masks.mask(sourceOf(telephone), recording, heard);
        const whole = await gathered(source.read(0, source.size - 1));
        t.ok(
          (await gathered(source.read(start, end))).equals(whole.subarray(start, end + 1)),
          `${start}-${end}`,
        );
        t.equal((await gathered(source.read(start, start - 1))).length, 0);
      },
    ),
    { numRuns: 60 },
  );
  const all = await masks.mask(sourceOf(telephone), recording, [{ fromMs: 0, untilMs: LONG }]);
  t.ok((await gathered(all.read(0, all.size - 1))).equals(telephone), 'who hears all gets the file');
});

/** The same packets in other pages. */
const repaged = (bytes: Buffer, pieces: number) => oggOf(bytes, dataOf(bytes), pieces);

const hashes = (bytes: Buffer) =>
  packetsOf(bytes)
    .map((packet) => packet.hash)
    .join('\n');

t.test('packets that lie in several pages are silenced too', async (t) => {
  const loud = opusOf(
    3,
    48_000,
    '-application',
    'audio',
    '-b:a',
    '510k',
    '-vbr',
    'off',
    '-frame_duration',
    '20',
  );
  for (const pieces of [1, 3, 200]) {
    const bytes = repaged(loud, pieces);
    t.ok(hashes(bytes) === hashes(loud), 'the file is a good one');
    const [paged, plain] = [
      await maskedOf(bytes, 3000, [1000, 2000]),
      await maskedOf(loud, 3000, [1000, 2000]),
    ];
    t.ok(hashes(paged) === hashes(plain), `${pieces} pieces a page`);
  }
});

t.test('one recording after another in a file is one timeline', async (t) => {
  const second = Buffer.from(opusOf(4, 8000, '-application', 'voip', '-b:a', '20k'));
  const chained = Buffer.concat([telephone, second]);
  const silenced = await maskedOf(chained, LONG + 4000, [LONG + 1000, LONG + 2000]);
  t.equal(silenced.length, chained.length);
  t.ok(silenced.subarray(0, telephone.length).equals(await maskedOf(telephone, LONG, [LONG + 9, null])));
  t.ok(silenced.subarray(telephone.length).equals(await maskedOf(second, 4000, [1000, 2000])));
});

t.test('where the file says that its packets lie elsewhere, only what fits both is heard', async (t) => {
  const moved = Buffer.from(telephone);
  const places: number[] = [];
  for (let at = 0; at < moved.length; ) {
    const head = pageHead(moved.subarray(at));
    if (head === null || head === 'none') throw new Error('no page');
    places.push(at);
    at += head.bytes;
  }
  // From the fourth page of sound on everything is said to be two seconds later.
  for (const at of places.slice(5)) {
    moved.writeBigInt64LE(moved.readBigInt64LE(at + 6) + 96_000n, at + 6);
    const head = pageHead(moved.subarray(at));
    if (head !== null && head !== 'none') stamp(moved.subarray(at, at + head.bytes));
  }
  const before = packetsOf(telephone);
  const after = packetsOf(await maskedOf(moved, LONG, [3500, 5500]));
  const same = before
    .filter(({ hash }, i) => hash === after[i]!.hash && before[i]!.size > 3)
    .map((p) => p.pts);
  t.ok(
    same.every((pts) => pts < 5500),
    `${same}`,
  );
});

t.test('whatever the file is, it is silenced for sure or not given', async (t) => {
  // From the middle of packets, where there is nothing but sound.
  const marks: Buffer[] = [];
  for (let at = 0, n = 0; at < telephone.length; n++) {
    const head = pageHead(telephone.subarray(at));
    if (head === null || head === 'none') throw new Error('no page');
    let place = at + head.headBytes;
    for (const piece of head.pieces) {
      if (n > 1 && piece > 30) marks.push(telephone.subarray(place + 6, place + 26));
      place += piece;
    }
    at += head.bytes;
  }
  t.ok(marks.length > 200);
  const silent = await maskedOf(telephone, LONG, [LONG - 10, null]);
  t.notOk(marks.some((mark) => silent.includes(mark)));
  let given = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(telephone.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.option(fc.nat(telephone.length)),
      fc.boolean(),
      async (changes, cut, sealed) => {
        const bytes = Buffer.from(telephone.subarray(0, cut ?? undefined));
        // Without the checksums too, changes in the heads of pages come through.
        for (const [at, byte] of changes) if (at < bytes.length) bytes[sealed ? at : at % 300] = byte;
        try {
          const out = await maskedOf(bytes, LONG, [LONG - 10, null]);
          given += 1;
          t.equal(out.length, bytes.length);
          const body = out.subarray(2000);
          t.notOk(marks.some((mark) => body.includes(mark)));
        } catch (error) {
          t.ok(error instanceof TapedeckError && error.code === 'mask_failed', String(error));
        }
      },
    ),
    { numRuns: 300 },
  );
  t.ok(given > 0, 'some are');
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (noise) => {
      await t.rejects(maskedOf(Buffer.from(noise), LONG, [5, 6]), { code: 'mask_failed' });
    }),
  );
});
