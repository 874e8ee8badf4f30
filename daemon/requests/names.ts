import { clean } from '../domain/call/party.js';
import { fail } from '../domain/error.js';
import { nameFault, tidyName } from '../domain/people/name.js';
import { LONGEST_NAME } from '../domain/people/person.js';

/** The name of a person as it is kept. Throws `name_unclear` for one that looks like another than it is. */
export function personName(given: string): string {
  const fault = nameFault(given);
  if (fault !== null) throw fail('name_unclear', fault);
  return tidyName(given);
}

/** The name of a thing as it is kept. Throws `request_invalid` for one that nobody could read or type. */
export function nameOf(given: string): string {
  const name = clean(given, LONGEST_NAME);
  if (name === '') throw fail('request_invalid', 'name: must have a letter');
  return name;
}
