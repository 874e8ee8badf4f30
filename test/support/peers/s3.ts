import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { S3Place } from '../../../daemon/vault/backup/s3.js';
import { scratch } from '../recordings/sealed.js';
import { ended, onFreePort, startListening } from './free-port.js';

const BUCKET = 'tapedeck';
/** The only credentials that the server has. */
const ACCESS_KEY = 'S3RVER';

/** An S3-compatible server in a process of its own on loopback. `clock` is one that can be moved; `tls` names key and certificate. */
export async function startS3(
  t: Test,
  { clock, tls }: { clock?: { env: NodeJS.ProcessEnv }; tls?: { key: string; cert: string } } = {},
) {
  const dir = scratch(t);
  writeFileSync(join(dir, 'secret'), `${ACCESS_KEY}\n`, { mode: 0o600 });
  const program = fileURLToPath(import.meta.resolve('s3rver/bin/s3rver.js'));
  // It makes the tokens of its listings with a cipher that OpenSSL 3 calls legacy.
  const argvAt = (port: number) => [
    ...[
      process.execPath,
      '--openssl-legacy-provider',
      program,
      '-d',
      dir,
      '-a',
      '127.0.0.1',
      '-p',
      `${port}`,
    ],
    ...['--configure-bucket', BUCKET, ...(tls ? ['--key', tls.key, '--cert', tls.cert] : [])],
  ];
  const env = { ...process.env, ...(clock?.env ?? {}) };
  const { server, port } = await onFreePort(async (port) => ({
    server: await startListening(argvAt(port), /listening on/, { env }),
    port,
  }));
  t.teardown(() => ended(server));
  const place: S3Place = {
    ...{ endpoint: `${tls ? 'https' : 'http'}://localhost:${port}`, region: 'us-east-1', bucket: BUCKET },
    ...{ prefix: 'box', access_key_id: ACCESS_KEY, secret_key_file: join(dir, 'secret'), ca_file: '' },
  };
  const fileOf = (name: string) => join(dir, BUCKET, 'box', `${name}._S3rver_object`);
  return {
    ...{ place, port, dir, fileOf, stop: () => ended(server) },
    /** Changes a byte of an object behind the server's back. */
    spoil: (name: string) => spoilFile(fileOf(name)),
  };
}

export function spoilFile(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
}

/** Stands before an HTTP server and answers in its place what `answer` says. */
export async function before(
  t: Test,
  port: number,
  answer: (req: IncomingMessage) => { status: number; code: string } | null,
): Promise<number> {
  const server = createServer((req, res) => {
    const own = answer(req);
    if (own) {
      req.resume();
      const { status, code } = own;
      return void res
        .writeHead(status, { 'content-type': 'application/xml' })
        .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>Made up.</Message></Error>`);
    }
    const on = request({ port, host: '127.0.0.1', path: req.url, method: req.method, headers: req.headers });
    on.on('response', (back) => {
      res.writeHead(back.statusCode!, back.headers);
      back.pipe(res);
    });
    on.on('error', () => res.destroy());
    req.pipe(on);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  return (server.address() as { port: number }).port;
}
