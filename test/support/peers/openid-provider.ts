import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import Provider from 'oidc-provider';
import { freePort } from './free-port.js';

/** Somebody at the provider: what it says of them. */
export type Claims = { groups?: string[]; amr?: string[]; extension?: string; preferred_username?: string };

/**
 * A real OpenID provider on loopback over TLS, with the pages for signing in and consent that its package brings for trying
 * things out: any name of `people` signs in with any password.
 */
export async function startProvider(
  { key, cert }: { key: string; cert: string },
  { redirectUris, people }: { redirectUris: string[]; people: Record<string, Claims> },
) {
  const port = await freePort();
  const issuer = `https://localhost:${port}`;
  // What it says of how it is set up is for those who run it for good.
  const say = { info: console.info, warn: console.warn };
  console.info = () => {};
  console.warn = () => {};
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'tapedeck',
        client_secret: 'secret-of-the-client',
        redirect_uris: redirectUris,
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    pkce: { required: () => true },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups', 'extension', 'amr'] },
    cookies: { keys: ['for-the-test'] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) =>
      people[id] && {
        accountId: id,
        claims: async () => ({ sub: id, preferred_username: id, ...people[id] }),
      },
  });
  Object.assign(console, say);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, provider.callback());
  await new Promise<void>((up) => server.listen(port, '127.0.0.1', up));
  let up = true;
  return {
    issuer,
    async stop(): Promise<void> {
      if (!up) return;
      up = false;
      server.closeAllConnections();
      await new Promise((down) => server.close(down));
    },
  };
}
