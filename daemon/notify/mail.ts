import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fail } from '../domain/error.js';
import type { Notice } from '../domain/operations/notice.js';
import { guarded, isNobodys } from '../ops/targets.js';
import type { Channel, Origin } from './channel.js';
import { mailText } from './mail-text.js';

export type MailSettings = {
  to: readonly string[];
  from: string;
  host: string;
  port: number;
  /** `starttls`: a server that does not offer it is refused. `tls`: from the first byte. `none`: in the clear. */
  tls: 'starttls' | 'tls' | 'none';
  user: string;
  /** Read at each message, so that a changed one needs no restart. */
  password: () => string;
  /** PEM file of a certificate authority of one's own; empty: those that Node knows. */
  caFile: string;
};

/** Time limits in ms: to connect, for silence after that, and for all of it. */
const CONNECT_MS = 10_000;
const SILENCE_MS = 20_000;
const LIMIT_MS = 30_000;

/** Mails by SMTP. The one file that knows nodemailer. The server's certificate is verified, always. */
export function createMail(settings: MailSettings, origin: Origin, name = 'mail'): Channel {
  // Who sends no mail does not wait for it at each start.
  const nodemailer = import('nodemailer');
  const domain = settings.from.slice(settings.from.lastIndexOf('@') + 1);

  return {
    name,
    target: settings.to.join(', '),
    async send(notice, signal) {
      const transport = (await nodemailer).createTransport({
        host: settings.host,
        port: settings.port,
        secure: settings.tls === 'tls',
        requireTLS: settings.tls === 'starttls',
        ignoreTLS: settings.tls === 'none',
        auth: settings.user ? { user: settings.user, pass: settings.password() } : undefined,
        tls: {
          rejectUnauthorized: true,
          minVersion: 'TLSv1.2',
          ...(settings.caFile ? { ca: readFileSync(settings.caFile, 'utf8') } : {}),
        },
        connectionTimeout: CONNECT_MS,
        greetingTimeout: CONNECT_MS,
        socketTimeout: SILENCE_MS,
        getSocket: (_, done) =>
          connected(settings).then(
            (connection) => done(null, { connection }),
            (e) => done(e, {}),
          ),
        disableFileAccess: true,
        disableUrlAccess: true,
        logger: false,
      });
      const late = AbortSignal.timeout(LIMIT_MS);
      try {
        const { subject, text } = mailText(notice, origin);
        const sent = await transport.sendMail({
          from: { name: 'Tapedeck', address: settings.from },
          to: settings.to.map((address) => ({ name: '', address })),
          subject,
          text,
          date: new Date(notice.at),
          messageId: `<${notice.id.toLowerCase()}@${domain}>`,
          references: threads(notice).map((thread) => `<${thread}@${domain}>`),
          priority: notice.alarms.some((a) => a.severity === 'critical' && !a.clearedAt) ? 'high' : 'normal',
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
          signal: AbortSignal.any([signal, late]),
        });
        if (sent.rejected.length > 0)
          throw fail('alert_undelivered', `The server refused ${sent.rejected.join(', ')}.`);
        return sent.response;
      } catch (e) {
        throw asError(late.aborted ? new Error('no answer in 30 s.') : e, settings);
      }
    },
  };
}

/** Connects, and looks at where the name leads as it does so. */
async function connected({ host, port }: MailSettings): Promise<Socket> {
  const refuse = (address: string) => {
    if (isNobodys(address)) throw new Error(`it is at ${address}, where no server may be`);
  };
  const guard = guarded(host, refuse);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ...guard });
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error('no connection in 10 s')));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0).off('error', reject);
      resolve(socket);
    });
  });
}

/** Mail programs put messages that refer to the same one together: an alarm, its reminders and its end. */
function threads(notice: Notice): string[] {
  return notice.alarms
    .slice(0, 1)
    .map((a) => createHash('sha256').update(`${a.key} ${a.raisedAt}`).digest('hex').slice(0, 32));
}

/** What went wrong in words; what a server answers may repeat what was sent, so the password is taken out. */
function asError(e: unknown, settings: MailSettings) {
  const { code, message } = e as { code?: string; message?: string };
  let text = `${settings.host}:${settings.port}: ${message ?? String(e)}`;
  if (settings.user) {
    const password = quiet(settings.password);
    if (password)
      for (const secret of [password, Buffer.from(password).toString('base64')])
        text = text.replaceAll(secret, '[removed]');
  }
  if (code === 'EAUTH') text = `${settings.host}:${settings.port} refused the user or the password.`;
  return fail('alert_undelivered', text);
}

function quiet(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
