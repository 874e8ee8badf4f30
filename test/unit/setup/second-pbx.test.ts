import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { lastValue, readConf, valuesOf } from '../../../daemon/cli/setup/conf/asterisk-conf.js';
import type { FileChange } from '../../../daemon/cli/setup/plan/change.js';
import { filesForPbx, planFurther, planSecond, withPbx } from '../../../daemon/cli/setup/plan/plan-second.js';
import { preview } from '../../../daemon/cli/setup/plan/preview.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { programFile } from '../../../daemon/ops/process/program-files.js';

const WAREHOUSE = { id: 'warehouse', name: 'Warehouse', host: '192.0.2.10' };
const SECRETS = { ari: 'aRi', ami: 'aMi' };
const EXAMPLE = readFileSync(programFile('tapedeck.toml.example'), 'utf8');

t.test('a further PBX stands at the end of the configuration, and the first stays as it was', async (t) => {
  const file = join(t.testdir({}), 'tapedeck.toml');
  for (const text of [EXAMPLE, '[data]\ndir = "/srv/td"\n', '[[pbx]]\nname = "Head office"\n']) {
    writeFileSync(file, text);
    const before = loadConfig(file).pbxes;
    writeFileSync(file, withPbx(text, WAREHOUSE, '/etc/tapedeck'));
    const { pbxes } = loadConfig(file);
    t.same(pbxes.slice(0, -1), before);
    t.match(pbxes.at(-1), {
      ...{ id: 'warehouse', name: 'Warehouse', ari_url: 'https://192.0.2.10:8089', ami_tls: true },
      ...{ ami_host: '192.0.2.10', ami_secret_file: '/etc/tapedeck/ami-secret-warehouse' },
    });
  }
  writeFileSync(
    file,
    withPbx(withPbx(EXAMPLE, WAREHOUSE, '/e'), { id: 'shop', name: 'Shop', host: '192.0.2.11' }, '/e'),
  );
  t.same(
    loadConfig(file).pbxes.map(({ id }) => id),
    ['', 'warehouse', 'shop'],
  );
});

t.test('what goes to that PBX has its secrets, and lets this machine sign in', async (t) => {
  const files = filesForPbx(SECRETS, '192.0.2.5');
  const manager = readConf('manager.conf', files['manager.conf']!);
  t.equal(lastValue(manager, 'tapedeck', 'secret'), 'aMi');
  t.equal(lastValue(manager, 'tapedeck', 'permit'), '192.0.2.5/255.255.255.255');
  const six = readConf('manager.conf', filesForPbx(SECRETS, '2001:db8::5')['manager.conf']!);
  t.same(valuesOf(six, 'tapedeck', 'permit'), ['2001:db8::5/128']);
  // What is added to a file that has a [general] already.
  const ari = readConf('ari.conf', `[general]\nenabled = yes\n${files['ari.conf']}`);
  t.equal(lastValue(ari, 'tapedeck', 'password'), 'aRi');
  t.match(lastValue(ari, 'general', 'channelvars'), /CHANNEL\(linkedid\)/);
});

const owner = { uid: 0, gid: 0 };
const own = {
  ...{
    etc: '/etc/tapedeck',
    config: EXAMPLE,
    example: '',
    secrets: { ari: null, ami: null },
    siteRegion: null,
  },
  ...{ recorder: owner, dashboard: owner, root: owner, systemd: '/etc/systemd/system', dropIns: {} },
  ...{ asteriskGroup: true, hasFolder: () => false },
};

t.test('the recorder may read its secrets and reach it, and none of them is shown', async (t) => {
  const changes = planSecond(own, WAREHOUSE, SECRETS, '192.0.2.5');
  const said = changes.map(preview).join('');
  t.match(
    said,
    /LoadCredential=ami-secret-warehouse:\/etc\/tapedeck\/ami-secret-warehouse[\s\S]*IPAddressAllow=192\.0\.2\.10/,
  );
  t.notMatch(said, /aRi$|aMi$/m);
});

t.test('of a restored configuration only what is missing here of a further PBX is made', async (t) => {
  const text = withPbx(
    withPbx(EXAMPLE, WAREHOUSE, own.etc),
    { id: 'shop', name: 'Shop', host: '192.0.2.11' },
    '/elsewhere',
  );
  const file = join(t.testdir({}), 'tapedeck.toml');
  writeFileSync(file, text);
  const { pbxes } = loadConfig(file);
  const plan = (had: (path: string) => string | null) =>
    planFurther(own, pbxes, { newSecret: () => 'new', address: '192.0.2.5', had }) as FileChange[];
  const changes = plan((path) => (path.endsWith('/ari-password-warehouse') ? 'brought\n' : null));
  const after = Object.fromEntries(changes.map((one) => [one.path, one.after]));
  t.notOk('/etc/tapedeck/ari-password-warehouse' in after, 'the password that was put back stays');
  t.equal(after['/etc/tapedeck/ami-secret-warehouse'], 'new\n');
  t.match(after['/etc/tapedeck/pbx-warehouse/ari.conf'], /^password = brought$/m);
  t.match(
    after['/etc/systemd/system/tapedeck.service.d/setup-warehouse.conf'],
    /IPAddressAllow=192\.0\.2\.10/,
  );
  t.same(
    changes.filter(({ path }) => path.includes('shop')),
    [],
    'one that was added by hand is left alone',
  );
  t.same(
    plan((path) => (path.endsWith('/ari-password-warehouse') ? 'brought\n' : (after[path] ?? null))).filter(
      ({ kind }) => kind === 'file',
    ),
    [],
    'and once it is there, nothing',
  );
});
