import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Test } from 'tap';
import { catalogueIn, findCopies, hashOf } from '../../../daemon/app/upgrade/copy.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { NEWEST_VERSION } from '../../../daemon/catalogue/sqlite/upgrade/older.js';
import {
  asideFolder,
  catalogueFile,
  catalogueFolder,
  keysFile,
  recorderFolder,
} from '../../../daemon/domain/paths.js';
import { openDataFolder } from '../../../daemon/vault/data-folder.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { makeOldCatalogue, WITH_TOKENS } from '../catalogue/old-catalogue.js';
import { programOf } from '../program-of.js';
import { readIfThere } from '../recorder.js';
import type { Step } from './failpoint.js';
import type { Trial } from './upgrade-until-killed.js';

const PROGRAM = join(import.meta.dirname, 'upgrade-until-killed.ts');

/** The data of an earlier version with so many calls, in `dir`, and a recorder that can be run and ended at a step. */
export async function upgradeBox(
  t: Test,
  { calls = 50, upTo = WITH_TOKENS, base = t.testdir({}), dir = join(base, 'data') } = {},
) {
  mkdirSync(dir, { recursive: true, mode: 0o750 });
  openDataFolder(dir).release();
  makeOldCatalogue(catalogueFile(dir), calls, { upTo });
  const keys = createKeys({ path: keysFile(dir), masterKey: new Uint8Array(32).fill(7) });
  keys.start();
  await keys.create('R');
  keys.stop();
  const [steps, go] = [join(base, 'steps'), join(base, 'go')];
  return {
    dir,
    /** Runs it to its end; returns whether it was killed. `letGo`: the upgrade goes on once calls are saved; else when the file `go` is there. */
    async run(run: string, end: Step | null, { letGo = true } = {}): Promise<boolean> {
      const order = { dir, end, steps, go };
      const trial: Trial = { base, run, order, letGo };
      const child: ChildProcess = spawn(
        'setpriv', // it ends with us, however we end
        ['--pdeathsig', 'KILL', process.execPath, ...programOf(PROGRAM), JSON.stringify(trial)],
        { stdio: ['ignore', 'inherit', 'pipe'] },
      );
      let err = '';
      child.stderr!.on('data', (data) => (err += data));
      const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
      if (signal === null && status !== 0) throw new Error(err);
      return signal === 'SIGKILL';
    },
    go,
    calls,
    said: (what: string): string[] =>
      (readIfThere(join(base, 'said')) ?? '')
        .split('\n')
        .flatMap((line) => (line.startsWith(`${what} `) ? [line.slice(what.length + 1)] : [])),
    ended: () => existsSync(`${steps}.ended`),
  };
}

export type UpgradeBox = Awaited<ReturnType<typeof upgradeBox>>;

/** Everything that was written is there once, the catalogue is whole, and nothing is left of the way there. */
export async function isWhole(t: Test, { dir, said, calls }: UpgradeBox): Promise<void> {
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
  t.equal(count("SELECT count(*) FROM calls WHERE id NOT LIKE 'K%'"), calls, 'the calls of before');
  t.equal(count('SELECT count(*) FROM recordings'), calls);
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
