import type { Alarms, Severity } from '../domain/operations/alarm.js';
import type { Log } from '../ops/log.js';

/**
 * Raises an alarm for what the recorder needs and nothing has missed yet: a module that Asterisk has unloaded, ffmpeg, the file of
 * the master key that the next start reads. The first call, or the next start, would be the one to fail.
 */
export type Need = {
  /** What is looked at. The key of its alarm has it, so it never changes. */
  check: string;
  alarms: Alarms;
  /** What is missing in words, and what to do; null where nothing is, undefined where that cannot be known now. */
  look: () => Promise<Lack | null | undefined>;
};
export type Lack = { severity: Severity; says: string; todo: string };

/** The first look, in ms after the start: it is not to slow that down. */
const FIRST_MS = 10_000;
const EVERY_MS = 5 * 60_000;
/** While something is missing, in ms: its alarm is to be over soon after it is back. */
const AGAIN_MS = 30_000;

export function createNeeds({ needs, log }: { needs: readonly Need[]; log: Log }) {
  const missing = new Set<Need>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function lookAt(need: Need): Promise<void> {
    const { check, alarms, look } = need;
    const lack = await look();
    if (lack === undefined || stopped) return;
    const key = `need_missing ${check}`;
    if (lack === null) {
      missing.delete(need);
      alarms.clear(key);
      return;
    }
    // Only what is missing twice: an encoder that restarts is back by the second look.
    const { severity, ...words } = lack;
    if (missing.has(need))
      alarms.raise(key, { severity, why: { code: 'need_missing', params: { check, ...words } } });
    missing.add(need);
  }

  /** Looks at one after the other, so that what they cost never comes at once. */
  async function look(): Promise<void> {
    for (const need of needs)
      await lookAt(need).catch((err) =>
        log.warn({ err, check: need.check }, 'A need could not be looked at'),
      );
  }

  const lookIn = (ms: number) => {
    timer = setTimeout(async () => {
      await look();
      if (!stopped) lookIn(missing.size > 0 ? AGAIN_MS : EVERY_MS);
    }, ms).unref();
  };

  return {
    look,
    start: () => lookIn(FIRST_MS),
    /** Nobody waits for a look that is under way: it raises and clears nothing any more. */
    stop(): void {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
