import type { Grantable, Rights } from '../state/api-people.js';
import { t } from './language.js';
import { placeName } from './places.js';

/** What somebody's rights come to, a sentence for each role; `who` null: said to themselves. */
export function meaning(who: string | null, rights: Rights, grantable: Grantable): string[] {
  const { scope } = rights;
  return t.rights.meaning({
    who,
    rights: {
      ...rights,
      extensions: rights.extensions.map(placeName),
      scope: {
        ...scope,
        extensions: scope.extensions.map(placeName),
        queues: scope.queues.map(placeName),
        dids: scope.dids.map(placeName),
      },
    },
    grantable,
  });
}
