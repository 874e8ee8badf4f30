import { readFileSync } from 'node:fs';
import { cached, sha256 } from '../../../scripts/lib/package/places.js';
import { debootstrap } from '../../../scripts/lib/package/toolchain.js';

export type Suite = 'bookworm' | 'trixie';
const CONTROL = new URL('../../../scripts/lib/package/debian/control', import.meta.url);
/**
 * A Debian that boots, with what an admin has at hand. espeak-ng is what the package suggests, and Python what
 * test/support/booted/locked.ts locks the catalogue with.
 */
const SYSTEM = ['systemd-sysv', 'dbus', 'polkitd', 'openssl', 'python3', 'espeak-ng'];

/** With what the package depends on: what is missing there is missing here. Where it takes one of several, the first. */
export function packages(): string[] {
  const depends = /^Depends: (.*)$/m.exec(readFileSync(CONTROL, 'utf8'))?.[1];
  if (!depends) throw new Error('scripts/lib/package/debian/control depends on nothing');
  return [...SYSTEM, ...depends.split(', ').map((one) => one.split(/[ |]/)[0]!)];
}

/** Why no systemd can be booted here. */
export class NotHere extends Error {}

/**
 * Returns the folder of a Debian 12 or 13 with all that the package depends on and without the package, made once. It is for
 * looking at and for booting with a layer above it (bootMachine): nobody writes there. Throws NotHere where it cannot be made.
 */
export async function makeRoot(suite: Suite = 'trixie'): Promise<string> {
  if (process.getuid?.() !== 0) throw new NotHere('only root can boot a systemd');
  const wanted = packages();
  return cached(`root-${suite}`, sha256(...wanted), (dir) => debootstrap(suite, wanted, dir)).catch(
    (e: Error) => {
      throw new NotHere(`mmdebstrap made no Debian: ${e.message.split('\n').slice(-3).join(' ')}`);
    },
  );
}
