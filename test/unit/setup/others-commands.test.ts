import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { openOutput } from '../../../daemon/cli/common/output.js';
import { removeConfiguration, wipeKeys, wipeSpool } from '../../../daemon/cli/destroy/wipe.js';
import { cdrFiles } from '../../../daemon/cli/doctor/cdr.js';
import { copyName, writeCopy } from '../../../daemon/cli/setup/steps/master-key.js';
import type { PbxConfig } from '../../../daemon/ops/config-schema.js';
import { asUser } from '../../../daemon/ops/process/become.js';
import { asOther, betweenCalls, OTHER, tricks } from '../../support/setup/others.js';
import { createPbx, resultOf } from '../../support/setup/others-pbx.js';
import { treeOf } from '../../support/setup/tree.js';

/** Commands of root's other than setup, in folders that belong to Asterisk's user: links, named pipes and hard links. */

t.test(
  'the copy of the master key, and files that commands write',
  { skip: process.getuid!() !== 0 && 'root' },
  async (t) => {
    const pbx = createPbx(t, 'written');
    const key = join(pbx.base, 'master.key');
    writeFileSync(key, 'the key\n', { mode: 0o600 });
    const before = treeOf(pbx.root);
    const files = {
      'copy of the key': [join(pbx.spool, copyName()), async () => writeCopy(pbx.spool, key)],
      'output with --force': [
        join(pbx.spool, 'out.zip'),
        async () => openOutput(join(pbx.spool, 'out.zip'), true).close(),
      ],
    } as const;
    for (const [command, [path, run]] of Object.entries(files))
      for (const trick of Object.keys(tricks) as (keyof typeof tricks)[]) {
        tricks[trick](path, join(pbx.root, 'http.conf'));
        t.match(
          await resultOf(run),
          /^path_untrusted .*(link|pipe|names).*user id 48107/,
          `${command}: ${trick}`,
        );
        t.same(treeOf(pbx.root), before);
      }
    const out = join(pbx.spool, 'out.zip');
    rmSync(out);
    asOther(() => writeFileSync(out, ''));
    t.match(await resultOf(async () => openOutput(out, true)), /^path_untrusted .*belongs to user id 48107/);
    t.match(await resultOf(async () => openOutput(out)), /^request_invalid .*is there already/);
    tricks.link(join(pbx.spool, 'sub'), pbx.root);
    t.match(
      await resultOf(async () => openOutput(join(pbx.spool, 'sub/new'))),
      /^path_untrusted .*sub is a symbolic link/,
    );
    const closed = join(pbx.base, 'mine.zip');
    symlinkSync('target.zip', closed);
    openOutput(closed).close();
    t.notOk(existsSync(join(pbx.base, 'target.zip')), 'nothing was written, so that it goes again');
    const swapped = openOutput(join(pbx.spool, 'late.zip'));
    tricks.link(join(pbx.spool, 'late.zip'), join(pbx.root, 'http.conf'));
    swapped.close();
    t.ok(lstatSync(join(pbx.spool, 'late.zip')).isSymbolicLink(), 'what took its name stays');
    t.same(treeOf(pbx.root), before);
  },
);

t.test(
  'destroy removes what is in a folder of others as they would',
  { skip: process.getuid!() !== 0 && 'root' },
  async (t) => {
    const pbx = createPbx(t, 'destroyed');
    const recording = join(pbx.spool, 'recording');
    // Root's folder, below one whose owner can put a link in its place.
    chownSync(recording, 0, 0);
    mkdirSync(join(recording, 'tapedeck-1'));
    writeFileSync(join(recording, 'tapedeck-1/file'), 'of root');
    t.match(await wipeSpool(recording), [/tapedeck-1\/file: EACCES/, /./]);
    t.ok(existsSync(join(recording, 'tapedeck-1/file')));
    tricks.link(recording, join(pbx.root, 'recording'));
    t.match(await wipeSpool(recording), [
      /recording is a symbolic link, in a folder that user id 48107 can change/,
    ]);

    // The dashboard's keys, in a folder of the recorder's: nobody else may write them, and the folder's owner removes them.
    const tls = join(pbx.base, 'data/tls');
    mkdirSync(tls, { recursive: true });
    const key = join(tls, 'own.key');
    writeFileSync(key, 'a key', { mode: 0o600 });
    chownSync(tls, OTHER, OTHER);
    chownSync(key, OTHER + 1, OTHER);
    chmodSync(tls, 0o2750);
    const still = openSync(key, 'r');
    t.same(await wipeKeys(join(pbx.base, 'data')), []);
    t.same(readFileSync(still), Buffer.alloc(5), 'overwritten');
    closeSync(still);
    t.notOk(existsSync(key));

    // The recorder's folder beside the configuration, removed by a process that is the recorder.
    const etc = join(pbx.base, 'tapedeck');
    mkdirSync(join(etc, 'witness/deep'), { recursive: true });
    writeFileSync(join(etc, 'tapedeck.toml'), '');
    for (const name of ['witness', 'witness/deep']) chownSync(join(etc, name), OTHER, OTHER);
    tricks.link(join(etc, 'witness/data.json'), pbx.root);
    const before = treeOf(pbx.root);
    const below = await betweenCalls(
      'witness/',
      () => removeConfiguration(etc, [join(etc, 'tapedeck.toml')]),
      () => {},
    );
    t.equal(below, 0, 'root does nothing in it');
    t.notOk(existsSync(etc));
    t.same(treeOf(pbx.root), before);
  },
);

