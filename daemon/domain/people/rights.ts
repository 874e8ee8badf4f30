import { clean } from '../call/party.js';
import {
  type BoxRight,
  boxRights,
  type CallRight,
  callRights,
  GRANTABLE,
  type Grant,
  grants,
  LONGEST_NUMBER,
  MOST_NUMBERS,
  mayDo,
  mayEver,
  type Person,
  type Rights,
  type Role,
  roles,
  rolesWith,
  type TokenRight,
  tokenRights,
} from './person.js';

/** What can be granted to somebody with these roles. */
export const grantable = (of: readonly Role[]): Grant[] =>
  grants.filter((grant) => of.some((role) => GRANTABLE[role].includes(grant)));

/** What a token of this person may be made for at most. */
export const tokenRightsOf = (person: Person): TokenRight[] =>
  tokenRights.filter((right) =>
    isBoxRight(right) ? mayDo(person, right) : mayEver(person, right as CallRight),
  );

const isBoxRight = (right: TokenRight): right is TokenRight & BoxRight =>
  boxRights.some((box) => box === right);

/** The same rights, written in the one way: in order, each once, and nothing that their roles have no use for. */
export function tidy(given: Rights): Rights {
  const has = (role: Role) => given.roles.includes(role);
  const all = has('reviewer') && given.scope.all;
  const listed = (numbers: readonly string[], used: boolean) => (used ? numbersOf(numbers) : []);
  const scoped = has('reviewer') && !all;
  return {
    roles: roles.filter(has),
    scope: {
      all,
      extensions: listed(given.scope.extensions, scoped),
      queues: listed(given.scope.queues, scoped),
      dids: listed(given.scope.dids, scoped),
    },
    extensions: listed(given.extensions, has('agent')),
    grants: grants.filter((grant) => given.grants.includes(grant)),
  };
}

const numbersOf = (given: readonly string[]): string[] =>
  [...new Set(given.map((number) => clean(number, LONGEST_NUMBER).trim()))].filter((number) => number !== '');

/** Why nobody can be given these (tidy) rights, in one sentence; null when they can. */
export function faultOf(given: Rights): string | null {
  const { scope } = given;
  if (given.roles.length === 0) return 'Choose at least one role.';
  const wrong = given.grants.filter((grant) => !grantable(given.roles).includes(grant));
  if (wrong.length > 0) return `None of these roles can be given: ${wrong.join(', ')}.`;
  const places = scope.extensions.length + scope.queues.length + scope.dids.length;
  if (given.roles.includes('reviewer') && !scope.all && places === 0)
    return 'A reviewer needs a scope: all calls, or extensions, queues or DIDs.';
  if (given.roles.includes('agent') && given.extensions.length === 0)
    return 'An agent needs an extension of their own.';
  if (places + given.extensions.length > MOST_NUMBERS) return `At most ${MOST_NUMBERS} numbers.`;
  return null;
}

/** Whether somebody can do or reach anything that they could not before. */
export function gains(before: Person, after: Person): boolean {
  const more = (a: readonly string[], b: readonly string[]) => b.some((item) => !a.includes(item));
  const { scope } = before;
  return (
    boxRights.some((right) => mayDo(after, right) && !mayDo(before, right)) ||
    callRights.some((right) => more(rolesWith(before, right), rolesWith(after, right))) ||
    (after.scope.all && !scope.all) ||
    (!scope.all &&
      (more(scope.extensions, after.scope.extensions) ||
        more(scope.queues, after.scope.queues) ||
        more(scope.dids, after.scope.dids))) ||
    more(before.extensions, after.extensions)
  );
}
