import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Whether there is a process of this number. */
export const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

const read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

/** One attempt: link() either makes the whole lock, pid included, or fails. */
const take = (path) => {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
};

/**
 * Runs `work` while this process alone holds the lock file `path`. The lock of a process that
 * died is taken over. `waiting(pid)` is called once if somebody else holds it.
 * Throws when `timeoutMs` passes first.
 */
export const withLock = async (path, work, { timeoutMs = 600_000, waiting = () => {} } = {}) => {
  const until = performance.now() + timeoutMs;
  let told = false;
  while (!take(path)) {
    const holder = read(path);
    if (holder !== null && !isAlive(Number(holder))) {
      const stale = `${path}.stale.${process.pid}`;
      try {
        renameSync(path, stale);
        // Between the read and the rename somebody may have taken it: give theirs back.
        if (read(stale) !== holder) renameSync(stale, path);
      } catch (error) {
        if (error.code !== 'ENOENT') throw error;
      }
      rmSync(stale, { force: true });
      continue;
    }
    if (!told && holder !== null) waiting(holder);
    told ||= holder !== null;
    if (performance.now() > until) throw new Error(`process ${holder} has held ${path} for too long`);
    await delay(100);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
};
