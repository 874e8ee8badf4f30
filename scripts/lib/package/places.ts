import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withLock } from '../lock.mjs';

export const SOURCES = fileURLToPath(new URL('../../..', import.meta.url));
/** Where packages go, and what is put together for them. Ignored by git; may be removed at any time. */
export const OUT = join(SOURCES, '.package');
/**
 * What takes long to make and does not change between builds, for every clone of this user: a compiler, what it compiled, the
 * Debian that packages are tried on. May be removed at any time.
 */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tapedeck');
/** So many folders of a name are kept, because clones may need different ones. */
const KEPT = 3;

export type Arch = 'amd64' | 'arm64';
/** Names of an architecture: npm's, that of GNU's tools, and the loader that its programs ask for. */
export const ARCHES: Record<Arch, { npm: string; tools: string }> = {
  amd64: { npm: 'x64', tools: 'x86_64-linux-gnu' },
  arm64: { npm: 'arm64', tools: 'aarch64-linux-gnu' },
};

const execute = promisify(execFile);

/** Runs a program. Returns what it printed; throws with the last lines of what it said. */
export async function run(program: string, args: string[], options: { cwd?: string; env?: object } = {}) {
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC', ...options.env };
  try {
    const { stdout } = await execute(program, args, { maxBuffer: 256 << 20, cwd: options.cwd, env });
    return stdout;
  } catch (e) {
    const { code, stdout, stderr } = e as { code: unknown; stdout?: string; stderr?: string };
    if (code === 'ENOENT') throw new Error(`${program} is not on this machine: scripts/package installs it`);
    const said = `${stdout ?? ''}\n${stderr ?? ''}`.trim().split('\n').slice(-15).join('\n  ');
    throw new Error(`${program} ${args.slice(0, 3).join(' ')} … ended with ${code}:\n  ${said}`);
  }
}

export const sha256 = (...parts: (string | Buffer)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
};

/**
 * Returns a folder of the cache that `make` has filled for `key`, made only where it is missing. It appears by one rename, so that
 * what an interrupted run leaves is never taken for it. Of the folders of a name those used last are kept.
 */
export async function cached(
  name: string,
  key: string,
  make: (dir: string) => Promise<void>,
): Promise<string> {
  const dir = join(CACHE, `${name}-${sha256(key).slice(0, 12)}`);
  const now = new Date();
  if (existsSync(dir)) {
    utimesSync(dir, now, now);
    return dir;
  }
  mkdirSync(CACHE, { recursive: true });
  return withLock(
    join(CACHE, `${name}.lock`),
    async () => {
      if (existsSync(dir)) return dir;
      for (const old of olderThanKept(name)) rmSync(old, { recursive: true, force: true });
      const half = `${dir}.half`;
      mkdirSync(half, { recursive: true });
      await make(half);
      renameSync(half, dir);
      return dir;
    },
    { timeoutMs: 1_800_000 },
  );
}

/** The folders of a name that make room for a new one: all but those used last, and what an interrupted run has left. */
function olderThanKept(name: string): string[] {
  const others = readdirSync(CACHE)
    .filter((one) => one.startsWith(`${name}-`) && /^[0-9a-f]{12}(\.half)?$/.test(one.slice(name.length + 1)))
    .map((one) => join(CACHE, one));
  const whole = others
    .filter((one) => !one.endsWith('.half'))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  return [...others.filter((one) => one.endsWith('.half')), ...whole.slice(KEPT - 1)];
}

export const say = (line: string) => process.stderr.write(`== ${line}\n`);
