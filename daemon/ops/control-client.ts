import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { type ErrorCode, errors, fail, TapedeckError } from '../domain/error.js';
import {
  CONTROL,
  type ControlAnswer,
  type ControlBody,
  type ControlName,
  HEAD_HEADER,
  headIn,
  STREAMS,
  type StreamBody,
  type Streamed,
  type StreamHead,
  type StreamName,
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

/**
 * Asks for a stream, and gives it with its head. Destroying it tells the recorder that nobody reads any more; it fails when the
 * recorder breaks off. Throws as `ask` does; `gone` ends the waiting for it.
 */
export async function askStream<N extends StreamName>(
  dataDir: string,
  name: N,
  body: StreamBody<N>,
  gone?: AbortSignal,
): Promise<Streamed<N, Readable>> {
  const { path, head: shape, timeoutMs } = STREAMS[name];
  const late = AbortSignal.timeout(timeoutMs);
  const ended = new AbortController();
  const end = () => ended.abort();
  for (const signal of gone ? [late, gone] : [late]) {
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  }
  const answer = await opened(controlSocket(dataDir), 'POST', path, body, ended.signal).finally(() => {
    // From here on its reader takes the time that it takes.
    for (const signal of [late, gone]) signal?.removeEventListener('abort', end);
  });
  const status = answer.statusCode ?? 0;
  if (status !== 200) throw asError(status, parsed(await textOf(answer)));
  const head = headIn(String(answer.headers[HEAD_HEADER]));
  if (!Value.Check(shape, head)) {
    answer.destroy();
    throw fail('daemon_differs', `Its answer to "${name}" is not understood.`);
  }
  return { head: head as StreamHead<N>, stream: answer };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (e) {
    throw fail('daemon_unreachable', 'Its answer is not JSON.', e);
  }
}

const broken = (e: unknown): TapedeckError =>
  e instanceof TapedeckError ? e : fail('daemon_unreachable', (e as Error).message, e);

async function exchange(
  socket: string,
  method: string,
  path: string,
  body: unknown,
  timeoutMs: number,
): Promise<{ status: number; text: string }> {
  const answer = await opened(socket, method, path, body, AbortSignal.timeout(timeoutMs));
  return { status: answer.statusCode ?? 0, text: await textOf(answer) };
}

/** Resolves with the answer once its headers have come. */
function opened(
  socket: string,
  method: string,
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const req = httpRequest(
      {
        socketPath: socket,
        method,
        path,
        agent: false,
        signal,
        headers: {
          host: 'localhost',
          accept: 'application/json',
          ...(payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
        },
      },
      resolve,
    );
    req.on('error', (e) => reject(broken(e)));
    req.end(payload);
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > MOST_BYTES) throw fail('daemon_unreachable', 'Its answer is too long.');
      parts.push(part);
    }
  } catch (e) {
    throw broken(e);
  }
  return Buffer.concat(parts).toString('utf8');
}

function asError(status: number, answer: unknown): TapedeckError {
  const said = (answer as { error?: { code?: unknown; detail?: unknown } } | undefined)?.error;
  const code = typeof said?.code === 'string' && said.code in errors ? (said.code as ErrorCode) : 'internal';
  const detail = typeof said?.detail === 'string' ? said.detail : `The daemon answered ${status}.`;
  return fail(code, detail);
}
