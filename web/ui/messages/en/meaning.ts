import type { Grant, Grantable, Rights } from '../../state/api-people.js';
import { listAnd as list } from '../locale.js';

const these = (one: string, many: string, items: string[]) =>
  items.length === 0 ? [] : [`${items.length === 1 ? one : many} ${list(items)}`];

type Whose = { who: string | null; rights: Rights; grantable: Grantable };

/** Returns what somebody's rights allow, a sentence for each role; `who` null: said to themselves. */
export function meaning({ who, rights, grantable }: Whose): string[] {
  const has = (role: Rights['roles'][number]) => rights.roles.includes(role);
  const granted = (role: string) => rights.grants.filter((grant) => grantable[role]?.includes(grant));
  const can = `${who ?? 'You'} can`;
  const listens = (calls: string, may: string) =>
    `${can} see and listen to ${calls}${may ? `, and ${may}` : ''}.`;
  const said: string[] = [];
  if (has('admin')) {
    const sentences = [`${can} manage settings, policy and people.`];
    if (rights.roles.length === 1)
      sentences.push(
        `${who === null ? 'You' : 'They'} can see which calls were made but not listen to them.`,
      );
    // Who reviews every call is told so below.
    const may = has('reviewer') && rights.scope.all ? '' : allowed(granted('admin'), 'any recording');
    if (may) sentences.push(`${who === null ? 'You' : 'They'} can ${may}.`);
    said.push(sentences.join(' '));
  }
  if (has('reviewer')) said.push(listens(scopeWords(rights.scope), allowed(granted('reviewer'), 'them')));
  if (has('auditor')) {
    const may = allowed(granted('auditor'), 'recordings');
    said.push(
      `${can} see and report on every call but change nothing. A reason is needed to listen to or export a call${may ? `, or to ${may}` : ''}.`,
    );
  }
  if (has('agent')) {
    const own = these('extension', 'extensions', rights.extensions).join('');
    const they = rights.extensions.length > 1 ? 'they' : 'it';
    said.push(
      own
        ? listens(`the calls of ${own} for as long as ${they} took part`, allowed(granted('agent'), 'them'))
        : `${who === null ? 'You have' : `${who} has`} no extension yet, so no calls to listen to.`,
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
