import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { makeRoot, NotHere } from '../../support/booted/root.js';
import { builtPackage } from '../../support/package/built.js';
import { olderPackage } from '../../support/package/older.js';
import { asteriskTree } from '../../support/setup/stock-asterisk.js';

/*
 * In a network of its own, in which another machine of the office is one hop away: see test/support/setup/first-call.ts, which
 * has the tests. What is mounted there is gone with it.
 */
try {
  // Debian's archive and npm are not reached from that network.
  for (const suite of ['trixie', 'bookworm'] as const) await makeRoot(suite);
  for (const major of [22, 16] as const) await asteriskTree(major);
  await builtPackage();
  await olderPackage();
} catch (e) {
  // The tests say so.
  if (!(e instanceof NotHere)) throw e;
}
const NETWORK = 'ip link set lo up; exec "$@"';
const inside = join(import.meta.dirname, '../../support/setup/first-call.ts');
const node = [process.execPath, ...process.execArgv, inside];
const apart = ['unshare', '--net', '--mount', '--', 'sh', '-ec', NETWORK, 'sh', ...node];
// It ends with this process, which is told to end where a run is broken off.
const { status } = spawnSync('setpriv', ['--pdeathsig', 'TERM', ...apart], { stdio: 'inherit' });
process.exit(status ?? 1);
