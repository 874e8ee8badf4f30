import { chownSync, copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readList } from '../../../daemon/app/backup/check.js';
import { makeBackup } from '../../../daemon/app/backup/make.js';
import { handOver } from '../../../daemon/app/backup/move.js';
import { findMoved, receiveMove } from '../../../daemon/app/backup/receive.js';
import { verifyAudit } from '../../../daemon/catalogue/sqlite/audit-verify.js';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import { fail } from '../../../daemon/domain/error.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { createBackupKeys } from '../../../daemon/vault/backup/backup-keys.js';
import { openDestination } from '../../../daemon/vault/backup/destination.js';
import { createFolderTarget } from '../../../daemon/vault/backup/folder.js';
import { readMoved, refuseMoved } from '../../../daemon/vault/backup/moved.js';
import type { BackupTarget } from '../../../daemon/vault/backup/target.js';
import { refuseUnrestored } from '../../../daemon/vault/installation/refuse.js';
import { openBox, orderIn, recordingId, type Site, siteIn } from '../../support/backup/box.js';
import { erased, furnished, kept, run, whatIs } from '../../support/backup/lost.js';
import { startSshd } from '../../support/peers/sftp.js';
import { aCall } from '../../support/recordings/a-call.js';
import { scratch } from '../../support/recordings/sealed.js';

/** A machine that has the configuration, the identity and the master key of a site, and no data. */
async function newMachine(t: Test, old: Site): Promise<Site> {
  const site = await siteIn(scratch(t));
  copyFileSync(old.masterKeyFile, site.masterKeyFile);
  writeFileSync(
    site.configFile,
    readFileSync(old.configFile, 'utf8').replace('"backups"', JSON.stringify(old.backups)),
  );
  const { identity, recipient, identityFile, backups } = old;
  return { ...site, identity, recipient, identityFile, backups };
}
const receive = (site: Site, ...more: string[]) =>
  run(site, 'move', 'receive', '--identity', site.identityFile, ...more);

t.test('a box moves to another machine; at no time may both record', async (t) => {
  const { site: old, box, target } = await furnished(t);
  const fresh = await newMachine(t, old);
  t.match(await run(old, 'move', 'check'), { error: /^move_unproved/ });
  await makeBackup(target, orderIn(old, { at: Date.now() - 1_000 }), box.signer);

  t.match(await receive(fresh, '--dry-run'), { error: '', text: /old machine continues recording/ });
  t.equal(existsSync(catalogueFile(fresh.dataDir)), false);
  t.match(await receive(fresh), { error: '', text: /5 sealed files.*\n.*move finish/ });
  t.throws(
    () => refuseUnrestored(fresh.dataDir),
    { code: 'restore_unfinished' },
    'no recorder starts there yet',
  );
  t.equal(existsSync(catalogueFile(fresh.dataDir)), false);

  await box.record(6);
  await box.erase(1);
  t.match(await run(old, 'move', 'check'), {
    ...{ error: '', code: 0 },
    text: /5 sealed files, each compared.*\nSince then: 1 calls, 0 recordings.*\nNo call is in progress/,
  });
  t.match(await run(old, 'move', 'finish'), { error: /^already_running/ }, 'while the recorder runs');
  await box.close();
  refuseMoved(old.dataDir);
  t.match(await run(old, 'move', 'finish', '--dry-run'), { error: '', text: /Nothing was changed/ });
  t.equal(readMoved(old.dataDir), null);

  const finished = await run(old, 'move', 'finish');
  t.match(finished, { error: '', code: 0, text: /1 of 5 sealed files were new/ });
  t.throws(() => refuseMoved(old.dataDir), { code: 'moved_away' });
  t.match(await run(old, 'move', 'finish'), { error: /^moved_away/ });
  t.throws(() => refuseUnrestored(fresh.dataDir), { code: 'restore_unfinished' });

  t.match(await receive(fresh), { error: '', code: 0, text: /The old machine records no more/ });
  refuseUnrestored(fresh.dataDir);
  t.match(await run(old, 'move', 'cancel'), { error: /^move_over/ });
  t.throws(() => refuseMoved(old.dataDir), { code: 'moved_away' }, 'and is as it was');

  const again = await openBox(fresh);
  t.same(await whatIs(again, 1), erased, 'what was erased in between is not there');
  for (const n of [2, 3, 4, 6]) t.same(await whatIs(again, n), kept);
  t.same(await whatIs(again, 5), { ...kept, held: ['Smith'] });
  t.same(await again.catalogue.schemaFaults(), []);
  const entries = await again.catalogue.audit.entries({ actions: ['move'], limit: 5 });
  t.match(entries, [{ detail: { sealed: 5 } }, { detail: { target: target.name } }]);
  t.equal((await again.record(7)).length, 26);
  await again.close();
  t.match(verifyAudit(catalogueFile(fresh.dataDir), { given: [], kept: [] }), { fault: null });
});

