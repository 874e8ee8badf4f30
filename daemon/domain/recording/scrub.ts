import type { About } from '../assurance/audit.js';
import type { ErrorCode } from '../error.js';
import type { NewAlarm } from '../operations/alarm.js';
import type { Recording } from './recording.js';

/** Every file is read again within this time. */
export const WITHIN_DAYS = 30;
/** Nights for all of it: some may be left out, because the box is off or has other things to do. */
const NIGHTS = 20;
const DAY_MS = 86_400_000;
/** What was not read for so long comes before everything, whatever the share of the night. */
const OVERDUE_DAYS = 26;

/** How the reading goes. Times are ms since 1970; `oldestCheckAt` is null when there are no recordings. */
export type ScrubStatus = {
  recordings: number;
  oldestCheckAt: number | null;
  faults: number;
  unsigned: number;
  /** When the figures were taken. */
  at: number;
  reading: boolean;
  /** Why it waits; null when it does not. */
  waitsFor: string | null;
  lastNightAt: number | null;
};

export const inTime = (oldestCheckAt: number | null, now: number): boolean =>
  oldestCheckAt === null || now - oldestCheckAt <= WITHIN_DAYS * DAY_MS;

/** How many files a night has to read at least, those first that were not read for longest, so that all are read in time. */
export const shareOf = (recordings: number): number => Math.ceil(recordings / NIGHTS);

/** Whether a night has done its share; what is nearly overdue is not left out. */
export const nightDone = (share: number, done: number, checkedAt: number, now: number): boolean =>
  done >= share && checkedAt > now - OVERDUE_DAYS * DAY_MS;

/** What a file has been found to be, when it is not what was sealed. */
export function faultOf(
  sealed: { bytes: number; sha256: string },
  found: { bytes: number; sha256: string } | null,
  other: string | null,
): string | null {
  if (found === null) return 'Its file is missing.';
  if (found.sha256 === sealed.sha256) return null;
  if (other !== null) return `In its place is the file of recording ${other}.`;
  if (found.bytes < sealed.bytes)
    return `Its file was cut: ${found.bytes} of ${sealed.bytes} bytes are there.`;
  if (found.bytes > sealed.bytes)
    return `Its file was added to: ${found.bytes} bytes are there where ${sealed.bytes} were sealed.`;
  return 'Its bytes are not those that were sealed.';
}

const DAMAGES: ReadonlySet<ErrorCode> = new Set(['seal_damaged', 'key_missing', 'disk_failed']);
/** Whether an error says that a recording, which was not erased, is not as it was sealed. */
export const damages = (code: ErrorCode): boolean => DAMAGES.has(code);

/** What stands in the audit log of a recording that is not as it was sealed. `found` says how that came out. */
export const damageOf = ({ id, callId }: Recording, found: string, what: string): About => ({
  object: 'call',
  object_id: callId,
  outcome: 'failed',
  detail: { recording: id, found, what },
});

/** What is told of recordings that are not as they were sealed; names as many as there is room for. */
export const damageTold = (
  damaged: readonly { callId: string; fault: string | null }[],
  total: number,
): NewAlarm => ({
  severity: 'critical',
  why: {
    code: 'recording_damaged',
    params: {
      recordings: total,
      named: damaged.slice(0, 2).map(({ callId, fault }) => ({ call: callId, fault: fault ?? '' })),
    },
  },
});

/** A file that no recording knows; that of `recording` lies there under another name. */
export type Stray = { file: string; recording: string | null };

/** What is told of files that no recording knows. */
export const strayTold = (strays: readonly Stray[]): NewAlarm => ({
  severity: 'warning',
  why: { code: 'recording_stray', params: { files: strays.length, named: strays.slice(0, 3) } },
});
