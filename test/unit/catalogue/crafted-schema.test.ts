import { existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { craft, T0 } from '../../support/catalogue/crafted.js';
import { craftedJournal } from '../../support/catalogue/crafted-journal.js';
import { keep, opened, retention } from '../../support/catalogue/crafted-lab.js';
import { noted } from '../../support/words.js';

t.test('intents count for the breaker, at the start as in a run', async (t) => {
  const o = await opened(t);
  for (let n = 0; n < 10; n++) await keep(o, `R${n}`, n === 9 ? T0 + 1 : null);
  for (let n = 0; n < 4; n++) await o.catalogue.recordings.eraseIntended(`R${n}`, noted('Over.'), T0);
  const retain = retention(o, 20);
  await retain.recover();
  t.same(retain.removed, []);
  t.match(o.standing.get('retention_refused'), { message: /4 of 10/ });
  const { breaker } = await retain.plan();
  t.match(breaker, { tripped: true, share: 0.5, confirm: /^erase-5-/ });
  await t.rejects(retain.run(), { code: 'retention_refused', message: /5 of 10/ });
  t.same(retain.removed, []);
  t.match(await retain.run({ confirm: breaker.confirm }), { erased: 5, left: 0 });
});

t.test('an intent that the audit log does not take erases nothing', async (t) => {
  const o = await opened(t);
  await keep(o, 'R1', T0 + 1);
  craft(o.path, (db) =>
    db.exec('CREATE TRIGGER swallow BEFORE INSERT ON audit BEGIN SELECT RAISE(IGNORE); END'),
  );
  const retain = retention(o);
  t.match(await retain.run(), { erased: 0, failed: 1 });
  t.same(retain.removed, []);
  t.equal((await o.catalogue.recordings.get('R1'))?.state, 'sealed');
});

t.test('an entry that a trigger swallows or changes is not taken for written', async (t) => {
  for (const [what, sql] of [
    ['swallowed', 'CREATE TRIGGER x BEFORE INSERT ON audit BEGIN SELECT RAISE(IGNORE); END'],
    [
      'taken out again',
      'DROP TRIGGER audit_is_kept; CREATE TRIGGER x AFTER INSERT ON audit BEGIN DELETE FROM audit WHERE seq = NEW.seq; END',
    ],
    [
      'changed',
      `DROP TRIGGER audit_stays; CREATE TRIGGER x AFTER INSERT ON audit
       BEGIN UPDATE audit SET entry = json_set(entry, '$.reason', 'none') WHERE seq = NEW.seq; END`,
    ],
  ] as const)
    await t.test(what, async (t) => {
      const o = await opened(t);
      await keep(o, 'R1');
      const before = await o.catalogue.audit.head();
      craft(o.path, (db) => db.exec(sql));
      await t.rejects(o.catalogue.recordings.eraseIntended('R1', noted('Over.'), T0), {
        code: 'audit_unwritable',
      });
      t.same(await o.catalogue.audit.head(), before);
    });
});

t.test('a schema that was changed is found, whatever its version number says', async (t) => {
  for (const [what, sql] of [
    ['a trigger put in', 'CREATE TRIGGER x BEFORE INSERT ON audit BEGIN SELECT RAISE(IGNORE); END'],
    [
      'a trigger on another table',
      'CREATE TRIGGER x AFTER UPDATE ON recordings BEGIN DELETE FROM segments; END',
    ],
    ['a trigger taken out', 'DROP TRIGGER audit_stays'],
    ['an index taken out', 'DROP INDEX audit_by_object'],
    ['a view put in', 'CREATE VIEW x AS SELECT 1'],
    ['a column put in', 'ALTER TABLE users ADD COLUMN x TEXT'],
  ] as const)
    await t.test(what, async (t) => {
      const o = await opened(t);
      await o.doubts.start();
      t.same(await o.catalogue.schemaFaults(), []);
      await o.doubts.beforeSigning();
      const version = new Database(o.path, { readonly: true }).pragma('schema_version', { simple: true });
      craft(o.path, (db) => {
        db.exec(sql);
        db.pragma(`schema_version = ${version}`);
      });
      t.equal((await o.catalogue.schemaFaults()).length, 1);
      await t.rejects(o.doubts.beforeSigning(), { code: 'schema_altered' });
      t.match(o.standing.get('catalogue_schema'), { severity: 'critical', message: /signing neither/ });
    });
});

t.test('a journal beside the catalogue that names another file deletes nothing', async (t) => {
  const dir = t.testdir({});
  const path = join(dir, 'catalogue.db');
  const journal = `${path}-journal`;
  const victim = join(dir, 'victim');
  const open = async () => {
    const catalogue = createSqliteCatalogue({ path });
    try {
      await catalogue.start();
    } finally {
      await catalogue.stop();
    }
  };
  await open();
  writeFileSync(victim, 'precious');
  rmSync(journal, { force: true });
  writeFileSync(journal, craftedJournal(victim, statSync(path).size / 4096));
  await t.rejects(open(), { code: 'data_strange' });
  t.ok(existsSync(victim), 'the file that it names is there');
  rmSync(journal);
  symlinkSync(victim, journal);
  await t.rejects(open(), { code: 'data_strange' });
  t.equal(readFileSync(victim, 'utf8'), 'precious', 'nor is a link followed');
});
