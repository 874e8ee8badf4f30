import { createServer, type Server } from 'node:http';
import { fail } from '../../daemon/domain/error.js';
import { limitConnections } from './connections.js';
import { errorAnswer } from './errors.js';
import { bare } from './headers.js';

const CHALLENGE = /^\/\.well-known\/acme-challenge\/([\w-]{1,200})$/;
/** What programs ask for. They are told, and not led: what they send with a request has been in the clear already. */
const NOT_A_PAGE = /^\/(api|metrics)(\/|\?|$)/i;

/**
 * The plain HTTP port beside HTTPS: sends browsers on, answers an ACME server, and gives out nothing else. `port` is the
 * one of HTTPS.
 */
export function createPlainPort(deps: {
  hosts: { allows(header: string | undefined): boolean };
  port: () => number;
  proof: (token: string) => string | null;
  newId: () => string;
}): Server {
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 5_000, connectionsCheckingInterval: 2_000, keepAlive: false },
    (request, response) => {
      const { method = '', url = '/', headers } = request;
      response.shouldKeepAlive = false;
      for (const [name, value] of Object.entries(bare(false))) response.setHeader(name, value);
      const reads = method === 'GET' || method === 'HEAD';
      const token = CHALLENGE.exec(url)?.[1];
      const proof = reads && token !== undefined ? deps.proof(token) : null;
      if (proof !== null) return void response.writeHead(200, { 'content-type': 'text/plain' }).end(proof);
      if (!reads || !url.startsWith('/') || NOT_A_PAGE.test(url) || !deps.hosts.allows(headers.host)) {
        const { status, view } = errorAnswer(fail('https_needed'), { id: deps.newId() });
        response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
        return void response.end(JSON.stringify(view));
      }
      const host = headers.host!.replace(/:\d+$/, '');
      const port = deps.port() === 443 ? '' : `:${deps.port()}`;
      response.writeHead(308, { location: `https://${host}${port}${url}` }).end();
    },
  );
  limitConnections(server);
  return server;
}
