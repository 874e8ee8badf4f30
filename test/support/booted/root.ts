import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const ROOT = resolve('.pentest/root');
const README = fileURLToPath(new URL('../../../docs/start/by-hand.md', import.meta.url));
/** A Debian that boots. */
const SYSTEM = ['systemd', 'systemd-sysv', 'dbus', 'polkitd', 'openssl'];
const BUILDS = ['npm', 'git', 'g++', 'make'];
/** With those that docs/start/by-hand.md names: what is missing there is missing here. */
function packages(): string[] {
  const named = /^ {4}apt install (.*)$/m.exec(readFileSync(README, 'utf8'))?.[1];
  if (!named) throw new Error('docs/start/by-hand.md names no packages');
  return [...SYSTEM, ...named.split(' ').filter((name) => !BUILDS.includes(name))];
}
const SOURCES = '/etc/apt/sources.list.d/debian.sources';

/** Why no systemd can be booted here. */
export class NotHere extends Error {}

/** A Debian 13 in `dir`, made once. Throws NotHere where that cannot be done. */
export async function makeRoot(dir = ROOT): Promise<void> {
  if (process.getuid?.() !== 0) throw new NotHere('only root can boot a systemd');
  const stamp = `${dir}.packages`;
  const wanted = packages().join(',');
  if (existsSync(dir) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(dir, { recursive: true, force: true });
  const half = `${dir}.half`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(dirname(dir), { recursive: true });
  const from = existsSync(SOURCES) ? [SOURCES] : [];
  const args = ['--variant=minbase', `--include=${wanted}`, 'trixie', half, ...from];
  await run('mmdebstrap', args, { maxBuffer: 64 * 1024 ** 2 }).catch((e: { stderr: string }) => {
    throw new NotHere(
      `mmdebstrap made no Debian: ${(e.stderr ?? String(e)).trim().split('\n').slice(-3).join(' ')}`,
    );
  });
  renameSync(half, dir);
  writeFileSync(stamp, wanted);
}