t.test(
  "doctor reads Asterisk's records as the recorder would",
  { skip: process.getuid!() !== 0 && 'root' },
  async (t) => {
    const pbx = createPbx(t, 'records');
    const secret = join(pbx.root, 'secret');
    writeFileSync(secret, 'of root', { mode: 0o600 });
    const recorder = { uid: OTHER, gids: [OTHER, 48_108] };
    const read = async (name: 'cdr_csv' | 'cdr_sqlite') => {
      const given = { [name]: join(pbx.spool, name), cdr_mysql: {} } as unknown as PbxConfig;
      return (await asUser(recorder, () => cdrFiles(given))).map(({ state, says }) => `${state} ${says}`);
    };
    for (const name of ['cdr_csv', 'cdr_sqlite'] as const) {
      tricks.link(join(pbx.spool, name), secret);
      t.match(await read(name), [/^fail .*(permission denied|unable to open)/], `${name}: link`);
      tricks.pipe(join(pbx.spool, name));
      t.match(await read(name), [/^fail .*no plain file/], `${name}: pipe`);
    }
    t.same([process.geteuid!(), process.getegid!()], [0, 0], 'and is root again');
    t.notOk(process.getgroups!().includes(48_108));
  },
);

t.test('what purging tells root to run', { skip: process.getuid!() !== 0 && 'root' }, async (t) => {
  const pbx = createPbx(t, 'purged');
  await pbx.setUp();
  const script = readFileSync(
    join(import.meta.dirname, '../../../scripts/lib/package/debian/postrm'),
    'utf8',
  );
  const here = script
    .replaceAll('/etc/asterisk', pbx.etc)
    .replace(
      /\/(usr\/bin\/deb-|etc\/tapedeck|etc\/systemd|var\/lib\/tapedeck|run\b|etc\/freepbx)/g,
      `${pbx.base}/$1`,
    );
  const run = (what: string) => spawnSync('sh', ['-c', here, 'postrm', what], { encoding: 'utf8' }).stdout;
  const purge = () => run('purge');
  const units = join(pbx.base, 'etc/systemd/system');
  const dropIns = ['tapedeck', 'tapedeck-web'].map((unit) =>
    join(units, `${unit}.service.d/setup-alerts.conf`),
  );
  for (const file of [...dropIns, join(units, 'tapedeck.service.d/own.conf')]) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, file.endsWith('own.conf') ? '[Service]\n' : '# Written by "tapedeck setup". Put\n');
  }
  const config = join(pbx.base, 'etc/tapedeck/tapedeck.toml');
  mkdirSync(dirname(config), { recursive: true });
  mkdirSync(join(pbx.base, 'run'));
  writeFileSync(config, '');
  // As dpkg runs both for a package that is installed, and apt shows all of it.
  const both = run('remove') + purge();
  for (const line of [
    /still there/g,
    /Asterisk still has lines/g,
    /setup-alerts\.conf/g,
    /destroy --everything/g,
  ])
    t.equal(both.match(line)?.length, String(line).includes('setup-') ? 2 : 1, `${line} once`);
  t.match(both, /sed -i/, 'and what purging adds');
  t.ok(dropIns.every(existsSync), 'what is left needs them when Tapedeck is installed again');
  rmSync(dirname(config), { recursive: true });
  t.notMatch(run('remove'), /setup-alerts/, 'removing leaves them');
  t.ok(dropIns.every(existsSync));
  t.match(purge(), /sed -i/);
  t.notOk(dropIns.some(existsSync), 'nothing is left that needs them');
  t.notOk(existsSync(dirname(dropIns[1]!)));
  t.ok(existsSync(join(units, 'tapedeck.service.d/own.conf')), 'what somebody wrote stays');
  const commands = purge()
    .split('\n')
    .filter((line) => line.includes('sed -i'));
  t.ok(
    commands.length > 3 && commands.every((line) => line.includes(`setpriv --reuid=${OTHER}`)),
    commands.join(),
  );
  const victim = join(pbx.root, 'ari.conf');
  const block = '; BEGIN Tapedeck\nof root\n; END Tapedeck\n';
  writeFileSync(victim, block);
  tricks.link(join(pbx.etc, 'ari.conf'), victim);
  tricks.pipe(join(pbx.etc, 'http.conf'));
  for (const line of commands.filter((one) => !one.includes('http.conf'))) spawnSync('sh', ['-c', line]);
  t.equal(readFileSync(victim, 'utf8'), block, 'no link is written through');
  t.notMatch(
    readFileSync(join(pbx.etc, 'manager.d/tapedeck.conf'), 'utf8'),
    /BEGIN Tapedeck/,
    'the others are clean',
  );
  t.notMatch(purge(), /http\.conf|manager\.d/);
});
