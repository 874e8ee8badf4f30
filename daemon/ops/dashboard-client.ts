import { createHash, X509Certificate } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { fail } from '../domain/error.js';
import { tlsFiles } from '../domain/paths.js';
import type { Recording } from '../domain/recording/recording.js';
import type { Passes } from './passes.js';
import { readPlain } from './read-plain.js';
import { type TlsMode, tlsMode } from './tls-mode.js';

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;
/** The first piece that is asked for: the rest comes by a Range of its own, as a player does it. */
const FIRST_BYTES = 4_096;

export type Dashboard = {
  /** As people write it: "https://127.0.0.1:8090". */
  address: string;
  host: string;
  port: number;
  /** The file with the one certificate that it is taken for; null when it speaks plain HTTP. */
  certificate: string | null;
};

/** Where the dashboard of a configuration answers, from this machine. */
export function dashboardOf(
  web: { address: string; port: number; tls: 'auto' | TlsMode },
  dataDir: string,
): Dashboard {
  const every: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  const host = every[web.address] ?? web.address;
  const tls = tlsMode(web) !== 'off';
  return {
    address: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${web.port}`,
    host,
    port: web.port,
    certificate: tls ? tlsFiles(dataDir).served : null,
  };
}

/**
 * Gives the recording of a test call as the dashboard gives it out, in two ranges, each with a pass of its own. Throws
 * `dashboard_failed` when it does not, or when it is not what was sealed.
 */
export async function testCallAudio(
  dashboard: Dashboard,
  passes: Pick<Passes, 'give'>,
  recording: Pick<Recording, 'callId' | 'plainBytes' | 'plainSha256'>,
): Promise<Buffer> {
  const { callId, plainBytes, plainSha256 } = recording;

  async function piece(first: number, last: number): Promise<Buffer> {
    const { answer, body } = await ask(dashboard, `/api/v1/calls/${callId}/audio`, {
      authorization: `TestCall ${passes.give(callId)}`,
      range: `bytes=${first}-${last}`,
      'if-range': `"${plainSha256}"`,
    });
    if (answer.statusCode !== 206) throw fail('dashboard_failed', `It answered ${answer.statusCode}.`);
    const range = answer.headers['content-range'];
    if (range !== `bytes ${first}-${last}/${plainBytes}`)
      throw fail('dashboard_failed', `It gave "${range}" instead of bytes ${first}-${last}.`);
    return body;
  }

  try {
    const half = Math.min(FIRST_BYTES, Math.ceil(plainBytes / 2));
    const whole = Buffer.concat([await piece(0, half - 1), await piece(half, plainBytes - 1)]);
    if (createHash('sha256').update(whole).digest('hex') !== plainSha256)
      throw fail('dashboard_failed', 'What it gave is not what was sealed.');
    return whole;
  } catch (e) {
    if ((e as { code?: string }).code === 'dashboard_failed') throw e;
    throw fail('dashboard_failed', `${dashboard.address}: ${(e as Error).message}`, e);
  }
}

const STATUSES = ['ok', 'warn', 'fail'];

/** Returns why what listens where the dashboard should is not it, or does not answer; null where it is the dashboard. */
export async function refusedAsDashboard(dashboard: Dashboard): Promise<string | null> {
  try {
    const { body } = await ask(dashboard, '/api/v1/health', {});
    const { status, problems } = JSON.parse(body.toString()) as { status?: unknown; problems?: unknown };
    const known = STATUSES.includes(String(status)) && Array.isArray(problems);
    return known ? null : 'its answer is not one of the dashboard';
  } catch (e) {
    return e instanceof SyntaxError ? 'its answer is not one of the dashboard' : (e as Error).message;
  }
}

/** One GET on a connection of its own. Over TLS nothing is sent before the other side has shown our own certificate. */
async function ask(
  dashboard: Dashboard,
  path: string,
  headers: Record<string, string>,
): Promise<{ answer: IncomingMessage; body: Buffer }> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const socket = await opened(dashboard, signal);
  try {
    return await new Promise((resolve, reject) => {
      const { host, port } = dashboard;
      const request = httpRequest({ host, port, path, headers, signal, createConnection: () => socket });
      request.on('error', reject);
      request.on('response', (answer) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > MOST_BYTES) request.destroy(new Error('its answer is too long'));
          else parts.push(part);
        });
        answer.on('error', reject);
        answer.on('end', () => resolve({ answer, body: Buffer.concat(parts) }));
      });
      request.end();
    });
  } finally {
    socket.destroy();
  }
}

function opened({ host, port, certificate }: Dashboard, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const expected = certificate && new X509Certificate(readPlain(certificate)).raw;
    // Names and authorities say nothing here: it has to be the very certificate that our dashboard wrote down.
    const socket = expected
      ? tlsConnect({
          host,
          port,
          rejectUnauthorized: false,
          minVersion: 'TLSv1.2',
          ALPNProtocols: ['http/1.1'],
        })
      : connect({ host, port });
    const broken = (e: Error) => {
      socket.destroy();
      reject(e);
    };
    signal.addEventListener('abort', () => broken(new Error('no answer in 10 s')), { once: true });
    socket.once('error', broken);
    socket.once(expected ? 'secureConnect' : 'connect', () => {
      const shown = 'getPeerX509Certificate' in socket ? socket.getPeerX509Certificate()?.raw : null;
      if (expected && !shown?.equals(expected)) broken(new Error('it shows a certificate that is not ours'));
      else resolve(socket);
    });
  });
}
