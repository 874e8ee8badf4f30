import type { Verbs } from '../catalogue/catalogue.js';
import { onRecord } from '../catalogue/entries.js';
import type { User } from '../catalogue/people.js';
import { INDEPENDENT_AFTER_MS, isApprover } from '../domain/approval/second-person.js';
import { fail } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { SIGN_IN } from '../domain/operations/control/sign-in.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import type { FactorChange } from '../domain/people/factor.js';
import { nameOf } from '../domain/people/name.js';
import { createBuckets, type Limit } from '../ops/buckets.js';
import { createKept } from '../ops/kept.js';
import { hashed, newRecoveryCode, plainCode } from '../ops/secrets/codes.js';
import { base32, newTotpSecret, stepOf } from '../ops/secrets/totp.js';
import type { Askers, Self } from './askers.js';
import type { Passkeys } from './passkeys.js';

const RECOVERY_CODES = 10;
/** How long an app may take to be set up. */
const ENROL_WITHIN_MS = 10 * 60_000;
/** Each change is told with an alarm of its own, so nobody makes them without end, whose factor it may be. */
const CHANGES: Limit = { burst: 20, hourly: 5 };
/** How long an alarm stands that tells of a change of factors, or of who may approve. */
export const TOLD_FOR_MS = 86_400_000;

/** What keeps the secrets of authenticator apps from who has the catalogue alone. */
export type FactorSecrets = {
  seal(userId: string, secret: Uint8Array): Uint8Array;
  /** Throws `factor_unreadable`. */
  open(userId: string, sealed: Uint8Array): Uint8Array;
};

export type TellDeps = { alarms: Pick<Alarms, 'raise'>; clock: () => number; mint: (at: number) => string };

/**
 * Tells outside the dashboard what was done to somebody's second factors: each time anew, so that one that is expected hides no other.
 * Nothing of the box hangs on those of people from a directory or a provider, whom the dashboard can make up.
 */
export function tellFactors(
  { alarms, clock, mint }: TellDeps,
  user: Pick<User, 'source'> & Parameters<typeof isApprover>[0],
  change: FactorChange,
  { factor = '', by = null }: { factor?: string; by?: string | null } = {},
): void {
  if (user.source !== 'local') return;
  const at = clock();
  const counts = ADDS.includes(change) && isApprover(user) ? at + INDEPENDENT_AFTER_MS : null;
  const why = { code: 'factors_changed', params: { name: user.name, change, factor, by, counts } } as const;
  alarms.raise(`factors_changed ${mint(at)}`, { severity: 'warning', why, forMs: TOLD_FOR_MS });
}
const ADDS: readonly FactorChange[] = ['app_added', 'app_replaced', 'passkey_added'];

