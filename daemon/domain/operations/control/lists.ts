import { Type } from 'typebox';
import { ListFault } from '../../policy/lists/list-file.js';
import { ListedNumber, ListName, ListNote, MOST_AT_ONCE, NewListed } from '../../policy/lists/number-list.js';
import { By, NOTHING, proved } from './request.js';

/** Lists of numbers: each of these needs the right `settings` and a proof, because rules may leave calls out by them. */

/** What all numbers of a file take, with their notes in four bytes a character at most. */
const MOST_BYTES = 4 * 1024 * 1024;
const about = { object: ({ list }: { list: string }) => list };

export const LISTS = {
  /** Makes a list. Throws `list_exists`, `list_full`. */
  add_list: proved(
    'rules',
    '/lists/add',
    Type.Object({ by: By, list: ListName, note: ListNote }),
    NOTHING,
    about,
  ),
  /** Throws `list_unknown`. */
  change_list: proved(
    'rules',
    '/lists/change',
    Type.Object({ by: By, list: ListName, note: ListNote }),
    NOTHING,
    about,
  ),
  /** Removes a list with all numbers on it. Throws `list_unknown`; `list_used` where a rule of the policy in force names it. */
  remove_list: proved('rules', '/lists/remove', Type.Object({ by: By, list: ListName }), NOTHING, about),
  /**
   * Puts numbers on a list; with `replace` in place of all that is on it. `line`: where each stands in the file that they are from.
   * Nothing is put where there is a fault: those are the answer then. Throws `list_unknown`, `list_full`, `list_invalid`.
   */
  put_listed: proved(
    'rules',
    '/lists/put',
    Type.Object({
      by: By,
      list: ListName,
      entries: Type.Array(Type.Object({ ...NewListed.properties, line: Type.Integer({ minimum: 1 }) }), {
        maxItems: MOST_AT_ONCE,
      }),
      replace: Type.Boolean(),
      /** Only look whether it could be done. */
      dry_run: Type.Boolean(),
    }),
    Type.Object({
      added: Type.Integer(),
      removed: Type.Integer(),
      faults: Type.Array(ListFault),
      /** How many of these numbers other lists have too, by the names of those. */
      also: Type.Record(Type.String(), Type.Integer()),
    }),
    { ...about, maxBytes: MOST_BYTES, timeoutMs: 30_000 },
  ),
  /** Takes a number off a list, in whatever notation. Returns whether it was there. Throws `list_unknown`. */
  drop_listed: proved(
    'rules',
    '/lists/drop',
    Type.Object({ by: By, list: ListName, number: ListedNumber }),
    Type.Object({ removed: Type.Boolean() }),
    about,
  ),
} as const;
