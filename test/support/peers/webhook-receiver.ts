import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const SECRET = Buffer.from('hook-secret-0815');

export type Posted = {
  headers: IncomingHttpHeaders;
  text: string;
  genuine: boolean;
  at: number;
};

/** What a receiver of Standard Webhooks does: whether the signature is right and not older than five minutes. */
function isGenuine(headers: IncomingHttpHeaders, body: string): boolean {
  const [id, at, signature] = ['id', 'timestamp', 'signature'].map((name) =>
    String(headers[`webhook-${name}`]),
  );
  const [, v1] = /^v1,(\S+)$/.exec(signature!) ?? [];
  if (!v1 || !(Math.abs(Date.now() / 1000 - Number(at)) <= 300)) return false;
  const wanted = createHmac('sha256', SECRET).update(`${id}.${at}.${body}`).digest();
  const given = Buffer.from(v1, 'base64');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** A receiver of webhooks that keeps what it gets; `answer` may be another one. */
export async function startReceiver({
  port = 0,
  answer = (res: ServerResponse) => void res.writeHead(204).end(),
} = {}) {
  const got: Posted[] = [];
  const server = createServer((req, res) => {
    let text = '';
    req.on('data', (part) => (text += part));
    req.on('end', () => {
      got.push({
        headers: req.headers,
        text,
        genuine: isGenuine(req.headers, text),
        at: Date.now(),
      });
      answer(res);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    got,
    json: () => got.map((p) => JSON.parse(p.text)),
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise<void>((down) => {
        server.close(() => down());
        server.closeAllConnections();
      }),
  };
}
