import t from 'tap';
import { callTime } from '../../../daemon/domain/importing/call-time.js';
import { readFileName } from '../../../daemon/domain/importing/file-name.js';

const BERLIN = 'Europe/Berlin';
const at = (text: string) => Date.parse(text);
const timeOf = (name: string, zone = BERLIN) =>
  callTime(readFileName(name), zone, { writtenAt: at('2024-06-01T12:00:00Z'), durationMs: 60_000 });
const named = (local: string, uniqueid: string) => `out-0301234-101-${local}-${uniqueid}.wav`;

t.test('the time in a name is by the clock of the PBX', async (t) => {
  t.same(timeOf(named('20240110-101112', '1704877871.12')), {
    startedAt: at('2024-01-10T09:11:11Z'),
    recordedAt: at('2024-01-10T09:11:12Z'),
    note: null,
  });
});

t.test('when clocks are set back, the uniqueid says which of the two times it was', async (t) => {
  // 2024-10-27 02:30 occurred at 00:30 and at 01:30 UTC.
  const [first, second] = [at('2024-10-27T00:30:00Z'), at('2024-10-27T01:30:00Z')];
  for (const time of [first, second])
    t.match(timeOf(named('20241027-023000', `${time / 1000}.7`)), {
      startedAt: time,
      recordedAt: time,
      note: null,
    });
  t.match(timeOf('20241027_023000_ABCD.wav'), { startedAt: first, note: 'ambiguous' });
});

t.test('a time that no clock showed is told', async (t) => {
  // 2024-03-31 02:30 did not occur.
  t.match(timeOf('20240331_023000_ABCD.wav'), { startedAt: at('2024-03-31T01:30:00Z'), note: 'skipped' });
});

t.test('a zone that is wrong is told, and the uniqueid counts', async (t) => {
  const began = at('2024-01-10T15:11:05Z');
  const time = timeOf(named('20240110-101112', `${began / 1000}.3`)); // New York
  t.match(time, { startedAt: began, recordedAt: began + 7_000, note: 'zone' });
  t.match(timeOf(named('20240110-101112', `${began / 1000}.3`), 'America/New_York'), {
    startedAt: began,
    note: null,
  });
});

t.test('a name without a time has that of the file', async (t) => {
  t.match(timeOf('meeting.wav'), { startedAt: at('2024-06-01T11:59:00Z'), note: 'from_file' });
  t.match(timeOf('1704877872.12.wav'), { startedAt: 1704877872000, note: null });
});
