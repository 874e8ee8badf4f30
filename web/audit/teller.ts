import { randomBytes } from 'node:crypto';
import { fail, TapedeckError } from '../../daemon/domain/error.js';
import { MOST_ENTRIES } from '../../daemon/domain/operations/control/recordings.js';
import type { Log } from '../../daemon/ops/log.js';
import { singleFlight } from '../../daemon/ops/turns.js';
import type { Ask } from '../server/ask.js';
import type { Store } from '../store/store.js';
import type { Untold } from '../store/telling.js';

/** Of a batch together, with room for what is around it: the recorder reads 65,536 bytes, and a character may take 3 of them. */
const MOST_CHARS = 20_000;

export type Teller = ReturnType<typeof createTeller>;

/**
 * Tells the recorder what waits to be told, in order, one batch at a time, and again after five seconds while it does not take
 * it. What it refuses for its form is told one by one; what it will not take alone is logged and dropped.
 */
export function createTeller(deps: {
  telling: Pick<Store['telling'], 'source' | 'newSource' | 'newest' | 'next' | 'remove' | 'waiting'>;
  ask: Ask;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  againMs: number;
}) {
  const { telling, log, againMs } = deps;
  let timer: NodeJS.Timeout | undefined;
  let waits = false;
  let stopped = false;

  type Batch = ReturnType<typeof telling.next>;

  async function tell(entries: Batch): Promise<void> {
    const last = entries.at(-1)!.seq;
    try {
      const { seq } = await deps.ask('tell', { source: telling.source(), entries });
      if (seq > telling.newest()) {
        telling.newSource();
        throw fail(
          'daemon_differs',
          'It knows of entries that this database never had, such as after a restore.',
        );
      }
    } catch (err) {
      if (!(err instanceof TapedeckError) || err.code !== 'request_invalid') throw err;
      if (entries.length > 1) {
        for (const entry of entries) await tell([entry]);
        return;
      }
      const { action, outcome } = entries[0]!;
      log.error({ err, seq: last, action, outcome }, 'The recorder does not take this entry; it is dropped');
    }
    telling.remove(last);
  }

  const flight = singleFlight(async () => {
    clearTimeout(timer);
    timer = undefined;
    try {
      for (;;) {
        const batch = telling.next({ most: MOST_ENTRIES, chars: MOST_CHARS });
        if (batch.length === 0) break;
        await tell(batch);
      }
      if (waits) log.info('The recorder takes entries of the audit log again');
      waits = false;
    } catch (err) {
      if (!waits)
        log.warn({ err, waiting: telling.waiting() }, 'Entries of the audit log wait for the recorder');
      waits = true;
      if (!stopped) timer = setTimeout(flight.run, againMs).unref();
    }
  });

  return {
    /** Tells what waits, unless the recorder has just not taken it: then later. */
    soon(): void {
      if (timer === undefined) void flight.run();
    },
    /**
     * Tells what the dashboard's own database does not take, once and past it: under a name of its own, as if of another database. Returns
     * those that the recorder did not take.
     */
    async past(entries: readonly Untold[]): Promise<Untold[]> {
      const source = randomBytes(16).toString('hex');
      const left = entries.map((entry, at) => ({ ...entry, seq: at + 1 }));
      try {
        while (left.length > 0) {
          let [count, chars] = [0, 0];
          do chars += JSON.stringify(left[count++]).length;
          while (count < Math.min(left.length, MOST_ENTRIES) && chars < MOST_CHARS / 2);
          await deps.ask('tell', { source, entries: left.slice(0, count) });
          left.splice(0, count);
        }
      } catch (err) {
        log.warn({ err, entries: left.length }, 'The recorder does not take entries of the audit log');
      }
      return left.map(({ seq, ...entry }) => entry);
    },
    /** Tries once more; what still waits then is told after the next start. */
    async stop(): Promise<void> {
      stopped = true;
      await flight.idle();
      if (telling.waiting() > 0) await flight.run();
      clearTimeout(timer);
    },
  };
}
