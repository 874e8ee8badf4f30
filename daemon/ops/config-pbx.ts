import { FIRST, isPbxId } from '../domain/pbx.js';
import { type Config, cdrKeys, type PbxConfig } from './config-schema.js';

/** What several PBXs in one configuration ask of one another. */

/** The heading of a table, or of one of several. */
export const HEADING = /^\s*\[\[?\s*([^[\]]+?)\s*\]/;

/** Returns the text with the lines of all PBXs but one left empty, so that line numbers stay as they are. */
export function onlyPbx(source: string, n: number): string {
  let at = -1;
  let within = false;
  return source
    .split('\n')
    .map((line) => {
      const heading = HEADING.exec(line)?.[1];
      if (heading === 'pbx') at++;
      if (heading !== undefined) within = heading === 'pbx' || heading.startsWith('pbx.');
      return within && at !== n ? '' : line;
    })
    .join('\n');
}

const INSTEAD =
  'Leave "id" out: everything recorded before there were several PBXs belongs to the first one.';

/** Exactly one PBX, the first, has no id. `where` is the line of the nth. */
export function checkIds(tables: { id?: unknown }[], where: (n: number) => string): string[] {
  const ids = tables.map(({ id = '' }) => id);
  return ids.flatMap((id, n) => {
    if (n === 0) return id === FIRST ? [] : [`${where(n)}: the first PBX has no "pbx.id". ${INSTEAD}`];
    if (id === FIRST)
      return [
        `${where(n)}: "pbx.id" is needed for every PBX but the first: a short word such as "warehouse".`,
      ];
    if (typeof id !== 'string') return []; // said by its schema
    if (!isPbxId(id))
      return [
        `${where(n)}: "pbx.id" is a word of at most 32 small letters, digits and "-", and not "first".`,
      ];
    return ids.indexOf(id) < n ? [`${where(n)}: two PBXs have the "pbx.id" "${id}".`] : [];
  });
}

/** The CDR sources of the first PBX are in one place. `where` is the line of a key of [coverage]. */
export function checkSources(first: object | undefined, coverage: unknown, where: (key: string) => string) {
  return cdrKeys
    .filter((key) => [first, coverage].every((table) => Object.hasOwn(Object(table), key)))
    .map((key) => `${where(key)}: the first PBX has "pbx.${key}" too. Leave one of them out.`);
}

/** With the names that people read, and with the CDR sources of [coverage] at the first PBX. */
export function withSources(given: readonly PbxConfig[], { ...coverage }: Record<string, unknown>) {
  const ofFirst = Object.fromEntries(
    cdrKeys.map((key) => [key, coverage[key]]).filter(([, v]) => v !== undefined),
  );
  for (const key of cdrKeys) delete coverage[key];
  const pbxes = given.map((pbx, n) => ({
    ...(n === 0 ? ofFirst : {}),
    ...pbx,
    name: pbx.name || pbx.id || 'PBX',
  }));
  return { pbxes, coverage: coverage as Config['coverage'] };
}

/** What no two PBXs may have in common: which key is named, what it comes to, and why. */
const APART: readonly [key: keyof PbxConfig, of: (pbx: PbxConfig) => unknown, why: string][] = [
  [
    'spool',
    (pbx) => pbx.spool,
    'Each PBX needs a folder of its own. Name one that this machine does not have for a PBX on another machine: its recordings are then fetched over ARI.',
  ],
  ['ari_url', (pbx) => new URL(pbx.ari_url).origin, 'Each PBX has an Asterisk of its own.'],
  ['ami_port', (pbx) => [pbx.ami_host, pbx.ami_port], 'Each PBX has an Asterisk of its own.'],
  ['name', (pbx) => pbx.name, 'People could not tell them apart.'],
  ['cdr_csv', (pbx) => pbx.cdr_csv, 'It would not be known whose calls those are.'],
  ['cdr_sqlite', (pbx) => pbx.cdr_sqlite, 'It would not be known whose calls those are.'],
  [
    'cdr_mysql',
    ({ cdr_mysql: db }) => db && [db.socket ?? [db.host, db.port], db.database, db.table],
    'It would not be known whose calls those are.',
  ],
];

/** Two PBXs with one folder or one Asterisk would take each other's calls. `where` is the line of a key of the nth. */
export function checkApart(pbxes: readonly PbxConfig[], where: (n: number, key: string) => string): string[] {
  return APART.flatMap(([key, of, why]) => {
    const values = pbxes.map((pbx) => JSON.stringify(of(pbx)));
    return values.flatMap((value, n) => {
      const other = value === undefined ? n : values.indexOf(value);
      return other < n
        ? [
            `${where(n, key)}: "pbx.${key}" of "${pbxes[n]!.name}" is also that of "${pbxes[other]!.name}". ${why}`,
          ]
        : [];
    });
  });
}

/** Returns the name of a systemd credential of one PBX: those of the first are called as before there were several. */
export const credentialOf = (
  name: 'ari-password' | 'ami-secret' | 'cdr-password',
  { id }: PbxConfig,
): string => (id === FIRST ? name : `${name}-${id}`);
