import type { FastifyRequest } from 'fastify';
import { fail } from '../../daemon/domain/error.js';
import type { CallId } from '../../daemon/domain/recording/recording.js';
import { BY_ITSELF } from '../calls/seen.js';
import { withStatus } from '../server/errors.js';
import type { App } from '../server/types.js';
import { admit } from './access.js';
import type { Cookie } from './cookie.js';
import { sameOrigin } from './hosts.js';
import { refuseOthers } from './opened-for.js';
import type { Sessions } from './sessions.js';
import { type Tokens, tokenIn } from './tokens.js';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The door. Runs before every route, those of plugins and unknown addresses included: `config.access` says who may pass,
 * and nothing is changed for a page of another site. Whoever comes with an API token has no cookie and no browser: what a
 * page of another site could do is no matter, and what is the person's own (their account, their tokens) stays shut.
 *
 * It stands behind the limits, so that what it refuses is counted too, and before the body is read.
 */
export function guard(
  app: App,
  deps: {
    hosts: { allows(header: string | undefined): boolean };
    sessions: Sessions;
    tokens: Tokens;
    cookie: Cookie;
  },
): void {
  app.decorateRequest('session', null);
  app.decorateRequest('token', null);
  app.decorateRequest('testCall', null);
  app.decorateRequest('reason', '');
  app.addHook('preParsing', async (request, reply) => {
    if (!deps.hosts.allows(request.headers.host))
      throw withStatus(421, fail('forbidden_origin', 'Add this name to [web] hosts in tapedeck.toml.'));
    const { anonymous, access = 'signed_in' } = request.routeOptions.config;
    if (anonymous) return;
    const open = access === 'public';
    const changes = !READS.has(request.method);
    if (changes) refuseOtherSites(request);
    const given = tokenIn(request.headers.authorization);
    if (given !== null) {
      const found = await deps.tokens.find(given, request.ip);
      if (found === null && !open) throw fail('token_refused');
      request.session = found?.session ?? null;
      request.token = found?.token ?? null;
      if (open || found === null) return;
      const own = access === 'signed_in' || access === 'second_factor';
      if (own && request.routeOptions.config.tokens !== true) throw fail('forbidden');
      admit(found.session, access);
      return;
    }
    if (changes && request.headers['x-tapedeck'] !== '1')
      throw fail('forbidden_origin', 'The header X-Tapedeck: 1 is missing.');
    if (!open && request.headers['sec-fetch-site'] === 'cross-site') throw fail('forbidden_origin');
    // A page that refreshes itself is no sign of life of the person before it.
    const use = request.headers[BY_ITSELF] === undefined;
    request.session = await deps.sessions.find(request.cookies[deps.cookie.name], { use });
    if (request.session?.renew) {
      const renewed = await deps.sessions.renew(request.session);
      if (renewed) {
        deps.cookie.set(reply, renewed.token);
        request.session = renewed.session;
      }
    }
    request.testCall = passed(request);
    if (open || request.testCall !== null) return;
    if (request.session === null) throw fail('not_signed_in');
    refuseOthers(request, request.session.person.id);
    admit(request.session, access);
  });
}

/**
 * The recorder fetches the recording of its own test call with a pass that it made for that call, good for one request. Whether
 * it is good is known to the recorder alone: the route asks.
 */
function passed({ headers, routeOptions, params }: FastifyRequest): FastifyRequest['testCall'] {
  const pass = /^TestCall ([\w-]{22})$/.exec(headers.authorization ?? '')?.[1];
  if (pass === undefined || routeOptions.config.testCall !== true) return null;
  return { pass, call: (params as { id: CallId }).id };
}

function refuseOtherSites({ headers }: FastifyRequest): void {
  if (headers['sec-fetch-site'] === 'cross-site') throw fail('forbidden_origin');
  if (headers.origin !== undefined && !sameOrigin(headers.origin, headers.host))
    throw fail('forbidden_origin');
}
