import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/*
 * In a network of its own, in which another machine of the office is one hop away: see test/support/setup/first-call.ts, which
 * has the tests.
 */
const NETWORK = 'ip link set lo up; exec "$@"';
const inside = join(import.meta.dirname, '../../support/setup/first-call.ts');
const node = [process.execPath, ...process.execArgv, inside];
const { status } = spawnSync('unshare', ['--net', '--', 'sh', '-ec', NETWORK, 'sh', ...node], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
