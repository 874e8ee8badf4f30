import { Type } from 'typebox';
import {
  grants,
  LONGEST_NAME,
  LONGEST_NUMBER,
  MOST_NUMBERS,
  roles,
  tokenRights,
} from '../../people/person.js';
import { orNull } from '../../reason/coded.js';
import { By, Id, Moment, NOTHING, post, proved, Signed, Text } from './request.js';

/** What can be asked about people. Each of these is written into the audit log with what it does, in one transaction. */

const Numbers = Type.Array(Text(LONGEST_NUMBER, 1), { maxItems: MOST_NUMBERS });
const Roles = Type.Array(Type.Enum([...roles]), { maxItems: roles.length });
export const Rights = {
  roles: Roles,
  scope: Type.Object({ all: Type.Boolean(), extensions: Numbers, queues: Numbers, dids: Numbers }),
  extensions: Numbers,
  grants: Type.Array(Type.Enum([...grants]), { maxItems: grants.length }),
};
export const Name = Text(LONGEST_NAME, 1);
/** argon2id, in the form of its reference. */
export const PasswordHash = Text(300, 1);
/** A code in the clear, to be shown to somebody once. */
const Invitation = Type.Object({ code: Type.String(), expires_at: Moment });
const BasedOn = Type.Optional(Type.Integer());
/** The names of the API tokens that have ended. */
export const TokensEnded = Type.Array(Type.String());

export const PEOPLE = {
  /** Needs the right `people` and a proof; so do the next three. Gives them a link to choose a password with. */
  add_person: proved(
    'people',
    '/people/add',
    Type.Object({ by: By, name: Name, rights: Type.Object(Rights) }),
    Type.Object({ id: Type.String(), invitation: Invitation }),
  ),
  change_person: proved(
    'people',
    '/people/change',
    Type.Object({
      by: By,
      id: Id,
      name: Name,
      rights: Type.Object(Rights),
      disabled: Type.Optional(Type.Boolean()),
      based_on: BasedOn,
    }),
    NOTHING,
    { object: ({ id }) => id },
  ),
  remove_person: proved(
    'people',
    '/people/remove',
    Type.Object({ by: By, id: Id, based_on: BasedOn }),
    NOTHING,
    { object: ({ id }) => id },
  ),
  invite_person: proved('people', '/people/invite', Type.Object({ by: By, id: Id }), Invitation, {
    object: ({ id }) => id,
  }),
  /** Ends all sessions and API tokens of somebody. Needs the right `people`. */
  shut_out: post('/people/shut-out', Type.Object({ by: By, id: Id }), NOTHING),

  /** Sets the password of whose link has this code, and ends their sessions and API tokens. Throws `invitation_unknown`. */
  choose_password: post(
    '/people/choose-password',
    Type.Object({ code: Text(60, 1), hash: PasswordHash, address: Text(80) }),
    Type.Object({ person: Type.String(), tokens_ended: TokensEnded }),
  ),
  /** One's own. `old` is compared here. Ends all other sessions, by `epoch`, and all API tokens. Throws `old_password_wrong`. */
  change_password: post(
    '/people/change-password',
    Type.Object({ by: Signed, old: Text(256, 1), hash: PasswordHash }),
    Type.Object({ epoch: Type.Integer(), tokens_ended: TokensEnded }),
    { timeoutMs: 15_000 },
  ),

  /** A code for the first user, to be shown on the console of the dashboard; null when there is somebody already. */
  begin_setup: post('/people/begin-setup', NOTHING, Type.Object({ code: orNull(Type.String()) })),
  /** Makes the first user. Throws `setup_code_wrong`. */
  claim_setup: post(
    '/people/claim-setup',
    Type.Object({
      code: Text(60, 1),
      name: Name,
      hash: PasswordHash,
      /** Whether they also hear calls. */
      hears: Type.Boolean(),
      address: Text(80),
    }),
    Type.Object({ id: Type.String() }),
  ),

  /**
   * Somebody as a directory or a provider knows them now. What their groups make them is decided here, by `tapedeck.toml`; that
   * they are in these groups is the dashboard's word. Throws `no_role`, `name_taken`.
   */
  save_outsider: post(
    '/people/save-outsider',
    Type.Object({
      source: Type.Enum(['ldap', 'oidc']),
      subject: Text(500, 1),
      name: Text(200, 1),
      groups: Type.Array(Text(500), { maxItems: 2_000 }),
      extensions: Type.Array(Text(LONGEST_NUMBER), { maxItems: MOST_NUMBERS }),
    }),
    Type.Object({ id: Type.String() }),
  ),
  /** The directory does not have them any more: takes their roles, sessions and tokens. */
  outsider_gone: post('/people/outsider-gone', Type.Object({ id: Id }), NOTHING),

  /** Needs a proof. Returns the token itself, which is shown this once. */
  make_token: proved(
    'tokens',
    '/people/make-token',
    Type.Object({
      by: Signed,
      name: Name,
      rights: Type.Array(Type.Enum([...tokenRights]), { maxItems: tokenRights.length }),
      days: Type.Integer({ minimum: 1, maximum: 3_660 }),
    }),
    Type.Object({ id: Type.String(), secret: Type.String() }),
  ),
  remove_token: post('/people/remove-token', Type.Object({ by: Signed, id: Id }), NOTHING),
  /** A token was used. Kept to the minute; no entry. */
  token_used: post('/people/token-used', Type.Object({ id: Id, address: Text(80) }), NOTHING),

  /** Who has to have a second factor. Needs the right `settings` and a proof. */
  set_factor_roles: proved(
    'factor_roles',
    '/people/factor-roles',
    Type.Object({ by: By, roles: Roles }),
    NOTHING,
  ),
} as const;
