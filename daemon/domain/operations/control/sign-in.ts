import { Type } from 'typebox';
import { Act, OWN_FACTORS } from '../../people/act.js';
import type { Proof } from '../../people/factor.js';
import { orNull } from '../../reason/coded.js';
import { Id, Moment, NOTHING, post, proved, Signed, Text } from './request.js';

/** How somebody shows who they are. The recorder looks at all of it but `word`. */

/** What a browser gives or is given goes from one library to the other. */
const Json = Type.Unsafe<Record<string, unknown>>(Type.Object({}));
/** Where the browser is: what passkeys are bound to. */
const Place = Type.Object({ host: Text(255, 1), origin: Text(300, 1) });
const RecoveryCodes = Type.Array(Type.String());
const ProofShape = Type.Unsafe<Proof>(Type.String());

const Means = Type.Union([
  Type.Object({ password: Text(256, 1) }),
  /** Of an authenticator app, or a recovery code. */
  Type.Object({ code: Text(40, 1) }),
  /** The answer of a browser to `ask_passkey`. */
  Type.Object({ passkey: Json }),
  /** What a directory or a provider has said, by the dashboard's word. It proves nothing to the recorder. */
  Type.Object({
    word: Type.Array(Type.Enum(['directory', 'provider_sign_in', 'provider']), { minItems: 1 }),
  }),
]);

export const SIGN_IN = {
  /**
   * Shows who somebody is, in this session, and writes the entry `sign_in` where that begins with it, else `second_factor`.
   * `act`: for what it is given; null where it begins a session or completes the beginning, which proves nothing for an act.
   * What it proves is good for ten minutes in that session: a second factor for the one act that it names, a password for that
   * act and then for this kind of act. A passkey has to have signed what `ask_passkey` gave for this very act. `person`: who it has to be; null for whose passkey it is. `device`:
   * the hash of their browser's cookie, if they signed in in it before. `epoch`: of a session that there is; what is shown in one
   * that has been ended meanwhile proves nothing. `failed`: the wrong second factors before this one;
   * null where none was given. `wait_seconds`: nothing was looked at, because too many wrong codes came before. Throws
   * `sign_in_failed`, `factor_wrong`, `passkey_refused`, `too_many`.
   */
  prove: post(
    '/session/prove',
    Type.Object({
      person: orNull(Id),
      session: Id,
      address: Text(80),
      begins: Type.Boolean(),
      epoch: Type.Optional(Type.Integer()),
      device: orNull(Text(64)),
      act: orNull(Act),
      means: Means,
    }),
    Type.Union([
      Type.Object({
        person: Type.String(),
        proofs: Type.Array(ProofShape),
        epoch: Type.Integer(),
        gains: Type.Integer(),
        failed: orNull(Type.Object({ count: Type.Integer(), lastAt: orNull(Moment) })),
      }),
      Type.Object({ wait_seconds: Type.Integer() }),
    ]),
    { timeoutMs: 15_000 },
  ),

  /**
   * What a browser is to sign: with a passkey of this person, or with any. The answer is good once, for this act in this
   * session. Throws `passkey_refused`; `request_invalid` for an act of nobody.
   */
  ask_passkey: post(
    '/session/ask-passkey',
    Type.Object({ person: orNull(Id), session: orNull(Id), place: Place, act: orNull(Act) }),
    Type.Object({ options: Json }),
  ),

  /** What a browser is to make a passkey of. Needs a proof for exactly this, which is good for one passkey. */
  begin_passkey: proved(
    'own_factors',
    '/factors/begin-passkey',
    Type.Object({ by: Signed, place: Place }),
    Type.Object({ options: Json }),
    { object: () => OWN_FACTORS.addPasskey },
  ),
  /** Keeps what it has made, in the session in which it was begun. `recovery_codes`: with a first factor. Throws `passkey_refused`. */
  add_passkey: post(
    '/factors/add-passkey',
    Type.Object({ by: Signed, name: Text(60, 1), response: Json }),
    Type.Object({ recovery_codes: orNull(RecoveryCodes) }),
  ),
  /** A new secret for an authenticator app, in base32, which counts from when a code of it was given. Needs a proof for exactly this. */
  begin_totp: proved(
    'own_factors',
    '/factors/begin-totp',
    Type.Object({ by: Signed }),
    Type.Object({ secret: Type.String() }),
    { object: () => OWN_FACTORS.addApp },
  ),
  /** As `add_passkey`. Throws `factor_wrong`. */
  confirm_totp: post(
    '/factors/confirm-totp',
    Type.Object({ by: Signed, code: Text(40, 1) }),
    Type.Object({ recovery_codes: orNull(RecoveryCodes) }),
  ),
  /** Needs a proof for exactly this; so does the next. Throws `last_factor`, `not_found`. */
  remove_factor: proved(
    'own_factors',
    '/factors/remove',
    Type.Object({ by: Signed, passkey: Type.Optional(Text(1024, 1)) }),
    NOTHING,
    { object: ({ passkey = OWN_FACTORS.removeApp }) => passkey },
  ),
  new_recovery_codes: proved(
    'own_factors',
    '/factors/recovery-codes',
    Type.Object({ by: Signed }),
    Type.Object({ recovery_codes: RecoveryCodes }),
    { object: () => OWN_FACTORS.makeCodes },
  ),
} as const;
