import { readVerifier } from '../../daemon/assurance/evidence/verifier.js';
import type { App } from '../server/types.js';

/** The page's own policy: it may run its one script, and reach nothing. */
const POLICY = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/;

/**
 * The page that verifies an evidence pack. Whoever changes a pack can change the page in it, so its reader needs one from
 * elsewhere: it is public, takes the ZIP in the browser and sends nothing.
 */
export function verifierRoutes(app: App): void {
  app.get(
    '/verify.html',
    {
      config: { access: 'public', anonymous: true, audit: { nothing: 'a page, without data' } },
      schema: { hide: true },
    },
    async (_, reply) => {
      const page = readVerifier();
      const policy = POLICY.exec(page.toString())?.[1];
      if (policy === undefined) throw new Error('The page that verifies a pack has no policy.');
      return reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', `${policy}; frame-ancestors 'none'`)
        .send(page);
    },
  );
}
