/**
 * ITU-T G.722 at 64 kbit/s for a phone whose ears and mouth work at 8 kHz: the codec splits its 16 kHz into
 * two bands of 8 kHz each, so the lower band alone is such a phone's sound, and the upper one is skipped when hearing.
 * When sending it is silence, or what a source has for it. No filter is needed.
 * Block names in comments are those of the Recommendation's section 6.
 */

const QM2 = [-7408, -1616, 7408, 1616];
const QM4 = [
  0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
];
const QM6_POSITIVE = [
  24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
  4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728,
];
const QM6 = [
  -136,
  -136,
  -136,
  -136,
  ...QM6_POSITIVE.map((level) => -level),
  ...QM6_POSITIVE,
  432,
  136,
  -432,
  -136,
];
const Q6 = [
  0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219,
  1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
const ILB = [
  2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960,
  3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];
const WL = [-60, -30, 58, 172, 334, 538, 1198, 3042];
const RL42 = [0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0];
const WH = [0, -214, 798];
const RH2 = [2, 1, 2, 1];

const clamp = (value: number, limit: number): number => Math.max(-limit, Math.min(limit, value));
const saturate = (value: number): number => Math.max(-32_768, Math.min(32_767, value));

/** LOGSCL/LOGSCH and SCALEL/SCALEH: the quantiser's step adapts to what it had to code. */
const createScale = (step: number, limit: number, shift: number) => {
  let log = 0;
  let det = step;
  return {
    det: (): number => det,
    adapt: (weight: number): void => {
      log = Math.max(0, Math.min(limit, ((log * 127) >> 7) + weight));
      const by = shift - (log >> 11);
      const base = ILB[(log >> 6) & 31]!;
      det = (by < 0 ? base << -by : base >> by) << 2;
    },
  };
};

/** The adaptive predictor of one band, two poles and six zeros: RECONS, PARREC, UPPOL, UPZERO, FILTEP, FILTEZ, PREDIC. */
const createPredictor = () => {
  const zeros = new Int32Array(6);
  const differences = new Int32Array(6);
  let [pole1, pole2] = [0, 0];
  let [signal1, signal2] = [0, 0];
  let [partial1, partial2] = [0, 0];
  let zeroPart = 0;
  let estimate = 0;

  const adaptPoles = (partial: number): void => {
    const same1 = partial < 0 === partial1 < 0;
    const same2 = partial < 0 === partial2 < 0;
    const four = saturate(pole1 << 2);
    const step2 = (Math.min(same1 ? -four : four, 32_767) >> 7) + (same2 ? 128 : -128);
    const next2 = clamp(step2 + ((pole2 * 32_512) >> 15), 12_288);
    const next1 = saturate((same1 ? 192 : -192) + ((pole1 * 32_640) >> 15));
    pole1 = clamp(next1, saturate(15_360 - next2));
    pole2 = next2;
  };

  const adaptZeros = (difference: number): void => {
    const step = difference === 0 ? 0 : 128;
    for (let i = 0; i < 6; i++) {
      const same = difference < 0 === differences[i]! < 0;
      zeros[i] = saturate((same ? step : -step) + ((zeros[i]! * 32_640) >> 15));
    }
    differences.copyWithin(1, 0, 5);
    differences[0] = difference;
  };

  return {
    estimate: (): number => estimate,
    update: (difference: number): void => {
      const signal = saturate(estimate + difference);
      const partial = saturate(zeroPart + difference);
      adaptPoles(partial);
      adaptZeros(difference);
      [signal2, signal1] = [signal1, signal];
      [partial2, partial1] = [partial1, partial];
      const polePart = saturate(
        ((pole1 * saturate(2 * signal1)) >> 15) + ((pole2 * saturate(2 * signal2)) >> 15),
      );
      let sum = 0;
      for (let i = 5; i >= 0; i--) sum += (zeros[i]! * saturate(2 * differences[i]!)) >> 15;
      zeroPart = saturate(sum);
      estimate = saturate(polePart + zeroPart);
    },
  };
};

const createLowBand = () => {
  const scale = createScale(32, 18_432, 8);
  const predictor = createPredictor();
  const adapt = (code: number): void => {
    const coarse = code >> 2;
    const difference = (scale.det() * QM4[coarse]!) >> 15;
    scale.adapt(WL[RL42[coarse]!]!);
    predictor.update(difference);
  };
  return {
    encode: (sample: number): number => {
      const error = saturate(sample - predictor.estimate());
      const magnitude = error < 0 ? -(error + 1) : error;
      let level = 1;
      while (level < 30 && magnitude >= (Q6[level]! * scale.det()) >> 12) level++;
      // QUANTL: 61...32 for what is above the estimate; 63, 62, then 31...4 for what is below.
      const below = level < 3 ? 64 - level : 34 - level;
      const code = error < 0 ? below : 62 - level;
      adapt(code);
      return code;
    },
    decode: (code: number): number => {
      const sample = Math.max(
        -16_384,
        Math.min(16_383, predictor.estimate() + ((scale.det() * QM6[code]!) >> 15)),
      );
      adapt(code);
      return sample;
    },
  };
};

const createHighBand = () => {
  const scale = createScale(8, 22_528, 10);
  const predictor = createPredictor();
  return {
    encode: (sample: number): number => {
      const error = saturate(sample - predictor.estimate());
      const magnitude = error < 0 ? -(error + 1) : error;
      const large = magnitude >= (564 * scale.det()) >> 12;
      const code = error < 0 ? (large ? 0 : 1) : large ? 2 : 3;
      const difference = (scale.det() * QM2[code]!) >> 15;
      scale.adapt(WH[RH2[code]!]!);
      predictor.update(difference);
      return code;
    },
  };
};

/** 8 kHz samples of the lower band, and of the upper one if there is any, to G.722 bytes, one each. */
export const createG722Encoder = () => {
  const low = createLowBand();
  const high = createHighBand();
  return (pcm: Int16Array, upper?: Int16Array): Uint8Array =>
    Uint8Array.from(pcm, (sample, i) => (high.encode((upper?.[i] ?? 0) >> 1) << 6) | low.encode(sample >> 1));
};

/** G.722 bytes to the 8 kHz samples of the lower band, one each. */
export const createG722Decoder = () => {
  const low = createLowBand();
  return (payload: Uint8Array): Int16Array =>
    Int16Array.from(payload, (byte) => saturate(low.decode(byte & 63) * 2));
};
