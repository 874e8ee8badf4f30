import { Type } from 'typebox';
import { PbxId } from '../../daemon/domain/pbx.js';
import { boxRights, callRights, roles } from '../../daemon/domain/people/person.js';
import { Name, Password } from '../people/schemas.js';
import { Nullable, Time } from '../server/schemas.js';

/** The shapes of who is signed in, and of signing in. */
export const SecondFactorView = Type.Object({
  owes: Type.Enum(['nothing', 'factor', 'enrolment'], {
    description:
      'What this session has to give before it may do anything else: a factor, or the making of a first one.',
  }),
  required: Type.Boolean({ description: 'One of the roles requires a second factor.' }),
  totp: Type.Boolean(),
  passkeys: Type.Integer(),
  passkeys_here: Type.Integer({ description: 'Those that work under the name in the address.' }),
  recovery_codes: Type.Integer({ description: 'How many are left.' }),
  password: Type.Boolean({ description: 'There is a password by which it can be shown again who this is.' }),
  failed: Nullable(
    Type.Object(
      { count: Type.Integer(), last_at: Nullable(Time) },
      { description: 'Wrong second factors between the session before and this one.' },
    ),
  ),
});

const SignInWays = Type.Object({
  provider: Nullable(Type.String({ description: 'Name of the OpenID provider.' })),
});

export const SessionView = Type.Object({
  user: Nullable(
    Type.Object({
      id: Type.String({ description: 'To be sent as X-Tapedeck-Person by pages opened for this person.' }),
      name: Type.String(),
      roles: Type.Array(Type.Enum([...roles])),
      may: Type.Array(Type.Enum([...boxRights]), { description: 'What you may do with the box.' }),
      calls: Type.Array(Type.Enum([...callRights]), {
        description: 'What you may do with calls that you reach.',
      }),
      reach: Type.Enum(['all', 'some', 'none'], { description: 'Which calls you see.' }),
    }),
  ),
  second_factor: Nullable(SecondFactorView),
  sign_in: SignInWays,
  setup_needed: Type.Boolean({
    description: 'Nobody can sign in yet: the console shows a one-time set-up code.',
  }),
  site: Type.Object({
    name: Type.String(),
    time_zone: Type.String(),
    region: Type.String({
      description: 'Where a number without a country code is from (ISO 3166-1); empty if not known.',
    }),
  }),
  pbxes: Type.Array(Type.Object({ id: PbxId, name: Type.String() }), {
    description: 'The PBXs that are set up, the first one first; empty while nobody is signed in.',
  }),
  version: Type.String(),
});

export const SetupBody = Type.Object({
  code: Type.String({ maxLength: 40 }),
  name: Name,
  password: Password,
  hears: Type.Optional(
    Type.Boolean({
      description:
        'Whether the first user also hears calls; otherwise they administer Tapedeck and cannot listen.',
      default: true,
    }),
  ),
});

export const SignInBody = Type.Object({ name: Name, password: Password });
