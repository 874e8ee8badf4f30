import { setImmediate as nextTurn } from 'node:timers/promises';
import { digitsOf, oneOfKeys } from '../domain/phone.js';
import {
  createStandingIndex,
  type HoldingStanding,
  type NewStanding,
  type Standing,
  type StandingDocument,
} from '../domain/policy/standing/standing.js';
import type { Verbs } from './catalogue.js';

/** So many are read, and then looked at, before other work has its turn. */
const AT_ONCE = 1_000;
const TURN = 200;

export type StandingFilter = {
  /** Only what was entered before the one with this id. */
  before?: number;
  /** Only numbers that contain these digits, in whatever notation. */
  digits?: string;
  limit: number;
};

/** Standing consents and objections by number. None is ever removed; what is erased stays as a row without personal data. */
export interface Consents {
  /** Enters them all. A document may be with the only one. */
  add(
    entries: readonly NewStanding[],
    by: string,
    at: number,
    document: StandingDocument | null,
  ): Promise<Standing[]>;
  /** Null for one that there is not. */
  get(id: number): Promise<Standing | null>;
  /** The newest first. */
  list(filter: StandingFilter): Promise<Standing[]>;
  count(): Promise<number>;
  /** Withdraws one. Idempotent: a second call keeps the first time and name. Throws `consent_unknown`. */
  withdraw(id: number, by: string, at: number): Promise<Standing>;
  /** Notes that its document was destroyed. Throws `consent_unknown`. */
  documentErased(id: number, by: string, at: number): Promise<Standing>;
  /**
   * Erases number, contact, extensions, queues and how it was given; one that is in force is withdrawn. Its document must have been
   * destroyed before. Idempotent: a second call keeps the first time, name and reason. Throws `consent_unknown`.
   */
  erase(id: number, by: string, at: number, why: string): Promise<Standing>;
}

export type StandingByNumber = ReturnType<typeof createStandingByNumber>;

/**
 * What stands for a number, from memory: calls are decided by it and cannot wait. Whoever changes one in this process, which alone
 * writes, says so with `changed`. `region` is that of numbers without a country code. `onChanged` is told afterwards of which
 * numbers something else may hold than before.
 */
export function createStandingByNumber({
  catalogue,
  region,
  clock,
  onChanged = () => {},
}: {
  catalogue: Verbs<'consents.list'>;
  region: string;
  clock: () => number;
  onChanged?: (affects: (number: string) => boolean) => void;
}) {
  const index = createStandingIndex(region);
  let loading: Promise<void> | null = null;

  /** Returns what the numbers are looked up by. */
  async function put(standings: readonly Standing[]): Promise<Set<string>> {
    const keys = new Set<string>();
    for (const [i, standing] of standings.entries()) {
      if (i % TURN === TURN - 1) await nextTurn();
      for (const key of index.put(standing)) keys.add(key);
    }
    return keys;
  }

  async function load(): Promise<void> {
    for await (const page of everyStanding(catalogue, AT_ONCE)) await put(page);
  }

  const changed = async (standings: readonly Standing[]): Promise<void> =>
    onChanged(oneOfKeys(await put(standings), region));

  return {
    /** Resolves when all are in memory, from which they never leave. Throws what the catalogue throws. */
    ready(): Promise<void> {
      loading ??= load().catch((e) => {
        loading = null;
        throw e;
      });
      return loading;
    },

    changed,
    /** Those that hold for a call with this number; `endedAt` is null while it goes on. Times are ms since 1970. */
    holding: (number: string, startedAt: number, endedAt: number | null): HoldingStanding[] =>
      index.holding(number, startedAt, Math.max(startedAt, endedAt ?? clock())),
    anyObjection: index.anyObjection,
  };
}

/** Notations of a number have so many digits at the end in common. */
const SAME_DIGITS = 6;

/** Returns what stands for one number, without reading all others. `region` and `clock` as above. */
export async function standingOfNumber(
  catalogue: Verbs<'consents.list'>,
  number: string,
  { region, clock }: { region: string; clock: () => number },
): Promise<StandingByNumber> {
  const of = createStandingByNumber({ catalogue, region, clock });
  const digits = digitsOf(number).slice(-SAME_DIGITS);
  if (digits !== '')
    for await (const page of everyStanding(catalogue, AT_ONCE, digits)) await of.changed(page);
  return of;
}

/** Returns all of them, or those whose numbers have these digits, the newest first, so many at a time. */
export async function* everyStanding(
  catalogue: Verbs<'consents.list'>,
  limit: number,
  digits = '',
): AsyncGenerator<Standing[], void> {
  for (let before = Number.MAX_SAFE_INTEGER; ; ) {
    const page = await catalogue.consents.list({ before, digits, limit });
    yield page;
    if (page.length < limit) return;
    before = page.at(-1)!.id;
  }
}
