import { createTwoFilesPatch } from 'diff';
import type { Change } from './change.js';

const MASK = '********';
const CONTEXT = 2;

/** Text as people read it, whatever bytes a file has. */
const readable = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');

/** Returns what a change does: a unified diff of a file, or a line for anything else. Secrets are masked. */
export function preview(change: Change): string {
  if (change.kind === 'setting')
    return `Advanced Setting ${change.key}\n-${change.before}\n+${change.after}\n`;
  if (change.kind === 'folder') return `folder ${change.path} (mode ${change.mode.toString(8)})\n`;
  const masked = (text: string): string =>
    readable(change.secrets.reduce((all, secret) => all.replaceAll(secret, MASK), text));
  const patch = createTwoFilesPatch(
    change.before === null ? '/dev/null' : change.path,
    change.path,
    masked(change.before ?? ''),
    masked(change.after),
    undefined,
    undefined,
    { context: CONTEXT },
  );
  return patch.replace(/^(Index: [^\n]*\n)?=+\n/, '');
}
