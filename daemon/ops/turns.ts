import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';

/** How work takes turns. None of these knows what the work is. */

/** Does `job`, or joins the one that is being done: never two at once. Rejects as it does. */
export function singleFlight<A extends unknown[], T>(job: (...args: A) => Promise<T>) {
  let flying: Promise<T> | null = null;
  return {
    run(...args: A): Promise<T> {
      flying ??= job(...args).finally(() => {
        flying = null;
      });
      return flying;
    },
    /** Resolves when nothing is being done. */
    async idle(): Promise<void> {
      await flying?.catch(() => {});
    },
  };
}

/** One piece of work after the other, in the order in which they come; one that fails does not keep the next. */
export function serialQueue() {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run<T>(job: () => Promise<T>): Promise<T> {
      const turn = last.then(job, job);
      last = turn.catch(() => {});
      return turn;
    },
    async idle(): Promise<void> {
      await last;
    },
  };
}

/** Does `job` every so many ms; a turn that comes while the last one is still under way is left out. Keeps no process alive. */
export function repeatedly(everyMs: number, job: () => Promise<void>, failed: (err: unknown) => void) {
  const flight = singleFlight(() => job().catch(failed));
  let timer: NodeJS.Timeout | undefined;
  return {
    start(): void {
      timer = setInterval(flight.run, everyMs).unref();
    },
    /** Does it now, or joins what is under way. */
    now: flight.run,
    /** Resolves when nothing is under way. */
    idle: flight.idle,
    /** Resolves when what is under way is over. */
    async stop(): Promise<void> {
      clearInterval(timer);
      await flight.idle();
    },
  };
}

/**
 * Reads a list that is looked through slice by slice until so many items are there, from after a place on; fewer only at its end. `next`
 * is where it goes on, null at the end. The event loop turns after every slice.
 */
export async function fromSlices<T, Place>(
  read: (after: Place, limit: number) => Promise<{ items: T[]; next: Place | null }>,
  after: Place,
  limit: number,
): Promise<{ items: T[]; next: Place | null }> {
  const items: T[] = [];
  for (let at = after; ; await turn()) {
    const found = await read(at, limit - items.length);
    items.push(...found.items);
    if (found.next === null || items.length === limit) return { items, next: found.next };
    at = found.next;
  }
}

/** Yields a list slice by slice, from a place on, until one says that there is no `next`. The event loop turns after each. */
export async function* slices<Slice extends { next: Place | null }, Place>(
  read: (from: Place) => Promise<Slice>,
  first: NoInfer<Place>,
): AsyncGenerator<Slice> {
  for (let at: Place | null = first; at !== null; await turn()) {
    const slice = await read(at);
    yield slice;
    at = slice.next;
  }
}

/** How long to wait after this many failures in a row (0 for the first), in ms: the last delay goes for all later ones. */
export const retryDelay = (delays: readonly number[], failures: number): number =>
  delays[Math.min(failures, delays.length - 1)]!;

/** An end that is told from outside. Whoever learns of its failure in another way need not wait for `done`. */
export function outcome<T = void>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const done = new Promise<T>((good, bad) => {
    resolve = good;
    reject = bad;
  });
  done.catch(() => {});
  return { done, resolve, reject };
}

/** So long calls wait for what is written of them, in ms. */
const WRITTEN = 25;

/**
 * Resolves once `written` does, or after 25 ms: a disk that stands still keeps no call from being followed and captured. Throws
 * what it throws until then.
 */
export async function notForLong(written: Promise<unknown>): Promise<void> {
  await Promise.race([written, wait(WRITTEN, undefined, { ref: false })]);
}

/** Does some work for each of these, so many at once, in their order. Resolves when all is done; rejects with the first failure. */
export async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
