import type { CdrJournal, Heard } from '../../cdr/journal.js';
import type { Cdr } from '../../domain/assurance/cdr.js';
import { isDiskError } from '../../domain/error.js';
import type { Alarms } from '../../domain/operations/alarm.js';
import { because, type Why } from '../../domain/reason/reason.js';
import type { Log } from '../../ops/log.js';

/**
 * CDRs on their way from AMI into the catalogue. Each is in the journal before anything else is done with it, so that
 * neither a locked catalogue nor the end of this process loses one that was heard.
 */
export type IntakeDeps = {
  journal: CdrJournal;
  /** Writes CDRs to the catalogue; `at` and `since` are when the last and the first of them were heard. */
  write: (cdrs: Cdr[], at: number, since: number) => Promise<void>;
  /** CDRs were lost in this time. */
  lost: (from: number, why: Why) => void;
  alarms: Alarms;
  clock: () => number;
  log: Log;
};

/** At most so many wait in memory. */
const MAX_WAITING = 50_000;
const ALARM = 'cdr_journal';

export function createIntake(deps: IntakeDeps, maxWaiting = MAX_WAITING) {
  const { journal, alarms, log } = deps;
  /** Heard, and not in the catalogue yet; `kept`: the journal has it. */
  let waiting: (Heard & { kept: boolean })[] = [];
  let lostSince: number | null = null;
  /** There is something in the journal. */
  let dirty = false;
  let broken = false;

  function keep(one: Heard): boolean {
    try {
      dirty = true;
      journal.append(one);
      broken = false;
      alarms.clear(ALARM);
      return true;
    } catch (err) {
      unkept(err);
      return false;
    }
  }

  function unkept(err: unknown): void {
    if (!broken) log.warn({ err }, 'The CDR journal cannot be written');
    broken = true;
    alarms.raise(ALARM, {
      severity: 'warning',
      why: {
        code: 'cdr_journal',
        params: { file: journal.file, detail: err instanceof Error ? err.message : '' },
      },
    });
  }

  /** Makes durable what the journal has. After an fsync that failed, the lines are written anew. */
  async function sync(): Promise<void> {
    try {
      for (const one of waiting) one.kept ||= keep(one);
      await journal.sync();
    } catch (err) {
      unkept(err);
      for (const one of waiting) one.kept = false;
      try {
        journal.clear();
      } catch (err) {
        unkept(err);
      }
    }
  }

  return {
    hear(cdr: Cdr): void {
      const one = { at: deps.clock(), cdr };
      if (waiting.length >= maxWaiting) {
        lostSince ??= one.at;
        return;
      }
      waiting.push({ ...one, kept: keep(one) });
    },

    /** Takes up what an earlier process has left in the journal. Returns when the first of it was heard; null for nothing. */
    recover(): number | null {
      try {
        const { heard, unreadable } = journal.read();
        waiting.unshift(...heard.map((one) => ({ ...one, kept: true })));
        dirty = true;
        if (heard.length > 0 || unreadable > 0)
          log.warn({ cdrs: heard.length, unreadable }, 'Took up CDRs that an earlier run had not written');
        return heard[0]?.at ?? null;
      } catch (err) {
        unkept(err);
        return null;
      }
    },

    /** Writes what waits. Throws when the catalogue cannot be written; then it goes on waiting. */
    async flush(): Promise<void> {
      if (!dirty && waiting.length === 0) return;
      while (waiting.length > 0) {
        await sync();
        const batch = [...waiting]; // more are heard while these are written
        const write = (some: Heard[]) =>
          deps.write(
            some.map((h) => h.cdr),
            some.at(-1)!.at,
            some[0]!.at,
          );
        try {
          await write(batch);
        } catch (err) {
          if (isDiskError(err)) throw err;
          // One of them cannot be written at all, and must not keep the others from it.
          for (const one of batch)
            await write([one]).catch((err) => {
              if (isDiskError(err)) throw err;
              const { linkedid, uniqueid } = one.cdr;
              log.error({ err, linkedid, uniqueid }, 'A CDR could not be written to the catalogue');
            });
        }
        waiting = waiting.slice(batch.length);
      }
      try {
        journal.clear();
        dirty = false;
      } catch (err) {
        unkept(err);
      }
      if (lostSince !== null) deps.lost(lostSince, because('cdrs_overflowed'));
      lostSince = null;
    },

    stop: journal.stop,
  };
}
