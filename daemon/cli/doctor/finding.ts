import { TapedeckError } from '../../domain/error.js';

/** One thing that `tapedeck doctor` has looked at. `todo` is empty when there is nothing to do. */
export type Finding = { check: string; state: 'ok' | 'warn' | 'fail'; says: string; todo: string };

export const ok = (check: string, says: string): Finding => ({ check, state: 'ok', says, todo: '' });
export const bad = (check: string, says: string, todo: string): Finding => ({
  check,
  state: 'fail',
  says,
  todo,
});
export const warn = (check: string, says: string, todo: string): Finding => ({
  check,
  state: 'warn',
  says,
  todo,
});

/** The finding that an error is. */
export function broken(check: string, e: unknown): Finding {
  if (e instanceof TapedeckError) return bad(check, e.message, e.hint);
  return bad(check, (e as Error).message, 'Look at the log of the system for more.');
}

/** For people. */
export function line(f: Finding): string {
  const sign = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' }[f.state];
  return `${sign}  ${f.check.padEnd(18)} ${f.says}\n${f.state === 'ok' ? '' : `${' '.repeat(6)}-> ${f.todo}\n`}`;
}
