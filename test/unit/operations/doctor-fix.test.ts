import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { clockSync } from '../../../daemon/cli/doctor/clock.js';
import { contextsIn, freepbx, leftAlone, trunkContexts } from '../../../daemon/cli/doctor/contexts.js';
import { applyFixes, foldersIn, planFixes, spoolFixes } from '../../../daemon/cli/doctor/fix.js';
import { unitLimits } from '../../../daemon/cli/doctor/unit-limits.js';
import { mounts, originals, portOwners, ports, services } from '../../../daemon/cli/doctor/units.js';
import { witness } from '../../../daemon/cli/doctor/witness.js';
import type { reachedBy } from '../../../daemon/cli/setup/machine/reached.js';
import { parseConfig } from '../../../daemon/ops/config.js';
import type { Config } from '../../../daemon/ops/config-schema.js';

const root = process.getuid!() === 0;
const ASTERISK = 4243;
const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

t.test(
  '--fix makes the folder for recordings, and takes back what others did to it',
  { skip: !root && 'root' },
  async (t) => {
    const dir = t.testdir({ asterisk: {}, elsewhere: {} });
    const [above, spool] = [join(dir, 'asterisk'), join(dir, 'asterisk/recording')];
    chmodSync(dir, 0o755);
    t.same(spoolFixes(spool), [], 'a spool of root belongs to nobody that is known');
    chownSync(above, ASTERISK, ASTERISK);
    const plan = spoolFixes(spool);
    t.match(plan, [{ what: /create .*recording/, command: `install -d -o 4243 -g 4243 -m 2770 ${spool}` }]);
    t.notOk(lstatSync(spool, { throwIfNoEntry: false }), 'a plan does nothing');
    t.match(await applyFixes(plan), [{ done: true }]);
    t.match(statSync(spool), { uid: ASTERISK, gid: ASTERISK });
    t.equal(modeOf(spool), '2770');
    t.same(spoolFixes(spool), [], 'a second time there is nothing to do');

    // fwconsole chown
    chmodSync(spool, 0o755);
    chownSync(spool, ASTERISK, ASTERISK);
    t.match(await applyFixes(spoolFixes(spool)), [{ done: true, what: /now 4243:4243, 0755/ }]);
    t.equal(modeOf(spool), '2770');

    // Asterisk's user puts a link in its place between the plan and the deed.
    chmodSync(spool, 0o755);
    const late = spoolFixes(spool);
    rmdirSync(spool);
    symlinkSync(join(dir, 'elsewhere'), spool);
    t.match(await applyFixes(late), [
      { done: false, why: /recording is a symbolic link, in a folder that user id 4243/ },
    ]);
    t.match(statSync(join(dir, 'elsewhere')), { uid: 0 }, 'no link is followed');
    t.same(spoolFixes(spool), [], 'nor is one corrected');
  },
);

t.test(
  '--fix takes the master key from all but the recorder, once, and follows no link',
  { skip: !root && 'root' },
  async (t) => {
    const dir = t.testdir({ data: {}, etc: { 'master.key': 'key', other: 'not the key' }, root: {} });
    const [key, other] = [join(dir, 'etc/master.key'), join(dir, 'etc/other')];
    const config = {
      pbxes: [{ spool: join(dir, 'root/recording') }],
      ...{ keys: { master_key_file: key }, data: { dir: join(dir, 'data') }, encode: { socket: '' } },
    } as unknown as Config;
    const plans = async () =>
      (await planFixes(config, async () => null)).filter(({ what }) => what.includes(key));
    chmodSync(key, 0o644);
    t.same(await plans(), [], 'where root owns the data it is not known who the recorder is');
    chownSync(join(dir, 'data'), ASTERISK, ASTERISK);
    const plan = await plans();
    t.match(plan, [
      { what: /now 0:0, 0644.*keys rotate/, command: `chown 4243:root ${key}; chmod 0400 ${key}` },
    ]);
    t.match([statSync(key).uid, modeOf(key)], [0, '644'], 'a plan does nothing');
    t.match(await applyFixes(plan), [{ done: true }]);
    t.match([statSync(key).uid, statSync(key).gid, modeOf(key)], [ASTERISK, 0, '400']);
    t.same(await plans(), [], 'a second time there is nothing to do');

    chmodSync(key, 0o440);
    const late = await plans();
    chmodSync(other, 0o644);
    rmSync(key);
    symlinkSync(other, key);
    t.match(await applyFixes(late), [{ done: false, why: /master\.key is a symbolic link/ }]);
    t.match([statSync(other).uid, modeOf(other)], [0, '644'], 'what a link names is left alone');
    t.same(await plans(), []);
  },
);

