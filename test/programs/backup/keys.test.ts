import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Decrypter } from 'age-encryption';
import t from 'tap';
import { ulid } from 'ulid';
import { makeBackup } from '../../../daemon/app/backup/make.js';
import { backupKeys } from '../../../daemon/cli/doctor/backup-keys.js';
import { keyObject, keysDue } from '../../../daemon/domain/backup/backup.js';
import { backupResidual } from '../../../daemon/domain/certificate/backup-residual.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import type { BackupTarget } from '../../../daemon/vault/backup/target.js';
import { openBox, orderIn, type Site } from '../../support/backup/box.js';
import {
  erased,
  furnished,
  kept,
  lose,
  renewList,
  restoreAll,
  run,
  whatIs,
} from '../../support/backup/lost.js';
import { mountSmall } from '../../support/small-disk.js';

const DAY = 86_400_000;

/** A folder for keys, apart from the backups. */
function keysApart(site: Site): string {
  const folder = join(site.dir, 'keys-apart');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The encrypted files below a folder that the offline identity opens by itself, without any other key. */
async function openedBy(identity: string, folder: string): Promise<string[]> {
  const age = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.age'));
  const opens = async (name: string) => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return decrypter.decrypt(readFileSync(join(folder, name))).then(
      () => true,
      () => false,
    );
  };
  const found: string[] = [];
  for (const name of age) if (await opens(name)) found.push(name.split('/')[0]!);
  return found;
}

t.test('once its key is destroyed, a copy of an old backup is dead for who has both secrets', async (t) => {
  const { site, box, target } = await furnished(t);
  const keyPath = keysApart(site);
  const at = Date.now() - 31 * DAY;
  const old = await makeBackup(target, orderIn(site, { at, keyPath }), box.signer);
  t.equal(existsSync(join(site.backups, 'keys')), false, 'its key is not beside it');
  const copy = join(site.dir, 'snapshot');
  cpSync(site.backups, copy, { recursive: true });
  t.same(await openedBy(site.identity, copy), ['lists'], 'the identity alone opens nothing but the list');

  await box.erase(1);
  const keyFile = join(keyPath, keyObject(old.id));
  const held = openSync(keyFile, 'r');
  const later = await makeBackup(target, orderIn(site, { keyPath }), box.signer);
  t.same(later.destroyed, [old.id]);
  t.equal(existsSync(keyFile), false);
  const left = Buffer.alloc(1_000);
  const bytes = readSync(held, left, 0, left.length, 0);
  closeSync(held);
  t.ok(bytes > 200 && left.every((byte) => byte === 0), 'it was overwritten before it was removed');
  await renewList(site, box);
  await box.close();

  lose(site);
  const apart = ['--keys', keyPath];
  const dead = await restoreAll(site, old.id, '--from', copy, '--no-list', ...apart);
  t.match(dead.error, /^backup_key_gone: .*keys\/.* is not in/);
  t.match((await run(site, 'backup', 'verify', old.id, '--from', copy, ...apart)).text, /key of this backup/);
  t.same(readdirSync(site.dataDir), []);

  t.match(
    (await restoreAll(site)).error,
    /^backup_key_gone: .*not named/,
    'a box that does not know where keys are',
  );
  t.match(
    (await run(site, 'backup', 'verify')).text,
    /is whole.*\nIts key is kept apart, and was not verified/,
  );
  t.match(await run(site, 'backup', 'verify', ...apart), { code: 0, error: '' });
  const drilled = await run(site, 'backup', 'drill', '--identity', site.identityFile, ...apart);
  t.match(drilled, { code: 0, error: '', text: /Everything is as it was/ });
  t.match(await restoreAll(site, ...apart), { error: '' }, 'the newest one is alive');
  const again = await openBox(site);
  t.same(await whatIs(again, 1), erased);
  t.same(await whatIs(again, 2), kept);
  await again.close();
});

t.test('beside the backups a key dies as well, but not in a copy that has both', async (t) => {
  const { site, box, target } = await furnished(t);
  const old = await makeBackup(target, orderIn(site, { at: Date.now() - 31 * DAY }), box.signer);
  const copy = join(site.dir, 'snapshot');
  cpSync(site.backups, copy, { recursive: true });
  await makeBackup(target, orderIn(site), box.signer);
  t.equal(existsSync(join(site.backups, keyObject(old.id))), false);
  await box.close();
  lose(site);
  t.match(await restoreAll(site, old.id, '--from', copy), { error: '' }, 'as SECURITY.md says');
});

t.test('a place that lets nothing be removed does not keep a backup alive', async (t) => {
  const { site, box, target } = await furnished(t);
  const keyPath = keysApart(site);
  const old = await makeBackup(target, orderIn(site, { at: Date.now() - 31 * DAY, keyPath }), box.signer);
  const locked: BackupTarget = {
    ...target,
    remove: async () => {
      throw new Error('locked');
    },
  };
  await makeBackup(locked, orderIn(site, { keyPath }), box.signer).catch(() => {});
  t.ok(existsSync(join(site.backups, 'backups', old.id)), 'it is there');
  t.equal(existsSync(join(keyPath, keyObject(old.id))), false, 'and nobody can open it');
  await box.close();
});

