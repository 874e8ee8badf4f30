import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { Type } from 'typebox';
import type { App } from '../types.js';

/** Describes all routes registered after it. */
export async function describeRoutes(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tapedeck',
        version,
        description:
          'Times are ISO 8601 in UTC. Everything needs a session, but for what says otherwise. A request that changes something must be JSON and carry the header `X-Tapedeck: 1`.',
      },
      components: {
        securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'tapedeck_session' } },
      },
      security: [{ session: [] }],
    },
    hideUntagged: true,
    transform: ({ schema, url, route }) => ({
      url,
      schema: route.config?.public === true ? { ...schema, security: [] } : schema,
    }),
  });
}

/** The description as a document, and as pages to read. */
export async function docsRoutes(app: App): Promise<void> {
  app.get(
    '/api/v1/openapi.json',
    {
      schema: {
        tags: ['status'],
        summary: 'This description',
        description: 'OpenAPI 3.1, made from the schemas that requests are checked with.',
        response: { 200: Type.Any() },
      },
    },
    async () => app.swagger(),
  );
  await app.register(swaggerUi, {
    routePrefix: '/api/docs',
    // Without the bar that has somebody else's logo and asks for other addresses.
    uiConfig: { layout: 'BaseLayout', validatorUrl: null, persistAuthorization: false },
  });
}
