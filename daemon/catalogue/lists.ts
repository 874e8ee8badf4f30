import type { Listed, NewListed, NumberList } from '../domain/policy/lists/number-list.js';

/** A list with how many numbers are on it. */
export type CountedList = NumberList & { numbers: number };
export type ListedFilter = {
  /** Only on this list. */
  list?: string;
  /** Only what comes after the entry with this id. */
  after?: number;
  /** Only numbers that contain these digits, in whatever notation. */
  digits?: string;
  limit: number;
};
/** What a change has put on lists and taken off them; of those taken off, their ids. */
export type ListChange = { added: Listed[]; removed: number[] };

/** Lists of numbers that rules name. */
export interface NumberLists {
  /** In the order of their names. */
  all(): Promise<CountedList[]>;
  /** Makes a list, or gives the one of this name another note. */
  save(list: NumberList): Promise<void>;
  /** Removes a list with everything on it. Throws `list_unknown`. */
  remove(name: string): Promise<ListChange>;
  /** In the order in which they were put there. */
  entries(filter: ListedFilter): Promise<Listed[]>;
  /** Puts these on a list; with `replace` in place of all that is on it. Throws `list_unknown`. */
  put(
    name: string,
    entries: readonly NewListed[],
    by: string,
    at: number,
    replace: boolean,
  ): Promise<ListChange>;
  /** Takes entries off a list. */
  drop(name: string, ids: readonly number[]): Promise<ListChange>;
  /** Removes what has ended by then. */
  forget(before: number): Promise<ListChange>;
}
