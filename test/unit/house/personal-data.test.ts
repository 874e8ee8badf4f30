import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { migrations } from '../../../daemon/catalogue/sqlite/migrations.js';
import * as paths from '../../../daemon/domain/paths.js';
import type { TableEntry } from '../../../daemon/domain/personal/entry.js';
import {
  DATABASES,
  fileEntryOf,
  personalPlaces,
  registerPage,
} from '../../../daemon/domain/personal/register.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { migrations as dashboard } from '../../../web/store/migrations.js';

const ROOT = join(import.meta.dirname, '../../..');

/** Columns by table, in alphabetical order, as the databases have them. */
function columnsOf(db: Database.Database): Record<string, string[]> {
  const tables = db
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .pluck()
    .all() as string[];
  const columns = db.prepare('SELECT name FROM pragma_table_xinfo(?)').pluck();
  return Object.fromEntries(tables.map((name) => [name, (columns.all(name) as string[]).toSorted()]));
}

const registered = (tables: readonly TableEntry[]): Record<string, string[]> =>
  Object.fromEntries(
    tables
      .map(({ table, other, personal }): [string, string[]] => [
        table,
        [...other, ...personal.flatMap(({ columns }) => columns)].toSorted(),
      ])
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );

function made(steps: readonly string[]): Record<string, string[]> {
  const db = new Database(':memory:');
  for (const step of steps) db.exec(step);
  return columnsOf(db);
}

t.test('the register of personal data names every column of every database, once', async (t) => {
  const keysFile = join(t.testdir({}), 'keys.db');
  const keys = createKeys({ path: keysFile, masterKey: new Uint8Array(32) });
  keys.start();
  keys.stop();
  const found: Record<string, Record<string, string[]>> = {
    'catalogue/catalogue.db': made(migrations),
    'keys/keys.db': columnsOf(new Database(keysFile, { readonly: true })),
    'web/web.db': made(dashboard),
  };
  t.same(Object.keys(found), Object.keys(DATABASES));
  for (const [file, tables] of Object.entries(DATABASES)) t.same(registered(tables), found[file], file);
});

t.test('the register has every path of the data directory', async (t) => {
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const { tlsFiles, promptFile, recordingPath, placeOf, ...others } = paths;
  const made = [
    ...Object.entries(others).flatMap(([name, of]) =>
      typeof of === 'function' && !name.endsWith('Folder') ? [of('/data')] : [],
    ),
    ...Object.values(tlsFiles('/data')).filter((path) => path !== '/data/tls'),
    promptFile('/data', 'a'.repeat(64), 'wav'),
    `/data/${recordingPath(id, 0)}`,
    `/data/${placeOf(id, 0).file}`,
  ];
  t.ok(made.length > 20);
  t.same(
    made.filter((path) => !fileEntryOf(path.replace('/data/', ''))),
    [],
  );
  t.notOk(fileEntryOf('catalogue/copy.db'), 'a file that nobody knows is in no register');
});

t.test('each place says what it holds and how it goes, and the documentation has the same', async (t) => {
  const wrong = personalPlaces().filter(({ holds, how }) => holds.length === 0 || !/^[A-Z\d].*\.$/.test(how));
  t.same(wrong, []);
  t.equal(
    readFileSync(join(ROOT, 'docs/reference/personal-data.md'), 'utf8'),
    registerPage(),
    'docs/reference/personal-data.md is what `tapedeck retention register --markdown` prints',
  );
});
