import t from 'tap';
import { because } from '../../../daemon/domain/reason/reason.js';
import { answeredAt, preserveLab, toneWav as wav, wavOf } from '../../support/recordings/preserve-lab.js';

/** So many seconds of a voice, then of exact silence, as a snoop writes that the PBX has fallen silent in. */
const fading = (soundS: number, silentS: number): Buffer =>
  wavOf(
    Int16Array.from({ length: 8_000 * (soundS + silentS) }, (_, i) =>
      i < 8_000 * soundS ? Math.round(8_000 * Math.sin(i / 3)) : 0,
    ),
  );

/** A cure brought the sound back after 1 s of the first segment, so that it was a mute; of the second nobody knows. */
const proved = { mutedFrom: { in: answeredAt + 1_000, out: null }, fed: 'bob 1' };
const cure = { because: because('side_silent'), atMs: 7_000, fed: 'bob 1' };

const told = async (t: Parameters<typeof preserveLab>[0], second: object, talkMs: number) => {
  const lab = await preserveLab(t);
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  await lab.add(
    id,
    [
      { in: fading(1, 6), out: wav(7), ...proved },
      { ...cure, ...second },
    ],
    { talkMs },
  );
  return (await lab.run(id)).recording!.gaps.map(({ side, atMs, untilMs, why }) => [
    ...[side, Math.round(atMs / 100) / 10, Math.round(untilMs / 100) / 10, why?.code],
  ]);
};
const first = ['them', 1, 7, 'muted'];

t.test('a side that was mute once is missing wherever it falls silent to the end of a file', async (t) => {
  t.same(await told(t, { in: fading(1, 6), out: wav(7) }, 14_000), [first, ['them', 8, 14, 'muted']]);
  t.same(
    await told(t, { in: fading(0, 7), out: wav(7) }, 14_000),
    [['them', 1, 14, 'muted']],
    'also where nothing of it is heard',
  );
});

t.test('silence that may be a pause, or that of another source, is none', async (t) => {
  t.same(await told(t, { in: fading(1, 4), out: wav(5) }, 12_000), [first], 'of less than five seconds');
  t.same(await told(t, { in: wav(7), out: fading(1, 6) }, 14_000), [first], 'the other side');
  t.same(
    await told(t, { in: fading(1, 6), out: wav(7), legId: 'another' }, 14_000),
    [first],
    'another phone',
  );
});