t.test('the newest whole backup keeps its key, whatever was begun since', async (t) => {
  const { site, box, target } = await furnished(t);
  const keyPath = keysApart(site);
  const only = await makeBackup(target, orderIn(site, { at: Date.now() - 90 * DAY, keyPath }), box.signer);
  const failing: BackupTarget = {
    ...target,
    put: async (name, source) => {
      if (name.endsWith('manifest.json')) throw new Error('away');
      return target.put(name, source);
    },
  };
  await t.rejects(makeBackup(failing, orderIn(site, { at: Date.now() - 50 * DAY, keyPath }), box.signer));
  t.equal(readdirSync(join(keyPath, 'keys')).length, 2);
  renameSync(keyPath, `${keyPath}-away`);
  await t.rejects(makeBackup(target, orderIn(site, { keyPath }), box.signer), { code: 'backup_target' });
  renameSync(`${keyPath}-away`, keyPath);
  await box.close();
  t.match(await run(site, 'backup', 'verify', only.id, '--keys', keyPath), { code: 0 });
  const again = await openBox(site);
  const made = await makeBackup(target, orderIn(site, { keyPath }), again.signer);
  await again.close();
  t.same(readdirSync(join(keyPath, 'keys')), [`${made.id}.age`], 'a newer one ends both');
});

t.test('only what is older than its days and than the newest has to be destroyed', async (t) => {
  const now = Date.now();
  const idOf = (days: number) => ulid(now - days * DAY);
  const [a, b, c, d] = [idOf(40), idOf(31), idOf(29), idOf(1)];
  t.same(keysDue([a, b, c, d], { newest: d, now, keepDays: 30 }), [a, b]);
  t.same(keysDue([a, b, c, d], { newest: b, now, keepDays: 30 }), [a], 'it is not known of anything newer');
  t.same(keysDue([a, b, c, d], { newest: null, now, keepDays: 30 }), []);
});

t.test('keys are not kept in the folder that is copied with the backups', async (t) => {
  const { site, box } = await furnished(t);
  await box.close();
  const toml = readFileSync(site.configFile, 'utf8');
  for (const inside of ['backups', 'backups/keys', '.']) {
    writeFileSync(site.configFile, `${toml}key_path = "${inside}"\n`);
    t.throws(() => loadConfig(site.configFile), /must not lie in one another/);
  }
  writeFileSync(site.configFile, `${toml}key_path = "keys-apart"\n`);
  t.ok(loadConfig(site.configFile).backup.key_path.endsWith('/keys-apart'));
  rmSync(site.configFile);
});

t.test('a certificate says from which day on, and whether that holds for copies', async (t) => {
  const at = Date.parse('2026-11-28T22:00:00Z');
  t.match(
    backupResidual(at, { keepDays: 30, keysApart: true }, { at }),
    /in every copy of one, from 2026-12-29 on\./,
  );
  const beside = backupResidual(at, { keepDays: 30, keysApart: false }, { at });
  t.match(beside, /unreadable in all of them from 2026-12-29 on\..*copies that others made of both/);
  t.match(
    beside,
    /was put where the backups are, at 2026-11-28T22:00:00\.000Z\..*does not bring these recordings back/,
  );
  const away = backupResidual(at, { keepDays: 30, keysApart: false }, { problem: 'It is not responding.' });
  t.match(
    away,
    /could not be put where the backups are .*: It is not responding\. Until it is there, a restore/,
  );
  t.notMatch(away, /does not bring/);
  t.match(backupResidual(at, null, null), /not set up to make backups/);
});

t.test('the doctor says where the keys of backups are, and whether they survive this machine', async (t) => {
  const { site, box } = await furnished(t);
  await box.close();
  const toml = readFileSync(site.configFile, 'utf8');
  const found = async (more: string) => {
    writeFileSync(site.configFile, `${toml}${more}`);
    return (await backupKeys(loadConfig(site.configFile)))[0];
  };
  t.match(await found(''), { state: 'warn', says: /lie beside the backups/ });
  const folder = join(site.dir, 'keys-apart');
  t.match(await found(`key_path = "${folder}"\n`), { state: 'fail', says: /is not there/ });
  mkdirSync(folder);
  t.match(await found(`key_path = "${folder}"\n`), { state: 'fail', says: /if this machine is lost/ });
  const { refused } = mountSmall(t, { mb: 20, at: folder });
  if (refused) return void t.pass('on a disk of its own', { skip: refused });
  t.match(await found(`key_path = "${folder}"\n`), { state: 'ok', says: /apart from the backups/ });
});
