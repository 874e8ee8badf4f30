import { type Static, Type } from 'typebox';
import {
  grants,
  LONGEST_NAME,
  LONGEST_NUMBER,
  MOST_NUMBERS,
  roles,
  tokenRights,
} from '../../daemon/domain/people/person.js';
import { Nullable, Time } from '../server/schemas.js';

/** The shapes of people, their accounts and their tokens. */
const Role = Type.Enum([...roles]);
const Grant = Type.Enum([...grants]);
const TokenRightSchema = Type.Enum([...tokenRights]);
const Numbers = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: LONGEST_NUMBER }), {
    description,
    maxItems: MOST_NUMBERS,
  });
export const Name = Type.String({ minLength: 1, maxLength: LONGEST_NAME });
export const Password = Type.String({ minLength: 1, maxLength: 256 });

const rights = {
  roles: Type.Array(Role, { maxItems: roles.length }),
  scope: Type.Object(
    {
      all: Type.Boolean(),
      extensions: Numbers('Extensions of ours.'),
      queues: Numbers('Queues.'),
      dids: Numbers('Numbers dialled from outside.'),
    },
    { description: 'Which calls a reviewer reaches.', additionalProperties: false },
  ),
  extensions: Numbers("An agent's own extensions."),
  grants: Type.Array(Grant, {
    description: 'Rights that a role does not bring; `grantable` says which role can be given which.',
    maxItems: grants.length,
  }),
};

const InvitationView = Type.Object({
  code: Type.String({ description: 'Works once, and is shown once. The page /welcome#CODE asks for it.' }),
  expires_at: Time,
});

export const PersonView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  ...rights,
  version: Type.Integer(),
  created_at: Time,
  disabled_at: Nullable(Time),
  signed_in_at: Nullable(Time),
  password: Type.Boolean({ description: 'Whether there is a password to sign in with.' }),
  invited_until: Nullable(Time),
  source: Type.Enum(['local', 'ldap', 'oidc'], {
    description: 'Who knows the password: this box, or others.',
  }),
});

export const PeopleView = Type.Object({
  people: Type.Array(PersonView, { description: 'By name.' }),
  may_change: Type.Boolean({ description: 'Whether you may add, change and remove people.' }),
  you: Type.String({ description: 'Your own id.' }),
  grantable: Type.Object(Object.fromEntries(roles.map((role) => [role, Type.Array(Grant)]))),
});

export const SeenView = Type.Object({
  extensions: Type.Array(Type.Object({ number: Type.String(), name: Type.String() })),
  queues: Type.Array(Type.String()),
  dids: Type.Array(Type.String()),
});

export const PersonBody = Type.Object({ name: Name, ...rights }, { additionalProperties: false });
export const PersonChangeBody = Type.Object(
  {
    based_on: Type.Integer({
      description: 'The version that was edited; 409 when it is not the newest any more.',
    }),
    name: Name,
    ...rights,
    disabled: Type.Boolean({ description: 'Disabled: cannot sign in, and what was signed in ends.' }),
  },
  { additionalProperties: false },
);
export const RemoveQuery = Type.Object({ based_on: Type.Integer() });
export const AddedView = Type.Object({ person: PersonView, invitation: InvitationView });
export const InvitedView = InvitationView;

export const WelcomeBody = Type.Object({
  code: Type.String({ maxLength: 40 }),
  password: Type.Optional(Password),
});
const TokensEnded = Type.Array(Type.String(), { description: 'Names of the API tokens that ended.' });
export const WelcomeView = Type.Object({
  name: Type.String(),
  done: Type.Boolean({ description: 'Whether the password was set and the code is used up.' }),
  tokens_ended: TokensEnded,
});

export const AccountView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  ...rights,
  password: Type.Boolean(),
  password_at: Nullable(Time),
  grantable: PeopleView.properties.grantable,
});
export const PasswordBody = Type.Object({ old: Password, password: Password });
export const PasswordChangedView = Type.Object({
  ended: Type.Integer({ description: 'How many other sessions ended.' }),
  tokens_ended: TokensEnded,
});
export const EndedView = Type.Object({ ended: Type.Integer({ description: 'How many sessions ended.' }) });

export const SessionsView = Type.Object({
  sessions: Type.Array(
    Type.Object({
      id: Type.String(),
      this_one: Type.Boolean(),
      created_at: Time,
      seen_at: Time,
      expires_at: Time,
      address: Type.String(),
      agent: Type.String({ description: 'What the browser says of itself.' }),
    }),
    { description: 'The one used last first.' },
  ),
});

export const TokenView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  rights: Type.Array(TokenRightSchema),
  created_at: Time,
  expires_at: Time,
  used_at: Nullable(Time),
  used_from: Type.String(),
});
export const TokensView = Type.Object({
  tokens: Type.Array(TokenView, { description: 'The newest first.' }),
  possible: Type.Array(TokenRightSchema, { description: 'What a token of yours can be made for.' }),
});
/** How long a token works when nobody says. */
export const DAYS = 90;
export const TokenBody = Type.Object(
  {
    name: Name,
    rights: Type.Array(TokenRightSchema, { minItems: 1, maxItems: tokenRights.length }),
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 366, default: DAYS })),
  },
  { additionalProperties: false },
);
export const TokenMadeView = Type.Object({
  secret: Type.String({ description: 'The token itself, shown this once.' }),
  token: TokenView,
});

export type PersonView = Static<typeof PersonView>;
export type TokenView = Static<typeof TokenView>;
