import type { Running } from '../../catalogue/sqlite/upgrade/upgrading.js';
import { fail } from '../../domain/error.js';
import type { Log } from '../../ops/log.js';
import { behindCalls } from '../../ops/process/behind-calls.js';
import { startProgram } from '../../ops/process/start-program.js';
import { outcome } from '../../ops/turns.js';
import type { UpgradeOrder, UpgradeSaid } from './program.js';

const HEAP_MB = 512;
type Progress = Extract<UpgradeSaid, { phase: unknown }>;

/**
 * Starts the process that upgrades the catalogue. It gives way to calls, and ends when this process does. `locked` is told whether
 * another program keeps it from writing.
 */
export function runUpgrade(
  order: UpgradeOrder,
  { progress, locked, log }: { progress: (now: Progress) => void; locked: (now: boolean) => void; log: Log },
): Running {
  const child = startProgram('dist/daemon/upgrade.js', new URL('./program.ts', import.meta.url), HEAP_MB);
  child.ref();
  child.channel?.ref();
  const [ready, finished] = [outcome(), outcome()];
  let ended: Error = fail('internal', 'The process that upgrades the catalogue has ended.');
  child.on('message', (said: UpgradeSaid) => {
    if ('phase' in said) progress(said);
    else if ('locked' in said) locked(said.locked);
    else if ('error' in said) ended = fail(said.error.code, said.error.detail);
    else {
      for (const fault of said.faults)
        log.error(fault, 'A change that was made during the upgrade could not be written to the catalogue');
      ('ready' in said ? ready : finished).resolve();
    }
  });
  child.once('error', (e) => {
    ended = fail('internal', 'The process that upgrades the catalogue could not be started.', e);
    if (child.pid === undefined) over();
  });
  child.once('exit', over);
  child.once('spawn', () => {
    behindCalls(child);
    child.send(order, () => {});
  });
  function over(): void {
    locked(false);
    ready.reject(ended);
    finished.reject(ended);
  }
  return {
    ready: ready.done,
    finish() {
      child.send('finish', () => {});
      return finished.done;
    },
    stop: () => void child.kill('SIGKILL'),
  };
}
