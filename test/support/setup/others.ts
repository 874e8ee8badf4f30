import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** A user id that nobody has: Asterisk's, say, to whom folders belong in which root works. */
export const OTHER = 48_107;

/** Does something with the rights of that user. */
export function asOther<T>(work: () => T): T {
  process.setegid!(OTHER);
  process.seteuid!(OTHER);
  try {
    return work();
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
  }
}

/** What the user does to a name in a folder of theirs. `victim` is root's: a file, or a folder where the name is one. */
export const tricks = {
  link: (path: string, victim: string) => asOther(() => away(path, () => fs.symlinkSync(victim, path))),
  pipe: (path: string) => asOther(() => away(path, () => void spawnSync('mkfifo', [path]))),
  // Where the system lets users do so (fs.protected_hardlinks = 0).
  'hard link': (path: string, victim: string) => {
    asOther(() => away(path, () => {}));
    fs.linkSync(victim, path);
  },
};

/** Moves what has a name aside within its folder, which its owner may do whoever made it. */
function away(path: string, then: () => void): void {
  if (fs.lstatSync(path, { throwIfNoEntry: false })) fs.renameSync(path, `${path}.aside`);
  then();
}

const CALLS = Object.keys(fs).filter((name) => name.endsWith('Sync')) as 'openSync'[];

/**
 * Runs `work` with `before` called ahead of each file system call that it makes with a path in which this word is, with the number of
 * that call. Returns how many there were. Calls in between do not see the name, so that it does not matter before which of them it is
 * changed. A call that would wait for a named pipe throws instead.
 */
export async function betweenCalls(
  word: string,
  work: () => unknown,
  before: (call: number) => void,
): Promise<number> {
  const real = { ...fs };
  let [calls, inside] = [0, false];
  for (const name of CALLS)
    fs[name] = ((path: unknown, ...more: unknown[]) => {
      if (inside) return (real[name] as (...of: unknown[]) => unknown)(path, ...more);
      inside = true;
      try {
        if (typeof path === 'string' && path.includes(word)) before(++calls);
        const waits = name === 'openSync' ? !(Number(more[0] ?? 0) & 0o10004000) : name === 'readFileSync';
        if (waits && typeof path === 'string' && isPipe(path)) throw new Error(`${name} waits for ${path}`);
        return (real[name] as (...of: unknown[]) => unknown)(path, ...more);
      } finally {
        inside = false;
      }
    }) as never;
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    for (const name of CALLS) fs[name] = real[name] as never;
    syncBuiltinESMExports();
  }
  return calls;

  function isPipe(path: string): boolean {
    try {
      return real.statSync(path).isFIFO();
    } catch {
      return false;
    }
  }
}
