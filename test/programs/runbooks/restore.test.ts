import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import t, { type Test } from 'tap';
import { linesOf, machine, page, pastOf, recordingsOf } from '../../support/box/runbook.js';

/** The runbooks "Restore a backup" and "Restore by hand", followed as they are written. */
const past = await pastOf(t);

/** A machine whose backups and their keys go to other disks, and whose identity is on the USB stick. */
async function backedUp(t: Test) {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const m = await machine(
    t,
    past,
    (dir) =>
      `[backup]\npath = "${dir}/mnt/nas/tapedeck"\nkey_path = "${dir}/mnt/keys/tapedeck"\nrecipient = "${recipient}"\n`,
  );
  for (const folder of ['nas/tapedeck', 'keys/tapedeck'])
    mkdirSync(join(m.dir, 'mnt', folder), { recursive: true });
  writeFileSync(join(m.dir, 'usb/tapedeck-backup.txt'), `${identity}\n`, { mode: 0o600 });
  return m;
}

t.test(
  'a backup is restored: the machine was lost, and something is left in the data directory',
  async (t) => {
    const m = await backedUp(t);
    const name = 'runbooks/restore.md';
    const sealed = recordingsOf(m.lab.dataDir);
    t.ok(sealed >= 1);
    await m.type('systemctl start tapedeck tapedeck-web');
    t.match(await m.type('tapedeck backup create --wait'), { code: 0 });
    await m.type('systemctl stop tapedeck-web tapedeck');
    // Of the lost machine there are the backup, its key, the identity and the copy of the master key.
    for (const part of ['keys', 'catalogue', 'recordings'])
      rmSync(join(m.lab.dataDir, part), { recursive: true });
    const configuration = readFileSync(m.lab.config, 'utf8');
    for (const file of [m.key, m.lab.config]) rmSync(file);

    const done = await m.follow(name, 'What to do');
    const restores = [...done].filter(([command]) => command.startsWith('tapedeck restore'));
    t.equal(restores.length, 2, 'once for trial, and once for good');
    for (const [command, { code, said }] of restores) t.equal(code, 0, `${command}\n${said}`);
    t.match(restores[0]![1].said, /Nothing was written/);
    t.equal(recordingsOf(m.lab.dataDir), sealed, 'all recordings are back');
    const file = /`(recorder\/restored-[\w.-]+)`/.exec(page(name))![1]!;
    for (const path of [m.lab.config, join(m.lab.dataDir, file)])
      t.equal(readFileSync(path, 'utf8'), configuration, `the configuration of the lost machine: ${path}`);
    t.notOk(existsSync(join(m.etc, 'restoring.toml')));
    t.match(readFileSync(join(m.etc, 'key-copy'), 'utf8'), /^the key with which backup \w{26} was restored/);
    await m.type('systemctl start tapedeck tapedeck-web');

    const checked = [...(await m.follow(name, 'How you know that it worked'))];
    // There is no PBX that could make a test call.
    for (const [command, { code, said }] of checked)
      if (command !== 'tapedeck test-call') t.equal(code, 0, `${command}\n${said}`);
    t.equal(checked.length, 3);
    const [, accept] = /`(tapedeck audit accept [^`]+)`/.exec(page(name).replaceAll(/\n\s+/g, ' '))!;
    t.match(await m.type(accept!), { code: 0, said: /^Signed at \d+ entries/ });
    await m.lab.stop();
  },
);

t.test('a copy that was made by hand is restored', async (t) => {
  const m = await machine(t, past);
  const copy = 'operate/copy-by-hand.md';
  const name = 'runbooks/restore-by-hand.md';
  const sealed = recordingsOf(m.lab.dataDir);
  await m.type('systemctl start tapedeck tapedeck-web');
  await m.follow(copy, 'Take a backup');
  const done = await m.follow(name, 'On the same machine');
  for (const command of ['tapedeck verify --all', 'tapedeck audit verify'])
    t.match(done.get(command), { code: 0 }, command);
  t.equal(recordingsOf(m.lab.dataDir), sealed, 'all recordings are back');
  t.ok(linesOf(name, 'On the same machine').some((line) => line.startsWith('tapedeck audit accept ')));
  t.ok(existsSync(join(m.dir, 'put-aside/before')), 'what was there is kept');
  await m.lab.stop();
});
