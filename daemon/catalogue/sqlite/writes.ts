import type { Db } from './db.js';

/** How long one commit may gather, in ms: nobody else in this process is served meanwhile. */
const LONGEST = 10;

/**
 * How long a write waits for another process's transaction, in ms. Ours take a few at most. Once somebody has held the
 * catalogue for longer, every further write asks only shortly until one succeeds: whoever waits here, waits with all else
 * that this process does.
 *
 * A user who may only read the file can take shared locks on -shm, and so keep every write waiting. Putting another -shm in its
 * place would end that, but a process that may write and still has the old one would then write over what we write; whether
 * there is one cannot be seen from within the recorder's unit.
 */
const PATIENCE = { calm: 2_000, once: 20 };

/** What a work gives, and whether a page may show what it has written. */
type Done<T> = { value: T; counts: boolean };
type Waiting = { work: () => Done<unknown>; resolve: (value: unknown) => void; reject: (e: unknown) => void };

/**
 * Writes to the database. Works that are asked for in the same turn of the event loop share one transaction, so that the disk
 * is waited for once and not for each; a storm of events else keeps this process from everything else. Each is still whole
 * or not there at all, in the order in which they were asked for, and is durable when its promise resolves. `transact` does
 * one alone; `count` is called once in every transaction with a work that counts.
 */
export function createWrites(db: Db, transact: (work: () => unknown) => unknown, count: () => void) {
  let waiting: Waiting[] = [];
  let turn: NodeJS.Immediate | undefined;
  let patient = false;

  function wait(calmly: boolean): void {
    if (patient === calmly) return;
    patient = calmly;
    db.pragma(`busy_timeout = ${calmly ? PATIENCE.calm : PATIENCE.once}`);
  }
  const failed = (e: unknown) => {
    if (isLocked(e)) wait(false);
  };
  wait(true);

  function commit(): void {
    turn = undefined;
    const done: (() => void)[] = [];
    try {
      // IMMEDIATE: a transaction that reads first and writes later would fail where another process wrote in between.
      db.transaction(() => {
        const until = performance.now() + LONGEST;
        let news = false;
        for (const { work, resolve } of waiting) {
          const { value, counts } = work();
          news ||= counts;
          done.push(() => resolve(value));
          if (performance.now() > until) break;
        }
        if (news) count();
      }).immediate();
      wait(true);
      waiting = waiting.slice(done.length);
      for (const tell of done) tell();
    } catch (e) {
      failed(e);
      // One of them cannot be done, and so none is. Those that could are done again, each alone.
      const each = waiting.slice(0, done.length + 1);
      waiting = waiting.slice(each.length);
      for (const one of each) alone(one);
    }
    if (waiting.length > 0) turn ??= setImmediate(commit);
  }

  function alone({ work, resolve, reject }: Waiting): void {
    try {
      const alone = () => {
        const { value, counts } = work();
        if (counts) count();
        return value;
      };
      resolve(transact(alone));
      wait(true);
    } catch (e) {
      failed(e);
      reject(e);
    }
  }

  return {
    /** What `work` gives, once it is durable. `work` does nothing but to read and write the database; it may be run again. */
    write: <T>(work: () => Done<T>): Promise<T> =>
      new Promise<T>((resolve, reject) => {
        waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
        turn ??= setImmediate(commit);
      }),
    /** Does at once what is still waiting. */
    finish(): void {
      clearImmediate(turn);
      while (waiting.length > 0) commit();
      clearImmediate(turn);
    },
  };
}

/** Whether another process has the catalogue and does not let go. `transact` has put it into our words. */
const isLocked = (e: unknown): boolean =>
  e instanceof Error && 'code' in e && /^(SQLITE_(BUSY|LOCKED)|catalogue_locked)/.test(String(e.code));
