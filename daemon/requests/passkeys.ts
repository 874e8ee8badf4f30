import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import type { Verbs } from '../catalogue/catalogue.js';
import type { Passkey } from '../catalogue/factors.js';
import { fail } from '../domain/error.js';
import type { Person } from '../domain/people/person.js';
import { createKept } from '../ops/kept.js';

const ANSWER_WITHIN_MS = 5 * 60_000;

export type Passkeys = ReturnType<typeof createPasskeys>;
/** Where the browser is: what passkeys are bound to. */
type Place = { host: string; origin: string };
type Owner = Pick<Person, 'id' | 'name'>;

/**
 * Passkeys (WebAuthn level 2), which always ask for a finger, a face or a PIN: one alone is two factors. Each is bound to the
 * host name for which it was made. The server's half; browsers have theirs over TLS or on localhost only.
 */
export function createPasskeys({
  catalogue,
  siteName,
  clock,
}: {
  catalogue: Verbs<'factors.passkeys' | 'factors.passkey'>;
  siteName: string;
  clock: () => number;
}) {
  const kept = { now: clock, forMs: ANSWER_WITHIN_MS };
  const registrations = createKept<{ challenge: string; place: Place }>(kept);
  const assertions = createKept<{ place: Place; person: string | null }>(kept);
  const known = async (person: string, { host }: Place) =>
    (await catalogue.factors.passkeys(person))
      .filter((key) => key.host === host)
      .map(({ id, transports }) => ({ id, transports }));

  return {
    /** What the browser is to make, for this session. Throws `passkey_refused`. */
    async beginAdding(person: Owner, place: Place, session: string) {
      refuseElsewhere(place);
      const options = await generateRegistrationOptions({
        rpName: siteName,
        rpID: place.host,
        userName: person.name,
        userDisplayName: person.name,
        userID: Uint8Array.from(Buffer.from(person.id)),
        attestationType: 'none',
        excludeCredentials: await known(person.id, place),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
      });
      registrations.keep({ challenge: options.challenge, place }, `${person.id} ${session}`);
      return options;
    },

    /** What the browser has made, to be kept. Throws `passkey_refused`. */
    async made(person: Owner, session: string, name: string, response: unknown): Promise<Passkey> {
      const asked = registrations.take(`${person.id} ${session}`);
      if (!asked) throw fail('passkey_refused', 'It took too long.');
      const { verified, registrationInfo } = await verifyRegistrationResponse({
        response: response as RegistrationResponseJSON,
        expectedChallenge: asked.challenge,
        expectedOrigin: asked.place.origin,
        expectedRPID: asked.place.host,
        requireUserVerification: true,
      }).catch((e: unknown) => {
        throw fail('passkey_refused', '', e);
      });
      if (!verified) throw fail('passkey_refused');
      const { credential } = registrationInfo;
      return {
        ...{ id: credential.id, userId: person.id, name, publicKey: credential.publicKey },
        ...{ counter: credential.counter, transports: credential.transports ?? [] },
        ...{ host: asked.place.host, addedAt: clock(), usedAt: null },
      };
    },

    /**
     * What the browser is to sign: with a passkey of this person, or with any when nobody has said who they are yet. Throws
     * `passkey_refused`.
     */
    async ask(place: Place, person: string | null) {
      refuseElsewhere(place);
      const options = await generateAuthenticationOptions({
        rpID: place.host,
        userVerification: 'required',
        allowCredentials: person === null ? [] : await known(person, place),
      });
      assertions.keep({ place, person }, options.challenge);
      return options;
    },

    /** Whose passkey has signed, and its new counter, which is the caller's to keep. Throws `passkey_refused`. */
    async answered(response: unknown): Promise<{ person: string; passkey: string; counter: number }> {
      const given = response as AuthenticationResponseJSON;
      const challenge = challengeIn(given);
      const asked = challenge === null ? null : assertions.take(challenge);
      if (!asked || challenge === null) throw fail('passkey_refused', 'It took too long.');
      const passkey = typeof given.id === 'string' ? await catalogue.factors.passkey(given.id) : null;
      if (!passkey) throw fail('passkey_refused', 'It is not known here.');
      const { id, publicKey, counter, transports, userId } = passkey;
      const { place, person } = asked;
      if (person !== null && person !== userId) throw fail('passkey_refused', 'It belongs to somebody else.');
      const handle = given.response.userHandle;
      if (handle !== undefined && Buffer.from(String(handle), 'base64url').toString() !== userId)
        throw fail('passkey_refused');
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response: given,
        expectedChallenge: challenge,
        expectedOrigin: place.origin,
        expectedRPID: place.host,
        requireUserVerification: true,
        credential: { id, counter, transports, publicKey: Uint8Array.from(publicKey) },
      }).catch((e: unknown) => {
        throw fail('passkey_refused', '', e);
      });
      if (!verified) throw fail('passkey_refused');
      return { person: userId, passkey: id, counter: authenticationInfo.newCounter };
    },
  };
}

/** Throws where the page is not one of the host that passkeys would be bound to. */
function refuseElsewhere({ host, origin }: Place): void {
  if (!URL.canParse(origin) || new URL(origin).hostname !== host)
    throw fail('passkey_refused', 'The page has another address.');
}

/** The challenge that the browser says it has signed; that it has is looked at later. */
function challengeIn(given: AuthenticationResponseJSON): string | null {
  try {
    const said = JSON.parse(Buffer.from(given.response.clientDataJSON, 'base64url').toString());
    return typeof said?.challenge === 'string' ? said.challenge : null;
  } catch {
    return null;
  }
}
