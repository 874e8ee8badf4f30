import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { findCopies } from '../../../daemon/app/upgrade/copy.js';
import { openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { OLDEST_BACK } from '../../../daemon/catalogue/sqlite/upgrade/back.js';
import { NEWEST_VERSION, versionOf } from '../../../daemon/catalogue/sqlite/upgrade/older.js';
import {
  catalogueFile,
  keysFile,
  restoringCatalogueFile,
  upgradeJournalFile,
} from '../../../daemon/domain/paths.js';
import { openDataFolder } from '../../../daemon/vault/data-folder.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { ensureMasterKey, openMasterKeys } from '../../../daemon/vault/master-key.js';
import { makeOldCatalogue } from '../../support/catalogue/old-catalogue.js';
import { programOf } from '../../support/program-of.js';
import { scratch } from '../../support/recordings/sealed.js';
import { repeat, sample } from '../../support/search/share-of-search.js';
import { HOOK, type Order } from '../../support/upgrade/failpoint.js';

const CALLS = 20;
/** Of the steps to kill it before, besides the first and the last. */
const SHARE = 0.25;
const main = programOf('daemon/main.ts');

/** A box whose catalogue was copied, converted and written since: one recording was erased. */
async function upgraded(t: Test) {
  const base = scratch(t, {}); // a socket in it has a short path
  const dataDir = join(base, 'data');
  const config = join(base, 'tapedeck.toml');
  mkdirSync(dataDir, { mode: 0o750 });
  writeFileSync(
    config,
    `[data]\ndir = "${dataDir}"\nreserve_mb = 8\n[keys]\nmaster_key_file = "master.key"\n[pbx]\nari_password_file = "secret"\nami_secret_file = "secret"\n`,
  );
  writeFileSync(join(base, 'secret'), 'not the one of any PBX', { mode: 0o600 });
  openDataFolder(dataDir).release();
  makeOldCatalogue(catalogueFile(dataDir), CALLS, { upTo: OLDEST_BACK });
  const masterKeyFile = join(base, 'master.key');
  ensureMasterKey(masterKeyFile, keysFile(dataDir));
  const keys = createKeys({ path: keysFile(dataDir), masterKey: openMasterKeys(masterKeyFile).current });
  keys.start();
  await keys.create('R');
  keys.stop();
  const go = join(base, 'go');
  writeFileSync(go, '');
  const steps = join(base, 'steps');
  const tapedeck = (args: string[], end: Order['end'] = null) => {
    const order: Order = { dir: dataDir, end, steps, go };
    const node = [...main.slice(0, -1), ...HOOK, main.at(-1)!, '--config', config, ...args];
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, node, {
      encoding: 'utf8',
      env: { ...process.env, TAPEDECK_FAILPOINT: JSON.stringify(order) },
    });
    return { status, signal, stdout, stderr };
  };
  t.match(tapedeck(['upgrade', 'prepare']), { status: 0, stdout: /^Copied: 20 calls, 20 recordings/ });
  const db = await openDb(catalogueFile(dataDir));
  db.exec(`
    UPDATE recordings SET state = 'erased', erased_at = 5, erase_reason = '' WHERE id = (SELECT min(id) FROM recordings);
    UPDATE calls SET queue = 'since'`);
  db.close();
  writeFileSync(upgradeJournalFile(dataDir), 'a journal\n');
  return { dataDir, tapedeck, folder: findCopies(dataDir)[0]!.folder };
}

/** Which of both a catalogue is: null where it is damaged, or neither. */
function which(path: string): 'old' | 'new' | null {
  const db = new Database(path, { readonly: true });
  try {
    if (db.pragma('quick_check', { simple: true }) !== 'ok') return null;
    const since = db.prepare("SELECT count(*) FROM calls WHERE queue = 'since'").pluck().get();
    const version = db.pragma('user_version', { simple: true });
    if (version === NEWEST_VERSION && since === CALLS) return 'new';
    return version === OLDEST_BACK && since === 0 ? 'old' : null;
  } finally {
    db.close();
  }
}

