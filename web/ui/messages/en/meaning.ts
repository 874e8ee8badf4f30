import type { Grant, Grantable, Rights } from '../../state/api-people.js';
import { listAnd as list } from '../locale.js';

const these = (one: string, many: string, items: string[]) =>
  items.length === 0 ? [] : [`${items.length === 1 ? one : many} ${list(items)}`];

type Whose = { who: string | null; rights: Rights; grantable: Grantable };

/** What somebody's rights come to, a sentence for each role; `who` null: said to themselves. */
export function meaning({ who, rights, grantable }: Whose): string[] {
  const has = (role: Rights['roles'][number]) => rights.roles.includes(role);
  const granted = (role: string) => rights.grants.filter((grant) => grantable[role]?.includes(grant));
  /** "Anna sees and hears", "You see and hear". */
  const does = (...verbs: string[]) =>
    `${who ?? 'You'} ${list(who === null ? verbs : verbs.map((verb) => `${verb}s`))}`;
  const said: string[] = [];
  if (has('admin')) {
    const sentences = [`${does('administer')} Tapedeck: settings, policy and people.`];
    if (rights.roles.length === 1) sentences.push('Sees which calls were made but cannot listen.');
    // Who reviews every call is told so below.
    const may = has('reviewer') && rights.scope.all ? '' : allowed(granted('admin'), 'any recording');
    if (may) sentences.push(`May ${may}.`);
    said.push(sentences.join(' '));
  }
  if (has('reviewer')) {
    const may = allowed(granted('reviewer'), 'them');
    said.push(`${does('see', 'hear')} ${scopeWords(rights.scope)}${may ? `, and may ${may}` : ''}.`);
  }
  if (has('auditor')) {
    const may = allowed(granted('auditor'), 'recordings');
    said.push(
      `${does('see', 'report')} every call, and may change nothing. To hear or export one${may ? `, or to ${may},` : ''} takes a reason.`,
    );
  }
  if (has('agent')) {
    const own = these('extension', 'extensions', rights.extensions).join('') || 'no extension yet';
    const may = allowed(granted('agent'), 'them');
    said.push(
      `${does('see', 'hear')} the calls of ${own}, for as long as ${rights.extensions.length > 1 ? 'they' : 'it'} took part${may ? `, and may ${may}` : ''}.`,
    );
  }
  return said;
}

const allowed = (grants: Grant[], recordings: string): string =>
  grants.length > 0 ? `${list(grants)} ${recordings}` : '';

function scopeWords({ all, extensions, queues, dids }: Rights['scope']): string {
  if (all) return 'every call';
  const of = [
    ...these('extension', 'extensions', extensions),
    ...these('queue', 'queues', queues),
    ...these('our number', 'our numbers', dids),
  ];
  return of.length === 0 ? 'no calls yet' : `the calls of ${list(of)}`;
}
