import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fail, TapedeckError } from '../domain/error.js';
import type { Notice } from '../domain/operations/notice.js';
import { guarded, isNobodys } from '../ops/targets.js';
import type { Channel, Origin } from './channel.js';
import { mailText } from './mail-text.js';

/** A mail server, and how it is reached. */
export type PostSettings = {
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
export type MailSettings = PostSettings & { to: readonly string[] };

/** One mail. `id`: the same however often it has to be sent until somebody takes it. */
export type Message = {
  to: readonly string[];
  subject: string;
  text: string;
  at: number;
  id: string;
  references?: readonly string[];
  urgent?: boolean;
  attachments?: readonly { filename: string; contentType: string; content: Buffer | string }[];
};

/** Time limits in ms: to connect, for silence after that, and for all of it. */
const CONNECT_MS = 10_000;
const SILENCE_MS = 20_000;
const LIMIT_MS = 30_000;
/** And of what has attachments, which have to be sent whole. */
const ATTACHED_LIMIT_MS = 300_000;

export type Post = ReturnType<typeof createPost>;

/** Sends mails by SMTP. The one file that knows nodemailer. The server's certificate is verified, always. */
export function createPost(settings: PostSettings) {
  // Who sends no mail does not wait for it at each start.
  const nodemailer = import('nodemailer');
  const domain = settings.from.slice(settings.from.lastIndexOf('@') + 1);

  const transport = async () =>
    (await nodemailer).createTransport({
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

  /** Throws `alert_undelivered` with the reason, which has no secret in it. */
  async function within<T>(ms: number, work: (late: AbortSignal) => Promise<T>): Promise<T> {
    const late = AbortSignal.timeout(ms);
    try {
      return await work(late);
    } catch (e) {
      throw asError(late.aborted ? new Error(`no answer in ${ms / 1000} s.`) : e, settings);
    }
  }

  return {
    /** Resolves if the server takes mails from us now. Throws `alert_undelivered`. */
    ready: (): Promise<void> =>
      within(LIMIT_MS, async () => {
        const server = await transport();
        await server.verify();
        server.close();
      }),
    /** Returns what the server said, and for whom it has not taken the mail. Throws `alert_undelivered` if for nobody. */
    send: (message: Message, signal: AbortSignal): Promise<{ response: string; refused: string[] }> =>
      within(message.attachments?.length ? ATTACHED_LIMIT_MS : LIMIT_MS, async (late) => {
        const sent = await (await transport()).sendMail({
          from: { name: 'Tapedeck', address: settings.from },
          to: message.to.map((address) => ({ name: '', address })),
          subject: message.subject,
          text: message.text,
          date: new Date(message.at),
          messageId: `<${message.id.toLowerCase()}@${domain}>`,
          references: (message.references ?? []).map((thread) => `<${thread}@${domain}>`),
          priority: message.urgent ? 'high' : 'normal',
          attachments: [...(message.attachments ?? [])],
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
          signal: AbortSignal.any([signal, late]),
        });
        return { response: sent.response, refused: sent.rejected.map(addressOf) };
      }),
  };
}

/** Mails about alarms, or with checkpoints of the audit log. */
export function createMail({ to, ...settings }: MailSettings, origin: Origin, name = 'mail'): Channel {
  const post = createPost(settings);
  return {
    name,
    target: to.join(', '),
    async send(notice, signal) {
      const about = { at: notice.at, id: notice.id, references: threads(notice) };
      const urgent = notice.alarms.some((a) => a.severity === 'critical' && !a.clearedAt);
      const { response, refused } = await post.send(
        { to, ...mailText(notice, origin), ...about, urgent },
        signal,
      );
      if (refused.length > 0) throw fail('alert_undelivered', `The server refused ${refused.join(', ')}.`);
      return response;
    },
  };
}

const addressOf = (to: string | { address: string }): string => (typeof to === 'string' ? to : to.address);

/** Connects, and looks at where the name leads as it does so. */
async function connected({ host, port }: PostSettings): Promise<Socket> {
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
function asError(e: unknown, settings: PostSettings) {
  if (e instanceof TapedeckError) return e;
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
