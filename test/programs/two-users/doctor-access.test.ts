import { chmodSync, chownSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { access } from '../../../daemon/cli/doctor/access.js';
import { keys, openKeyFiles } from '../../../daemon/cli/doctor/vault.js';
import {
  catalogueFile,
  catalogueFolder,
  keysFile,
  keysFolder,
  ownerFolder,
  tlsFolder,
  webFolder,
} from '../../../daemon/domain/paths.js';
import type { Config } from '../../../daemon/ops/config-schema.js';
import { openDataFolder } from '../../../daemon/vault/data-folder.js';
import { ensureMasterKey } from '../../../daemon/vault/master-key.js';
import { unpackBefore } from '../../support/box/before-one-writer.js';
import { DASHBOARD, NEEDS_ROOT } from '../../support/box/box.js';
import { site } from '../../support/cli-site.js';
import { scratch } from '../../support/recordings/sealed.js';

/** Real data that the recorder has closed, and what "tapedeck doctor" says of it. */
function closed(t: Test) {
  const dir = join(scratch(t), 'data');
  unpackBefore(dir);
  openDataFolder(dir).release();
  mkdirSync(webFolder(dir), { mode: 0o750 });
  const { uid, gid } = statSync(dir);
  if (!NEEDS_ROOT) for (const own of [webFolder(dir), tlsFolder(dir)]) chownSync(own, uid, gid);
  return { dir, said: () => access({ data: { dir } } as Config) };
}

t.test('the doctor finds nothing open in data that the recorder has closed', async (t) => {
  const { said } = closed(t);
  t.match(await said(), [
    { check: 'access', state: 'ok', says: /Only the recorder can write the catalogue/ },
  ]);
});

t.test('the doctor names each folder and file that is open to the group of the dashboard', async (t) => {
  const { dir, said } = closed(t);
  for (const [path, mode, says] of [
    [dir, 0o2770, /put files there/],
    [catalogueFolder(dir), 0o3770, /catalogue has the mode 3770.*put files there/],
    [catalogueFile(dir), 0o660, /mode 0660: only the recorder may write it/],
    [catalogueFile(dir), 0o644, /mode 0644: only the recorder may write it/],
    [`${catalogueFile(dir)}-wal`, 0o660, /-wal has the mode 0660/],
    [keysFolder(dir), 0o750, /keys has the mode 0750: keys are for the recorder alone/],
    [keysFile(dir), 0o640, /keys\.db has the mode 0640: keys are for the recorder alone/],
    [ownerFolder(dir), 0o750, /owner has the mode 0750/],
    [webFolder(dir), 0o770, /user can make files in it/],
  ] as const) {
    const right = path === dir ? 0o750 : path.endsWith('.db') || path.endsWith('-wal') ? 0o600 : 0o700;
    chmodSync(path, mode);
    t.match(
      await said(),
      [{ state: 'fail', says, todo: /systemctl restart tapedeck|chmod 0750/ }],
      basename(path),
    );
    chmodSync(path, right);
  }
  t.match(await said(), [{ state: 'ok' }]);
  if (!NEEDS_ROOT) {
    chownSync(webFolder(dir), DASHBOARD, 0);
    t.match(await said(), [
      { state: 'warn', says: /could fill the disk/, todo: /systemd-tmpfiles --create/ },
    ]);
  }
  rmSync(webFolder(dir), { recursive: true });
  t.match(await said(), [{ state: 'warn', says: /web does not exist/, todo: /systemd-tmpfiles --create/ }]);
});

t.test('the doctor names a catalogue that another user owns', { skip: NEEDS_ROOT }, async (t) => {
  const { dir, said } = closed(t);
  chownSync(`${catalogueFile(dir)}-wal`, DASHBOARD, 0);
  t.match(await said(), [
    { state: 'fail', says: /-wal belongs to user id 48102/, todo: /chown \d+:\d+ .*-wal/ },
  ]);
});

t.test('the doctor names a master key that the group of the dashboard can read', async (t) => {
  const { dir, context } = site(t);
  await context.catalogue();
  const master = join(dir, 'master.key');
  ensureMasterKey(master, keysFile(join(dir, 'data')));
  chmodSync(master, 0o640);
  t.match(await keys(context, openKeyFiles(context.config())), [
    { check: 'keys', state: 'warn', says: /group can read .*master\.key/, todo: /chmod 0400/ },
  ]);
  chmodSync(master, 0o600);
  const said = await keys(context, openKeyFiles(context.config()));
  t.notOk(said.some(({ state }) => state === 'warn'));
});
