import { fail } from '../../daemon/domain/error.js';
import type { App } from './types.js';

/** The box's own certificate authority, for people to trust: without it browsers warn of the dashboard. */
export function authorityRoutes(app: App, { authority }: { authority: () => string | null }): void {
  app.get(
    '/ca.crt',
    {
      config: { access: 'public', anonymous: true, audit: { nothing: 'what everybody may have' } },
      schema: { hide: true },
    },
    async (_, reply) => {
      const certificate = authority();
      if (certificate === null)
        throw fail('not_found', 'The certificate is not by an authority of this box.');
      return reply
        .type('application/x-x509-ca-cert')
        .header('content-disposition', 'attachment; filename="tapedeck-ca.crt"')
        .send(certificate);
    },
  );
}
