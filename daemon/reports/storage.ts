import type { StoredCall } from '../catalogue/stored-call.js';
import { dates, daysOf } from '../domain/days.js';
import { monthStart } from '../domain/report/period.js';
import { counted, type Report, type Row } from '../domain/report/report.js';
import { sizeText } from '../domain/written.js';
import { callPages, column, type Making } from './making.js';

type Counts = { kept: number; bytes: number; ms: number; erased: number; erasedBytes: number };
type Due = { recordings: number; bytes: number };

/** So many months are looked ahead. */
const AHEAD = 12;

/** How much room the recordings of a period take, and how much of it becomes free when they are due. */
export function storageReport({ catalogue, period, now }: Making): Report {
  const day = dates(period.zone);
  const today = day(now);
  const months = new Map<string, Counts>();
  const due = new Map<string, Due>();
  for (let n = 0; n < AHEAD; n += 1) due.set(monthStart(today, n).slice(0, 7), { recordings: 0, bytes: 0 });
  const total = blank();
  let later = 0;
  let forEver = 0;

  function count({ startedAt, recording }: StoredCall): void {
    if (!recording) return;
    const month = day(startedAt).slice(0, 7);
    const its = months.get(month) ?? blank();
    months.set(month, its);
    for (const counts of [total, its]) {
      if (recording.state === 'erased') {
        counts.erased += 1;
        counts.erasedBytes += recording.sealedBytes;
        continue;
      }
      counts.kept += 1;
      counts.bytes += recording.sealedBytes;
      counts.ms += recording.durationMs;
    }
    if (recording.state !== 'erased') coming(recording.keepUntil, recording.sealedBytes);
  }

  /** What is due already is counted with this month: the next run erases it, unless something protects it. */
  function coming(until: number | null, bytes: number): void {
    if (until === null) {
      forEver += bytes;
      return;
    }
    const found = due.get(day(Math.max(until, now)).slice(0, 7));
    if (!found) {
      later += bytes;
      return;
    }
    found.recordings += 1;
    found.bytes += bytes;
  }

  return {
    title: 'By month of the call',
    method:
      'Every call that began in the period, with the newest version of its recording. Sizes are those of the sealed files, without earlier versions, keys and the catalogue.',
    columns: [
      column('month', 'Month', 'text', 16),
      column('kept', 'Kept', 'count', 14),
      column('kept_bytes', 'Size', 'bytes', 16),
      column('kept_ms', 'Length', 'duration', 16),
      column('erased', 'Erased', 'count', 14),
      column('erased_bytes', 'Size of erased', 'bytes', 16),
    ],
    async *rows() {
      for await (const page of callPages(catalogue, period)) for (const call of page) count(call);
      for (const [month, c] of [...months].sort(([a], [b]) => (a < b ? -1 : 1)))
        yield [month, c.kept, c.bytes, c.ms, c.erased, c.erasedBytes];
    },
    findings() {
      const days = daysOf(period).filter((day) => day <= today).length;
      const perDay = days === 0 ? 0 : Math.round((total.bytes + total.erasedBytes) / days);
      const soon = [...due.values()].reduce((sum, { bytes }) => sum + bytes, 0);
      return {
        answer: [
          total.kept === 0
            ? 'No recording of this period is kept.'
            : `${counted(total.kept, 'recording')} of this period ${total.kept === 1 ? 'is' : 'are'} kept and ${total.kept === 1 ? 'takes' : 'take'} ${sizeText(total.bytes)}.`,
          `Recordings took ${sizeText(perDay)} a day on average: at this rate, ${sizeText(perDay * 30)} in 30 days and ${sizeText(perDay * 365)} in a year.`,
          `Of what is kept, ${sizeText(soon)} is due within ${AHEAD} months, ${sizeText(later)} later, and ${sizeText(forEver)} has no end date.`,
        ],
        caveats: [
          'The forecast is the average of this period carried on. It knows nothing of new phones, other rules or the season.',
        ],
        tables: [
          {
            key: 'due',
            title: 'What becomes due, by month',
            columns: [
              column('month', 'Month', 'text', 30),
              column('recordings', 'Recordings', 'count', 30),
              column('bytes', 'Size', 'bytes', 40),
            ],
            rows: [...due].map(([month, { recordings, bytes }]): Row => [month, recordings, bytes]),
            chart: 'beside',
          },
        ],
      };
    },
  };
}

const blank = (): Counts => ({ kept: 0, bytes: 0, ms: 0, erased: 0, erasedBytes: 0 });
