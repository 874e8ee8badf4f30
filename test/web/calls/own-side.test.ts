import t from 'tap';
import type { Audible } from '../../../daemon/domain/people/reach.js';
import { within } from '../../../daemon/vault/sound/heard.js';
import { createMasks } from '../../../daemon/vault/sound/masked.js';
import { rmsDb } from '../../support/recordings/audio.js';
import { gathered, recordingOf, sourceOf } from '../../support/recordings/masked.js';
import { kinds, SECONDS } from '../../support/recordings/masked-kinds.js';
import { DECODERS, dataOf, heardBy, oggOf, packetsOf } from '../../support/recordings/opus.js';

const LONG = SECONDS * 1000;
/** Less than one step of 16 bits. */
const NOTHING_DB = -80;
const apart = ['telephone', 'wideband', 'as good as it gets'];
const whole: Audible[] = [{ fromMs: 0, untilMs: LONG }];

async function sidesOf(bytes: Buffer, left: Audible[], right: Audible[]): Promise<Buffer> {
  const source = await createMasks().maskSides(sourceOf(bytes), recordingOf(bytes, LONG), {
    left: within(left, LONG),
    right: within(right, LONG),
  });
  return gathered(source.read(0, source.size - 1));
}

t.test('one side is silent, and the other the same to the sample', async (t) => {
  for (const kind of apart) {
    const bytes = kinds[kind]!;
    for (const [own, other, masked] of [
      [0, 1, await sidesOf(bytes, whole, [])],
      [1, 0, await sidesOf(bytes, [], whole)],
    ] as const) {
      t.equal(masked.length, bytes.length, 'nothing moves');
      const shape = (of: Buffer) =>
        packetsOf(of).map(({ pts, duration, size }) => `${pts} ${duration} ${size}`);
      t.strictSame(shape(masked), shape(bytes));
      for (const decoder of DECODERS) {
        const [before, after] = [heardBy(decoder, bytes), heardBy(decoder, masked)];
        const db = rmsDb(after.channels[other]!);
        t.ok(db <= NOTHING_DB, `${kind}, ${decoder}: the other party is at ${db} dB`);
        t.ok(rmsDb(before.channels[other]!) > -40, 'who was loud before');
        // ffmpeg's own decoder moves a stream by half a millisecond when its other stream changes its mode.
        if (decoder === 'opus') continue;
        t.equal(after.channels[own]!.length, before.channels[own]!.length);
        let worst = 0;
        for (const [n, sample] of after.channels[own]!.entries())
          worst = Math.max(worst, Math.abs(sample - before.channels[own]![n]!));
        t.equal(worst, 0, `${kind}, ${decoder}: their own side differs by ${worst}`);
      }
    }
  }
});

t.test('a person who came later is heard on a side from there, and nobody before', async (t) => {
  const bytes = kinds.telephone!;
  const masked = await sidesOf(bytes, [], [{ fromMs: 5_000, untilMs: LONG }]);
  for (const decoder of DECODERS) {
    const { channels, rate } = heardBy(decoder, masked);
    const of = (side: number, from: number, until: number) =>
      rmsDb(channels[side]!.subarray((from * rate) / 1000, (until * rate) / 1000));
    t.ok(of(1, 0, 4_990) <= NOTHING_DB, `${decoder}: ${of(1, 0, 4_990)} dB before`);
    t.ok(of(1, 5_100, LONG - 100) > -40, `${decoder}: heard after`);
    t.ok(of(0, 0, LONG - 100) <= NOTHING_DB);
  }
  const small = await sidesOf(oggOf(bytes, dataOf(bytes), 3), [], [{ fromMs: 5_000, untilMs: LONG }]);
  const hashes = (of: Buffer) => packetsOf(of).map(({ hash }) => hash);
  t.strictSame(hashes(small), hashes(masked), 'the same where packets lie in several pages');
});

t.test('of sides that were encoded together nothing is given', async (t) => {
  const bytes = kinds['coupled, as the version before made it']!;
  await t.rejects(sidesOf(bytes, whole, []), { code: 'privacy_refused', detail: /encoded together/ });
});
