import type { Log } from '../log.js';
import type { Pressure } from './pressure.js';

/** How often the pressure is looked at, in ms. */
const LOOK_MS = 2_000;
/** More pieces at once than anything begins by itself: no limit. */
const MOST = 64;
/** Nothing waits longer than this, in ms. */
export const BOUND_MS = 2 * 3_600_000;

/** `since`: from when on it waits, ms since 1970; null for what has time for ever. `urgent`: it does not wait. */
export type Piece = { since: number | null; urgent?: boolean };

export type Gate = ReturnType<typeof createGate>;

/**
 * Lets work that can wait begin, piece by piece, while Asterisk and the recorder have all the processor time that capturing calls
 * takes. Once that is short nothing begins; once it is no longer, one more piece at once after each look, so that work that makes it
 * short itself finds its measure. What has begun goes on. Before `start`, and where the kernel tells nothing, everything may begin.
 */
export function createGate({
  read,
  clock,
  log,
  off = false,
  free = () => false,
}: {
  read: () => readonly Pressure[];
  clock: () => number;
  /** Nothing is looked at, and nothing waits. */
  off?: boolean;
  /** Nothing has to wait: no call is in progress, or waiting would cost more. */
  free?: () => boolean;
  log: Pick<Log, 'info'>;
}) {
  let known: boolean | null = null;
  let short = false;
  let crowded = false;
  let most = MOST;
  let running = 0;
  let overdue = 0;
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const seen = read();
    tell(seen);
    const isHigh = ({ percent, short: limit }: Pressure) => percent >= limit;
    crowded = seen.some(isHigh);
    const calls = seen.filter((one) => one.calls);
    const isFree = free();
    if (calls.some(isHigh) && !isFree) {
      if (!short) log.info({ pressure: seen.map(said) }, 'Processor time is short: recordings wait');
      short = true;
      most = 0;
    } else if (isFree || calls.every(({ percent, calm }) => percent <= calm)) {
      if (short) log.info({ pressure: seen.map(said) }, 'There is processor time again');
      short = false;
      most = calls.length === 0 ? MOST : Math.min(MOST, most + 1);
    }
  }

  function tell(seen: readonly Pressure[]): void {
    const now = seen.length > 0;
    if (now === known) return;
    known = now;
    if (!now) log.info('The kernel does not say whether processor time is short: nothing waits for it');
  }

  /** How many pieces may begin now. */
  const room = (): number => (short ? 0 : Math.max(0, most - running));
  const isOverdue = (since: number | null): boolean => since !== null && clock() - since >= BOUND_MS;
  const admits = ({ since, urgent }: Piece): boolean =>
    urgent === true || room() > 0 || (isOverdue(since) && overdue === 0);

  return {
    /** Whether a piece may begin. One that waits too long may, one at a time. */
    admits,
    /** Has a piece begin; `leave` says that it is over. Null where it has to wait. `late`: it began only because of its waiting. */
    enter(piece: Piece): { leave: () => void; late: boolean } | null {
      if (!admits(piece)) return null;
      const late = piece.urgent !== true && room() === 0;
      running += 1;
      if (late) overdue += 1;
      let over = false;
      const leave = () => {
        if (over) return;
        over = true;
        running -= 1;
        if (late) overdue -= 1;
      };
      return { leave, late };
    },
    room,
    /** Makes a question for work in many pieces: whether the next one has to wait. Such work waits as long as a recording at most. */
    waiter(): () => boolean {
      let since: number | null = null;
      return () => {
        if (room() > 0 || isOverdue(since)) {
          since = null;
          return false;
        }
        since ??= clock();
        return true;
      };
    },
    /** `known`: the kernel tells it. */
    status: () => ({ known: known === true, short }),
    /** Whether something on the machine waits for a processor much of the time: what has begun takes longer then. */
    crowded: () => crowded,
    /** Looks at the pressure now. */
    look,
    start(): void {
      if (off) return;
      look();
      timer = setInterval(look, LOOK_MS).unref();
    },
    stop(): void {
      clearInterval(timer);
    },
  };
}

const said = ({ of, percent }: Pressure): string => `${of} ${percent.toFixed(1)}`;
