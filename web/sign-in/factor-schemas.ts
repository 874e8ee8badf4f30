import { Type } from 'typebox';
import { Act } from '../../daemon/domain/people/act.js';
import { roles } from '../../daemon/domain/people/person.js';
import { Password } from '../people/schemas.js';
import { Nullable, Time } from '../server/schemas.js';

/** The shapes of what has to do with second factors. */
const Code = Type.String({ minLength: 1, maxLength: 40 });

export const FactorsView = Type.Object({
  required: Type.Boolean(),
  totp: Nullable(Type.Object({ added_at: Time })),
  passkeys: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      host: Type.String({ description: 'The name in the address under which it works.' }),
      added_at: Time,
      used_at: Nullable(Time),
    }),
  ),
  recovery_codes: Type.Integer({ description: 'How many are left.' }),
});

export const CodeBody = Type.Object({ code: Code });
/** For what a proof is given; without one it is what the session owes. */
const act = Type.Optional(Act);
export const ProofCodeBody = Type.Object({ code: Code, act });
export const PasswordBody = Type.Object({ password: Password, act: Act });
export const AssertionAskBody = Type.Object({ act });

export const TotpView = Type.Object({
  secret: Type.String({ description: 'Base32, to be typed into the app.' }),
  uri: Type.String({ description: 'otpauth:' }),
  qr: Type.Object(
    { size: Type.Integer(), path: Type.String() },
    { description: 'The address as a QR code: its dark squares as an SVG path, `size` wide and high.' },
  ),
});
export const NewFactorView = Type.Object({
  recovery_codes: Nullable(
    Type.Array(Type.String(), { description: 'Shown this once, with the first factor.' }),
  ),
});
export const RecoveryCodesView = Type.Object({ recovery_codes: Type.Array(Type.String()) });

/** What the browser makes of it and gives back goes from one library to the other. */
export const WebAuthnOptions = Type.Object({ options: Type.Unsafe<object>({ type: 'object' }) });
const text = Type.String({ maxLength: 8192 });
const Credential = { id: Type.String({ minLength: 1, maxLength: 1024 }), rawId: text, type: text };
const rest = {
  clientExtensionResults: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  authenticatorAttachment: Type.Optional(Type.String({ maxLength: 40 })),
};
export const PasskeyBody = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 60 }),
  response: Type.Object({
    ...Credential,
    ...rest,
    response: Type.Object({
      clientDataJSON: text,
      attestationObject: Type.String({ maxLength: 65_536 }),
      transports: Type.Optional(Type.Array(Type.String({ maxLength: 20 }), { maxItems: 10 })),
    }),
  }),
});
export const AssertionBody = Type.Object({
  act,
  response: Type.Object({
    ...Credential,
    ...rest,
    response: Type.Object({
      clientDataJSON: text,
      authenticatorData: text,
      signature: text,
      userHandle: Type.Optional(text),
    }),
  }),
});

export const FactorRoles = Type.Object({
  roles: Type.Array(Type.Enum([...roles]), {
    maxItems: roles.length,
    description: 'Whoever has one of these roles needs a second factor.',
  }),
});

export const ProviderView = Type.Object({ url: Type.String({ description: 'Where to send the browser.' }) });
