import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is served, and no more: prompts, which every caller hears. */
type Served = { bytes: Buffer };

export type PromptServer = ReturnType<typeof createPromptServer>;

/**
 * Asterisk 22.10.1 cannot play what it has fetched from an address shorter than the path of the file that it makes of it in its
 * cache (its issue 444), so addresses have this many characters and more.
 */
const MIN_PATH = 200;
/** Nobody sends more than a request line and a few headers. */
const MAX_HEADER_BYTES = 4_096;
const TIMEOUT_MS = 10_000;

/**
 * Serves prompts to a PBX on another machine. Without a password, for Asterisk sends none: each has an address that names its hash,
 * and nothing else is there. `base`: how the PBX reaches it, such as "http://10.0.0.5:8090".
 */
export function createPromptServer(at: { host: string; port: number; base: string }) {
  const served = new Map<string, Served>();
  let server: Server | null = null;
  let base = at.base.replace(/\/+$/, '');

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const found = served.get(request.url ?? '');
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (!found || !reads) {
      response.writeHead(reads ? 404 : 405, { 'content-length': 0 }).end();
      return;
    }
    response.writeHead(200, {
      'content-type': 'audio/wav',
      'content-length': found.bytes.length,
      // An address never means anything else: the PBX need not ask again, and fetches nothing while a call waits.
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    });
    response.end(request.method === 'HEAD' ? undefined : found.bytes);
  }

  return {
    /** Listens. Port 0 is any; then `base` gets it. Throws when the port is taken. */
    async start(): Promise<void> {
      const made = createServer({ maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: TIMEOUT_MS }, answer);
      made.maxConnections = 64;
      await new Promise<void>((resolve, reject) => {
        made.once('error', reject);
        made.listen(at.port, at.host, resolve);
      });
      server = made;
      if (at.port === 0) base = `${base}:${(made.address() as AddressInfo).port}`;
    },
    /** Serves a prompt from now on. Returns its address. */
    offer({ hash, wav }: { hash: string; wav: Buffer }): string {
      const path = `/${'prompt-'.padEnd(MIN_PATH - hash.length, '-')}${hash}.wav`;
      served.set(path, { bytes: wav });
      return `${base}${path}`;
    },
    async stop(): Promise<void> {
      const closing = server;
      server = null;
      if (!closing) return;
      closing.closeAllConnections();
      await new Promise<void>((resolve) => closing.close(() => resolve()));
    },
  };
}
