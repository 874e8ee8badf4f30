import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import * as oidc from 'openid-client';
import { clean } from '../domain/call/party.js';
import { fail, TapedeckError } from '../domain/error.js';
import { extensionIn, type Outsider } from '../domain/people/directory.js';
import type { Config } from '../ops/config-schema.js';
import { guardedBy } from '../ops/targets.js';

const TIMEOUT_S = 10;
/** A provider changes its keys and addresses now and then. */
const FRESH_MS = 3_600_000;
const LARGEST_ANSWER = 1024 * 1024;

export type Provider = ReturnType<typeof createProvider>;
/** What has to be known again when the browser comes back. */
export type Journey = { state: string; nonce: string; verifier: string; redirectUri: string };
export type FromProvider = Outsider & { secondFactor: boolean };

/**
 * Signing in with an OpenID provider: code flow with PKCE, state and nonce. The one file that knows openid-client. Everything
 * throws `provider_down` or `provider_refused`; the detail is for the log.
 */
export function createProvider(deps: {
  config: Config['oidc'];
  secret: () => string;
  now: () => number;
  pbxPorts: readonly number[];
}) {
  const { config } = deps;
  const issuer = new URL(config.issuer);
  const guard = guardedBy(issuer, deps.pbxPorts);
  let known: { at: number; client: oidc.Configuration } | null = null;

  async function client(): Promise<oidc.Configuration> {
    if (known && deps.now() - known.at < FRESH_MS) return known.client;
    const found = await oidc.discovery(issuer, config.client_id, undefined, authentication(deps.secret()), {
      timeout: TIMEOUT_S,
      [oidc.customFetch]: fetchFrom(config.ca_file, guard),
      // Only where nobody is in between; tapedeck.toml is checked for it.
      execute: issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : [],
    });
    known = { at: deps.now(), client: found };
    return found;
  }

  return {
    /** Where to send the browser, and what to keep until it is back. */
    async begin(redirectUri: string): Promise<{ url: string; journey: Journey }> {
      try {
        const verifier = oidc.randomPKCECodeVerifier();
        const journey = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier, redirectUri };
        const url = oidc.buildAuthorizationUrl(await client(), {
          redirect_uri: redirectUri,
          scope: config.scopes.join(' '),
          code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
          state: journey.state,
          nonce: journey.nonce,
        });
        return { url: url.href, journey };
      } catch (e) {
        throw understood(e);
      }
    },

    /** Who came back, with this query in the address. */
    async end(journey: Journey, query: string): Promise<FromProvider> {
      try {
        const at = await client();
        const address = new URL(journey.redirectUri);
        address.search = query;
        const tokens = await oidc.authorizationCodeGrant(at, address, {
          pkceCodeVerifier: journey.verifier,
          expectedState: journey.state,
          expectedNonce: journey.nonce,
          idTokenExpected: true,
        });
        const identity = tokens.claims();
        if (!identity) throw fail('provider_refused', 'It gave no identity.');
        const more = at.serverMetadata().userinfo_endpoint
          ? await oidc.fetchUserInfo(at, tokens.access_token, identity.sub)
          : {};
        // What was signed for this sign-in wins over what was only told.
        return outsiderOf({ ...more, ...identity }, config);
      } catch (e) {
        throw understood(e);
      }
    },

    /** Asks the provider what it is, for `tapedeck doctor`. Gives its issuer. */
    async probe(): Promise<string> {
      try {
        known = null;
        return (await client()).serverMetadata().issuer;
      } catch (e) {
        throw understood(e);
      }
    },
  };
}

/** Who somebody is by what the provider says of them, whatever that is. Throws `provider_refused` without a name or an id. */
export function outsiderOf(claims: Record<string, unknown>, config: Config['oidc']): FromProvider {
  const name = clean(claims[config.name_claim], 60);
  if (name === '') throw fail('provider_refused', `It does not say "${config.name_claim}".`);
  const [sub] = textsOf(claims.sub);
  if (sub === undefined) throw fail('provider_refused', 'It does not say "sub".');
  const numbers = config.extension_claim ? textsOf(claims[config.extension_claim]) : [];
  return {
    subject: `${config.issuer} ${sub}`,
    name,
    groups: textsOf(claims[config.groups_claim]),
    extensions: numbers.flatMap((number) => extensionIn(number) ?? []),
    secondFactor:
      textsOf(claims.amr).some((amr) => config.trusted_amr.includes(amr)) ||
      textsOf(claims.acr).some((acr) => config.trusted_acr.includes(acr)),
  };
}

const textsOf = (value: unknown): string[] =>
  [value].flat().filter((v): v is string => typeof v === 'string' && v !== '');

/** In the header, as the standard has it, unless the provider takes the secret only in the body. */
function authentication(secret: string): oidc.ClientAuth {
  const [basic, post] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)];
  return (server, ...rest) => {
    const ways = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    (ways.includes('client_secret_basic') ? basic : post)(server, ...rest);
  };
}

function understood(e: unknown): TapedeckError {
  if (e instanceof TapedeckError) return e;
  // `error` is what the provider itself has answered.
  const { code, cause, message, name, error } = e as Error & { code?: string; error?: unknown };
  const under = cause instanceof Error ? cause.message : '';
  const says = clean([message, code, error, under].filter(Boolean).join(': '), 300);
  const unreachable =
    e instanceof Unreachable || cause instanceof Unreachable || /^(TimeoutError|AbortError)$/.test(name);
  const broken = code === 'OAUTH_TIMEOUT' || code === 'OAUTH_RESPONSE_IS_NOT_CONFORM';
  return unreachable || broken ? fail('provider_down', says, e) : fail('provider_refused', says, e);
}

class Unreachable extends Error {}

/**
 * fetch as the library calls it, by Node's own client: that one takes the certificate of an authority of one's own, and looks
 * at where it is led. Most addresses are those that the provider itself has named.
 */
function fetchFrom(caFile: string, guard: ReturnType<typeof guardedBy>): oidc.CustomFetch {
  return (address, { method, headers, body, signal }) =>
    new Promise<Response>((resolve, reject) => {
      const url = new URL(address);
      const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const lost = (e: Error) => reject(new Unreachable(e.message, { cause: e }));
      const sent = request(
        url,
        {
          ...{ method, headers, signal },
          ...guard(url),
          ...(url.protocol === 'https:' && { minVersion: 'TLSv1.2' as const }),
          ...(caFile && { ca: readFileSync(caFile) }),
        },
        (answer) => gathered(answer).then(resolve, lost),
      );
      sent.on('error', lost);
      sent.end(body === undefined || body === null ? undefined : Buffer.from(bytesOf(body)));
    });
}

function bytesOf(body: NonNullable<oidc.FetchBody>): string | Uint8Array {
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new Error('Only text is sent to a provider.');
}

async function gathered(answer: IncomingMessage): Promise<Response> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LARGEST_ANSWER) throw new Error('The answer is too large.');
    parts.push(part);
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers))
    for (const one of [value ?? []].flat()) headers.append(name, one);
  const status = answer.statusCode ?? 500;
  const empty = status === 204 || status === 304;
  return new Response(empty ? null : Buffer.concat(parts), { status, headers });
}
