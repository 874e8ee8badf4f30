import type { Cdr } from '../domain/assurance/cdr.js';

/** Where CDRs are kept by the PBX. `read` gives those that ended in this time (ms since 1970); throws `cdr_unreadable`. */
export type CdrReader = { name: string; read(range: { from: number; to: number }): Promise<Cdr[]> };

/** A record by the names of its columns, as it is kept, to a CDR; null when it is none. */
export type ToCdr = (row: unknown) => Cdr | null;

/** No zone is further from UTC than this: what is asked for by local times is asked for generously. In ms. */
const ZONES = 27 * 3_600_000;
/** A call may have begun so long before it ended, in ms. */
const LONGEST = 86_400_000;

/** The range in which such records began, as the local times of any zone. */
export function localRange({ from, to }: { from: number; to: number }): { from: string; to: string } {
  const text = (ms: number) => new Date(Math.max(0, ms)).toISOString().slice(0, 19).replace('T', ' ');
  return { from: text(from - LONGEST - ZONES), to: text(to + ZONES) };
}

export const endedIn =
  ({ from, to }: { from: number; to: number }) =>
  (cdr: Cdr): boolean =>
    cdr.endAt >= from && cdr.endAt <= to;
