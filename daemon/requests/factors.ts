import type { Verbs } from '../catalogue/catalogue.js';
import { onRecord } from '../catalogue/entries.js';
import { fail } from '../domain/error.js';
import type { SIGN_IN } from '../domain/operations/control/sign-in.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import { nameOf } from '../domain/people/name.js';
import { createKept } from '../ops/kept.js';
import { hashed, newRecoveryCode, plainCode } from '../ops/secrets/codes.js';
import { base32, newTotpSecret, stepOf } from '../ops/secrets/totp.js';
import type { Askers, Self } from './askers.js';
import type { Passkeys } from './passkeys.js';
import type { Proofs } from './proofs.js';

const RECOVERY_CODES = 10;
/** How long an app may take to be set up. */
const ENROL_WITHIN_MS = 10 * 60_000;

/** What keeps the secrets of authenticator apps from who has the catalogue alone. */
export type FactorSecrets = {
  seal(userId: string, secret: Uint8Array): Uint8Array;
  /** Throws `factor_unreadable`. */
  open(userId: string, sealed: Uint8Array): Uint8Array;
};

/** Adding and removing one's own second factors. */
export function createFactorRequests(deps: {
  catalogue: Verbs<'audited' | 'factors.state' | 'factors.passkey' | 'factors.totp'>;
  askers: Askers;
  proofs: Proofs;
  passkeys: Passkeys;
  factorSecrets: FactorSecrets;
  clock: () => number;
}): Pick<ControlHandlers, Exclude<keyof typeof SIGN_IN, 'prove'>> {
  const { catalogue, askers, proofs, passkeys, factorSecrets, clock } = deps;
  const enrolments = createKept<Buffer>({ now: clock, forMs: ENROL_WITHIN_MS });
  const changed = ({ entry }: Self, what: string) => entry('second_factor', { detail: { changes: [what] } });

  return {
    async ask_passkey({ place, person, session, act }) {
      if (act && (person === null || session === null))
        throw fail('request_invalid', 'act: is of somebody in a session of theirs');
      return { options: plain(await passkeys.ask(place, { person, session, act })) };
    },

    async begin_passkey(body) {
      const { user } = await askers.enrolling('begin_passkey', body);
      const { by, place } = body;
      return { options: plain(await passkeys.beginAdding(user, place, by.session)) };
    },

    async add_passkey(body) {
      const self = await askers.enrolling('add_passkey', body);
      const { by, name: given, response } = body;
      const name = nameOf(given);
      const passkey = await passkeys.made(self.user, by.session, name, response);
      const { codes, hashes } = newCodes();
      const entry = changed(self, `the passkey ${name} was added`);
      const added = await onRecord<{ codesKept: boolean } | null>(
        catalogue,
        (done) => done && entry,
        (c) => c.factors.addPasskey(passkey, hashes),
      );
      if (!added) throw fail('passkey_refused', 'It is known already.');
      proofs.add(by.session, ownerOf(self), 'passkey', OWN);
      return { recovery_codes: added.codesKept ? codes : null };
    },

    async begin_totp(body) {
      const { user } = await askers.enrolling('begin_totp', body);
      const { by } = body;
      const secret = newTotpSecret();
      enrolments.keep(secret, `${user.id} ${by.session}`);
      return { secret: base32(secret) };
    },

    async confirm_totp(body) {
      const self = await askers.enrolling('confirm_totp', body);
      const { by, code } = body;
      const { user } = self;
      const asked = `${user.id} ${by.session}`;
      const secret = enrolments.take(asked);
      if (!secret) throw fail('factor_wrong', 'It took too long: begin again.');
      const step = stepOf(secret, code, clock());
      if (step === null) {
        // The same secret may be tried again.
        enrolments.keep(secret, asked);
        throw fail('factor_wrong');
      }
      const { codes, hashes } = newCodes();
      const totp = { sealed: factorSecrets.seal(user.id, secret), addedAt: clock(), lastStep: step };
      const entry = changed(self, 'an authenticator app was added');
      const { codesKept } = await onRecord(catalogue, entry, (c) =>
        c.factors.saveTotp(user.id, totp, hashes),
      );
      proofs.add(by.session, ownerOf(self), 'totp', OWN);
      return { recovery_codes: codesKept ? codes : null };
    },

    async remove_factor(body) {
      const self = await askers.provedSelf('remove_factor', body);
      const { passkey: id } = body;
      const { user } = self;
      const passkey = id === undefined ? null : await catalogue.factors.passkey(id);
      const theirs = id === undefined ? await catalogue.factors.totp(user.id) : passkey?.userId === user.id;
      if (!theirs) throw fail('not_found');
      const entry = changed(
        self,
        `the ${passkey ? `passkey ${passkey.name}` : 'authenticator app'} was removed`,
      );
      const gone = await onRecord<boolean>(
        catalogue,
        (gone) => (gone ? entry : null),
        (c) => c.factors.remove(user.id, passkey ? { passkey: passkey.id } : 'totp'),
      );
      if (!gone) throw fail('last_factor');
      return {};
    },

    async new_recovery_codes(body) {
      const self = await askers.provedSelf('new_recovery_codes', body);
      const { totp, passkeys: keys } = await catalogue.factors.state(self.user.id);
      if (!totp && keys === 0)
        throw fail('request_invalid', 'There is no second factor that they would stand for.');
      const { codes, hashes } = newCodes();
      const entry = changed(self, 'new recovery codes were made');
      await onRecord(catalogue, entry, (c) => c.factors.saveRecoveryCodes(self.user.id, hashes));
      return { recovery_codes: codes };
    },
  };
}

/** A factor that was just added has proved the session for changing one's factors, and for nothing else. */
const OWN = { kind: 'own_factors', object: null } as const;

const ownerOf = ({ user, epoch }: Self) => ({ id: user.id, epoch });

/** Ten, to be shown this once. */
function newCodes(): { codes: string[]; hashes: string[] } {
  const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
  return { codes, hashes: codes.map((code) => hashed(plainCode(code))) };
}

/** What a browser is given, which goes through as it is. */
const plain = (options: object): Record<string, unknown> => ({ ...options });
