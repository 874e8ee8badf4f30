import type { Verbs } from '../catalogue/catalogue.js';
import { onRecord } from '../catalogue/entries.js';
import type { Ended } from '../catalogue/people.js';
import { entryOf, type NewEntry } from '../domain/assurance/audit.js';
import { fail } from '../domain/error.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import { hashed, plainCode } from '../ops/secrets/codes.js';
import type { Askers } from './askers.js';
import type { PasswordCheck, PasswordVerbs } from './password-check.js';
import type { Proofs } from './proofs.js';
import type { Refusals } from './refusals.js';

const tokensEnded = ({ tokens }: Ended): NewEntry['detail'] =>
  tokens.length > 0 ? { tokens_ended: tokens } : {};

/** Throws `request_invalid` for what was not made as we make it. */
export function refuseOtherHash(hash: string, { isPasswordHash }: Pick<PasswordVerbs, 'isPasswordHash'>) {
  if (!isPasswordHash(hash)) throw fail('request_invalid', 'hash: is not of a password');
}

/** Choosing and changing passwords. The dashboard hashes the new one, so that the recorder is asked for as little as can be. */
export function createPasswordRequests(deps: {
  catalogue: Verbs<'audited' | 'people.invited'>;
  askers: Askers;
  proofs: Proofs;
  passwordCheck: PasswordCheck;
  passwords: Pick<PasswordVerbs, 'isPasswordHash'>;
  refusals: Refusals;
  clock: () => number;
}): Pick<ControlHandlers, 'choose_password' | 'change_password'> {
  const { catalogue, askers, proofs, passwordCheck, refusals, clock } = deps;

  return {
    async choose_password({ code, hash, address }) {
      refuseOtherHash(hash, deps.passwords);
      const codeHash = hashed(plainCode(code));
      const user = await catalogue.people.invited(codeHash, clock());
      if (!user) throw fail('invitation_unknown');
      const actor = { actor: 'person', actor_id: user.id, actor_name: user.name, address } as const;
      const ended = await onRecord<Ended | null>(
        catalogue,
        (ended) =>
          ended &&
          entryOf(actor, clock(), 'password_change', {
            ...{ object: 'person', object_id: user.id },
            detail: { because: 'chosen with a link', ...tokensEnded(ended) },
          }),
        (c) => c.people.acceptInvitation(codeHash, hash, clock()),
      );
      // Another was quicker.
      if (!ended) throw fail('invitation_unknown');
      return { person: user.id, tokens_ended: ended.tokens };
    },

    async change_password({ by, old, hash }) {
      const { user, epoch, entry } = await askers.self(by);
      refuseOtherHash(hash, deps.passwords);
      const about = { object: 'person', object_id: user.id };
      if (!(await passwordCheck.fits(user.id, user.passwordHash, old))) {
        await refusals.write(entry('password_change', { ...about, detail: { because: 'wrong password' } }));
        throw fail('old_password_wrong');
      }
      const ended = await onRecord<Ended>(
        catalogue,
        (ended) => entry('password_change', { ...about, detail: tokensEnded(ended) }),
        (c) => c.people.setPassword(user.id, hash, clock()),
      );
      proofs.keep(by.session, { id: user.id, epoch }, ended.epoch);
      return { epoch: ended.epoch, tokens_ended: ended.tokens };
    },
  };
}
