import { createRequire } from 'node:module';
import { type Dispatcher, request } from 'undici';
import { fail, TapedeckError } from '../domain/error.js';
import { patience } from '../ops/patience.js';
import { connectionFault } from './trust.js';

/**
 * How ari-client reaches the PBX. Its own way, shred by way of swagger-client, has no time limit, says nothing when the
 * connection is refused, and throws where nobody can catch (and so ends the process) when Asterisk answers 503, as it does
 * when http.conf's sessionlimit is reached, or when an answer is not JSON. So its requests are made here, by fetch.
 */
type Request = {
  url: string;
  method: string;
  headers: Record<string, string>;
  body?: string;
  on: { response: (answer: Answer) => void; error: (answer: unknown) => void };
};
type Answer = {
  url: string;
  method: string;
  status: number;
  statusText: string;
  headers: Record<string, string>;
  data: string;
};

/** Answers slower than this are a fault of the PBX, in ms. */
export const PATIENCE = 5_000;

/** Its own copy of swagger-client: another one would not be the one that it uses. */
const within = createRequire(createRequire(import.meta.url).resolve('ari-client'));

/** How each PBX is asked, by its host and port. */
const ways = new Map<string, Way>();
type Way = { protocol: string; authorization: string; fetch: typeof fetch };

/**
 * To be called before ari-client connects; again does no harm. swagger-client keeps one password for all connections of the
 * process, the last that was given, so requests to this origin get theirs here. And what Asterisk says of itself is always
 * "http:", also over TLS (seen on 16.28 and 22.10): the protocol is that of the configuration.
 */
export function takeOverRequests(origin: string, authorization: string, fetch: Way['fetch']): void {
  const { host, protocol } = new URL(origin);
  ways.set(host, { protocol, authorization, fetch });
  const { SwaggerHttp } = within('swagger-client') as {
    SwaggerHttp: { prototype: { execute: (request: Request) => void } };
  };
  SwaggerHttp.prototype.execute = (request) => void execute(request);
  // A global of swagger-client's. It prints a complaint about Asterisk's API description at every connect, and keeps it.
  Object.assign(globalThis, { log: () => {} });
}

async function execute({ url: told, method, headers: given, body, on }: Request): Promise<void> {
  const { Authorization: _, ...headers } = given; // it may be that of another PBX
  const asked = new URL(told);
  const way = ways.get(asked.host);
  if (way) {
    asked.protocol = way.protocol;
    headers.authorization = way.authorization;
  }
  const url = asked.href;
  const answer = await ask({ url, method: method.toUpperCase(), headers, body }, way?.fetch ?? fetch).catch(
    (e: unknown) => connectionFault(asked.origin, e),
  );
  try {
    if ('data' in answer && answer.status < 400) on.response(answer);
    else on.error(answer);
  } catch (e) {
    // What makes no sense of an answer throws; its promise is settled only by an error. That, too, may throw: swagger-client
    // does, after it has told.
    const said = e instanceof Error ? e.message : String(e);
    try {
      on.error({ status: 'not understood', statusText: said, data: said });
    } catch {}
  }
}

async function ask(
  { url, method, headers, body }: Omit<Request, 'on'>,
  fetch: Way['fetch'],
): Promise<Answer> {
  const late = new AbortController();
  const stop = patience(PATIENCE, () => late.abort(new Error(`no answer in ${PATIENCE / 1000} s`)));
  try {
    const answer = await fetch(url, {
      method,
      headers,
      body: body && method !== 'GET' ? body : undefined,
      redirect: 'error',
      signal: late.signal,
    });
    return {
      url,
      method,
      status: answer.status,
      statusText: answer.statusText,
      headers: Object.fromEntries(answer.headers),
      data: await answer.text(),
    };
  } finally {
    stop();
  }
}

/**
 * Requests for what every call needs as it is answered: neither by ari-client nor by fetch, which take several times as long for
 * each, and 30 calls that are answered at once need 210. Throws as ari-client's do once `asError` has seen them.
 */
export function createQuickRequests(origin: string, authorization: string, dispatcher: Dispatcher) {
  const headers = { authorization };
  // These end the request; who waits for it is told before.
  const limits = { headersTimeout: 2 * PATIENCE, bodyTimeout: 2 * PATIENCE };

  return async (
    what: string,
    path: string,
    params: Record<string, string>,
    method: 'GET' | 'POST' = 'POST',
  ): Promise<{ value?: unknown } | undefined> => {
    const url = `${origin}/ari/${path}?${new URLSearchParams(params)}`;
    const answered = request(url, { method, headers, dispatcher, ...limits }).then(
      async ({ statusCode, body }) => ({ statusCode, text: await body.text() }),
    );
    const { statusCode, text } = await inTime(what, answered).catch((e) => {
      throw e instanceof TapedeckError ? e : connectionFault(origin, e);
    });
    if (statusCode >= 300) throw asError(new Error(text), what);
    return parse(text) as { value?: unknown } | undefined;
  };
}

export function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  let stop = () => {};
  const late = new Promise<never>((_, reject) => {
    stop = patience(PATIENCE, () =>
      reject(fail('pbx_timeout', `${what}: no answer in ${PATIENCE / 1000} s.`)),
    );
  });
  return Promise.race([work, late]).finally(stop);
}

/** ari-client's errors carry the body of the answer, {"message": "..."}, and no status. */
export function asError(e: unknown, what: string): TapedeckError {
  if (e instanceof TapedeckError) return e;
  const text = e instanceof Error ? e.message : String(e);
  const body = parse(text) as { message?: unknown; error?: unknown } | undefined;
  const said = typeof body === 'object' ? String(body?.message ?? body?.error ?? text) : text;
  return fail('pbx_failed', `${what} ${said}`.trim().slice(0, 200), e);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
