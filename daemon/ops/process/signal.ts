import type { Log } from '../log.js';

/** Resolves at the first SIGTERM or SIGINT; the second ends the process. `saying` is logged with the first. */
export function untilSignal(log: Log, saying: string): Promise<void> {
  return new Promise((resolve) => {
    let first = true;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (!first) process.exit(1);
        first = false;
        log.info({ event: 'ending', signal }, saying);
        resolve();
      });
    }
  });
}
