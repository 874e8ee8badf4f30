import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { fail } from '../domain/error.js';
import { guardedBy } from '../ops/targets.js';

export type AcmeSettings = {
  /** Address of the server's directory; HTTPS only. */
  directory: string;
  /** PEM file of the authority of the server's own certificate; empty: those that Node knows. */
  caFile: string;
  /** Whom the server may write to; empty: nobody. */
  email: string;
  /** Ports on which the PBX takes orders. */
  pbxPorts: readonly number[];
};

/** Its key (PEM), and its address at the server once that has made one. */
export type AcmeAccount = { key: string; url: string | null };

const LIMIT_MS = 20_000;
/** Loaded when a certificate is ordered: most boxes never do. */
const library = () => import('acme-client');
type Axios = Awaited<ReturnType<typeof library>>['axios'];

/**
 * Gets certificates from an ACME server (RFC 8555) such as step-ca, the one file that knows acme-client. The server asks
 * for each name at port 80 whether it is ours (http-01), and `prove` has to see that it is answered.
 */
export function createAcme(
  settings: AcmeSettings,
  prove: { answer(token: string, proof: string): void; forget(token: string): void },
) {
  let seen: number | null = null;

  /** Every request is looked at: where it goes is what the server has named in its answers. */
  function connect(axios: Axios): void {
    const ca = settings.caFile ? readFileSync(settings.caFile, 'utf8') : undefined;
    const guard = guardedBy(new URL(settings.directory), settings.pbxPorts);
    if (seen !== null) axios.interceptors.request.eject(seen);
    seen = axios.interceptors.request.use((request) => {
      const url = new URL(request.url ?? '');
      if (url.protocol !== 'https:') throw new Error(`${url.origin} is not HTTPS.`);
      request.httpsAgent = new Agent({ ca, minVersion: 'TLSv1.2', ...guard(url) });
      return request;
    });
    Object.assign(axios.defaults, { proxy: false, maxRedirects: 0, timeout: LIMIT_MS });
  }

  return {
    newAccount: async (): Promise<AcmeAccount> => ({
      key: (await (await library()).crypto.createPrivateEcdsaKey('P-256')).toString(),
      url: null,
    }),

    /**
     * A new certificate for these names with a new key, and the account to be used the next time: with its address, because
     * a server may refuse what acme-client does to find that out again. Throws `acme_failed`.
     */
    async order(account: AcmeAccount, names: readonly string[]) {
      try {
        const { axios, Client, crypto } = await library();
        connect(axios);
        const [key, csr] = await crypto.createCsr(
          { commonName: names[0], altNames: [...names] },
          await crypto.createPrivateEcdsaKey('P-256'),
        );
        const client = new Client({
          ...{
            directoryUrl: settings.directory,
            accountKey: account.key,
            accountUrl: account.url ?? undefined,
          },
          ...{ backoffAttempts: 10, backoffMin: 500, backoffMax: 15_000 },
        });
        const certificate = await client.auto({
          csr,
          email: settings.email || undefined,
          termsOfServiceAgreed: true,
          challengePriority: ['http-01'],
          // It is for the server to find out; whether we reach ourselves by that name says nothing.
          skipChallengeVerification: true,
          challengeCreateFn: async (_, challenge, proof) => {
            if (challenge.type !== 'http-01') throw new Error('the server offers no http-01 challenge');
            prove.answer(challenge.token, proof);
          },
          challengeRemoveFn: async (_, challenge) => prove.forget(challenge.token),
        });
        return { certificate, key: key.toString(), account: { ...account, url: client.getAccountUrl() } };
      } catch (e) {
        const { message, cause } = e as Error;
        throw fail('acme_failed', oneLine(`${message}${cause ? `: ${(cause as Error).message}` : ''}`), e);
      }
    },
  };
}

const oneLine = (text: string): string => text.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, 300);
