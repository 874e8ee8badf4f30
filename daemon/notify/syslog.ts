import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { connect } from 'node:tls';
import { iso } from '../domain/days.js';
import { fail } from '../domain/error.js';
import type { Channel } from './channel.js';

export type SyslogSettings = {
  host: string;
  port: number;
  /** PEM file of a certificate authority of one's own; empty: those that Node knows. */
  caFile: string;
};

const LIMIT_MS = 10_000;
/** Facility 13, log audit; severity 5, notice (RFC 5424, 6.2.1). */
const PRIORITY = 13 * 8 + 5;

/**
 * Sends checkpoints to a syslog server over TLS (RFC 5425: each message after its length in octets). Line ends of a note
 * are written as "\n": many servers keep a message as one line. There is no answer in this protocol; what counts is that
 * the server took every byte and closed the connection in peace after us.
 */
export function createSyslog(settings: SyslogSettings, name: string): Channel {
  return {
    name,
    target: `${settings.host}:${settings.port}`,
    async send(notice, signal) {
      const text = `Checkpoint of the audit log: ${(notice.checkpoint ?? '').replaceAll('\n', '\\n')}`;
      const head = `<${PRIORITY}>1 ${iso(notice.at)} ${hostname() || '-'} tapedeck - checkpoint -`;
      // A byte order mark says that what follows is UTF-8 (RFC 5424, 6.4).
      const message = Buffer.from(`${head} \ufeff${text}`);
      const late = AbortSignal.timeout(LIMIT_MS);
      const socket = connect({
        host: settings.host,
        port: settings.port,
        ...(isIP(settings.host) ? {} : { servername: settings.host }),
        minVersion: 'TLSv1.2',
        rejectUnauthorized: true,
        ...(settings.caFile ? { ca: readFileSync(settings.caFile, 'utf8') } : {}),
      });
      const either = AbortSignal.any([signal, late]);
      const end = () => socket.destroy(new Error(late.aborted ? 'no answer in 10 s.' : 'it was broken off.'));
      either.addEventListener('abort', end);
      try {
        await once(socket, 'secureConnect');
        socket.resume();
        socket.end(Buffer.concat([Buffer.from(`${message.length} `), message]));
        await once(socket, 'close');
        return `${message.length} bytes`;
      } catch (e) {
        throw fail('alert_undelivered', `${settings.host}:${settings.port}: ${(e as Error).message}`, e);
      } finally {
        either.removeEventListener('abort', end);
        socket.on('error', () => {}).destroy();
      }
    },
  };
}
