import type { Params } from '../reason/reason.js';
import { sizeText } from '../written.js';

/**
 * How much room a disk has, and what that means. Bytes are what an ordinary user may still write; `freeInodes` is null
 * where the file system has no fixed number of them. `fault` is the system's code for what a small write met, or null.
 */
export type Room = {
  freeBytes: number;
  totalBytes: number;
  freeInodes: number | null;
  fault: string | null;
};

/** `short`: the reserve is touched. `full`: nothing new is begun. `empty`: what runs is ended, too. */
export type Level = 'enough' | 'short' | 'full' | 'empty';
export type Verdict = { level: Level; why: RoomWhy };
/** What decides about a disk, which `of` names: what a write met, or how many files or bytes it has room for. */
export type RoomWhy = Params['disk_full'];

const ORDER: readonly Level[] = ['enough', 'short', 'full', 'empty'];

/** Files that can still be made, below which a level is reached. A call needs three, and its catalogue two. */
const INODES: Record<Exclude<Level, 'enough'>, number> = { short: 1_000, full: 64, empty: 16 };

const limits = (reserveBytes: number) => ({
  short: reserveBytes,
  full: reserveBytes / 4,
  empty: reserveBytes / 16,
});

/** What a disk keeps to give back when it is full: enough to write thousands of rows. */
export const ballastBytes = (reserveBytes: number): number => Math.min(reserveBytes / 8, 64 << 20);

/** A level is left when a tenth more than its limit is free, so that an alarm does not flap. */
const SLACK = 1.1;

export const worse = (a: Level, b: Level): boolean => ORDER.indexOf(a) > ORDER.indexOf(b);

/** What the room on a disk means, given what it meant before. `of` names the disk. */
export function judge(room: Room, reserveBytes: number, before: Level, of: string): Verdict {
  const why = { of, fault: null, files: null, free: room.freeBytes, reserve: reserveBytes };
  if (room.fault !== null && room.fault !== 'ENOSPC' && room.fault !== 'EDQUOT')
    return { level: 'full', why: { ...why, fault: room.fault } };
  const limit = limits(reserveBytes);
  const reached = (free: number, at: Record<Exclude<Level, 'enough'>, number>): Level => {
    for (const level of ['empty', 'full', 'short'] as const)
      if (free < at[level] * (worse(level, before) ? 1 : SLACK)) return level;
    return 'enough';
  };
  const bytes = reached(room.freeBytes, limit);
  const inodes = room.freeInodes === null ? 'enough' : reached(room.freeInodes, INODES);
  const level = room.fault !== null ? 'empty' : worse(inodes, bytes) ? inodes : bytes;
  return { level, why: worse(inodes, bytes) ? { ...why, files: room.freeInodes } : why };
}

/** What decides about a disk as a sentence. */
export function roomInWords({ of, fault, files, free, reserve }: RoomWhy): string {
  if (fault !== null) return `${of} ${FAULTS[fault] ?? `cannot be written (${fault})`}.`;
  if (files !== null) return `${of} has room for only ${files} more files.`;
  return `${of} has ${sizeText(free)} free; the reserve is ${sizeText(reserve)}.`;
}

const FAULTS: Record<string, string> = {
  EROFS: 'is read-only (EROFS)',
  EROFS_UNIT:
    'is writable, but not for the recorder: its systemd unit does not name the folder in ReadWritePaths=',
  EIO: 'reports errors (EIO)',
  EACCES: 'does not let Tapedeck write (EACCES)',
};

/** What the catalogue says of the last days: bytes of recordings made and erased, and how many days that spans. */
export type Growth = { sealedBytes: number; erasedBytes: number; days: number };

export type Forecast = {
  freeBytes: number;
  totalBytes: number;
  /** Bytes of new recordings a day. Null while there is nothing to reckon with. */
  perDayBytes: number | null;
  /** Until the reserve is touched, at the pace of the last days, what is erased taken off. Null: not to be foreseen. */
  daysLeft: number | null;
};

/** How long the room lasts. An hour's calls say nothing of a day: under `days` 0.5 there is no forecast. */
export function forecast(
  room: Pick<Room, 'freeBytes' | 'totalBytes'>,
  reserveBytes: number,
  growth: Growth | null,
): Forecast {
  const { freeBytes, totalBytes } = room;
  if (!growth || growth.days < 0.5) return { freeBytes, totalBytes, perDayBytes: null, daysLeft: null };
  const net = (growth.sealedBytes - growth.erasedBytes) / growth.days;
  return {
    freeBytes,
    totalBytes,
    perDayBytes: Math.round(growth.sealedBytes / growth.days),
    daysLeft: net <= 0 ? null : Math.max(0, Math.floor((freeBytes - reserveBytes) / net)),
  };
}
