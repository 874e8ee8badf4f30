import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const SECRET = 'hook-secret-0815';

export type Posted = {
  headers: IncomingHttpHeaders;
  text: string;
  genuine: boolean;
  at: number;
};

/** What a receiver of webhooks does by itself: whether the signature is right and not older than five minutes. */
function isGenuine(header: string, body: string): boolean {
  const { t, v1 } = Object.fromEntries(header.split(',').map((part) => part.split('=')));
  if (!t || !v1 || Math.abs(Date.now() / 1000 - Number(t)) > 300) return false;
  const wanted = createHmac('sha256', SECRET).update(`${t}.${body}`).digest();
  const given = Buffer.from(v1, 'hex');
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
      const signature = String(req.headers['tapedeck-signature']);
      got.push({
        headers: req.headers,
        text,
        genuine: isGenuine(signature, text),
        at: Date.now(),
      });
      answer(res);
    });
  });
  await new Promise<void>((up) => server.listen(port, '127.0.0.1', up));
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
