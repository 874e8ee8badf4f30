import { setImmediate as nextTurn } from 'node:timers/promises';
import { oneOfKeys } from '../domain/phone.js';
import { createNumberIndex, type Listed } from '../domain/policy/lists/number-list.js';
import type { Verbs } from './catalogue.js';
import type { ListChange } from './lists.js';

/** So many numbers are read, and then looked at, before other work has its turn. */
const AT_ONCE = 1_000;
const TURN = 200;
/** What has ended is removed this often, in ms. It counts no more from its end on. */
const FORGET_MS = 3_600_000;

export type NumbersInLists = ReturnType<typeof createNumbersInLists>;

/**
 * Which lists a number is on, from memory: calls are decided by it and cannot wait. Whoever changes a list in this process, which
 * alone writes, says so with `changed`. `region` is that of numbers without a country code. `onChanged` is told afterwards which
 * numbers may be on other lists than before.
 */
export function createNumbersInLists({
  catalogue,
  region,
  clock,
  onChanged = () => {},
}: {
  catalogue: Verbs<'lists.entries' | 'lists.forget'>;
  region: string;
  clock: () => number;
  onChanged?: (affects: (number: string) => boolean) => void;
}) {
  const index = createNumberIndex(region);
  let loading: Promise<void> | null = null;
  let forgetting: NodeJS.Timeout | undefined;

  async function load(): Promise<void> {
    await put(await catalogue.lists.forget(clock()));
    for await (const added of everyListed(catalogue, AT_ONCE)) await put({ added, removed: [] });
  }

  /** Returns what the numbers are looked up by. */
  async function put({ added, removed }: ListChange): Promise<Set<string>> {
    const keys = new Set<string>();
    for (const id of removed) for (const key of index.remove(id)) keys.add(key);
    for (const [i, entry] of added.entries()) {
      if (i % TURN === TURN - 1) await nextTurn();
      for (const key of index.add(entry)) keys.add(key);
    }
    return keys;
  }

  /** Follows what was written of the lists. */
  const changed = async (change: ListChange): Promise<void> =>
    onChanged(oneOfKeys(await put(change), region));

  return {
    /** Resolves when all lists are in memory, from which they never leave. Throws what the catalogue throws. */
    ready(): Promise<void> {
      loading ??= load().catch((e) => {
        loading = null;
        throw e;
      });
      return loading;
    },

    /** Removes what has ended every hour, until `stop`. */
    start(failed: (err: unknown) => void): void {
      forgetting = setInterval(
        () => void catalogue.lists.forget(clock()).then(changed).catch(failed),
        FORGET_MS,
      ).unref();
    },
    stop(): void {
      clearInterval(forgetting);
    },

    changed,
    /** The names of the lists that have this number now, in whatever notation. */
    namesFor: (number: string): string[] => index.listsOf(number, clock()),
    /** The id of the entry that a list has for this number now; null where it has none. */
    on: (list: string, number: string): number | null => index.on(list, number, clock()),
  };
}

/** Returns the numbers of all lists, so many at a time. */
export async function* everyListed(
  catalogue: Verbs<'lists.entries'>,
  limit: number,
): AsyncGenerator<Listed[], void> {
  for (let after = 0; ; ) {
    const page = await catalogue.lists.entries({ after, limit });
    yield page;
    if (page.length < limit) return;
    after = page.at(-1)!.id;
  }
}
