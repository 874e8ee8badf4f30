import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withLock } from '../lock.mjs';

export const SOURCES = fileURLToPath(new URL('../../..', import.meta.url));
/** What building takes long and does not change between builds. Ignored by git; may be removed at any time. */
export const CACHE = join(SOURCES, '.package');

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
 * what an interrupted run leaves is never taken for it. Folders of the same name for other keys are removed.
 */
export async function cached(
  name: string,
  key: string,
  make: (dir: string) => Promise<void>,
): Promise<string> {
  const dir = join(CACHE, `${name}-${sha256(key).slice(0, 12)}`);
  if (existsSync(dir)) return dir;
  mkdirSync(CACHE, { recursive: true });
  return withLock(
    join(CACHE, `${name}.lock`),
    async () => {
      if (existsSync(dir)) return dir;
      for (const old of readdirSync(CACHE))
        if (old.startsWith(`${name}-`) && /^[0-9a-f]{12}(\.half)?$/.test(old.slice(name.length + 1)))
          rmSync(join(CACHE, old), { recursive: true, force: true });
      const half = `${dir}.half`;
      mkdirSync(half, { recursive: true });
      await make(half);
      renameSync(half, dir);
      return dir;
    },
    { timeoutMs: 1_800_000 },
  );
}

export const say = (line: string) => process.stderr.write(`== ${line}\n`);
