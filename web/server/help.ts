import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import { fail } from '../../daemon/domain/error.js';
import type { App } from './types.js';

const YEAR_S = 31_536_000;
const MISSING = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Help is not installed</title>
<h1>Help is not installed</h1>
<p>This copy of Tapedeck was built without its documentation. The same pages are Markdown files in the folder
<code>docs</code> of the sources, where <code>npm run docs</code> builds them.</p>
<p><a href="/">Back to the dashboard</a></p>
</html>
`;

/**
 * The documentation below /help/, which `npm run docs` builds into `helpDir`. It is public, so that it can be read before there
 * is an account: it is the same on every machine, and tells nothing about this one. Call after `uiRoutes`.
 */
export async function helpRoutes(app: App, helpDir: string): Promise<void> {
  const built = existsSync(join(helpDir, 'index.html'));
  if (built && !app.hasReplyDecorator('sendFile'))
    await app.register(fastifyStatic, {
      root: helpDir,
      ...{ serve: false, index: false, cacheControl: false, preCompressed: true },
    });
  const config = {
    access: 'public',
    anonymous: true,
    audit: { nothing: 'the documentation, without data' },
  } as const;

  app.get('/help', { config, schema: { hide: true } }, async (_, reply) => reply.redirect('/help/'));
  app.get('/help/*', { config, schema: { hide: true } }, async (request, reply) => {
    if (!built) return reply.code(404).type('text/html; charset=utf-8').send(MISSING);
    const { '*': asked } = request.params as { '*': string };
    const path = asked === '' || asked.endsWith('/') ? `${asked}index.html` : asked;
    if (/[\0\\]/.test(path)) throw fail('not_found');
    const file = join(helpDir, path);
    // What is not there gets the documentation's own page that says so.
    if (!file.startsWith(`${helpDir}${sep}`) || !existsSync(file)) {
      reply.code(404);
      return reply.sendFile('404.html', helpDir);
    }
    // Names in assets/ have a hash of the content in them.
    const forGood = path.startsWith('assets/');
    reply.header('cache-control', forGood ? `public, max-age=${YEAR_S}, immutable` : 'no-cache');
    if (path.endsWith('.md')) reply.type('text/markdown; charset=utf-8');
    return reply.sendFile(path, helpDir);
  });
}
