import type { FastifyRequest } from 'fastify';
import { fail } from '../../daemon/domain/error.js';
import { withStatus } from '../errors.js';
import type { App } from '../types.js';
import { sameOrigin } from './hosts.js';
import type { Sessions } from './sessions.js';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Sent by a page that refreshes itself: it does not count as a sign of life of the person before it. */
const BY_ITSELF = 'x-tapedeck-background';

/**
 * The door. Runs before every route, those of plugins and unknown addresses included: what does not say
 * `config: { public: true }` needs a session, and nothing is changed for a page of another site.
 */
export function guard(
  app: App,
  deps: { hosts: { allows(header: string | undefined): boolean }; sessions: Sessions; cookie: string },
): void {
  app.decorateRequest('session', null);
  app.addHook('onRequest', async (request) => {
    if (!deps.hosts.allows(request.headers.host))
      throw withStatus(421, fail('forbidden_origin', 'Add this name to [web] hosts in tapedeck.toml.'));
    if (!READS.has(request.method)) refuseOtherSites(request);
    const open = request.routeOptions.config.public === true;
    if (!open && request.headers['sec-fetch-site'] === 'cross-site') throw fail('forbidden_origin');
    const use = request.headers[BY_ITSELF] === undefined;
    request.session = await deps.sessions.find(request.cookies[deps.cookie], { use });
    if (!open && request.session === null) throw fail('not_signed_in');
  });
}

function refuseOtherSites({ headers }: FastifyRequest): void {
  if (headers['sec-fetch-site'] === 'cross-site') throw fail('forbidden_origin');
  if (headers.origin !== undefined && !sameOrigin(headers.origin, headers.host))
    throw fail('forbidden_origin');
  if (headers['x-tapedeck'] !== '1') throw fail('forbidden_origin', 'The header X-Tapedeck: 1 is missing.');
}
