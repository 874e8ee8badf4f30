import { readFileSync } from 'node:fs';
import { fail } from '../../domain/error.js';

/**
 * Loading a command opens some 60 files at once, and what cannot be opened then is told as a package that is missing. Databases,
 * sockets and files of calls need the rest.
 */
const LEAST = 256;

function ownLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return ''; // without /proc nothing is known
  }
}

/** Throws `open_files` where this process may open too few. `limits`: its /proc/self/limits. */
export function checkOpenFiles(limits = ownLimits()): void {
  const [, limit] = /^Max open files +(\d+)/m.exec(limits) ?? [];
  if (limit !== undefined && Number(limit) < LEAST)
    throw fail('open_files', `It is ${limit}, and Tapedeck needs at least ${LEAST}.`);
}
