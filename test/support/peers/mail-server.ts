import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

const PASSWORD = 'mail-secret-4711';

const openssl = (dir: string, ...args: string[]) =>
  execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });

/** A certificate authority of the test's own in `dir`, and a certificate that it made for localhost. */
export function makeCertificates(dir: string): { ca: string; key: Buffer; cert: Buffer } {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const authority = ['-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test CA'];
  openssl(dir, 'req', '-x509', ...key, ...authority);
  openssl(dir, 'req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  writeFileSync(join(dir, 'names'), 'subjectAltName=DNS:localhost');
  openssl(
    dir,
    ...['x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-out', 'server.pem', '-days', '2', '-extfile', 'names'],
  );
  return {
    ca: join(dir, 'ca.pem'),
    key: readFileSync(join(dir, 'server.key')),
    cert: readFileSync(join(dir, 'server.pem')),
  };
}

export type Got = { mail: ParsedMail; to: string[]; from: string; secure: boolean; user: string; at: number };

/** A mail server that keeps what it gets. It asks for a user and a password, and for TLS before them. */
export async function startMailServer(options: SMTPServerOptions) {
  const got: Got[] = [];
  const server = new SMTPServer({
    authMethods: ['PLAIN', 'LOGIN'],
    onAuth: (auth, _session, done) =>
      auth.username === 'tapedeck' && auth.password === PASSWORD
        ? done(null, { user: auth.username })
        : done(new Error(`Bad credentials ${auth.password}`)),
    onData(stream, session, done) {
      simpleParser(stream).then((mail) => {
        const { mailFrom, rcptTo } = session.envelope;
        got.push({
          mail,
          to: rcptTo.map((r) => r.address),
          from: mailFrom === false ? '' : mailFrom.address,
          secure: session.secure,
          user: String(session.user ?? ''),
          at: Date.now(),
        });
        done();
      }, done);
    },
    ...options,
  });
  server.on('error', () => {}); // clients that hang up because they do not trust us
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  return {
    got,
    port: (server.server.address() as AddressInfo).port,
    stop: () => new Promise<void>((down) => server.close(() => down())),
  };
}
