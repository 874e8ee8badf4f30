import { fstatSync } from 'node:fs';
import { type Logger, pino } from 'pino';
import { printable } from '../domain/printable.js';
import { journalStream } from './process/environment.js';

export type Log = Logger;

/** Priorities of syslog(3) for the levels of pino, from the highest. systemd takes "<3>" off the beginning of a line. */
const PRIORITIES = [
  [60, 2],
  [50, 3],
  [40, 4],
  [30, 6],
] as const;

/** Whether what is written there goes to systemd's journal: systemd.exec(5) says to compare, because children inherit it. */
function isJournal(fd: number): boolean {
  const journal = journalStream();
  if (!journal) return false;
  const { dev, ino } = fstatSync(fd);
  return journal === `${dev}:${ino}`;
}

/** Puts the priority before a line, so that `journalctl -p warning` shows what needs somebody. */
export function withPriority(line: string): string {
  const level = Number(/^\{"level":(\d+)/.exec(line)?.[1] ?? 30);
  return `<${PRIORITIES.find(([least]) => level >= least)?.[1] ?? 7}>${line}`;
}

/**
 * Structured logs on standard output, one JSON object a line, in which nothing acts on a terminal. Where that is systemd's
 * journal, each line has its priority. What admins look for has an `event`, whose names never change (docs/operate/logs.md).
 * Known secret fields are removed whatever their depth up to two.
 */
export function createLog(level: string, name: string): Log {
  return pino({
    level,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: {
      streamWrite: isJournal(1) ? (line) => withPriority(printable(line)) : printable,
    },
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
