import { diskError, isLocked } from '../../../domain/error.js';
import type { Db } from '../db.js';
import type { Wal } from './wal.js';

/** How long one commit may gather, in ms: nobody else in this process is served meanwhile. */
const LONGEST = 10;

/**
 * How long a write waits for another process's transaction, in ms. Ours take a few at most. Once somebody has held the
 * catalogue for longer, every further write asks only shortly until one succeeds: whoever waits here, waits with all else
 * that this process does.
 *
 * A user who may only read the file can take shared locks on -shm, and so keep every write waiting (operations/unlock does
 * something about it). Putting another -shm in its place would end that, but a process that may write and still has the old one
 * would then write over what we write; whether there is one cannot be seen from within the recorder's unit.
 */
const PATIENCE = { calm: 2_000, once: 20 };

/** So many pages of 4 KB may be in the log before they are moved to the file. */
const LONG = 4_000;
/** So many are moved while writing is held. */
const SHORT = 400;

/** What a work gives, and whether a page may show what it has written. */
type Done<T> = { value: T; counts: boolean };
type Waiting = {
  work: () => Done<unknown>;
  soon: boolean;
  resolve: (value: unknown) => void;
  reject: (e: unknown) => void;
};
/** What has been committed, and waits for the disk. */
type Committed = { tell: () => void; reject: (e: unknown) => void };

/**
 * Writes to the database. Works that are asked for while the disk is at an earlier one share one transaction, so that it is waited
 * for once and not for each. Each is still whole or not there at all, in the order in which they were asked for, and is durable
 * when its promise resolves. One that is wanted `soon` is committed in this turn of the event loop and resolves then.
 * `transact` does one alone; `count` is called once in every transaction with a work that counts.
 * `onLock` is told when a write was refused because somebody else has the catalogue, and when the next one succeeds; `onLong` why
 * the log could not be moved to the file and goes on growing.
 */
export function createWrites(
  db: Db,
  wal: Wal,
  transact: (work: () => unknown) => unknown,
  count: () => void,
  {
    onLock = () => {},
    onLong = () => {},
  }: { onLock?: (locked: boolean) => void; onLong?: (e: unknown) => void } = {},
) {
  let waiting: Waiting[] = [];
  let committed: Committed[] = [];
  let turn: NodeJS.Immediate | undefined;
  let patient = false;
  let syncing: Promise<void> | null = null;
  /** The log is being moved to the file: nothing is written meanwhile. */
  let held = false;
  let moving: Promise<unknown> = Promise.resolve();
  let long = LONG;
  let locked = false;

  function wait(calmly: boolean): void {
    if (patient === calmly) return;
    patient = calmly;
    db.pragma(`busy_timeout = ${calmly ? PATIENCE.calm : PATIENCE.once}`);
  }
  function say(now: boolean): void {
    wait(!now);
    if (locked === now) return;
    locked = now;
    onLock(now);
  }
  const failed = (e: unknown) => {
    if (isLocked(e)) say(true);
  };
  wait(true);

  /** `more`: there was more to do than one commit may gather. */
  function schedule(more = false): void {
    if (held || waiting.length === 0) return;
    if (!syncing || more || waiting.some(({ soon }) => soon)) turn ??= setImmediate(commit);
  }

  function commit(): void {
    turn = undefined;
    if (held) return;
    const done: (() => void)[] = [];
    try {
      // IMMEDIATE: a transaction that reads first and writes later would fail where another process wrote in between.
      db.transaction(() => {
        const until = performance.now() + LONGEST;
        let news = false;
        for (const one of waiting) {
          const { value, counts } = one.work();
          news ||= counts;
          done.push(() => written(one, value));
          if (performance.now() > until) break;
        }
        if (news) count();
      }).immediate();
      say(false);
      waiting = waiting.slice(done.length);
      for (const tell of done) tell();
    } catch (e) {
      failed(e);
      // One of them cannot be done, and so none is. Those that could are done again, each alone.
      const each = waiting.slice(0, done.length + 1);
      waiting = waiting.slice(each.length);
      for (const one of each) alone(one);
    }
    if (committed.length > 0) syncing ??= sync();
    schedule(true);
  }

  function alone(one: Waiting): void {
    try {
      const alone = () => {
        const { value, counts } = one.work();
        if (counts) count();
        return value;
      };
      written(one, transact(alone));
      say(false);
    } catch (e) {
      failed(e);
      one.reject(e);
    }
  }

  function written({ soon, resolve, reject }: Waiting, value: unknown): void {
    if (soon) resolve(value);
    committed.push({ tell: () => resolve(value), reject });
  }

  async function sync(): Promise<void> {
    while (committed.length > 0) {
      const these = committed;
      committed = [];
      try {
        await wal.sync();
        for (const { tell } of these) tell();
      } catch (e) {
        for (const { reject } of these) reject(diskError(e));
      }
    }
    syncing = null;
    schedule();
    if (wal.pages() >= long) void move('RESTART').catch(onLong); // the next try is when it is longer
  }

  /** Moves the log to the file, most of it while writing goes on. False when somebody was reading from it. */
  function move(how: 'RESTART' | 'TRUNCATE'): Promise<boolean> {
    const moved = moving.then(async () => {
      long = Number.POSITIVE_INFINITY;
      try {
        if (wal.pages() > SHORT) await wal.checkpoint('PASSIVE');
        held = true;
        return await wal.checkpoint(how);
      } finally {
        held = false;
        long = LONG + wal.pages();
        schedule();
      }
    });
    moving = moved.catch(() => {});
    return moved;
  }

  return {
    /** What `work` gives. `work` does nothing but to read and write the database; it may be run again. */
    write: <T>(work: () => Done<T>, soon = false): Promise<T> =>
      new Promise<T>((resolve, reject) => {
        waiting.push({ work, soon, resolve: resolve as (value: unknown) => void, reject });
        schedule();
      }),
    move,
    /** Waits for what has been asked for. */
    async finish(): Promise<void> {
      do {
        schedule();
        await Promise.all([moving, syncing, turn && new Promise(setImmediate)]);
      } while (turn || syncing || held || waiting.length > 0);
    },
  };
}
