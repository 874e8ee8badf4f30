import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the recorder's requests, by the name that its unit gives it. */
export const requestsIn = (run: string): string => join(run, 'tapedeck-requests');

/**
 * Plays the part of systemd: takes each request as systemd/tapedeck-web-restart.path does, and does what its service does, which
 * is to end every process in the dashboard's unit.
 */
export function createRestarter(requests: string, restart: () => unknown) {
  const file = join(requests, 'restart-web');
  /** When each was taken, by performance.now(). */
  const taken: number[] = [];
  const timer = setInterval(() => {
    if (!existsSync(file)) return;
    rmSync(file);
    taken.push(performance.now());
    restart();
  }, 20);
  return { taken, stop: () => clearInterval(timer) };
}

/** For Python as the dashboard's user: takes the locks that keep everybody from writing, says so, and keeps them. */
export const HOLD_LOCK = `
import fcntl, sys, time
f = open(sys.argv[1] + '-shm', 'rb')
fcntl.lockf(f, fcntl.LOCK_SH, 3, 120)
print('"locked"', flush=True)
time.sleep(600)
`;
