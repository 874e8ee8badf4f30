import { fail } from '../../daemon/domain/error.js';
import type { Owes } from '../../daemon/domain/people/factor.js';
import {
  type BoxRight,
  boxRights,
  type CallRight,
  mayDo,
  mayEver,
  type Person,
} from '../../daemon/domain/people/person.js';

/**
 * Who may use a route: anybody; whoever has given a password, also when a second factor is still owed; whoever is signed in;
 * whoever has a right to the box; or, for calls, whoever has this right to any call. Which calls those are is for the route
 * to look at (`reached.ts`): out of reach is not there.
 */
export type Access = 'public' | 'second_factor' | 'signed_in' | BoxRight | `call:${CallRight}`;

/**
 * Throws `second_factor_needed` in a session that owes one, and `forbidden` when this person may not use a route with this
 * access at all.
 */
export function admit({ person, owes }: { person: Person; owes: Owes }, access: Access): void {
  if (access === 'public' || access === 'second_factor') return;
  if (owes !== 'nothing') throw fail('second_factor_needed');
  if (access === 'signed_in') return;
  if (isBoxRight(access)) {
    if (!mayDo(person, access)) throw fail('forbidden');
  } else if (!mayEver(person, access.slice('call:'.length) as CallRight)) throw fail('forbidden');
}

const isBoxRight = (access: Access): access is BoxRight => boxRights.some((right) => right === access);
