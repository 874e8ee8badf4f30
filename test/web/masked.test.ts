import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { TapedeckError } from '../../daemon/domain/error.js';
import { FOUNDER, type Person, type Stretch } from '../../daemon/domain/people/person.js';
import { pageHead, stamp } from '../../daemon/domain/recording/ogg.js';
import { openSealed } from '../../daemon/vault/open.js';
import { createMasks } from '../../web/calls/sound/masked.js';
import { readPacket, silentPacket } from '../../web/calls/sound/opus.js';
import { gathered, maskedOf, recordingOf, sourceOf } from '../support/recordings/masked.js';
import {
  apartOf,
  coupledOf,
  DECODERS,
  dataOf,
  heardBy,
  oggOf,
  opusOf,
  packetsOf,
} from '../support/recordings/opus.js';
import { addRecording, flip, get, openDashboard, post, START, signInAs } from '../support/web/dashboard.js';

/** A packet that begins so, of so many bytes. */
const packetOf = (toc: number, second: number, bytes: number) =>
  Buffer.of(toc, second, ...Array(1500).fill(0xa5)).subarray(0, bytes);

const SECONDS = 12;
const LONG = SECONDS * 1000;
const kinds: Record<string, Buffer> = {
  telephone: apartOf(SECONDS, 8000, '-application', 'voip', '-b:a', '24k'),
  wideband: apartOf(SECONDS, 16_000, '-application', 'voip', '-b:a', '24k'),
  'as good as it gets': apartOf(
    ...([SECONDS, 16_000, '-application', 'voip', '-b:a', '128k', '-compression_level', '10'] as const),
  ),
  'coupled, as the version before made it': coupledOf(SECONDS, 8000),
  'coupled, wideband, with a copy of the packet before': opusOf(
    ...([SECONDS, 16_000, '-application', 'voip', '-b:a', '40k', '-fec', '1', '-packet_loss', '20'] as const),
  ),
  'long packets': opusOf(SECONDS, 16_000, '-application', 'voip', '-b:a', '32k', '-frame_duration', '60'),
  music: opusOf(SECONDS, 48_000, '-application', 'audio', '-b:a', '96k'),
  'very short packets': opusOf(
    SECONDS,
    48_000,
    '-application',
    'lowdelay',
    '-frame_duration',
    '2.5',
    '-b:a',
    '64k',
  ),
};
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

t.test('the dashboard gives each what they may hear, and reads no more than that needs', async (t) => {
  const reads: string[] = [];
  const dashboard = await openDashboard(t, {
    openSealed: async (...given) => {
      const sealed = await openSealed(...given);
      return {
        ...sealed,
        read(start, end) {
          reads.push(`${start}-${end}`);
          return sealed.read(start, end);
        },
      };
    },
  });
  const { app, catalogue } = dashboard;
  const answeredAt = START - 600_000;
  const leg = (number: string, ours: boolean, from: number, until: number) => ({
    ...{ id: number, endpoint: number, seenAt: answeredAt + from, upAt: answeredAt + from },
    ...{ goneAt: answeredAt + until, party: { number, name: '', ours } },
  });
  const { call, recording, path } = await addRecording(dashboard, telephone, {
    call: {
      ...{ startedAt: answeredAt - 5000, answeredAt, endedAt: answeredAt + LONG },
      legs: [leg('+49', false, 0, LONG), leg('101', true, -20, 5000), leg('102', true, 5000, LONG)],
    },
    recording: { durationMs: LONG },
  });
  const signIn = async (change: Partial<Person>) => {
    const id = `person ${reads.length} ${Math.random()}`;
    await catalogue.addUser({
      ...{ id, name: id, roles: ['agent'], extensions: [], grants: [], passwordHash: '', createdAt: 1 },
      ...{ scope: { all: false, extensions: [], queues: [], dids: [] } },
      ...change,
    });
    return signInAs(dashboard, id);
  };
  const founder = await signIn(FOUNDER);
  const first = await signIn({ extensions: ['101'] });
  const second = await signIn({ extensions: ['102'] });
  const both = await signIn({ extensions: ['101', '102'] });
  const url = `/calls/${call.id}/audio`;

  const whole = await get(app, url, founder);
  t.ok(whole.rawPayload.equals(telephone));
  t.equal(whole.headers.etag, `"${recording.plainSha256}"`);
  t.strictSame(reads.splice(0), [`0-${telephone.length - 1}`]);
  await get(app, url, founder, { range: 'bytes=100-199' });
  t.strictSame(reads.splice(0), ['100-199'], 'who hears all costs nothing more');
  t.ok((await get(app, url, both)).rawPayload.equals(telephone), 'two stays that meet are one');
  reads.splice(0);

  const tags = new Set([whole.headers.etag]);
  for (const [cookie, from, to] of [
    [first, 0, 5000],
    [second, 5000, null],
  ] as const) {
    const answer = await get(app, url, cookie);
    t.equal(answer.statusCode, 200);
    t.equal(answer.headers['content-length'], `${telephone.length}`);
    t.ok(answer.rawPayload.equals(await maskedOf(telephone, LONG, [from, to])));
    t.notOk(tags.has(answer.headers.etag));
    tags.add(answer.headers.etag);
    t.equal((await get(app, url, cookie, { 'if-none-match': answer.headers.etag })).statusCode, 304);
    t.equal((await get(app, url, cookie, { 'if-none-match': whole.headers.etag })).statusCode, 200);
    const part = await get(app, url, cookie, { range: 'bytes=5000-5099', 'if-range': answer.headers.etag });
    t.equal(part.statusCode, 206);
    t.ok(part.rawPayload.equals(answer.rawPayload.subarray(5000, 5100)));
    const other = await get(app, url, cookie, { range: 'bytes=5000-5099', 'if-range': whole.headers.etag });
    t.equal(other.statusCode, 200, 'what belongs to another is not put together with theirs');
  }
  t.equal(
    reads.filter((read) => read === `0-${telephone.length - 1}`).length,
    1 + 2 + 2 + 2,
    'its pages are found once',
  );
  t.equal(reads.filter((read) => read !== `0-${telephone.length - 1}`).length, 2);

  const said = await post(app, `/calls/${call.id}/heard`, { heard: [[4000, 7000]] }, { cookie: first });
  t.equal(said.json().counted_ms, 1000, 'what was silent for them they have not heard');

  const never = await addRecording(dashboard, telephone, {
    call: {
      legs: [leg('102', true, 0, LONG), { ...leg('101', true, -3000, -1000), upAt: null }],
      answeredAt,
    },
    recording: { durationMs: LONG },
  });
  t.equal(
    (await get(app, `/calls/${never.call.id}`, first)).statusCode,
    200,
    'whose phone rang sees the call',
  );
  t.equal(
    (await get(app, `/calls/${never.call.id}/audio`, first)).statusCode,
    403,
    'and hears nothing of it',
  );

  const noise = await addRecording(dashboard, Buffer.from('no sound at all'), {
    call: { legs: [leg('101', true, 0, 5000)], answeredAt },
    recording: { durationMs: LONG },
  });
  const refused = await get(app, `/calls/${noise.call.id}/audio`, first);
  t.equal(refused.statusCode, 500);
  t.equal(refused.json().error.code, 'mask_failed');
  flip(path, readFileSync(path), 1000);
  t.equal((await get(app, url, first)).json().error.code, 'seal_damaged');
});
