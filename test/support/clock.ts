import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A clock that can be moved under a running process, by libfaketime. The monotonic clock goes on as it was, as when a
 * machine's time is set.
 */
export function createMovableClock(file: string) {
  let moved = 0;
  function move(ms: number): void {
    moved += ms;
    writeFileSync(`${file}.new`, `${moved >= 0 ? '+' : '-'}${Math.abs(moved) / 1_000}\n`);
    renameSync(`${file}.new`, file);
  }
  move(0);
  return {
    env: {
      LD_PRELOAD: library(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_NO_CACHE: '1',
    },
    /** By so many milliseconds from where it is. */
    move,
    /** What it shows now, ms since 1970. */
    now: () => Date.now() + moved,
  };
}

function library(): string {
  for (const triplet of readdirSync('/usr/lib')) {
    const dir = join('/usr/lib', triplet, 'faketime');
    try {
      if (readdirSync(dir).includes('libfaketimeMT.so.1')) return join(dir, 'libfaketimeMT.so.1');
    } catch {}
  }
  throw new Error('libfaketime is not installed (Debian package faketime)');
}
