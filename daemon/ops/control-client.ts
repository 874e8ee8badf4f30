import { request as httpRequest } from 'node:http';
import { type ErrorCode, errors, fail, TapedeckError } from '../domain/error.js';

const TIMEOUT_MS = 5000;
/** For what signs a checkpoint: the chain may have to be followed from its beginning. In ms. */
export const SIGN_MS = 120_000;
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Asks the daemon over its control socket and gives its JSON answer. An error that the daemon answers with becomes a
 * TapedeckError of the same code. Throws `daemon_unreachable` when there is no answer within 5 s (or `timeoutMs`).
 */
export async function request<T>(
  socket: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  { timeoutMs = TIMEOUT_MS }: { timeoutMs?: number } = {},
): Promise<T> {
  const { status, text } = await exchange(socket, method, path, body, timeoutMs);
  let answer: unknown;
  try {
    answer = text === '' ? undefined : JSON.parse(text);
  } catch (e) {
    throw fail('daemon_unreachable', 'Its answer is not JSON.', e);
  }
  if (status >= 200 && status < 300) return answer as T;
  throw asError(status, answer);
}

/** The same for an answer that is text. Throws `daemon_unreachable` also when it is not a good one. */
export async function requestText(socket: string, path: string): Promise<string> {
  const { status, text } = await exchange(socket, 'GET', path, undefined, TIMEOUT_MS);
  if (status !== 200) throw fail('daemon_unreachable', `It answered ${status}.`);
  return text;
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
