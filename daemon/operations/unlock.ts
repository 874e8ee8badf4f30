import { setTimeout as wait } from 'node:timers/promises';
import { isLocked } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { Log } from '../ops/log.js';
import { repeatedly, retryDelay } from '../ops/turns.js';

/**
 * Story 17: the catalogue is locked by somebody else, so nothing can be written to it. The dashboard's user can do that (see
 * catalogue/sqlite/writing), so the recorder has the dashboard restarted: that ends all its processes, and with them their locks.
 * The pauses grow, so that a dashboard that does it again and again is not restarted all the time, and yet never keeps the
 * recorder from writing for long.
 */
export type UnlockDeps = {
  /** The catalogue's file, for people. */
  file: string;
  /** Has the dashboard restarted. Returns false where nobody does that. */
  restart: () => Promise<boolean>;
  /** It was restarted: writes the entry of the audit log, as soon as anything can be written. */
  restarted: (detail: { because: string; seconds: number }) => Promise<void>;
  alarms: Alarms;
  /** Milliseconds since any time; never set back. */
  elapsed: () => number;
  log: Log;
};

/** How often it is looked at, in ms. */
const EVERY_MS = 500;
/** How long writes have to be refused. The first refused one had waited for two seconds by then. */
const PATIENCE_MS = 3_000;
/** From one restart to the next. */
const PAUSES_MS = [60_000, 600_000];
/** After so long without a restart the pauses begin anew. */
const CALM_MS = 6 * 3_600_000;
/** Long after systemd has killed all of the dashboard (systemd/tapedeck-web-restart.service). */
const ENDED_MS = 30_000;
/** How long a start waits: systemd gives it ten minutes. */
const OPEN_MS = 300_000;
const STANDS_MS = 24 * 3_600_000;
const ALARM = 'dashboard_restarted';

export function createUnlock(deps: UnlockDeps) {
  const { file, alarms, elapsed, log } = deps;
  /** When the first write was refused; null while writes succeed. */
  let since: number | null = null;
  /** The last time that the dashboard was to be restarted, and how often in a row. */
  let asked: { at: number; times: number } | null = null;
  /** When it was restarted because of this very lock. */
  let restartedAt: number | null = null;
  let held = false;

  const seconds = (from: number): number => Math.round((elapsed() - from) / 1_000);

  /** Says it for a day from the last restart on. */
  function tell(began: number): void {
    const lock = held ? 'held' : 'let_go';
    alarms.raise(ALARM, {
      ...{ severity: held ? 'critical' : 'warning', forMs: STANDS_MS },
      why: { code: 'dashboard_restarted', params: { file, seconds: seconds(began), lock } },
    });
  }

  function due(now: number): boolean {
    if (since === null || now - since < PATIENCE_MS) return false;
    return asked === null || now - asked.at >= retryDelay(PAUSES_MS, asked.times - 1);
  }

  async function look(): Promise<void> {
    const now = elapsed();
    if (since !== null && restartedAt !== null && !held && now - restartedAt >= ENDED_MS) {
      held = true;
      tell(since);
    }
    if (due(now)) await restart(since!);
  }

  async function restart(began: number): Promise<void> {
    const now = elapsed();
    const times = asked && now - asked.at < CALM_MS ? asked.times + 1 : 1;
    asked = { at: now, times };
    if (!(await deps.restart())) {
      log.warn('The catalogue is locked, and nobody restarts the dashboard to end that');
      return;
    }
    const how = { seconds: seconds(began), times };
    log.error(how, 'The catalogue was locked: the dashboard was restarted');
    // While that was asked for, the lock may have ended.
    if (since === began) restartedAt ??= elapsed();
    tell(began);
    await deps.restarted({ because: 'catalogue_locked', seconds: how.seconds });
  }

  const looking = repeatedly(EVERY_MS, look, (err) =>
    log.error({ err }, 'The dashboard could not be restarted'),
  );

  function locked(now: boolean): void {
    if (now) {
      since ??= elapsed();
      return;
    }
    since = restartedAt = null;
    if (held) alarms.clear(ALARM);
    held = false;
  }

  return {
    /** A write was refused because somebody else has the catalogue; or one has succeeded again. */
    locked,
    /** Opens the catalogue, as soon as nobody keeps us from it. Throws `catalogue_locked` when that takes too long. */
    async opening(open: () => Promise<void>): Promise<void> {
      const began = elapsed();
      for (;;) {
        const at = elapsed();
        try {
          await open();
          return locked(false);
        } catch (err) {
          if (!isLocked(err) || elapsed() - began > OPEN_MS) throw err;
          if (since === null)
            log.error({ err }, 'The catalogue is locked: the recorder starts once it is not');
          since ??= at;
        }
        await looking.now();
        await wait(EVERY_MS);
      }
    },
    start: looking.start,
    /** Looks now. */
    look: looking.now,
    stop: looking.stop,
  };
}
