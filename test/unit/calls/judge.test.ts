import t from 'tap';
import { type Detail, voices, wrongMarks, wrongSide } from '../../support/pbx/judge.js';
import { TONES, type Voice } from '../../support/pbx/stage.js';

/** The judge of the calls that are played on a real Asterisk has to find fault where there is one. */
const RATE = 16_000;

/** Made-up sound of a side, in the words in which a side is expected. */
function sound(side: string): Float32Array {
  const parts = side.split(' ').map((part) => {
    const [, who, seconds] = /^([a-z+]+|[~.])([\d.]+)$/.exec(part)!;
    const tones = /[a-z]/.test(who!) ? who!.split('+').map((voice) => TONES[voice as Voice]) : [];
    return Array.from({ length: Number(seconds) * RATE }, (_, i) =>
      who === '~'
        ? (Math.random() - 0.5) / 4
        : tones.reduce((sum, hz) => sum + Math.sin((2 * Math.PI * hz * i) / RATE) / 4, 0),
    );
  });
  return Float32Array.from(parts.flat());
}
const judged = (heard: string, wanted: string) => wrongSide(voices(sound(heard), RATE), wanted);

t.test('a side is right when who was to be heard is heard, in order and for about as long', async (t) => {
  for (const [heard, wanted] of [
    ['a3 b3', 'a3 b3'],
    ['a4.4 b1.6', 'a3 b3'],
    ['a3 b0.5', 'a3'],
    ['.0.5 a3', 'a3'],
    ['b2 b+c3 c2', 'b2 b+c3 c2'],
    ['b2 ~2 .2 c3', 'b2 -4 c3'],
  ] as const)
    t.equal(judged(heard, wanted), null, `${heard} for ${wanted}`);
});

t.test('anybody else, another order, another length and silence are told of', async (t) => {
  for (const [heard, wanted] of [
    ['b3', 'a3'],
    ['a3 b3', 'b3 a3'],
    ['a3', 'a3 b3'],
    ['a3 b3 c3', 'a3 b6'],
    ['a4.7', 'a3'],
    ['a1.3', 'a3'],
    ['.3', 'a3'],
    ['.2 a3', 'a5'],
    ['a3 .3', 'a6'],
    ['a2 .2 a2', 'a6'],
    ['a3 .3', 'a3 ~3'],
    ['a+b3', 'a3'],
    ['a3', 'a+b3'],
  ] as const)
    t.match(judged(heard, wanted), /, and not /, `${heard} for ${wanted}`);
});

t.test(
  'a mark of another kind, text, time or leg is told of, and so is one too many or too few',
  async (t) => {
    const call = {
      legs: [{ party: { number: '101', ours: true } }, { party: { number: '+15550100', ours: false } }],
      marks: [
        { kind: 'hold', text: '101', at_ms: 2_000, until_ms: 5_000, leg: 0 },
        { kind: 'queue', text: 'support', at_ms: 0, until_ms: null, leg: 1 },
      ],
    } as Detail;
    const held = 'hold 101 2-5 by 101';
    const queued = 'queue support 0 by outside';
    t.equal(wrongMarks(call, [held, queued]), null);
    t.equal(wrongMarks(call, ['hold 101 3.4-3.6 by 101', queued]), null);
    for (const wrong of [
      [held],
      [held, queued, queued],
      [queued, held],
      ['park 101 2-5 by 101', queued],
      ['hold 102 2-5 by 101', queued],
      ['hold 101 2-5 by 102', queued],
      ['hold 101 2 by 101', queued],
      ['hold 101 4-5 by 101', queued],
      ['hold 101 2-7 by 101', queued],
      [held, 'queue support 0-4 by outside'],
    ])
      t.match(wrongMarks(call, wrong), /, and not /, wrong.join(', '));
  },
);
