import { instants } from '../zone-times.js';
import { epochOf, type FileName } from './file-name.js';

/** What is to be said of a time. `zone`: it does not fit the zone of the PBX that was given. */
export type TimeNote = 'ambiguous' | 'skipped' | 'zone' | 'from_file';

export type CallTime = {
  /** When the call began, and when its recording did as far as the name says, in ms since 1970. */
  startedAt: number;
  recordedAt: number;
  note: TimeNote | null;
};

/** A recording's name is made so long after its channel at most, in ms: a caller may listen to a menu first. */
const LATEST = 30 * 60_000;
const EARLIEST = 5_000;
/** Zones differ by multiples of this, in ms. */
const QUARTER = 15 * 60_000;
/** When clocks are set forward, they jump by an hour at most. */
const HOUR = 3_600_000;

/**
 * Returns when a call began, by the PBX's own time in the name and the seconds since 1970 in its uniqueid. These know no zone: they
 * say which of two equal times it was when clocks were set back, and that a zone is wrong. `writtenAt`: when the file was last
 * written to, in ms since 1970, for names without any time; `durationMs` what it holds, as far as that is known.
 */
export function callTime(
  { local, uniqueid }: FileName,
  zone: string,
  { writtenAt, durationMs }: { writtenAt: number; durationMs: number | null },
): CallTime {
  const epoch = epochOf(uniqueid);
  if (local === null) {
    if (epoch !== null) return { startedAt: epoch, recordedAt: epoch, note: null };
    const at = Math.max(0, Math.round(writtenAt - (durationMs ?? 0)));
    return { startedAt: at, recordedAt: at, note: 'from_file' };
  }
  const shown = instants(local, zone);
  if (epoch !== null) {
    const fits = (at: number) => at >= epoch - EARLIEST && at <= epoch + LATEST;
    const near = shown.filter(fits).sort((a, b) => Math.abs(a - epoch) - Math.abs(b - epoch))[0];
    if (near !== undefined) return { startedAt: epoch, recordedAt: Math.max(near, epoch), note: null };
    // Another zone, or a clock that was wrong: what is over full quarters of an hour is how long after its channel it began.
    const over = (((local - epoch) % QUARTER) + QUARTER) % QUARTER;
    return { startedAt: epoch, recordedAt: epoch + over, note: shown.length === 0 ? 'skipped' : 'zone' };
  }
  const [first, second] = shown;
  if (first === undefined) {
    // A time that no clock showed: an hour later there were clocks that did.
    const at = instants(local + HOUR, zone)[0] ?? local;
    return { startedAt: at, recordedAt: at, note: 'skipped' };
  }
  return { startedAt: first, recordedAt: first, note: second === undefined ? null : 'ambiguous' };
}
