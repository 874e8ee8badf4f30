import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { makeBackup } from '../../../daemon/app/backup/make.js';
import { canonical } from '../../../daemon/domain/assurance/canonical.js';
import {
  type BackupFile,
  type BackupStatement,
  CATALOGUE,
  fileObject,
  KEYS,
  manifestObject,
  signedText,
} from '../../../daemon/domain/backup/backup.js';
import { keysFile } from '../../../daemon/domain/paths.js';
import { createBackupKeys } from '../../../daemon/vault/backup/backup-keys.js';
import { putEncrypted, readEncrypted } from '../../../daemon/vault/backup/objects.js';
import type { BackupTarget } from '../../../daemon/vault/backup/target.js';
import { countKeys } from '../../../daemon/vault/keys.js';
import { type Box, openBox, orderIn, recordingId, type Site } from '../../support/backup/box.js';
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

const statementOf = (site: Site, id: string): BackupStatement =>
  JSON.parse(readFileSync(join(site.backups, manifestObject(id)), 'utf8').split('\n')[1]!);

/** Everything of a recording that is erased is gone, in the data directory too. */
async function isErased(t: Test, site: Site, n: number): Promise<void> {
  const box = await openBox(site);
  t.same(await whatIs(box, n), erased);
  await t.rejects(box.keys.identity(recordingId(n)), { code: 'key_missing' });
  await box.close();
}

t.test(
  'catalogue and keys of different days: what was erased or held last is so, whichever is older',
  async (t) => {
    const { site, box, target } = await furnished(t);
    const at = Date.now() - 60_000;
    const older = await makeBackup(target, orderIn(site, { at }), box.signer);
    await box.erase(1);
    await box.hold('Jones', 2);
    const newer = await makeBackup(target, orderIn(site, { at: at + 1_000 }), box.signer);
    await box.erase(3);
    await box.hold('Brown', 4);
    await renewList(site, box);
    await box.close();
    const [a, b] = [statementOf(site, older.id), statementOf(site, newer.id)];
    const path = join(site.backups, manifestObject(newer.id));
    // No file of one backup opens with the key of another: who mixes them has to open both.
    let n = 90;
    const part = async (from: BackupStatement, name: string): Promise<BackupFile> => {
      const key = await createBackupKeys(target, '').open(from.backup_key, site.identity);
      const found = from.files.find((file) => file.name === name)!;
      const object = fileObject(newer.id, n++);
      const content = readEncrypted(target, found, key);
      return { name, ...(await putEncrypted(target, object, content, b.backup_key.recipient)) };
    };
    for (const [catalogue, keys, what] of [
      [a, a, 'both old'],
      [a, b, 'an old catalogue with newer keys'],
      [b, a, 'a newer catalogue with old keys'],
      [b, b, 'both newer'],
    ] as const) {
      const made: BackupStatement = {
        ...{ ...b, audit: catalogue.audit, counts: catalogue.counts, sealed: a.sealed },
        files: [
          ...b.files.filter(({ name }) => name !== CATALOGUE && name !== KEYS),
          await part(catalogue, CATALOGUE),
          await part(keys, KEYS),
        ],
      };
      const text = canonical(made);
      writeFileSync(path, signedText(text, box.signer.sign(text), box.signer.publicKey));
      lose(site);
      t.match(await restoreAll(site, newer.id), { error: '' }, what);
      for (const n of [1, 3]) await isErased(t, site, n);
      const again = await openBox(site);
      t.same(await whatIs(again, 2), { ...kept, held: ['Jones'] }, what);
      t.same(await whatIs(again, 4), { ...kept, held: ['Brown'] }, what);
      t.same(await whatIs(again, 5), { ...kept, held: ['Smith'] }, what);
      await again.close();
      if (catalogue === b) {
        const drill = await run(site, 'backup', 'drill', newer.id, '--identity', site.identityFile);
        t.match(drill, {
          code: 1,
          text: /4 recordings are in the catalogue, and files of 5 of them are there/,
        });
      }
    }
  },
);

t.test('what is erased, held or recorded while a backup is made is right after its restore', async (t) => {
  const { site, box, target } = await furnished(t);
  const order = orderIn(site);
  const put: string[] = [];
  const busy: BackupTarget = {
    ...target,
    async put(name, source) {
      const bytes = await target.put(name, source);
      if (!name.startsWith(`backups/${order.id}/`)) return bytes;
      put.push(name);
      if (put.length === 4) {
        // The catalogue was copied.
        await box.hold('Jones', 2);
        await box.record(6);
        await box.erase(1);
      }
      if (put.length === 5) await box.erase(3); // and the keys
      return bytes;
    },
  };
  const made = await makeBackup(busy, order, box.signer);
  const { files } = statementOf(site, made.id);
  t.same([files[3]!.name, files[4]!.name], [CATALOGUE, KEYS], 'the order that this test is about');
  t.equal(made.missing, 0, 'a file that was erased meanwhile is not missing');
  await box.close();
  lose(site);
  t.match(await restoreAll(site), { error: '' });
  for (const n of [1, 3]) await isErased(t, site, n);
  const again = await openBox(site);
  t.same(await whatIs(again, 2), { ...kept, held: ['Jones'] });
  t.equal(
    await again.catalogue.recordings.get(recordingId(6)),
    null,
    'what was recorded later is in the next',
  );
  await again.close();
  t.match(countKeys(keysFile(site.dataDir)), { destroyed: 2 });
});

t.test('numbers of certificates that were issued after the backup are not given again', async (t) => {
  const { site, box, target } = await furnished(t);
  const issue = async ({ catalogue }: Box, number: number, lastSeq: number): Promise<void> => {
    await catalogue.certificates.describe([{ seq: lastSeq, text: `item ${lastSeq}` }]);
    const signed = { text: '{}', signature: '', keyId: '', issuedAt: number, kind: 'retention' as const };
    await catalogue.certificates.issue({ ...signed, number, items: 1, lastSeq });
  };
  await box.erase(1);
  await issue(box, 1, 1);
  await makeBackup(target, orderIn(site), box.signer);
  await box.erase(2);
  await issue(box, 2, 2);
  await renewList(site, box, Date.now() + 5);
  await box.close();
  lose(site);
  t.match(await restoreAll(site), { error: '' });
  const again = await openBox(site);
  t.equal(await again.catalogue.certificates.count(), 1);
  t.equal(await again.catalogue.certificates.last(), 2);
  await again.erase(3);
  await t.rejects(issue(again, 2, 2), { code: 'internal' }, 'there is one of that number elsewhere');
  await issue(again, 3, 2);
  t.match(await again.catalogue.certificates.items(3, 0, 9), [{ text: 'item 2' }]);
  await makeBackup(target, orderIn(site, { at: Date.now() + 10 }), again.signer);
  await again.close();
  lose(site);
  t.match(await restoreAll(site), { error: '' });
  const third = await openBox(site);
  t.equal(await third.catalogue.certificates.last(), 3);
  await third.close();
});
