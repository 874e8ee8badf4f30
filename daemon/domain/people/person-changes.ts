import type { Person } from './person.js';

type Changed = Pick<Person, 'name' | 'roles' | 'scope' | 'extensions' | 'grants'> & {
  disabledAt: number | null;
};

/** Somebody as an entry of the audit log has them who is added. */
export const personSaid = (p: Omit<Changed, 'disabledAt'>) => ({
  name: p.name,
  roles: p.roles,
  hears_of: hearsOf(p),
  own_extensions: p.extensions,
  grants: p.grants,
});

/** What is different of somebody, in words, one each. */
export function personChanges(before: Changed, after: Changed): string[] {
  const parts = (p: Changed): Record<string, string> => ({
    name: p.name,
    roles: list(p.roles),
    'hears of': list(hearsOf(p)),
    'own extensions': list(p.extensions),
    grants: list(p.grants),
    state: p.disabledAt === null ? 'active' : 'disabled',
  });
  const [was, is] = [parts(before), parts(after)];
  return Object.keys(is)
    .filter((key) => was[key] !== is[key])
    .map((key) => `${key}: ${was[key]} -> ${is[key]}`);
}

const hearsOf = ({ scope }: Pick<Changed, 'scope'>): string[] =>
  scope.all
    ? ['all calls']
    : [
        ...scope.extensions.map((e) => `extension ${e}`),
        ...scope.queues.map((q) => `queue ${q}`),
        ...scope.dids.map((d) => `number ${d}`),
      ];

const list = (words: readonly string[]): string => words.join(', ') || 'none';