/** Adding and removing one's own second factors. */
export function createFactorRequests(deps: {
  catalogue: Verbs<'audited' | 'factors.state' | 'factors.passkey' | 'factors.totp'>;
  askers: Askers;
  passkeys: Passkeys;
  factorSecrets: FactorSecrets;
  alarms: TellDeps['alarms'];
  clock: () => number;
  mint: (at: number) => string;
}): Pick<ControlHandlers, Exclude<keyof typeof SIGN_IN, 'prove'>> {
  const { catalogue, askers, passkeys, factorSecrets, clock } = deps;
  /** `first`: begun by somebody without a second factor, so perhaps with no more than a password. */
  const enrolments = createKept<{ secret: Buffer; first: boolean }>({ now: clock, forMs: ENROL_WITHIN_MS });
  const enrolmentOf = ({ user, epoch }: Self, session: string) => `${user.id} ${epoch} ${session}`;
  /** Somebody who ends what they began with a proof: that proof was used up then, and this is good once. */
  async function adding(by: Parameters<Askers['self']>[0]) {
    const self = await askers.self(by);
    const { totp, passkeys: keys } = await catalogue.factors.state(self.user.id);
    return { self, app: totp, first: !totp && keys === 0 };
  }
  const buckets = createBuckets({ now: clock });
  /** Throws `too_many`. */
  function limit({ user }: Self): void {
    const bucket = buckets.level(`person ${user.id}`, CHANGES);
    if (bucket.left < 1) throw fail('too_many', 'Your second factors were changed too often.');
    bucket.left -= 1;
  }
  const changed = ({ entry }: Self, what: string) => entry('second_factor', { detail: { changes: [what] } });

  return {
    async ask_passkey({ place, person, session, act }) {
      if (act && (person === null || session === null))
        throw fail('request_invalid', 'act: is of somebody in a session of theirs');
      return { options: plain(await passkeys.ask(place, { person, session, act })) };
    },

    async begin_passkey(body) {
      const { user, epoch, first } = await askers.enrolling('begin_passkey', body);
      const { by, place } = body;
      const { session } = by;
      return { options: plain(await passkeys.beginAdding(user, place, { session, epoch, first })) };
    },

    async add_passkey(body) {
      const { by, name: given, response } = body;
      const { self, first } = await adding(by);
      const { user, epoch } = self;
      const name = nameOf(given);
      const passkey = await passkeys.made(user, { session: by.session, epoch, first }, name, response);
      limit(self);
      const { codes, hashes } = newCodes();
      const entry = changed(self, `the passkey ${name} was added`);
      const added = await onRecord<{ codesKept: boolean } | null>(
        catalogue,
        (done) => done && entry,
        (c) => c.factors.addPasskey(passkey, hashes),
      );
      if (!added) throw fail('passkey_refused', 'It is known already.');
      tellFactors(deps, user, 'passkey_added', { factor: name });
      return { recovery_codes: added.codesKept ? codes : null };
    },

    async begin_totp(body) {
      const self = await askers.enrolling('begin_totp', body);
      const secret = newTotpSecret();
      enrolments.keep({ secret, first: self.first }, enrolmentOf(self, body.by.session));
      return { secret: base32(secret) };
    },

    async confirm_totp(body) {
      const { by, code } = body;
      const { self, app, first } = await adding(by);
      const { user } = self;
      const asked = enrolmentOf(self, by.session);
      const begun = enrolments.take(asked);
      if (!begun) throw fail('factor_wrong', 'It took too long: begin again.');
      if (begun.first && !first) throw fail('factor_wrong', 'There is another factor now: begin again.');
      const { secret } = begun;
      const step = stepOf(secret, code, clock());
      if (step === null) {
        // The same secret may be tried again.
        enrolments.keep(begun, asked);
        throw fail('factor_wrong');
      }
      limit(self);
      const { codes, hashes } = newCodes();
      const totp = { sealed: factorSecrets.seal(user.id, secret), addedAt: clock(), lastStep: step };
      const entry = changed(self, 'an authenticator app was added');
      const { codesKept } = await onRecord(catalogue, entry, (c) =>
        c.factors.saveTotp(user.id, totp, hashes),
      );
      tellFactors(deps, user, app ? 'app_replaced' : 'app_added');
      return { recovery_codes: codesKept ? codes : null };
    },

    async remove_factor(body) {
      const self = await askers.provedSelf('remove_factor', body);
      const { passkey: id } = body;
      const { user } = self;
      const passkey = id === undefined ? null : await catalogue.factors.passkey(id);
      const theirs = id === undefined ? await catalogue.factors.totp(user.id) : passkey?.userId === user.id;
      if (!theirs) throw fail('not_found');
      limit(self);
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
      tellFactors(deps, user, passkey ? 'passkey_removed' : 'app_removed', { factor: passkey?.name ?? '' });
      return {};
    },

    async new_recovery_codes(body) {
      const self = await askers.provedSelf('new_recovery_codes', body);
      const { totp, passkeys: keys } = await catalogue.factors.state(self.user.id);
      if (!totp && keys === 0)
        throw fail('request_invalid', 'There is no second factor that they would stand for.');
      limit(self);
      const { codes, hashes } = newCodes();
      const entry = changed(self, 'new recovery codes were made');
      await onRecord(catalogue, entry, (c) => c.factors.saveRecoveryCodes(self.user.id, hashes));
      tellFactors(deps, self.user, 'codes_made');
      return { recovery_codes: codes };
    },
  };
}

/** Ten, to be shown this once. */
function newCodes(): { codes: string[]; hashes: string[] } {
  const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
  return { codes, hashes: codes.map((code) => hashed(plainCode(code))) };
}

/** What a browser is given, which goes through as it is. */
const plain = (options: object): Record<string, unknown> => ({ ...options });
