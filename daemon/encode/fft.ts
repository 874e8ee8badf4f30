/**
 * Returns the discrete Fourier transform of `size` complex numbers, a power of two, in place. Each pass does the work of two of
 * radix 2, with its factors in the order in which it needs them: most of the time goes into reading and writing the numbers.
 */
export function createFft(size: number): (re: Float64Array, im: Float64Array) => void {
  const bits = Math.log2(size);
  const odd = bits % 2 === 1;
  const places = Uint32Array.from({ length: size }, (_, i) => reversed(i, bits));
  const passes: { quarter: number; factors: Float64Array }[] = [];
  for (let quarter = odd ? 2 : 1; 4 * quarter <= size; quarter *= 4)
    passes.push({ quarter, factors: factorsOf(quarter) });

  return (re, im) => {
    for (let i = 0; i < size; i++) {
      const j = places[i]!;
      if (i >= j) continue;
      const r = re[i]!;
      const s = im[i]!;
      re[i] = re[j]!;
      im[i] = im[j]!;
      re[j] = r;
      im[j] = s;
    }
    if (odd)
      for (let i = 0; i < size; i += 2) {
        const r = re[i + 1]!;
        const s = im[i + 1]!;
        re[i + 1] = re[i]! - r;
        im[i + 1] = im[i]! - s;
        re[i]! += r;
        im[i]! += s;
      }
    for (const { quarter, factors } of passes)
      for (let start = 0; start < size; start += 4 * quarter)
        for (let k = 0, f = 0, a = start; k < quarter; k++, f += 4, a++) {
          const b = a + quarter;
          const c = b + quarter;
          const d = c + quarter;
          const fineRe = factors[f]!;
          const fineIm = factors[f + 1]!;
          const coarseRe = factors[f + 2]!;
          const coarseIm = factors[f + 3]!;
          // Of both halves, each the sum and the difference of its quarters …
          const br = re[b]! * coarseRe - im[b]! * coarseIm;
          const bi = re[b]! * coarseIm + im[b]! * coarseRe;
          const dr = re[d]! * coarseRe - im[d]! * coarseIm;
          const di = re[d]! * coarseIm + im[d]! * coarseRe;
          const sumRe = re[a]! + br;
          const sumIm = im[a]! + bi;
          const lessRe = re[a]! - br;
          const lessIm = im[a]! - bi;
          const otherSumRe = re[c]! + dr;
          const otherSumIm = im[c]! + di;
          const otherLessRe = re[c]! - dr;
          const otherLessIm = im[c]! - di;
          // … and those of the halves. The factor of the second is a quarter of a turn further: -i times the first one's.
          const xr = otherSumRe * fineRe - otherSumIm * fineIm;
          const xi = otherSumRe * fineIm + otherSumIm * fineRe;
          const yr = otherLessRe * fineRe - otherLessIm * fineIm;
          const yi = otherLessRe * fineIm + otherLessIm * fineRe;
          re[a] = sumRe + xr;
          im[a] = sumIm + xi;
          re[c] = sumRe - xr;
          im[c] = sumIm - xi;
          re[b] = lessRe + yi;
          im[b] = lessIm - yr;
          re[d] = lessRe - yi;
          im[d] = lessIm + yr;
        }
  };
}

/** For each place of a quarter: cosine and sine of the pass over all four, and of that over two. */
function factorsOf(quarter: number): Float64Array {
  const factors = new Float64Array(4 * quarter);
  for (let k = 0; k < quarter; k++) {
    const fine = (-Math.PI * k) / (2 * quarter);
    const coarse = (-Math.PI * k) / quarter;
    factors.set([Math.cos(fine), Math.sin(fine), Math.cos(coarse), Math.sin(coarse)], 4 * k);
  }
  return factors;
}

/** The lowest `bits` bits of a number in the opposite order. */
function reversed(n: number, bits: number): number {
  let turned = 0;
  for (let bit = 0; bit < bits; bit++) turned |= ((n >> bit) & 1) << (bits - 1 - bit);
  return turned;
}
