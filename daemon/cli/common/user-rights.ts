import { fail } from '../../domain/error.js';
import { nameFault, tidyName } from '../../domain/people/name.js';
import {
  type Grant,
  grants,
  LONGEST_NAME,
  type Person,
  type Rights,
  type Role,
  roles,
} from '../../domain/people/person.js';
import { faultOf, grantable, tidy } from '../../domain/people/rights.js';

/** What the options of "user add" and "user change" say. What is not said is undefined. */
export type RightsOptions = {
  role?: string[];
  all?: boolean;
  extensions?: string[];
  queues?: string[];
  dids?: string[];
  own?: string[];
  grant?: string[];
};

/** "a,b c" as its parts. "none" is nothing at all. */
export const listed = (text: string, before: string[] = []): string[] => [
  ...before,
  ...text.split(/[\s,]+/).filter((part) => part !== '' && part !== 'none'),
];

/** Throws `request_invalid` for a name that cannot be shown as it is, `name_unclear` for one that looks like another. */
export function nameOf(given: string): string {
  const fault = nameFault(given);
  if (fault !== null) throw fail('name_unclear', fault);
  if (tidyName(given) !== given.normalize('NFKC'))
    throw fail('request_invalid', `A name has 1 to ${LONGEST_NAME} letters, digits or marks.`);
  return tidyName(given);
}

/**
 * Rights as they become by the options. A list takes the place of the one before, and grants that the roles cannot have go
 * with the roles. Throws `request_invalid` and `person_invalid`.
 */
export function rightsBy(options: RightsOptions, before: Rights): Rights {
  const chosen = options.role ? known<Role>(options.role, roles, 'role') : before.roles;
  const named = options.extensions ?? options.queues ?? options.dids;
  const wanted = options.grant ? known<Grant>(options.grant, grants, 'grant') : before.grants;
  const rights = tidy({
    roles: chosen,
    scope: {
      all: options.all ?? (named ? false : before.scope.all),
      extensions: options.extensions ?? before.scope.extensions,
      queues: options.queues ?? before.scope.queues,
      dids: options.dids ?? before.scope.dids,
    },
    extensions: options.own ?? before.extensions,
    grants: options.grant ? wanted : wanted.filter((grant) => grantable(chosen).includes(grant)),
  });
  const fault = faultOf(rights);
  if (fault !== null) throw fail('person_invalid', `${fault}${hintFor(fault)}`);
  return rights;
}

const hintFor = (fault: string): string =>
  fault.startsWith('A reviewer')
    ? ' (--all, --extensions, --queues, --dids)'
    : fault.startsWith('An agent')
      ? ' (--own)'
      : fault.startsWith('Choose')
        ? ` (--role ${roles.join(', --role ')})`
        : '';

function known<T extends string>(given: string[], all: readonly T[], what: string): T[] {
  const wrong = given.find((word) => !all.some((one) => one === word));
  if (wrong !== undefined)
    throw fail('request_invalid', `There is no ${what} "${wrong}"; there are: ${all.join(', ')}.`);
  return given as T[];
}

/** Whose calls somebody reaches, in a few words. */
export function reaches({ roles: has, scope, extensions }: Person): string {
  const parts: string[] = [];
  if (has.includes('reviewer')) {
    if (scope.all) parts.push('all');
    for (const [what, of] of [
      ['extensions', scope.extensions],
      ['queues', scope.queues],
      ['dids', scope.dids],
    ] as const)
      if (of.length > 0) parts.push(`${what} ${of.join(',')}`);
  }
  if (has.includes('auditor')) parts.push('all, with a reason');
  if (has.includes('agent')) parts.push(`own ${extensions.join(',')}`);
  return parts.join('; ') || 'hears none';
}
