import { request as httpRequest } from 'node:http';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { type ErrorCode, errors, fail, TapedeckError } from '../domain/error.js';
import {
  CONTROL,
  type ControlAnswer,
  type ControlBody,
  type ControlName,
} from '../domain/operations/control.js';
import { controlSocket, ownerSocket } from '../domain/paths.js';

const MOST_BYTES = 4 * 1024 * 1024;

type Given<N extends ControlName> =
  Record<string, never> extends ControlBody<N> ? [body?: ControlBody<N>] : [body: ControlBody<N>];

/**
 * Asks the recorder of a data directory over its control sockets, and gives its answer. An error that it answers with becomes
 * a TapedeckError of the same code. Throws `daemon_unreachable` when there is no answer in time, `daemon_differs` for one that
 * is not in the contract.
 */
export async function ask<N extends ControlName>(
  dataDir: string,
  name: N,
  ...[body]: Given<N>
): Promise<ControlAnswer<N>> {
  const { method, path, socket, answer: shape, timeoutMs } = CONTROL[name];
  const place = socket === 'owner' ? ownerSocket(dataDir) : controlSocket(dataDir);
  const sent = method === 'POST' ? (body ?? {}) : undefined;
  const { status, text } = await exchange(place, method, path, sent, timeoutMs);
  const good = status >= 200 && status < 300;
  const answer = good && Type.IsString(shape) ? text : parsed(text);
  if (!good) throw asError(status, answer);
  if (!Value.Check(shape, answer)) throw fail('daemon_differs', `Its answer to "${name}" is not understood.`);
  return answer as ControlAnswer<N>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (e) {
    throw fail('daemon_unreachable', 'Its answer is not JSON.', e);
  }
}

function exchange(
  socket: string,
  method: string,
  path: string,
  body: unknown,
  timeoutMs: number,
): Promise<{ status: number; text: string }> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const broken = (e: unknown) =>
      reject(e instanceof TapedeckError ? e : fail('daemon_unreachable', (e as Error).message, e));
    const req = httpRequest(
      {
        socketPath: socket,
        method,
        path,
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          host: 'localhost',
          accept: 'application/json',
          ...(payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
        },
      },
      (res) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        res.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > MOST_BYTES) req.destroy(fail('daemon_unreachable', 'Its answer is too long.'));
          else parts.push(part);
        });
        res.on('error', broken);
        res.on('end', () =>
          resolve({ status: res.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
        );
      },
    );
    req.on('error', broken);
    req.end(payload);
  });
}

function asError(status: number, answer: unknown): TapedeckError {
  const said = (answer as { error?: { code?: unknown; detail?: unknown } } | undefined)?.error;
  const code = typeof said?.code === 'string' && said.code in errors ? (said.code as ErrorCode) : 'internal';
  const detail = typeof said?.detail === 'string' ? said.detail : `The daemon answered ${status}.`;
  return fail(code, detail);
}
