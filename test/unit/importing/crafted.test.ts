import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { BadRow, Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { TapedeckError } from '../../../daemon/domain/error.js';
import { createBring } from '../../../daemon/recordings/importing/bring.js';
import { craft, loosely } from '../../support/catalogue/crafted.js';
import { freshCatalogue } from '../../support/catalogue/fresh.js';
import { furnishImport, IMPORT_COLUMNS } from '../../support/catalogue/imported-row.js';
import { recorded } from '../../support/catalogue/opened.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';

const VALUES: unknown[] = [
  ...[
    null,
    '',
    '{broken',
    '[]',
    '[null]',
    '["nothing"]',
    '../../../../etc/passwd',
    '/etc/passwd',
    'x\u0000y',
  ],
  ...[-1, 2, 1.5, 9e18, Number.POSITIVE_INFINITY, Buffer.from([0xff, 0, 0x80]), 'x'.repeat(9_000_000)],
];
const QUESTIONS: Record<string, (c: Catalogue) => Promise<unknown>> = {
  begun: (c) => c.imports.begun(),
  byHash: (c) => c.imports.byHash('d'.repeat(64)),
  byName: (c) => c.imports.byName('n'),
  files: (c) => c.imports.files('J1', '', 99),
  counts: (c) => c.imports.counts('J1'),
};

/** A catalogue with an import, and a recording that Tapedeck captured. */
async function furnished(t: Test): Promise<string> {
  const path = join(t.testdir(), 'base.db');
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(path) });
  await catalogue.start();
  await furnishImport(catalogue);
  await catalogue.calls.save(aCall('OWN'));
  await catalogue.recordings.sealed(aRecording('OWN', 'OWN'), Buffer.alloc(9), recorded);
  await catalogue.checkpoint();
  await catalogue.stop();
  return path;
}

/** What an import removes that has nothing else to do, as it does at its beginning. */
async function tidied(catalogue: Catalogue): Promise<string[]> {
  const gone: string[] = [];
  const bring = createBring({
    catalogue,
    keys: { destroy: async (id: string) => void gone.push(`key of ${id}`) },
    removeSealed: async ({ file }: { file: string }) => void gone.push(file),
  } as unknown as Parameters<typeof createBring>[0]);
  await bring.tidy(null).catch((e) => {
    if (!(e instanceof TapedeckError)) throw e;
  });
  return gone;
}

async function on<T>(
  base: string,
  name: string,
  change: string,
  value: unknown[],
  look: (c: Catalogue, bad: BadRow[]) => Promise<T>,
): Promise<T> {
  const path = join(base, '..', name, 'catalogue.db');
  mkdirSync(join(path, '..'), { recursive: true });
  copyFileSync(base, path);
  craft(path, (db) => {
    const write = () => db.prepare(change).run(...value);
    try {
      loosely(db, change.split(' ')[1]!, write);
    } catch {
      // The table does not take such a value, whoever writes it.
    }
  });
  const bad: BadRow[] = [];
  const catalogue = createSqliteCatalogue({ path, onBadRow: (row) => void bad.push(row) });
  await catalogue.start();
  try {
    return await look(catalogue, bad);
  } finally {
    await catalogue.stop();
  }
}

t.test(
  'whatever stands in the rows of imports, they are read or named, and no other file is touched',
  async (t) => {
    const base = await furnished(t);
    let named = 0;
    let n = 0;
    for (const [table, columns] of Object.entries(IMPORT_COLUMNS))
      for (const column of columns)
        for (const value of VALUES)
          await on(
            base,
            String(++n),
            `UPDATE ${table} SET ${column} = ?`,
            [value],
            async (catalogue, bad) => {
              for (const [question, ask] of Object.entries(QUESTIONS))
                await ask(catalogue).catch((e) => {
                  if (!(e instanceof TapedeckError))
                    throw new Error(`${table}.${column}: ${question}`, { cause: e });
                });
              const gone = await tidied(catalogue);
              const wrong = gone.filter(
                (what) => !/^(key of R7|recordings\/.*\/R7\.tdr.*|[^.]*R7[^/]*)$/.test(what),
              );
              if (wrong.length > 0)
                throw new Error(`${table}.${column} = ${String(value).slice(0, 40)}: ${wrong}`);
              named += bad.length;
            },
          );
    t.ok(named > 50, `${named} bad rows were named`);
  },
);

t.test('a recording that is sealed never passes for one that an import has begun', async (t) => {
  const base = await furnished(t);
  const { file } = aRecording('OWN', 'OWN');
  const own = `UPDATE imports SET recording_id = 'OWN', file = ? WHERE call_id = 'R7'`;
  const [gone, bad] = await on(base, 'own', own, [file], async (c, bad) => [await tidied(c), bad] as const);
  t.same(gone, [], 'neither its key nor its file was removed');
  t.match(bad, [{ table: 'imports' }], 'and the row is named');
  const unsealed = `UPDATE imports SET sealed = 0 WHERE call_id = ?`;
  const left = await on(base, 'unsealed', unsealed, ['R6'], tidied);
  t.notMatch(left.join(), /R6/, 'nor what was imported');
  t.match(await on(base, 'as-it-was', 'UPDATE imports SET job = ?', ['J1'], tidied), ['key of R7', /R7/]);
});
