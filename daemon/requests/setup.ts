import type { Verbs } from '../catalogue/catalogue.js';
import { onRecord } from '../catalogue/entries.js';
import { entryOf } from '../domain/assurance/audit.js';
import { fail } from '../domain/error.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import { personName } from '../domain/people/name.js';
import { FOUNDER, RUNS_ONLY } from '../domain/people/person.js';
import { personSaid } from '../domain/people/person-changes.js';
import { hashed, newCode, plainCode } from '../ops/secrets/codes.js';
import type { PasswordVerbs } from './password-check.js';
import { refuseOtherHash } from './passwords.js';

/**
 * The first user. While there is none, whoever can read the console of the dashboard may make one with the code that is shown
 * there; the newest code is the one that works, once.
 */
export function createSetupRequests(deps: {
  catalogue: Verbs<'audited' | 'people.list' | 'people.saveSetupCode'>;
  passwords: Pick<PasswordVerbs, 'isPasswordHash'>;
  clock: () => number;
  mint: (at: number) => string;
}): Pick<ControlHandlers, 'begin_setup' | 'claim_setup'> {
  const { catalogue, clock, mint } = deps;

  return {
    async begin_setup() {
      if ((await catalogue.people.list()).length > 0) return { code: null };
      const code = newCode();
      await catalogue.people.saveSetupCode(hashed(plainCode(code)), clock());
      return { code };
    },

    async claim_setup({ code, name, hash, hears, address }) {
      refuseOtherHash(hash, deps.passwords);
      const at = clock();
      const user = {
        ...(hears ? FOUNDER : RUNS_ONLY),
        ...{ id: mint(at), name: personName(name), passwordHash: hash, createdAt: at },
      };
      const actor = { actor: 'person', actor_id: user.id, actor_name: user.name, address } as const;
      const added = entryOf(actor, at, 'person_add', {
        ...{ object: 'person', object_id: user.id },
        detail: { ...personSaid(user), because: 'set-up code' },
      });
      const made = await onRecord<boolean>(
        catalogue,
        (made) => (made ? added : null),
        (c) => c.people.claimSetup(hashed(plainCode(code)), user),
      );
      if (!made) throw fail('setup_code_wrong');
      return { id: user.id };
    },
  };
}
