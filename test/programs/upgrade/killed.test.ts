import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { catalogueIn, findCopies, hashOf } from '../../../daemon/app/upgrade/copy.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { NEWEST_VERSION, versionOf } from '../../../daemon/catalogue/sqlite/upgrade/older.js';
import {
  asideFolder,
  catalogueFile,
  catalogueFolder,
  keysFile,
  recorderFolder,
} from '../../../daemon/domain/paths.js';
import { openDataFolder } from '../../../daemon/vault/data-folder.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { makeOldCatalogue, WITH_TOKENS } from '../../support/catalogue/old-catalogue.js';
import type { Step } from '../../support/upgrade/failpoint.js';
import type { Trial } from '../../support/upgrade/upgrade-until-killed.js';

t.setTimeout(900_000);
const CALLS = 50;
const MIGRATIONS = NEWEST_VERSION - WITH_TOKENS;
const PROGRAM = join(import.meta.dirname, '../../support/upgrade/upgrade-until-killed.ts');

/** A box of an earlier version, with a recorder that can be run and ended at a step. */
async function box(t: Test) {
  const base = t.testdir({});
  const dir = join(base, 'data');
  mkdirSync(dir, { mode: 0o750 });
  openDataFolder(dir).release();
  makeOldCatalogue(catalogueFile(dir), CALLS, { upTo: WITH_TOKENS });
  const keys = createKeys({ path: keysFile(dir), masterKey: new Uint8Array(32).fill(7) });
  keys.start();
  await keys.create('R');
  keys.stop();
  const steps = join(base, 'steps');
  return {
    dir,
    /** Runs it to its end; returns whether it was killed. */
    run(run: string, end: Step | null): boolean {
      const order = { dir, end, steps, go: join(base, 'go') };
      const trial: Trial = { base, run, order };
      const { signal, status, stderr } = spawnSync(process.execPath, [
        '--import=tsx',
        PROGRAM,
        JSON.stringify(trial),
      ]);
      if (signal === null && status !== 0) throw new Error(String(stderr));
      return signal === 'SIGKILL';
    },
    said: (what: string): string[] =>
      readFileSync(join(base, 'said'), 'utf8')
        .split('\n')
        .flatMap((line) => (line.startsWith(`${what} `) ? [line.slice(what.length + 1)] : [])),
    ended: () => existsSync(`${steps}.ended`),
  };
}

type Box = Awaited<ReturnType<typeof box>>;

/** Everything that was written is there once, the catalogue is whole, and nothing is left of the way there. */
async function whole(t: Test, { dir, said }: Box): Promise<void> {
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dir), mustExist: true });
  await catalogue.start();
  t.same(await catalogue.schemaFaults(), []);
  const db = new Database(catalogueFile(dir), { readonly: true });
  const count = (sql: string) => db.prepare(sql).pluck().get();
  const ids = db.prepare("SELECT id FROM calls WHERE id LIKE 'K%'").pluck().all();
  const entries = db
    .prepare("SELECT entry ->> '$.object_id' FROM audit WHERE entry ->> '$.action' = 'stop'")
    .pluck()
    .all();
  t.equal(count('PRAGMA quick_check'), 'ok');
  t.equal(count("SELECT count(*) FROM calls WHERE id NOT LIKE 'K%'"), CALLS, 'the calls of before');
  t.equal(count('SELECT count(*) FROM recordings'), CALLS);
  db.close();
  await catalogue.stop();
  t.same(
    said('call').filter((id) => !ids.includes(id)),
    [],
    'each call that was saved is there',
  );
  t.same(
    said('entry').filter((id) => !entries.includes(id)),
    [],
    'each entry that was written is there',
  );
  t.equal(new Set(entries).size, entries.length, 'and once');
  t.same(said('strange'), [], 'nothing is put aside');
  t.same(readdirSync(recorderFolder(dir)).sort(), ['aside', 'lock']);
  t.same(readdirSync(asideFolder(dir)), []);
  t.same(
    readdirSync(catalogueFolder(dir)).filter((name) => !/^catalogue\.db(-wal|-shm)?$/.test(name)),
    [],
  );
  const copies = findCopies(dir);
  t.match(copies, [{ about: { catalogue: { version: WITH_TOKENS }, upgradedTo: NEWEST_VERSION } }]);
  t.equal(await hashOf(catalogueIn(copies[0]!)), copies[0]!.about.catalogue.sha256, 'the copy is whole');
}

const recorder = (what: string, nth = 1): Step => ({ who: 'recorder', what, nth });
const upgrade = (what: string, nth = 1): Step => ({ who: 'upgrade', what, nth });

t.test('a recorder that is killed at any step of an upgrade goes on at its next start', async (t) => {
  const at: Step[] = [
    recorder('openSync interim.db.new-x'),
    recorder('interim.db.new-x: migration', 20),
    recorder('renameSync interim.db'),
    recorder('openSync upgrade.journal'),
    ...[1, 2, 4].map((nth) => recorder('writeSync upgrade.journal', nth)),
    recorder('interim.db: INSERT INTO calls', 2),
    recorder('renameSync upgrade.json', MIGRATIONS >> 1),
    recorder('openSync catalogue.db'),
    recorder('interim.db: close'),
    recorder('rmSync upgrade.journal'),
    recorder('rmSync interim.db', 2),
    recorder('rmSync upgrade.json'),
    recorder('catalogue.db: INSERT INTO calls'),
  ];
  for (const step of at)
    await t.test(`before "${step.what}" (${step.nth})`, async (t) => {
      const lab = await box(t);
      t.equal(lab.run('a', step), true, 'it was killed');
      t.equal(lab.run('b', null), false);
      await whole(t, lab);
    });
});

t.test(
  'a process that is killed at any step of an upgrade is started again, and calls are kept',
  async (t) => {
    const at: Step[] = [
      upgrade('mkdirSync upgrade'),
      upgrade('backup keys.db'),
      upgrade('catalogue.db: VACUUM INTO ?'),
      upgrade('renameSync upgrade.json'),
      upgrade('renameSync (copy)'),
      upgrade('fsyncSync upgrade'),
      upgrade('openSync catalogue.db'),
      ...[1, MIGRATIONS >> 1, MIGRATIONS].flatMap((nth) => [
        upgrade('catalogue.db: migration', nth),
        upgrade('COMMIT', nth),
      ]),
      upgrade('catalogue.db: wal_checkpoint(TRUNCATE)'),
      upgrade('renameSync upgrade.json', 2),
      upgrade('catalogue.db: INSERT INTO calls', 2),
      upgrade('catalogue.db: INSERT INTO upgrade_journals'),
      upgrade('COMMIT', MIGRATIONS + 1),
      upgrade('COMMIT', MIGRATIONS + 2),
    ];
    for (const step of at)
      await t.test(`before "${step.what}" (${step.nth})`, async (t) => {
        const lab = await box(t);
        t.equal(lab.run('a', step), false);
        t.equal(lab.ended(), true, 'it was killed');
        t.match(lab.said('alarm'), [/process that upgrades the catalogue has ended/]);
        t.equal(versionOf(catalogueFile(lab.dir)), NEWEST_VERSION);
        await whole(t, lab);
      });
  },
);
