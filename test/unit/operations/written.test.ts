import t from 'tap';
import { times } from '../../../daemon/domain/days.js';
import { durationText, sizeText } from '../../../daemon/domain/written.js';
import { instants } from '../../../daemon/domain/zone-times.js';

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

t.test('a time that the clocks show twice carries its offset, and no other does', async (t) => {
  for (const [at, zone, text] of [
    ['2026-10-24T23:59:59Z', 'Europe/Berlin', '2026-10-25 01:59:59'],
    ['2026-10-25T00:00:00Z', 'Europe/Berlin', '2026-10-25 02:00:00 +02:00'],
    ['2026-10-25T00:59:59Z', 'Europe/Berlin', '2026-10-25 02:59:59 +02:00'],
    ['2026-10-25T01:00:00Z', 'Europe/Berlin', '2026-10-25 02:00:00 +01:00'],
    ['2026-10-25T01:59:59Z', 'Europe/Berlin', '2026-10-25 02:59:59 +01:00'],
    ['2026-10-25T02:00:00Z', 'Europe/Berlin', '2026-10-25 03:00:00'],
    ['2026-03-29T01:00:00Z', 'Europe/Berlin', '2026-03-29 03:00:00'],
    ['2026-11-01T06:30:00Z', 'America/New_York', '2026-11-01 01:30:00 -05:00'],
    ['2026-10-25T01:30:00Z', 'Europe/London', '2026-10-25 01:30:00 +00:00'],
    ['2026-04-04T14:45:00Z', 'Australia/Lord_Howe', '2026-04-05 01:45:00 +11:00'],
    ['2026-04-04T15:30:00Z', 'Australia/Lord_Howe', '2026-04-05 02:00:00'],
    ['2026-10-25T00:30:00Z', 'UTC', '2026-10-25 00:30:00'],
  ] as const)
    t.equal(times(zone)(Date.parse(at)), text, at);
  // What counts with the clock of a zone is not given the offset.
  t.same(
    instants(Date.parse('2026-10-25T02:30:00Z'), 'Europe/Berlin').map((at) => new Date(at).toISOString()),
    ['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z'],
  );
});
