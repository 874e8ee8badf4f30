import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import { fail } from '../../daemon/domain/error.js';
import type { App } from './types.js';

const YEAR_S = 31_536_000;

/** The dashboard's own pages: files by their names, and index.html for every address that is not a file's. */
export async function uiRoutes(app: App, uiDir: string): Promise<void> {
  const built = existsSync(uiDir);
  if (built)
    await app.register(fastifyStatic, {
      root: uiDir,
      ...{ serve: false, index: false, cacheControl: false },
      // Compressed by the build, and the same for everybody. Answers with data are never compressed.
      preCompressed: true,
    });

  app.get(
    '/*',
    {
      config: { access: 'public', anonymous: true, audit: { nothing: 'the pages, without data' } },
      schema: { hide: true },
    },
    async (request, reply) => {
      const path = (request.params as { '*': string })['*'];
      if (!built || /[\0\\]/.test(path)) throw fail('not_found', built ? '' : 'The pages were not built.');
      const isFile = path.includes('.');
      // Vite puts a hash of the content into the names of what is in assets/.
      const forGood = isFile && path.startsWith('assets/');
      reply.header('cache-control', forGood ? `public, max-age=${YEAR_S}, immutable` : 'no-cache');
      return reply.sendFile(isFile ? path : 'index.html');
    },
  );
}
