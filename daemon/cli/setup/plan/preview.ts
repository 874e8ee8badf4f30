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
  if (change.kind === 'account')
    return `user tapedeck@localhost of the database: may read ${change.database}.${change.table}, and nothing else\n`;
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

const counted = (n: number, one: string, many: string): string[] =>
  n === 0 ? [] : [`${n} ${n === 1 ? one : many}`];

/** Returns how much changes at the PBX and of Tapedeck's own, a line each: nothing that is not there. */
export function summary(changes: readonly Change[]): [where: string, what: string][] {
  const lines = (pbx: boolean) => {
    const ours = changes.filter((one) => (!('pbx' in one) || one.pbx) === pbx);
    const files = ours.filter((one) => one.kind === 'file');
    const added = files.filter(({ before }) => before === null);
    return [
      ...counted(files.length - added.length, 'file gets lines', 'files get lines'),
      ...counted(added.length, 'new file', 'new files'),
      ...counted(ours.filter(({ kind }) => kind === 'folder').length, 'new folder', 'new folders'),
      ...counted(
        ours.filter(({ kind }) => kind === 'setting').length,
        'Advanced Setting',
        'Advanced Settings',
      ),
      ...counted(
        ours.filter(({ kind }) => kind === 'account').length,
        'user of the database',
        'users of the database',
      ),
    ].join(', ');
  };
  const at = (where: string, what: string, then: string): [string, string][] =>
    what === '' ? [] : [[where, `${what}${then}`]];
  return [
    ...at('At the PBX', lines(true), '. "tapedeck setup --undo" takes all of it back.'),
    ...at("Tapedeck's own", lines(false), '.'),
  ];
}

/** Returns what each change is about, and why it is needed. */
export const overview = (changes: readonly Change[]): [what: string, why: string][] =>
  changes
    .filter((one) => !inAnother(one, changes))
    .map((change) => {
      if (change.kind === 'setting') return [`Advanced Setting ${change.key} = ${change.after}`, change.why];
      if (change.kind === 'folder') return [`${change.path}/`, change.why];
      if (change.kind === 'account')
        return [`Database user tapedeck@localhost (${change.socket})`, change.why];
      return [`${change.path}${change.before === null ? ' (new)' : ''}`, change.why];
    });

/** A folder that goes with the one around it. */
const inAnother = (one: Change, all: readonly Change[]): boolean =>
  one.kind === 'folder' &&
  all.some((other) => other.kind === 'folder' && one.path.startsWith(`${other.path}/`));