t.test('straight to the new machine: it is the SFTP server', async (t) => {
  const old = await siteIn(scratch(t));
  const { place } = await startSshd(t);
  const sftp = Object.entries(place).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  const config = readFileSync(old.configFile, 'utf8').replace(/^path = .*$/m, '');
  writeFileSync(old.configFile, `${config}[backup.sftp]\n${sftp.join('')}`);
  const box = await openBox(old);
  for (let n = 1; n <= 3; n++) await box.record(n);
  const target = openDestination(loadConfig(old.configFile).backup);
  t.teardown(target.close);
  await makeBackup(target, orderIn(old, { at: Date.now() - 1_000 }), box.signer);
  const fresh = await newMachine(t, { ...old, backups: place.path });
  const there = async () => {
    const done = await receive(fresh, '--from', place.path);
    const { uid, gid } = statSync(place.path);
    for (const name of ['.', 'receipt.json']) chownSync(join(place.path, 'moves', name), uid, gid); // there it is one user
    return done;
  };
  t.match(await there(), { error: '', text: /3 sealed files/ });
  await box.record(4);
  await box.close();
  t.match(await run(old, 'move', 'finish'), { error: '', text: /1 of 4 sealed files were new/ });
  t.match(await there(), { error: '', text: /records no more/ });
  t.match(await run(old, 'move', 'cancel'), { error: /^move_over/ });
  const again = await openBox(fresh);
  for (const n of [1, 2, 3, 4]) t.same(await whatIs(again, n), kept);
  await again.close();
});

t.test('a move is taken back, and begun again', async (t) => {
  const { site: old, box, target } = await furnished(t);
  const fresh = await newMachine(t, old);
  t.match(await run(old, 'move', 'cancel'), { error: /^move_none/ });
  await makeBackup(target, orderIn(old, { at: Date.now() - 1_000 }), box.signer);
  await box.close();
  t.match(await receive(fresh), { error: '' });
  t.match(await run(old, 'move', 'finish'), { error: '' });
  t.match(await run(old, 'move', 'cancel'), { error: '', text: /Start the recorder again/ });
  refuseMoved(old.dataDir);
  const on = await openBox(old);
  await on.record(6);
  await on.close();
  t.match(await receive(fresh), { error: '', text: /old machine continues recording/ });
  t.throws(() => refuseUnrestored(fresh.dataDir), { code: 'restore_unfinished' });
  t.match(await run(old, 'move', 'finish'), { error: '' });
  t.match(await receive(fresh), { error: '', text: /records no more/ });
  const again = await openBox(fresh);
  t.same(await whatIs(again, 6), kept);
  await again.close();
});

t.test(
  'calls whose sound no backup has keep the box where it is, unless somebody decides otherwise',
  async (t) => {
    const { site: old, box, target } = await furnished(t);
    const fresh = await newMachine(t, old);
    await makeBackup(target, orderIn(old, { at: Date.now() - 1_000 }), box.signer);
    await receive(fresh);
    await box.catalogue.calls.save(aCall('C9', { startedAt: Date.now() - 10_000 }));
    await box.catalogue.segments.save({
      ...{ callId: 'C9', seq: 1, token: '', legId: 'L1', inStartedAt: Date.now(), outStartedAt: Date.now() },
      ...{ state: 'captured', because: null, mutedFrom: { in: null, out: null }, swapped: false, fed: '' },
    });
    await box.close();
    t.match(await run(old, 'move', 'finish'), { error: /^move_unsealed/, text: /1 calls are in progress/ });
    refuseMoved(old.dataDir);
    t.match(await run(old, 'move', 'finish', '--leave-calls'), { error: '' });
    t.match(await receive(fresh), { error: '' });
    const again = await openBox(fresh);
    t.equal((await again.catalogue.segments.of('C9')).length, 1, 'the new recorder knows of it');
    await again.close();
  },
);

