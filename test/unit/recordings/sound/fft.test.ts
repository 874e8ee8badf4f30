import fc from 'fast-check';
import t from 'tap';
import { createFft } from '../../../../daemon/encode/fft.js';

/** The definition of the transform, term by term. */
function byDefinition(re: readonly number[], im: readonly number[]) {
  const size = re.length;
  const sum = (k: number, part: (x: number, y: number, cos: number, sin: number) => number) =>
    re.reduce((total, x, n) => {
      const turn = (-2 * Math.PI * ((k * n) % size)) / size;
      return total + part(x, im[n]!, Math.cos(turn), Math.sin(turn));
    }, 0);
  return {
    re: re.map((_, k) => sum(k, (x, y, cos, sin) => x * cos - y * sin)),
    im: re.map((_, k) => sum(k, (x, y, cos, sin) => x * sin + y * cos)),
  };
}

t.test('the transform of every size is what its definition gives', async (t) => {
  for (let size = 1; size <= 1024; size *= 2) {
    const fft = createFft(size);
    const number = fc.double({ min: -1, max: 1, noNaN: true });
    const numbers = fc.array(number, { minLength: size, maxLength: size });
    fc.assert(
      fc.property(numbers, numbers, (re, im) => {
        const due = byDefinition(re, im);
        const [x, y] = [Float64Array.from(re), Float64Array.from(im)];
        fft(x, y);
        for (const [is, should] of [
          [x, due.re],
          [y, due.im],
        ] as const)
          is.forEach((value, k) => {
            if (!(Math.abs(value - should[k]!) < 1e-9))
              throw new Error(`${size}: ${value}, not ${should[k]}`);
          });
      }),
      { numRuns: size > 256 ? 3 : 20 },
    );
    t.pass(`${size}`);
  }
});
