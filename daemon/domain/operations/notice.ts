import type { Alarm, Saying } from './alarm.js';

/** One message to the outside. Its `id` is the same however often it has to be sent until somebody takes it. */
export type Notice = {
  id: string;
  kind: Saying | 'summary' | 'test' | 'checkpoint';
  /** Milliseconds since 1970. */
  at: number;
  /** One, or in a summary all that came in a storm; none with a checkpoint. */
  alarms: Alarm[];
  /** A checkpoint of the audit log, as a signed note. */
  checkpoint?: string;
};

export type Said = { kind: Notice['kind']; alarms: Alarm[] };

const MINUTE = 60_000;
/** More messages than this in a minute are a storm. */
const STORM = 10;
/** Between two summaries in a storm, in ms: each alarm is still told within a minute. */
const SUMMARY_MS = 45_000;

/**
 * What goes out now. `waiting` is what there is to say, oldest first; `sent` when messages went out in the last minute,
 * and which were summaries. In a storm all that waits becomes one summary; soon after a summary nothing goes out yet.
 */
export function gather(
  waiting: readonly Said[],
  sent: readonly { at: number; summary: boolean }[],
  now: number,
): Said[] {
  if (waiting.length === 0) return [];
  const recent = lately(sent, now);
  if (recent.length + waiting.length <= STORM) return [...waiting];
  if (recent.some((s) => s.summary && now - s.at < SUMMARY_MS)) return [];
  return [{ kind: 'summary', alarms: newest(waiting.flatMap((w) => w.alarms)) }];
}

/** What went out in the last minute; what seems to be still to come did so before the clock was set back. */
export const lately = <T extends { at: number }>(sent: readonly T[], now: number): T[] =>
  sent.filter((s) => now - s.at >= 0 && now - s.at < MINUTE);

/** Each alarm once, as it was last seen. */
function newest(alarms: readonly Alarm[]): Alarm[] {
  return [...new Map(alarms.map((a) => [`${a.key} ${a.raisedAt}`, a])).values()];
}

/** Waits between tries to deliver, in ms; after the last of them it is tried every hour. */
const WAITS = [5_000, 15_000, 30_000, 60_000, 300_000, 900_000, 1_800_000];
const HOUR = 3_600_000;
/** A message that nobody took for this long is given up, in ms. */
const PATIENCE = 72 * HOUR;

const waitAfter = (attempts: number): number => (attempts === 0 ? 0 : (WAITS[attempts - 1] ?? HOUR));

/** When the next try is after `attempts` that failed, in ms since 1970; null: it is given up. */
export function nextTry(madeAt: number, attempts: number, now: number): number | null {
  if (now - madeAt > PATIENCE) return null;
  return now + waitAfter(attempts);
}

/** Whether it is to be tried now: it has waited, or the clock was set back since. */
export const isDue = ({ nextAt, attempts }: Pick<Delivery, 'nextAt' | 'attempts'>, now: number): boolean =>
  nextAt <= now || nextAt - now > waitAfter(attempts);

/** A notice on its way over one channel. */
export type Delivery = {
  channel: string;
  notice: Notice;
  attempts: number;
  nextAt: number;
  sentAt: number | null;
  givenUpAt: number | null;
  /** Why the last try failed; empty when it did not. */
  problem: string;
};
