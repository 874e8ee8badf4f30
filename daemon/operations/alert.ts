import type { Verbs } from '../catalogue/catalogue.js';
import {
  type Alarm,
  type Alarms,
  aged,
  forgettable,
  type KeptAlarm,
  raised,
} from '../domain/operations/alarm.js';
import { alarmInWords } from '../domain/operations/alarm-words.js';
import { gather, lately, type Notice, type Said } from '../domain/operations/notice.js';
import { sameCoded } from '../domain/reason/coded.js';
import type { Say } from '../domain/reason/words.js';
import type { Log } from '../ops/log.js';

/**
 * Story 6: what is wrong is said once, to those who have to know, and again when it is over. Alarms are kept in memory
 * first: a full disk must not keep anybody from hearing of it. The catalogue remembers what has been said over a restart.
 */
export type AlertDeps = {
  catalogue: Verbs<'alarms.save' | 'alarms.open' | 'alarms.past' | 'alarms.forget'>;
  /** Sends a message to everybody, sooner or later. */
  tell: (notice: Notice) => void;
  mint: () => string;
  /** A time as people at the site read it. */
  say: Say;
  clock: () => number;
  log: Log;
};

const TICK_MS = 500;
const KEEP_MS = 90 * 86_400_000;

export function createAlert(deps: AlertDeps) {
  /** The newest alarm of each key. */
  const known = new Map<string, KeptAlarm>();
  const unsaved = new Set<KeptAlarm>();
  let waiting: Said[] = [];
  let sent: { at: number; summary: boolean }[] = [];
  let saving: Promise<void> | null = null;
  let complained = false;
  let ready = false;
  let timer: NodeJS.Timeout | undefined;

  function keep(alarm: KeptAlarm): void {
    const before = known.get(alarm.key);
    if (before?.raisedAt === alarm.raisedAt) unsaved.delete(before);
    known.set(alarm.key, alarm);
    unsaved.add(alarm);
    if (ready) saving ??= save();
  }

  async function save(): Promise<void> {
    try {
      for (const alarm of unsaved) {
        await deps.catalogue.alarms.save(alarm);
        unsaved.delete(alarm);
      }
      complained = false;
    } catch (err) {
      if (!complained) deps.log.warn({ err }, 'Alarms cannot be written down; they are told all the same');
      complained = true;
    } finally {
      saving = null;
    }
  }

  function tick(): void {
    const now = deps.clock();
    for (const alarm of [...known.values()]) {
      const { alarm: next, say } = aged(alarm, now);
      if (next !== alarm) keep(next);
      if (say) waiting.push({ kind: say, alarms: [plain(next)] });
      if (forgettable(next, now)) known.delete(next.key);
    }
    sent = lately(sent, now);
    const out = gather(waiting, sent, now);
    if (out.length > 0) waiting = [];
    for (const said of out) {
      sent.push({ at: now, summary: said.kind === 'summary' });
      deps.tell({ id: deps.mint(), at: now, ...said });
    }
    if (unsaved.size > 0) saving ??= save();
  }

  return {
    raise(key, alarm) {
      const before = known.get(key);
      const next = raised(before, key, alarm, deps.clock());
      const stood = before && !before.done && before.clearedAt === null;
      if (stood && before.severity === next.severity && sameCoded(before.why, next.why)) {
        if (before.lastsUntil === next.lastsUntil) return;
      } else {
        const level = next.severity === 'critical' ? 'error' : 'warn';
        const { message, hint } = alarmInWords(next.why, deps.say);
        deps.log[level]({ event: 'alarm_raised', alarm: key, severity: next.severity, hint }, message);
      }
      keep(next);
    },
    clear(key) {
      const alarm = known.get(key);
      if (!alarm || alarm.done || alarm.clearedAt !== null) return;
      keep({ ...alarm, clearedAt: deps.clock() });
      deps.log.info(
        { event: 'alarm_cleared', alarm: key },
        `Over: ${alarmInWords(alarm.why, deps.say).message}`,
      );
    },
    /** Those that stand, newest first. */
    standing: (): Alarm[] =>
      [...known.values()]
        .filter((a) => !a.done && a.clearedAt === null)
        .sort((a, b) => b.raisedAt - a.raisedAt)
        .map(plain),
    past: async (limit: number): Promise<Alarm[]> => (await deps.catalogue.alarms.past(limit)).map(plain),

    /** Takes up what stood when this process last ran; what was told then is not told again. */
    async start(): Promise<void> {
      const kept = await deps.catalogue.alarms.open().catch((err) => {
        deps.log.error(
          { err },
          'Alarms of the last run could not be read; those that still stand are raised again',
        );
        return [];
      });
      for (const old of kept) {
        const since = known.get(old.key);
        if (!since) known.set(old.key, old);
        else if (since.raisedAt > old.raisedAt) {
          unsaved.delete(since);
          keep({ ...since, raisedAt: old.raisedAt, toldAt: old.toldAt, toldAs: old.toldAs });
        }
      }
      await deps.catalogue.alarms
        .forget(deps.clock() - KEEP_MS)
        .catch((err) => deps.log.warn({ err }, 'Old alarms could not be removed'));
      ready = true;
      timer = setInterval(tick, TICK_MS);
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      if (!ready) return;
      tick();
      await saving;
      if (unsaved.size > 0) await save();
    },
  } satisfies Alarms & Record<string, unknown>;
}

const plain = ({ key, severity, why, raisedAt, clearedAt }: KeptAlarm): Alarm => ({
  key,
  severity,
  why,
  raisedAt,
  clearedAt,
});