t.test('"tapedeck upgrade back" says what is lost, and does it once it is confirmed', async (t) => {
  const { dataDir, tapedeck, folder } = await upgraded(t);
  const asked = tapedeck(['upgrade', 'back']);
  t.match(asked, { status: 0, stdout: /20 calls\) takes the place[\s\S]*Nothing was changed/ });
  t.equal(which(catalogueFile(dataDir)), 'new');

  const reader = new Database(catalogueFile(dataDir), { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM calls').get();
  const writer = new Database(catalogueFile(dataDir));
  writer.exec("UPDATE calls SET did = '1' WHERE id = (SELECT min(id) FROM calls)");
  writer.close();
  const held = tapedeck(['upgrade', 'back', '--yes']);
  t.match(held.stderr, /still being read/, 'a dashboard that runs keeps it from losing what it has not read');
  reader.close();
  t.equal(which(catalogueFile(dataDir)), 'new');

  const done = tapedeck(['upgrade', 'back', '--yes']);
  t.match(
    done,
    { status: 0, stdout: /Done: 1 recordings that were erased since are erased in it/ },
    done.stderr,
  );
  t.equal(which(catalogueFile(dataDir)), 'old');
  t.match(tapedeck(['upgrade', 'status']).stdout, /The catalogue is of an earlier version/);
  const again = tapedeck(['upgrade', 'back', '--yes']);
  t.equal(again.status, 0, again.stderr);
  const kept = readdirSync(folder).filter((name) => name.startsWith('replaced-'));
  t.ok(
    kept.some((name) => which(join(folder, name)) === 'new'),
    'done twice, what was replaced first is still there',
  );
});

t.test(
  'a way back that is killed at any step leaves one of both in place, and can be taken again',
  async (t) => {
    const at: [what: string, nth: number, left: 'old' | 'new'][] = [
      ['copyFileSync catalogue.db.restoring', 1, 'new'],
      ['catalogue.db.restoring: UPDATE recordings SET', 1, 'new'],
      ['linkSync replaced-(copy).db', 1, 'new'],
      ['renameSync catalogue.db', 1, 'new'],
      ['fsyncSync catalogue', 1, 'old'],
      ['rmSync upgrade.journal', 1, 'old'],
    ];
    t.comment(repeat);
    for (const [what, nth, left] of sample(at, SHARE))
      await t.test(`before "${what}"`, async (t) => {
        const { dataDir, tapedeck, folder } = await upgraded(t);
        const killed = tapedeck(['upgrade', 'back', '--yes'], { who: 'upgrade', what, nth });
        t.equal(killed.signal, 'SIGKILL', killed.stderr);
        t.equal(which(catalogueFile(dataDir)), left);
        const again = tapedeck(['upgrade', 'back', '--yes']);
        t.equal(again.status, 0, again.stderr);
        t.equal(which(catalogueFile(dataDir)), 'old');
        const kept = readdirSync(folder).filter((name) => /^replaced-.*\.db$/.test(name));
        t.ok(
          kept.some((name) => which(join(folder, name)) === 'new'),
          'the one that was there is kept',
        );
        const db = new Database(catalogueFile(dataDir), { readonly: true });
        t.equal(db.prepare("SELECT count(*) FROM recordings WHERE state = 'erased'").pluck().get(), 1);
        db.close();
        t.notOk(existsSync(restoringCatalogueFile(dataDir)));
        t.notOk(existsSync(upgradeJournalFile(dataDir)), 'what was written since is not taken in later');
      });
  },
);

t.test('an older program refuses a newer catalogue, changes nothing, and names both ways out', async (t) => {
  const { dataDir, tapedeck } = await upgraded(t);
  const db = new Database(catalogueFile(dataDir));
  db.pragma(`user_version = ${NEWEST_VERSION + 1}`);
  db.close();
  const said = tapedeck(['run']);
  t.equal(said.status, 65);
  t.match(
    said.stderr,
    /written by a newer Tapedeck[\s\S]*Install that version again, or go back[\s\S]*upgrade status/,
  );
  t.match(tapedeck(['calls']).status, 65);
  t.match(tapedeck(['upgrade', 'status']).stdout, /of a newer Tapedeck[\s\S]*upgrade back/);
  t.equal(versionOf(catalogueFile(dataDir)), NEWEST_VERSION + 1);
  t.match(tapedeck(['upgrade', 'back', '--yes']), { status: 0, stdout: /^Done/m });
  t.equal(versionOf(catalogueFile(dataDir)), OLDEST_BACK);
});