t.test('--fix starts what is installed and does not run, and is for root', async (t) => {
  const config = {
    pbxes: [],
    ...{ keys: { master_key_file: '/nowhere' }, data: { dir: '/nowhere' }, encode: { socket: '/run/x' } },
  } as unknown as Config;
  const of = async (said: string | null) =>
    (await planFixes(config, async () => said))
      .map(({ command }) => command)
      .filter((one) => /systemctl/.test(one));
  const me = process.getuid;
  t.teardown(() => {
    process.getuid = me;
  });
  process.getuid = () => 0;
  t.same(await of('ActiveState=inactive\n'), [
    'systemctl enable --now tapedeck-encoder.socket',
    'systemctl enable --now tapedeck-web-restart.path',
  ]);
  t.same(await of('ActiveState=active\n'), []);
  t.same(await of(null), [], 'without systemd');
  process.getuid = () => 999;
  await t.rejects(planFixes(config), { code: 'request_invalid', detail: /run it as root/ });
});

t.test('--fix knows the folders that the unit needs', async (t) => {
  const text = readFileSync(join(import.meta.dirname, '../../../systemd/tapedeck.tmpfiles'), 'utf8');
  const folders = foldersIn(text);
  t.ok(folders.length > 10);
  t.match(folders, [{ path: '/var/lib/tapedeck', mode: 0o2750 }]);
  t.ok(folders.some(({ path, mode }) => path === '/etc/tapedeck/witness' && mode === 0o750));
});

t.test('a clock that nobody keeps', async (t) => {
  const said = (shown: string | null, tracking: string | null = null) =>
    clockSync(async (program) => (program === 'timedatectl' ? shown : tracking));
  t.match(await said('NTP=yes\nNTPSynchronized=yes\n'), [{ state: 'ok' }]);
  t.match(await said('NTP=no\nNTPSynchronized=no\n'), [{ state: 'warn', todo: /set-ntp true/ }]);
  t.match(await said('NTP=yes\nNTPSynchronized=no\n'), [{ state: 'warn', todo: /no server answers/ }]);
  const chrony =
    'C0A80001,192.168.0.1,3,1764379000.1,0.00001,0.00001,0.00002,-5.1,0.0,0.02,0.001,0.0001,64.2';
  t.match(await said(null, `${chrony},Normal\n`), [{ state: 'ok' }]);
  t.match(await said(null, `${chrony},Not synchronised\n`), [{ state: 'warn' }]);
  t.same(await said(null), [], 'a machine without either is no fault');
  t.same(await said('garbage'), []);
});

t.test('contexts of lines to the outside that the dialplan does not have', async (t) => {
  const plan =
    "[ Context 'from-trunk-sip-acme' created by 'pbx_config' ]\n  '_X.' => 1. NoOp()\n[ Context 'internal' created by 'pbx_config' ]\n[ Context '__func_periodic_hook_context__' created by 'x' ]\n";
  t.same(contextsIn(plan), ['from-trunk-sip-acme', 'internal', '__func_periodic_hook_context__']);
  const of = (trunk_contexts: string[], shown = plan, ari_url = 'http://127.0.0.1:8088') =>
    trunkContexts({ ari_url, trunk_contexts }, async () => shown);
  t.match(await of(['from-trunk', 'from-trunk-sip-*']), [{ state: 'ok', says: /from-trunk-sip-acme/ }]);
  t.match(await of(['from-trunk', 'from-pstn']), [
    { state: 'fail', says: /from-trunk, from-pstn/, todo: /has from-trunk-sip-acme, internal\./ },
  ]);
  t.same(await of(['from-trunk'], ''), [], 'nobody may look at the dialplan');
  t.same(await of(['from-trunk'], plan, 'http://192.0.2.7:8088'), [], 'a PBX elsewhere');
});

