import type { FastifyRequest } from 'fastify';
import { fail } from '../../daemon/domain/error.js';

/** Names the id of the person for whom a page was opened; where a page cannot set headers (sound, streams, links), the query does. */
const HEADER = 'x-tapedeck-person';
const PARAMETER = 'opened_for';

/**
 * Throws `person_changed` when the page behind a request was opened for somebody else than `personId`: all tabs of a browser
 * share one cookie, and a tab that was frozen does not know that another person has signed in since. A request that names
 * nobody comes from a program and is let through. The parameter is taken out of the query, which belongs to the route.
 */
export function refuseOthers(request: FastifyRequest, personId: string): void {
  const query = (request.query ?? {}) as Record<string, unknown>;
  const named = [request.headers[HEADER], query[PARAMETER]].flat().filter((id) => id !== undefined);
  delete query[PARAMETER];
  if (named.some((id) => id !== personId)) throw fail('person_changed');
}
