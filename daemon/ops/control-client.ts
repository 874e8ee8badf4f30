import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
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
import { Act, ProofNeeded } from '../domain/people/act.js';

const MOST_BYTES = 4 * 1024 * 1024;

/** What goes with a request: nothing where it has no body. */
export type Given<N extends ControlName> =
  Record<string, never> extends ControlBody<N> ? [body?: ControlBody<N>] : [body: ControlBody<N>];

/** How many requests the dashboard has under way; more wait for an answer. As many as the recorder works on at once. */
const MOST_CONNECTIONS = 4;
/** What may take longer has a connection of its own, so that nothing waits behind it. */
const SOON_MS = 5_000;

/**
 * Asks the recorder of a data directory over its owner's socket, which answers everything, and gives its answer. An error that it
 * answers with becomes a TapedeckError of the same code. Throws `daemon_unreachable` when there is no answer in time,
 * `daemon_differs` for one that is not in the contract.
 */
export const ask = <N extends ControlName>(
  dataDir: string,
  name: N,
  ...[body]: Given<N>
): Promise<ControlAnswer<N>> => answerOf(ownerSocket(dataDir), name, body);

/**
 * The dashboard's connections to the recorder of a data directory, made when they are needed and kept. `ask` throws as above. What
 * was sent on a connection that broke is asked again if it only reads.
 */
export function connectControl(dataDir: string) {
  const socket = controlSocket(dataDir);
  const agent = new Agent({ keepAlive: true, maxSockets: MOST_CONNECTIONS });

  return {
    ask: <N extends ControlName>(name: N, ...[body]: Given<N>): Promise<ControlAnswer<N>> =>
      answerOf(socket, name, body, CONTROL[name].timeoutMs > SOON_MS ? false : agent),
    askStream: <N extends StreamName>(
      name: N,
      body: StreamBody<N>,
      gone?: AbortSignal,
    ): Promise<Streamed<N, Readable>> => streamOf(socket, name, body, gone),
    /** Ends the connections, and what is still asked on them. */
    stop: (): void => agent.destroy(),
  };
}
export type ControlConnection = ReturnType<typeof connectControl>;

async function answerOf<N extends ControlName>(
  place: string,
  name: N,
  body: unknown,
  agent: Agent | false = false,
): Promise<ControlAnswer<N>> {
  const { method, path, answer: shape, timeoutMs } = CONTROL[name];
  const sent = method === 'POST' ? (body ?? {}) : undefined;
  const { status, text } = await exchange({ socket: place, method, path, body: sent, agent }, timeoutMs);
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
export const askStream = <N extends StreamName>(
  dataDir: string,
  name: N,
  body: StreamBody<N>,
  gone?: AbortSignal,
): Promise<Streamed<N, Readable>> => streamOf(ownerSocket(dataDir), name, body, gone);

async function streamOf<N extends StreamName>(
  socket: string,
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
  const answer = await opened({ socket, method: 'POST', path, body }, ended.signal).finally(() => {
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

type Sent = { socket: string; method: string; path: string; body: unknown; agent?: Agent | false };

async function exchange(sent: Sent, timeoutMs: number): Promise<{ status: number; text: string }> {
  const answer = await opened(sent, AbortSignal.timeout(timeoutMs));
  return { status: answer.statusCode ?? 0, text: await textOf(answer) };
}

/** Resolves with the answer once its headers have come. */
function opened(sent: Sent, signal: AbortSignal): Promise<IncomingMessage> {
  const { socket, method, path, body, agent = false } = sent;
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const req = httpRequest(
      {
        socketPath: socket,
        ...{ method, path, agent, signal },
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
    req.on('error', (e: NodeJS.ErrnoException) => {
      // The recorder closed the connection just then, or has ended: what changes something may have been done.
      const stale = req.reusedSocket && /^(ECONNRESET|EPIPE)$/.test(e.code ?? '');
      if (stale && method === 'GET') resolve(opened({ ...sent, agent: false }, signal));
      else reject(broken(e));
    });
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
  const said = (answer as { error?: { code?: unknown; detail?: unknown; act?: unknown } } | undefined)?.error;
  const code = typeof said?.code === 'string' && said.code in errors ? (said.code as ErrorCode) : 'internal';
  if (code === 'proof_needed' && Value.Check(Act, said?.act)) return new ProofNeeded(said.act);
  const detail = typeof said?.detail === 'string' ? said.detail : `The daemon answered ${status}.`;
  return fail(code, detail);
}
