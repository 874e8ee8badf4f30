import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { machine, page, pastOf, recordingsOf } from '../../support/box/runbook.js';

/** The runbooks of what was lost, followed as they are written. */
const past = await pastOf(t);

t.test('The master key is lost: with a copy, and with neither copy nor backup', async (t) => {
  const m = await machine(t, past);
  const name = 'runbooks/lost-master-key.md';
  const sealed = recordingsOf(m.lab.dataDir);
  t.ok(sealed >= 1);
  rmSync(m.key);
  t.match(await m.refused(), /ended with 78:.*master key cannot be read/s);
  t.match(await m.type('tapedeck verify --all'), {
    code: 1,
    said: new RegExp(`${sealed} CANNOT BE OPENED by anybody here: The master key cannot be read`),
  });

  const back = await m.follow(name, 'With a copy of the key');
  t.match(back.get('tapedeck keys status'), { code: 0, said: /keys of \d+ recordings/ });
  t.match(back.get('tapedeck verify --all'), {
    code: 0,
    said: new RegExp(`${sealed} verified: all as sealed and signed\\.`),
  });

  await m.type('systemctl stop tapedeck-web tapedeck');
  writeFileSync(m.key, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  t.match(
    await m.type('tapedeck keys status'),
    { code: 78, said: /does not belong to this keys\.db/ },
    'another key',
  );
  rmSync(m.key);

  const anew = await m.follow(name, 'With neither');
  t.match(anew.get('tapedeck keys status'), { code: 0, said: /keys of 0 recordings/ });
  t.equal(recordingsOf(m.lab.dataDir), sealed, 'the list of calls stays');
  t.match(
    readdirSync(join(m.dir, 'put-aside')).toSorted(),
    ['keys-lost', 'signing-lost'],
    'and what was lost is kept',
  );
  const verified = await m.type('tapedeck verify --all');
  t.match(verified, { code: 1, said: new RegExp(`${sealed} verified, ${sealed} NOT`) });
  t.match(verified.said, /key of this recording is missing/);
  const test = await m.type('tapedeck keys status');
  t.match(test.said, /signing|public/i, 'there is a new key to sign with');
  await m.lab.stop();
});

t.test('The data disk is missing: it comes back, and it is lost', async (t) => {
  const m = await machine(t, past);
  const name = 'runbooks/lost-data-disk.md';
  await m.type('systemctl start tapedeck tapedeck-web');
  await m.type('systemctl stop tapedeck-web tapedeck');
  const sealed = recordingsOf(m.lab.dataDir);
  const disk = `${m.lab.dataDir}.disk`;
  t.teardown(() => rmSync(disk, { recursive: true, force: true }));
  const unmount = () => {
    renameSync(m.lab.dataDir, disk);
    mkdirSync(m.lab.dataDir, { mode: 0o750 });
  };
  unmount();
  t.match(await m.refused(), /ended with 78:.*directory is empty, but this machine has recorded before/s);
  t.match(
    page(name),
    /The data directory is empty, but this machine has recorded before\./,
    'as the page has it',
  );
  t.same(readdirSync(m.lab.dataDir), []);

  // What "mount" does.
  rmSync(m.lab.dataDir, { recursive: true });
  renameSync(disk, m.lab.dataDir);
  await m.follow(name, 'Mount it');
  t.equal(recordingsOf(m.lab.dataDir), sealed);
  await m.type('systemctl stop tapedeck-web tapedeck');

  unmount();
  await m.follow(name, 'The disk is lost, and there is no backup');
  t.equal(recordingsOf(m.lab.dataDir), 0);
  t.ok(existsSync(join(m.etc, 'witness/data.json')), 'the new data is known from now on');
  await m.lab.stop();
});

t.test(
  'The TPM does not open the key: with the copy in the clear',
  { skip: process.getuid?.() !== 0 && 'only root seals' },
  async (t) => {
    const m = await machine(t, past);
    const secret = join(m.dir, 'host-secret');
    process.env.SYSTEMD_CREDENTIAL_SECRET = secret;
    t.teardown(() => delete process.env.SYSTEMD_CREDENTIAL_SECRET);
    t.match(await m.type('tapedeck keys seal --with-key host --yes'), { code: 0 });
    rmSync(secret);
    const status = await m.type('tapedeck keys status');
    t.match(status, { code: 78, said: /systemd-creds:/ }, status.said);
    const decrypt = spawnSync('systemd-creds', ['decrypt', '--name=master-key', m.key, '-'], {
      encoding: 'utf8',
    });
    t.not(decrypt.status, 0);
    const back = await m.follow('runbooks/tpm-missing.md', 'With the copy in the clear');
    t.match(back.get('tapedeck keys status'), { code: 0, said: /keys of \d+ recordings/ });
    t.match(await m.type('tapedeck verify --all'), { code: 0 });
    await m.lab.stop();
  },
);

t.test(
  'The catalogue is of a newer version: nothing was changed, and the newer version goes on',
  async (t) => {
    const m = await machine(t, past);
    await m.type('systemctl start tapedeck tapedeck-web');
    await m.type('systemctl stop tapedeck-web tapedeck');
    const set = (version: number): number => {
      const db = new Database(catalogueFile(m.lab.dataDir));
      const was = db.pragma('user_version', { simple: true }) as number;
      db.pragma(`user_version = ${version}`);
      db.close();
      return was;
    };
    const was = set(999);
    const before = statSync(catalogueFile(m.lab.dataDir)).mtimeMs;
    t.match(await m.refused(), /ended with 65:.*catalogue was written by a newer Tapedeck/s);
    t.match(page('runbooks/newer-catalogue.md'), /The catalogue was written by a newer Tapedeck\./);
    t.equal(statSync(catalogueFile(m.lab.dataDir)).mtimeMs, before, 'it was not touched');
    set(was); // the newer version is installed again
    await m.follow('runbooks/newer-catalogue.md', 'Install the newer version again');
    await m.lab.stop();
  },
);
