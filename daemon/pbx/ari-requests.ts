import { createRequire } from 'node:module';
import { fail } from '../domain/error.js';
import { patience } from '../ops/patience.js';

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

/** The Authorization header for each PBX, by its origin. */
const authorizations = new Map<string, string>();

/**
 * To be called before ari-client connects; again does no harm. swagger-client keeps one password for all connections of the
 * process, the last that was given, so requests to this origin get theirs here.
 */
export function takeOverRequests(origin: string, authorization: string): void {
  authorizations.set(origin, authorization);
  const { SwaggerHttp } = within('swagger-client') as {
    SwaggerHttp: { prototype: { execute: (request: Request) => void } };
  };
  SwaggerHttp.prototype.execute = (request) => void execute(request);
  // A global of swagger-client's. It prints a complaint about Asterisk's API description at every connect, and keeps it.
  Object.assign(globalThis, { log: () => {} });
}

async function execute({ url, method, headers: given, body, on }: Request): Promise<void> {
  const { Authorization: _, ...headers } = given; // it may be that of another PBX
  const authorization = authorizations.get(new URL(url).origin);
  if (authorization) headers.authorization = authorization;
  const answer = await ask({ url, method: method.toUpperCase(), headers, body }).catch((e: unknown) => {
    const cause = (e as { cause?: Error }).cause ?? (e as Error);
    return fail('pbx_unreachable', `${new URL(url).origin}: ${cause.message}`, e);
  });
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

async function ask({ url, method, headers, body }: Omit<Request, 'on'>): Promise<Answer> {
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
