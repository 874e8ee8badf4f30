import { type Logger, pino } from 'pino';
import { printable } from '../domain/printable.js';

export type Log = Logger;

/**
 * Structured logs on standard output, one JSON object a line, in which nothing acts on a terminal.
 * Known secret fields are removed whatever their depth up to two.
 */
export function createLog(level: string, name: string): Log {
  return pino({
    level,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: { streamWrite: printable },
    redact: {
      paths: [
        'password',
        'secret',
        '*.password',
        '*.secret',
        '*.api_key',
        '*.cookie',
        '*.authorization',
        'req.headers',
      ],
      censor: '[removed]',
    },
  });
}

/** Takes what a promise was rejected with and logs it as an error, with `what` for its message. */
export const complainOf = (log: Log, what: string) => (err: unknown) => log.error({ err }, what);
