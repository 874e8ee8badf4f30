import swagger from '@fastify/swagger';
import type { FastifyContextConfig, FastifySchema } from 'fastify';
import { Type } from 'typebox';
import { tokenRights } from '../../daemon/domain/people/person.js';
import type { App } from './types.js';

/** Describes all routes registered after it. */
export async function describeRoutes(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tapedeck',
        version,
        description:
          'Times are ISO 8601 in UTC. Everything needs a session, but for what says otherwise. A request that changes something must be JSON and carry the header `X-Tapedeck: 1`. A page sends the id of the person it was opened for as the header `X-Tapedeck-Person`, or as the query parameter `opened_for` where it cannot set headers. If somebody else is signed in at the browser by then, the answer is 409 `person_changed`.',
      },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: 'tapedeck_session' },
          token: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An API token ("td_...") made on the account page. It needs no X-Tapedeck header, and a cookie sent with it is not looked at.',
          },
        },
      },
      security: [{ session: [] }],
    },
    hideUntagged: true,
    transform: ({ schema, url, route }) => ({
      url,
      schema: { ...schema, ...securityOf(route.config) },
    }),
  });
}

/** What opens a route, where it is not a session alone. */
function securityOf({ access, tokens }: FastifyContextConfig = {}): Pick<FastifySchema, 'security'> {
  if (access === 'public') return { security: [] };
  const byToken =
    tokens === true || tokenRights.some((right) => access === right || access === `call:${right}`);
  return byToken ? { security: [{ session: [] }, { token: [] }] } : {};
}

/** The description as a document. The dashboard's page /api-reference shows it. */
export function docsRoutes(app: App): void {
  app.get(
    '/api/v1/openapi.json',
    {
      config: { access: 'signed_in', tokens: true, audit: { nothing: 'it describes' } },
      schema: {
        tags: ['status'],
        summary: 'This description',
        description: 'OpenAPI 3.1, made from the schemas that requests are checked with.',
        response: { 200: Type.Any() },
      },
    },
    async () => app.swagger(),
  );
  app.get(
    '/api/docs',
    {
      config: { access: 'public', anonymous: true, audit: { nothing: 'it leads to a page' } },
      schema: { hide: true },
    },
    async (_, reply) => reply.redirect('/api-reference'),
  );
}