t.test('a FreePBX that changes the rights of the spool', async (t) => {
  const spool = t.testdir({});
  const of = (chown: string, there = '<?php') =>
    freepbx({ spool }, (file) =>
      file === '/etc/freepbx.conf' ? there : file.endsWith('freepbx_chown.conf') ? chown : '',
    );
  t.same(await of('', ''), [], 'no FreePBX');
  t.match(await of(''), [
    { state: 'fail', says: /take the recorder's right/, todo: new RegExp(`directory = ${spool}`) },
  ]);
  t.match(await of(`[custom]\nfile = /x\n[blacklist]\ndirectory = ${spool}\n`), [{ state: 'ok' }]);
  t.ok(leftAlone('[blacklist]\ndirectory = /var/spool/asterisk/\n', '/var/spool/asterisk/recording'));
  t.notOk(leftAlone('[blacklist]\ndirectory = /var/spool/asterisk/rec\n', '/var/spool/asterisk/recording'));
  t.notOk(
    leftAlone('[custom]\ndirectory = /var/spool/asterisk/recording\n', '/var/spool/asterisk/recording'),
  );
  t.notOk(
    leftAlone('[blacklist]\n;directory = /var/spool/asterisk/recording\n', '/var/spool/asterisk/recording'),
  );
});

t.test('services that do not wait for the data disk, that systemd gave up, or that stay down', async (t) => {
  const config = { data: { dir: '/srv/calls/tapedeck' } } as Config;
  const of = (mountsFor: string) => mounts(config, async () => `RequiresMountsFor=${mountsFor}\n`);
  t.same(await of('/var/tmp /srv/calls'), []);
  t.match(await of('/var/lib/tapedeck /var/tmp'), [
    { state: 'fail', todo: /tapedeck\.service.*RequiresMountsFor=\/srv\/calls\/tapedeck/ },
    { todo: /tapedeck-web/ },
  ]);
  t.match((await of('/srv/call')).length, 2);
  t.same(await mounts(config, async () => null), [], 'without systemd');
  const state = (text: string) => services(async (unit) => (unit === 'tapedeck.service' ? text : null));
  t.match(await state('ActiveState=failed\nExecMainStatus=78\nUnitFileState=enabled\n'), [
    { state: 'fail', says: /exit code 78/, todo: /journalctl -u tapedeck -n 20/ },
  ]);
  t.match(await state('ActiveState=activating\nNRestarts=12\n'), [{ state: 'warn', says: /12 times/ }]);
  t.match(await state('ActiveState=active\nUnitFileState=disabled\n'), [
    { todo: 'systemctl enable tapedeck' },
  ]);
  t.same(await state('ActiveState=active\nNRestarts=0\nUnitFileState=enabled\n'), []);
});

t.test('what the unit keeps from the recorder is named, with the line that is missing', async (t) => {
  const config = (text: string) => parseConfig(text, '/etc/tapedeck/tapedeck.toml');
  const unit = (more: string) =>
    `ProtectSystem=strict\nStateDirectory=tapedeck\nIPAddressDeny=::/0 0.0.0.0/0\n${more}`;
  const own = 'ReadWritePaths=-/etc/tapedeck/witness\nIPAddressAllow=127.0.0.0/8 ::1/128';
  const reach: typeof reachedBy = async () => ({
    addresses: new Map([['mail.example.com', ['192.0.2.25', '127.0.0.53', '192.0.2.53']]]),
    hasFile: () => true,
  });
  const of = (text: string, said: string | null) => unitLimits(config(text), async () => said, reach);
  t.same(await of('', unit(own)), []);
  const folders =
    '[data]\ndir = "/srv/calls"\n[archive]\ndirectory = "/mnt/my nas/a"\n[audit]\ncheckpoint_file = "/mnt/safe/heads"\n';
  t.match(await of(folders, unit(own)), [
    {
      state: 'fail',
      says: /write \/srv\/calls,.*read-only for the recorder alone/,
      todo: /ReadWritePaths=-\/srv\/calls\./,
    },
    { todo: /ReadWritePaths=-\/mnt\/my nas\/a\./ },
    { todo: /ReadWritePaths=-\/mnt\/safe\./ },
  ]);
  t.same(
    await of(folders, unit('ReadWritePaths=/srv -/mnt/my nas/a +/mnt/safe\nIPAddressAllow=127.0.0.0/8')),
    [],
  );
  t.same(await of(folders, own), [], 'a unit without ProtectSystem=strict');
  const mail =
    '[alerts]\nmail_to = ["a@example.com"]\nmail_from = "b@example.com"\nsmtp_host = "mail.example.com"\n';
  t.match(await of(mail, unit(own)), [
    {
      state: 'fail',
      says: /192\.0\.2\.25, 192\.0\.2\.53, which mail\.example\.com .*name server/,
      todo: /"tapedeck alert setup"/,
    },
  ]);
  t.same(await of(mail, unit(`${own} 192.0.2.25/32 192.0.2.53/32`)), []);
  t.same(await of(mail, unit(own).replace(/IPAddressDeny.*/, '')), [], 'a unit that denies nothing');
  t.same(await of(folders + mail, null), [], 'without systemd');
});

t.test('what opens originals for an import is named, with its folder', async (t) => {
  const unit = 'tapedeck-originals-0123456789abcdef.service';
  const said = (folder: string) =>
    `LoadState=loaded\nActiveState=active\nActiveEnterTimestamp=Tue 2026-12-01 20:00:00 UTC\nExecStart={ path=/x/node ; argv[]=/x/node /x/main.js import serve-originals ${folder} /run/tapedeck-originals-0123456789abcdef/sock ; ignore_errors=no }\n`;
  const found = await originals(
    async () => [unit],
    async () => said('/var/spool/asterisk/my monitor'),
  );
  t.match(found, [
    { state: 'ok', says: `${unit} (active) opens /var/spool/asterisk/my monitor for an import since Tue` },
  ]);
  t.match(found[0]!.says, `systemctl stop ${unit}`);
  t.same(await originals(async () => []), []);
});

t.test('the port of the dashboard: open, closed, or taken by another', async (t) => {
  const answer = { body: '<html>Another program</html>' };
  const server = createServer((_, reply) => void reply.end(answer.body));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  const look = async (address: string) => {
    const config = { web: { address, port, tls: 'off' }, data: { dir: t.testdirName } } as Config;
    return ports(config, await portOwners(config));
  };
  const [taken] = await look('127.0.0.1');
  t.match(taken, { state: 'fail', says: /does not answer at http.*: its answer is not/, todo: /ss -ltnp/ });
  t.match(taken?.says, `(process ${process.pid})`, 'and who has it is named');
  t.match(await look('127.0.0.9'), [
    { state: 'fail', says: /open on 127\.0\.0\.1, .* at http:\S+127\.0\.0\.9/ },
  ]);
  answer.body = '{"status":"warn","problems":[]}';
  t.match(await look('127.0.0.1'), [{ state: 'ok', says: /The dashboard answers/ }]);
  server.close();
  t.match(await look('127.0.0.1'), [{ state: 'warn', todo: /systemctl start tapedeck-web/ }]);
});

t.test('data that this machine had and that is not there', async (t) => {
  const dir = t.testdir({ data: {}, etc: { witness: {} } });
  const config = {
    data: { dir: join(dir, 'data') },
    keys: { master_key_file: join(dir, 'etc/master.key') },
    file: join(dir, 'etc/tapedeck.toml'),
  } as Config;
  t.same(await witness(config), [], 'a new machine');
  const told = { catalogue: 'A', data: config.data.dir, since: '2026-01-05T00:00:00.000Z' };
  writeFileSync(join(dir, 'etc/witness/data.json'), JSON.stringify(told));
  t.match(await witness(config), [
    { state: 'fail', says: /since 2026-01-05.*does not start/, todo: /findmnt/ },
  ]);
  mkdirSync(join(dir, 'data/catalogue'));
  writeFileSync(join(dir, 'data/catalogue/catalogue.db'), 'x');
  t.match(await witness(config), [{ state: 'ok', says: /since 2026-01-05\.$/ }]);
  writeFileSync(join(dir, 'etc/witness/data.json'), '');
  t.match(await witness(config), [{ state: 'warn', todo: /systemd-tmpfiles/ }]);
});
