import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { S3Place } from '../../../daemon/vault/backup/s3.js';
import { until } from '../recorder.js';
import { scratch } from '../recordings/sealed.js';
import { freePort } from './free-port.js';

const BUCKET = 'tapedeck';
/** The only credentials that the server has. */
const ACCESS_KEY = 'S3RVER';

/** Whether something listens on a port of this machine. */
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
export const isUp = (port: number): Promise<void> =>
  until(`port ${port}`, () => answers(port), 20_000).then(() => {});

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}

/** An S3-compatible server in a process of its own on loopback. `clock` is one that can be moved; `tls` names key and certificate. */
export async function startS3(
  t: Test,
  { clock, tls }: { clock?: { env: NodeJS.ProcessEnv }; tls?: { key: string; cert: string } } = {},
) {
  const dir = scratch(t);
  const port = await freePort();
  writeFileSync(join(dir, 'secret'), `${ACCESS_KEY}\n`, { mode: 0o600 });
  const program = fileURLToPath(import.meta.resolve('s3rver/bin/s3rver.js'));
  // It makes the tokens of its listings with a cipher that OpenSSL 3 calls legacy.
  const argv = [
    ...['--openssl-legacy-provider', program, '-s', '-d', dir, '-a', '127.0.0.1', '-p', String(port)],
    ...['--configure-bucket', BUCKET, ...(tls ? ['--key', tls.key, '--cert', tls.cert] : [])],
  ];
  const server = spawn(process.execPath, argv, {
    stdio: 'ignore',
    env: { ...process.env, ...(clock?.env ?? {}) },
  });
  t.teardown(() => ended(server));
  await isUp(port);
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
