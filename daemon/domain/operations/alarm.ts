import type { AlarmWhy, NewAlarmWhy } from './alarm-codes.js';

export type Severity = 'warning' | 'critical';

/**
 * Something that an admin has to know of. `key` says what it is about: one that is raised again while it stands is the
 * same alarm, and clearing it is a recovery. Times are milliseconds since 1970.
 */
export type Alarm = {
  key: string;
  severity: Severity;
  why: AlarmWhy;
  raisedAt: number;
  clearedAt: number | null;
};

/** `forMs`: it is over by itself when it has not been raised again for so long. For what happens, and does not last. */
export type NewAlarm = { severity: Severity; why: NewAlarmWhy; forMs?: number };

/**
 * How the rest of the daemon tells of alarms. Both may be called again and again. An alarm outlives a restart: who raises
 * it also clears it whenever all is well, even if this process never raised it.
 */
export type Alarms = {
  raise(key: string, alarm: NewAlarm): void;
  clear(key: string): void;
};

/** An alarm and what has been said of it. */
export type KeptAlarm = Alarm & {
  /** When it was last told that it stands, and as what; null before. */
  toldAt: number | null;
  toldAs: Severity | null;
  /** How often it came back before its end had been told, or soon after. */
  returns: number;
  /** When it is over by itself; null: when it is cleared. */
  lastsUntil: number | null;
  /** How long that was from when it was last raised, in ms; null also where an earlier version raised it. */
  lastsMs: number | null;
  /** Nothing more is said of it. */
  done: boolean;
};

/** Something has to be wrong, or well again, for this long before it is told: a flap is not a storm. In ms. */
export const SETTLE_MS = 5_000;
/** What comes back again and again has to be well for this long, in ms. */
const CALM_MS = 300_000;
const RETURNS = 2;
/** Within this time after its end, an alarm that comes back is the old one coming back, in ms. */
const SOON_MS = 600_000;
const REMIND_MS = 24 * 3_600_000;
const MAX_KEY = 120;
/** No text in params is longer, so that a row or a message never is without end. */
const MAX_TEXT = 400;

/** Whether it was less than so long ago. What seems to be still to come was before the clock was set back. */
const within = (at: number, ms: number, now: number): boolean => now >= at && now - at < ms;

/** A key raised: `before` is the newest alarm of that key that is known, standing or over. */
export function raised(before: KeptAlarm | undefined, key: string, alarm: NewAlarm, now: number): KeptAlarm {
  const said = {
    severity: alarm.severity,
    why: capped(alarm.why),
    lastsUntil: alarm.forMs === undefined ? null : now + alarm.forMs,
    lastsMs: alarm.forMs ?? null,
  };
  if (before && !before.done) {
    const back = before.clearedAt !== null;
    return { ...before, ...said, clearedAt: null, returns: before.returns + (back ? 1 : 0) };
  }
  const soon = before?.clearedAt != null && within(before.clearedAt, SOON_MS, now);
  return {
    ...said,
    key: key.slice(0, MAX_KEY),
    raisedAt: now,
    clearedAt: null,
    toldAt: null,
    toldAs: null,
    returns: soon ? before.returns + 1 : 0,
    done: false,
  };
}

const capped = (why: NewAlarmWhy): NewAlarmWhy =>
  JSON.parse(JSON.stringify(why), (_, value) =>
    typeof value === 'string' ? value.slice(0, MAX_TEXT).toWellFormed() : value,
  );

/** A clock that was set back by less than this, in ms, was put right a little. */
const NUDGE_MS = 60_000;

/** Whether it stands, if nobody clears it. A clock that was set back does not make it stand for longer than it is to. */
const lasts = ({ lastsUntil, lastsMs }: KeptAlarm, now: number): boolean =>
  lastsUntil === null || (now < lastsUntil && (lastsMs === null || lastsUntil - now <= lastsMs + NUDGE_MS));

export type Saying = 'raised' | 'reminder' | 'cleared';
type Step = { alarm: KeptAlarm; say: Saying | null };

/** What time does to an alarm: it is told, told again once a day while it is critical, ends, and its end is told. */
export function aged(alarm: KeptAlarm, now: number): Step {
  if (alarm.done) return { alarm, say: null };
  if (alarm.clearedAt === null && !lasts(alarm, now)) return aged({ ...alarm, clearedAt: now }, now);
  if (alarm.clearedAt !== null) {
    const calm = alarm.returns >= RETURNS ? CALM_MS : SETTLE_MS;
    if (within(alarm.clearedAt, calm, now)) return { alarm, say: null };
    return { alarm: { ...alarm, done: true }, say: alarm.toldAt === null ? null : 'cleared' };
  }
  const told = { ...alarm, toldAt: now, toldAs: alarm.severity };
  if (alarm.toldAt === null)
    return within(alarm.raisedAt, SETTLE_MS, now) ? { alarm, say: null } : { alarm: told, say: 'raised' };
  if (alarm.severity === 'critical' && alarm.toldAs === 'warning') return { alarm: told, say: 'raised' };
  if (alarm.severity === 'critical' && !within(alarm.toldAt, REMIND_MS, now))
    return { alarm: told, say: 'reminder' };
  return { alarm, say: null };
}

/** May be forgotten: nothing more is said, and it coming back would be something new. */
export const forgettable = (alarm: KeptAlarm, now: number): boolean =>
  alarm.done && alarm.clearedAt !== null && now - alarm.clearedAt > SOON_MS;
