import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

/** Somebody at the provider: what it says of them. */
export type Claims = { groups?: string[]; amr?: string[]; extension?: string; preferred_username?: string };

/**
 * A real OpenID provider on loopback over TLS, with the pages for signing in and consent that its package brings for trying
 * things out: any name of `people` signs in with any password. `redirectUris` may wait for what is to know the provider.
 */
export async function startProvider(
  { key, cert }: { key: string; cert: string },
  {
    redirectUris,
    people,
  }: {
    redirectUris: string[] | ((issuer: string) => Promise<string[]>);
    people: Record<string, Claims>;
  },
) {
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) });
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  const issuer = `https://localhost:${(server.address() as AddressInfo).port}`;
  const redirect_uris = Array.isArray(redirectUris) ? redirectUris : await redirectUris(issuer);
  // What it says of how it is set up is for those who run it for good.
  const say = { info: console.info, warn: console.warn };
  console.info = () => {};
  console.warn = () => {};
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'tapedeck',
        client_secret: 'secret-of-the-client',
        redirect_uris,
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
  server.on('request', provider.callback());
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
