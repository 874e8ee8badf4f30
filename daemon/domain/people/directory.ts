import { type Static, Type } from 'typebox';
import { qualified, unqualified } from '../place.js';
import { EVERY_CALL, grants, type Person, roles } from './person.js';

const Names = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 80 }), { description, default: [] });

/** What a group of the directory, or of the provider, makes somebody here. */
export const GroupRule = Type.Object(
  {
    group: Type.String({ minLength: 1, maxLength: 500 }),
    roles: Type.Array(Type.Enum([...roles]), { minItems: 1 }),
    grants: Type.Optional(Type.Array(Type.Enum([...grants]))),
    every_call: Type.Optional(Type.Boolean()),
    extensions: Type.Optional(Names('Extensions in the scope of a reviewer.')),
    queues: Type.Optional(Names('Queues in the scope of a reviewer.')),
    dids: Type.Optional(Names('Numbers from outside in the scope of a reviewer.')),
  },
  { additionalProperties: false },
);
export type GroupRule = Static<typeof GroupRule>;

/** Somebody as a directory or a provider knows them. */
export type Outsider = {
  /** What stays the same when they are renamed or moved. */
  subject: string;
  name: string;
  groups: string[];
  /** Their own extensions. */
  extensions: string[];
};

/**
 * What somebody's groups make them, all of them together; null when no rule names any of them, and then they may not come in.
 * `same` tells whether a group that they are in is the one that a rule names.
 */
export function madeBy(
  outsider: Pick<Outsider, 'groups' | 'extensions'>,
  rules: readonly GroupRule[],
  same: (group: string, named: string) => boolean,
): Pick<Person, 'roles' | 'scope' | 'extensions' | 'grants'> | null {
  const their = rules.filter((rule) => outsider.groups.some((group) => same(group, rule.group)));
  if (their.length === 0) return null;
  const all = <T>(of: (rule: GroupRule) => readonly T[] | undefined): T[] => [
    ...new Set(their.flatMap((rule) => of(rule) ?? [])),
  ];
  const scope = {
    all: false,
    extensions: all((rule) => rule.extensions),
    queues: all((rule) => rule.queues),
    dids: all((rule) => rule.dids),
  };
  return {
    roles: all((rule) => rule.roles),
    grants: all((rule) => rule.grants),
    scope: their.some((rule) => rule.every_call) ? EVERY_CALL : scope,
    extensions: outsider.extensions,
  };
}

/** Whether two names of LDAP entries are the same one: case and spaces round a comma or an equals sign do not matter. */
export const sameDn = (a: string, b: string): boolean => plainDn(a) === plainDn(b);

const plainDn = (dn: string): string =>
  dn
    .trim()
    .replace(/(?<!\\)\s*([,=])\s*/g, '$1')
    .toLowerCase();

/** A telephone number of a directory as an extension, when it looks like one: of the first PBX, or "warehouse/101". */
export function extensionIn(value: string): string | null {
  const { pbx, name } = unqualified(value.trim());
  const digits = name.replace(/[\s()./-]/g, '');
  return /^[0-9*#]{1,15}$/.test(digits) ? qualified(pbx, digits) : null;
}