t.test('a wrong master key, and a handover that somebody else has made up', async (t) => {
  const { site: old, box, target } = await furnished(t);
  const fresh = await newMachine(t, old);
  await makeBackup(target, orderIn(old, { at: Date.now() - 1_000 }), box.signer);
  await box.close();
  writeFileSync(fresh.masterKeyFile, Buffer.alloc(32, 7).toString('base64'));
  t.match(await receive(fresh), { error: /^master_key_wrong/ });
  t.equal(existsSync(join(fresh.dataDir, 'signing')), false, 'nothing was written');
  copyFileSync(old.masterKeyFile, fresh.masterKeyFile);
  t.match(await receive(fresh), { error: '' });
  const { site: foreign, box: theirs, target: elsewhere } = await furnished(t);
  const third = await newMachine(t, foreign);
  await makeBackup(elsewhere, orderIn(foreign, { at: Date.now() - 1_000 }), theirs.signer);
  await theirs.close();
  await receive(third);
  await run(foreign, 'move', 'finish');
  for (const name of ['handover.json', 'receipt.json'])
    copyFileSync(join(foreign.backups, 'moves', name), join(old.backups, 'moves', name));
  t.match(await receive(fresh), { error: '', text: /old machine continues recording/ });
  copyFileSync(join(foreign.backups, 'moves/receipt.json'), join(old.backups, 'moves/receipt.json'));
  t.match(await run(old, 'move', 'finish'), { error: /^move_unproved/ });
});

/** A place that fails at the step with this number: the beginning of a write or of a read. */
function failing(real: BackupTarget, step: number): BackupTarget & { failed(): boolean } {
  let left = step;
  const count = (): void => {
    if (left-- === 0) throw fail('backup_unreachable', 'made up');
  };
  return {
    ...real,
    failed: () => left < 0,
    async put(name, source) {
      count();
      return real.put(name, source);
    },
    async open(name) {
      count();
      return real.open(name);
    },
  };
}

t.test('handing over and receiving may end at any step, and continue', async (t) => {
  const { site: old, box, target } = await furnished(t);
  const fresh = await newMachine(t, old);
  await makeBackup(target, orderIn(old, { at: Date.now() - 1_000 }), box.signer);
  const { signer, masterKey } = box;
  await box.close();
  const by = () => entryOf(TAPEDECK, Date.now(), 'move');
  async function received(place: BackupTarget): Promise<void> {
    const { backup, last } = await findMoved(createFolderTarget(old.backups), null);
    const list = { target: place, statement: (await readList(target, backup.statement))!.statement };
    const backupKey = await createBackupKeys(target, '').open(backup.statement.backup_key, old.identity);
    await receiveMove(
      {
        target: place,
        backup,
        list,
        identity: old.identity,
        backupKey,
        masterKey,
        dataDir: fresh.dataDir,
        last,
      },
      { by: by(), clock: Date.now, progress: () => {} },
    );
  }
  /** Does it with a failure at each step, until there are fewer. */
  async function throughout(
    work: (place: BackupTarget) => Promise<unknown>,
    between: () => void,
  ): Promise<number> {
    for (let step = 0; ; step += 1 + (step >> 1)) {
      const place = failing(target, step);
      const done = await work(place).then(
        () => true,
        (e) => {
          if (!place.failed()) throw e;
          return false;
        },
      );
      if (done) return step;
      between();
    }
  }
  const closed = () => t.throws(() => refuseUnrestored(fresh.dataDir), { code: 'restore_unfinished' });
  t.ok((await throughout(received, () => {})) > 5);
  closed();
  t.ok(
    (await throughout(
      (place) =>
        handOver(
          {
            ...{
              target: place,
              dataDir: old.dataDir,
              publicKey: signer.publicKey,
              signer,
              leave: false,
              by: by(),
            },
            order: orderIn(old, { keepDays: 36_500 }),
          },
          () => {},
        ),
      closed,
    )) > 5,
  );
  t.throws(() => refuseMoved(old.dataDir), { code: 'moved_away' });
  t.ok((await throughout(received, closed)) > 5);
  refuseUnrestored(fresh.dataDir);
  const again = await openBox(fresh);
  for (const n of [1, 2, 3, 4]) t.same(await whatIs(again, n), kept);
  t.equal((await again.catalogue.recordings.get(recordingId(5)))?.state, 'sealed');
  await again.close();
  t.match(verifyAudit(catalogueFile(fresh.dataDir), { given: [], kept: [] }), { fault: null });
});
