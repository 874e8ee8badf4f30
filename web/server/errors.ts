import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { ulid } from 'ulid';
import { type ErrorCode, errors, fail, hintForOthers, TapedeckError } from '../../daemon/domain/error.js';
import { actOf } from '../../daemon/domain/people/act.js';
import { mayDo } from '../../daemon/domain/people/person.js';
import type { ErrorView } from './schemas.js';

type Fault = NonNullable<FastifyError['validation']>[number];

/** What is said while the catalogue cannot be read. */
const AWAY: ReadonlySet<ErrorCode> = new Set([
  'catalogue_missing',
  'catalogue_away',
  'catalogue_older',
  'catalogue_upgrading',
  'catalogue_newer',
]);

/** What the client is told of an error, and with which status. What is our fault is hidden behind the request's id. */
export function errorAnswer(
  error: unknown,
  request: { id: string; invalid?: ErrorCode; admin?: boolean },
): { status: number; view: Static<typeof ErrorView> } {
  const { status, known } = understood(error, request.invalid ?? 'request_invalid');
  const { message } = errors[known.code];
  return {
    status,
    view: {
      error: {
        code: known.code,
        message,
        hint: request.admin === false ? hintForOthers(known.code) : known.hint,
        // Details of faults can name files and addresses of this machine; the log has them.
        detail: status >= 500 ? '' : known.detail,
        request_id: request.id,
        ...actOf(known),
      },
    },
  };
}

function understood(error: unknown, invalid: ErrorCode): { status: number; known: TapedeckError } {
  if (error instanceof TapedeckError) return { status: error.status, known: error };
  const { statusCode, validation, message } = error as FastifyError;
  if (validation) return { status: 400, known: fail(invalid, faults(error as FastifyError, validation)) };
  if (statusCode === 429) return { status: 429, known: fail('too_many') };
  if (statusCode === 404) return { status: 404, known: fail('not_found') };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return { status: statusCode, known: fail('request_invalid', oneLine(message)) };
  return { status: 500, known: fail('internal') };
}

/** A refusal that the error catalogue has with another status. */
export function withStatus(status: number, error: TapedeckError): TapedeckError {
  return Object.assign(error, { status });
}

/** The first faults as "body.policy.record.0.name: must ...". */
function faults(error: FastifyError, found: Fault[]): string {
  return found
    .slice(0, 3)
    .map(({ instancePath, message, params }) => {
      const { requiredProperties, additionalProperties } = params as Record<string, string[] | undefined>;
      const names = requiredProperties ?? additionalProperties;
      const named = names?.length ? ` (${names.slice(0, 5).join(', ')})` : '';
      const path = `${error.validationContext ?? 'request'}${instancePath}`.replaceAll('/', '.');
      return oneLine(`${path}: ${message ?? 'is not valid'}${named}`);
    })
    .join('; ');
}

const oneLine = (text: string): string => text.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, 300);

/** Answers with an error, and writes down those of 500 and above with their causes. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const invalid = request.routeOptions?.config?.invalid;
  const { session, url } = request;
  // Pages are for everybody; what else is served is asked for by programs that an admin has set up.
  const admin = !url.startsWith('/api/') || (!!session && mayDo(session.person, 'settings'));
  const { status, view } = errorAnswer(error, { id: request.id, invalid, admin });
  // While the catalogue is away, every page asks again and again; the log has it once already.
  const away = error instanceof TapedeckError && AWAY.has(error.code);
  if (status >= 500)
    request.log[away ? 'debug' : 'error'](
      { err: error, route: request.routeOptions?.url, status },
      'a request failed',
    );
  return reply
    .code(status)
    .removeHeader('content-disposition')
    .removeHeader('etag')
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(view);
}

/** Gives what answers what never became a request: too slow, too long, or not HTTP. Then the connection ends. */
export const refusesClients =
  (headers: Record<string, string>) =>
  (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    if (socket.writable) socket.write(clientAnswer(headers, error.code));
    socket.destroy();
  };

function clientAnswer(headers: Record<string, string>, code = ''): string {
  const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[code] ?? 400;
  const body = JSON.stringify(errorAnswer(fail('request_invalid'), { id: ulid() }).view);
  const all = {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n');
}
