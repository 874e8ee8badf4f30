import { createHash, randomBytes } from 'node:crypto';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { Verbs } from '../catalogue/catalogue.js';
import type { Passkey } from '../catalogue/factors.js';
import { fail } from '../domain/error.js';
import type { Act } from '../domain/people/act.js';
import type { GivenFactor } from '../domain/people/factor.js';
import type { Person } from '../domain/people/person.js';
import { createKept } from '../ops/kept.js';

const ANSWER_WITHIN_MS = 5 * 60_000;

/** Loading it takes 0.2 s of processor: what nobody needs who has no passkey, and no command. */
const webauthn = () => import('@simplewebauthn/server');

export type Passkeys = ReturnType<typeof createPasskeys>;
/** Where the browser is: what passkeys are bound to. */
type Place = { host: string; origin: string };
type Owner = Pick<Person, 'id' | 'name'>;
/** Where a passkey is added: in a session of its owner, at this epoch of theirs. `first`: they have no second factor. */
type Adding = { session: string; epoch: number; first: boolean };
/**
 * What an assertion is asked for. `person` and `session` are null where nobody has said yet who they are, `act` where it begins a
 * session or completes the beginning.
 */
type For = { person: string | null; session: string | null; act: Act | null };
/** What was asked, with what makes its challenge; `epoch`: of the person, as it was then. */
type Asked = For & { place: Place; nonce: string; epoch: number | null };

/**
 * Passkeys (WebAuthn level 2), which always ask for a finger, a face or a PIN: one alone is two factors. Each is bound to the
 * host name for which it was made. The server's half; browsers have theirs over TLS or on localhost only.
 */
export function createPasskeys({
  catalogue,
  siteName,
  clock,
}: {
  catalogue: Verbs<'factors.passkeys' | 'factors.passkey' | 'people.standing'>;
  siteName: string;
  clock: () => number;
}) {
  const kept = { now: clock, forMs: ANSWER_WITHIN_MS };
  const registrations = createKept<{ challenge: string; place: Place; first: boolean }>(kept);
  const assertions = createKept<Asked>(kept);
  const addingOf = (person: Owner, { session, epoch }: Adding) => `${person.id} ${epoch} ${session}`;
  const known = async (person: string, { host }: Place) =>
    (await catalogue.factors.passkeys(person))
      .filter((key) => key.host === host)
      .map(({ id, transports }) => ({ id, transports }));

  return {
    /** What the browser is to make, for this session. Throws `passkey_refused`. */
    async beginAdding(person: Owner, place: Place, adding: Adding) {
      refuseElsewhere(place);
      const { generateRegistrationOptions } = await webauthn();
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
      registrations.keep(
        { challenge: options.challenge, place, first: adding.first },
        addingOf(person, adding),
      );
      return options;
    },

    /**
     * What the browser has made, to be kept: once for what `beginAdding` gave, and one that was begun as a first factor only while
     * there is none. Throws `passkey_refused`.
     */
    async made(person: Owner, adding: Adding, name: string, response: unknown): Promise<Passkey> {
      const asked = registrations.take(addingOf(person, adding));
      if (!asked) throw fail('passkey_refused', 'It took too long.');
      if (asked.first && !adding.first) throw fail('passkey_refused', 'There is another factor now.');
      const { verifyRegistrationResponse } = await webauthn();
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
     * What the browser is to sign: with a passkey of this person, or with any when nobody has said who they are yet. The
     * challenge names what it is for. Throws `passkey_refused`.
     */
    async ask(place: Place, what: For) {
      refuseElsewhere(place);
      const { person } = what;
      const nonce = randomBytes(32).toString('base64url');
      const epoch = person === null ? null : ((await catalogue.people.standing(person))?.epoch ?? null);
      const asked = { ...what, place, nonce, epoch };
      const { generateAuthenticationOptions } = await webauthn();
      const options = await generateAuthenticationOptions({
        rpID: place.host,
        challenge: Uint8Array.from(challengeFor(asked)),
        userVerification: 'required',
        allowCredentials: person === null ? [] : await known(person, place),
      });
      assertions.keep(asked, options.challenge);
      return options;
    },

    /**
     * Whose passkey has signed, which one (`factor`), and its new counter, which is the caller's to keep. It counts in
     * `session` for `act` only if its challenge was made for them, and if its owner has not been shut out since. Throws
     * `passkey_refused`.
     */
    async answered(
      response: unknown,
      { session, act }: { session: string; act: Act | null },
    ): Promise<{ person: string; passkey: string; counter: number; factor: GivenFactor }> {
      const given = response as AuthenticationResponseJSON;
      const challenge = challengeIn(given);
      const asked = challenge === null ? null : assertions.take(challenge);
      if (!asked || challenge === null) throw fail('passkey_refused', 'It took too long.');
      const passkey = typeof given.id === 'string' ? await catalogue.factors.passkey(given.id) : null;
      if (!passkey) throw fail('passkey_refused', 'It is not known here.');
      const { id, publicKey, counter, transports, userId, addedAt } = passkey;
      const { place, person } = asked;
      const epoch = person === null ? null : ((await catalogue.people.standing(person))?.epoch ?? null);
      const here = asked.session === null ? null : session;
      if (challengeFor({ ...asked, session: here, epoch, act }).toString('base64url') !== challenge)
        throw fail('passkey_refused', 'It was asked for something else.');
      if (person !== null && person !== userId) throw fail('passkey_refused', 'It belongs to somebody else.');
      const handle: unknown = given.response.userHandle;
      const theirs = typeof handle === 'string' && Buffer.from(handle, 'base64url').toString() === userId;
      if (handle !== undefined && !theirs) throw fail('passkey_refused');
      const { verifyAuthenticationResponse } = await webauthn();
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
      const factor = { since: addedAt, host: passkey.host };
      return { person: userId, passkey: id, counter: authenticationInfo.newCounter, factor };
    },
  };
}

/** A challenge that nobody can guess and that stands for one act, of one person in one session. */
const challengeFor = ({ nonce, place, person, session, epoch, act }: Asked): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([nonce, place.origin, person, session, epoch, act && [act.kind, act.object]]))
    .digest();

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
