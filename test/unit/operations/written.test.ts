import t from 'tap';
import { durationText, sizeText } from '../../../daemon/domain/written.js';

t.test(
  'durations and sizes are written by one rule: to the nearest second, and in powers of 1,000',
  async (t) => {
    for (const [ms, text] of [
      [0, '0:00'],
      [10_499, '0:10'],
      [10_500, '0:11'],
      [59_600, '1:00'],
      [3 * 3_600_000 + 67_000, '3:01:07'],
      [-1_400, '−0:01'],
      [-400, '0:00'],
    ] as const)
      t.equal(durationText(ms), text, `${ms} ms`);
    for (const [bytes, text] of [
      [1, '1 byte'],
      [999, '999 bytes'],
      [1_000, '1 KB'],
      [999_960, '1 MB'],
      [71_349_000_000, '71.3 GB'],
      [76_700_000_000, '76.7 GB'],
      [2_500_000_000_000_000, '2500 TB'],
    ] as const)
      t.equal(sizeText(bytes), text, `${bytes} bytes`);
  },
);
