import { closeSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { atPlace, openPlain } from '../../../ops/files/others-folder.js';

/** How many calls are answered a day, and how that is known. */
export type Volume = { perDay: number; from: 'given' | 'cdrs' | 'assumed' };

const ASSUMED = 200;
/** What is read of the CDRs, from their end: some 15,000 of them. */
const TAIL_BYTES = 4_000_000;
const DAYS = 30;
const DAY_MS = 86_400_000;

/** Returns what is known of the volume of calls: as given, or by the CDRs in Asterisk's `logs`, or an assumption. */
export function volumeOf(
  given: { calls_per_day?: number },
  logs: string | null,
  now: number = Date.now(),
): Volume {
  if (given.calls_per_day !== undefined) return { perDay: given.calls_per_day, from: 'given' };
  const counted = logs === null ? null : perDayIn(tailOf(join(logs, 'cdr-csv/Master.csv')), now);
  return counted === null ? { perDay: ASSUMED, from: 'assumed' } : { perDay: counted, from: 'cdrs' };
}

export const volumeText = ({ perDay, from }: Volume): string =>
  `${perDay} ${perDay === 1 ? 'call' : 'calls'} of 3 minutes a day, ${
    {
      given: 'as you said',
      cdrs: "counted in Asterisk's CDRs of the last 30 days",
      assumed: 'which is an assumption: there are no CDRs to count',
    }[from]
  }`;

/**
 * Returns the answered calls a day in the last 30 days of a Master.csv, rounded up, or null where it has none. A call of several legs
 * may count more than once: the disk then lasts longer than said.
 */
export function perDayIn(csv: string, now: number): number | null {
  const starts = [...csv.matchAll(/^.*?"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)",.*"ANSWERED".*$/gm)]
    .map(([, day, time]) => Date.parse(`${day}T${time}Z`))
    .filter((at) => at > now - DAYS * DAY_MS && at < now + DAY_MS);
  if (starts.length === 0) return null;
  const first = starts.reduce((a, b) => Math.min(a, b));
  return Math.ceil(starts.length / Math.max(1, (now - first) / DAY_MS));
}

/** The end of a file, from the beginning of a line; '' where there is none that root may read in Asterisk's folder. */
function tailOf(file: string): string {
  let open: ReturnType<typeof openPlain>;
  try {
    open = atPlace(file, (place) => openPlain(place), { follow: true });
  } catch {
    return '';
  }
  if (!open) return '';
  const { fd, stats } = open;
  try {
    const bytes = Buffer.alloc(Math.min(stats.size, TAIL_BYTES));
    const read = readSync(fd, bytes, 0, bytes.length, stats.size - bytes.length);
    return bytes.subarray(0, read).toString('latin1');
  } finally {
    closeSync(fd);
  }
}
