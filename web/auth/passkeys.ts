import { isIP } from 'node:net';
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import type { FastifyRequest } from 'fastify';
import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import type { NewEntry } from '../../daemon/domain/assurance/audit.js';
import { fail } from '../../daemon/domain/error.js';
import type { Person } from '../../daemon/domain/people/person.js';
import { type Audit, ifDone } from '../audit/audit.js';
import { createKept } from './kept.js';

const ANSWER_WITHIN_MS = 5 * 60_000;

export type Passkeys = ReturnType<typeof createPasskeys>;
/** Where the browser is: what passkeys are bound to. */
export type Place = { host: string; origin: string };

/**
 * Passkeys (WebAuthn level 2), which always ask for a finger, a face or a PIN: one alone is two factors. Each is bound to the
 * host name for which it was made. The server's half; browsers have theirs over TLS or on localhost only.
 */
export function createPasskeys({
  catalogue,
  audited,
  siteName,
  now,
}: {
  catalogue: Pick<Catalogue, 'passkeys' | 'passkey' | 'passkeyUsed'>;
  audited: Audit['audited'];
  siteName: string;
  now: () => number;
}) {
  const registrations = createKept<{ challenge: string; place: Place }>({ now, forMs: ANSWER_WITHIN_MS });
  const assertions = createKept<Place>({ now, forMs: ANSWER_WITHIN_MS });

  return {
    /** What the browser is to make, for this session. */
    async beginAdding(person: Person, place: Place, tokenHash: string) {
      const theirs = await catalogue.passkeys(person.id);
      const options = await generateRegistrationOptions({
        rpName: siteName,
        rpID: place.host,
        userName: person.name,
        userDisplayName: person.name,
        userID: Uint8Array.from(Buffer.from(person.id)),
        attestationType: 'none',
        excludeCredentials: theirs
          .filter(({ host }) => host === place.host)
          .map(({ id, transports }) => ({ id, transports })),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
      });
      registrations.keep({ challenge: options.challenge, place }, tokenHash);
      return options;
    },

    /** Keeps what the browser has made. Throws `passkey_refused`. */
    async add(
      person: Person,
      name: string,
      response: unknown,
      tokenHash: string,
      entry: NewEntry,
    ): Promise<void> {
      const asked = registrations.take(tokenHash);
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
      const added = await audited(ifDone(entry)).addPasskey({
        ...{ id: credential.id, userId: person.id, name, publicKey: credential.publicKey },
        ...{ counter: credential.counter, transports: credential.transports ?? [] },
        ...{ host: asked.place.host, addedAt: now(), usedAt: null },
      });
      if (!added) throw fail('passkey_refused', 'It is known already.');
    },

    /** What the browser is to sign: with a passkey of this person, or with any when nobody has said who they are yet. */
    async ask(place: Place, personId: string | null) {
      const their = personId === null ? [] : await catalogue.passkeys(personId);
      const options = await generateAuthenticationOptions({
        rpID: place.host,
        userVerification: 'required',
        allowCredentials: their
          .filter(({ host }) => host === place.host)
          .map(({ id, transports }) => ({ id, transports })),
      });
      assertions.keep(place, options.challenge);
      return options;
    },

    /** Whose passkey has signed. Throws `passkey_refused`. */
    async answered(response: unknown): Promise<string> {
      const given = response as AuthenticationResponseJSON;
      const passkey = await catalogue.passkey(given.id);
      const challenge = challengeIn(given);
      const place = challenge === null ? null : assertions.take(challenge);
      if (!place || challenge === null) throw fail('passkey_refused', 'It took too long.');
      if (!passkey) throw fail('passkey_refused', 'It is not known here.');
      const { id, publicKey, counter, transports, userId } = passkey;
      const handle = given.response.userHandle;
      if (handle !== undefined && Buffer.from(handle, 'base64url').toString() !== userId)
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
      await catalogue.passkeyUsed(id, authenticationInfo.newCounter, now());
      return userId;
    },
  };
}

/** The challenge that the browser says it has signed; that it has is looked at later. */
function challengeIn({ response }: AuthenticationResponseJSON): string | null {
  try {
    const said = JSON.parse(Buffer.from(response.clientDataJSON, 'base64url').toString());
    return typeof said?.challenge === 'string' ? said.challenge : null;
  } catch {
    return null;
  }
}

/**
 * The place of a page from which a request came. The guard has compared Origin with Host, and Host with the names that are
 * ours. Null where there are no passkeys: at an address that is no name, and without TLS but on this machine.
 */
export function placeOf({ headers }: Pick<FastifyRequest, 'headers'>): Place | null {
  const { origin } = headers;
  if (origin === undefined || !URL.canParse(origin)) return null;
  const { hostname, protocol } = new URL(origin);
  const safe = protocol === 'https:' || hostname === 'localhost';
  if (!safe || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return null;
  return { host: hostname, origin };
}
