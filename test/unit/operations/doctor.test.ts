import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createWebServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { createNeedsOf } from '../../../daemon/app/needs.js';
import type { Base, Parts } from '../../../daemon/app/parts.js';
import { announcements, promptsRefused } from '../../../daemon/cli/doctor/announcements.js';
import { approvals } from '../../../daemon/cli/doctor/approvals.js';
import { cdrBackend } from '../../../daemon/cli/doctor/cdr.js';
import { data, spool, unmounted } from '../../../daemon/cli/doctor/folders.js';
import { country, listeners, reach, timeZone } from '../../../daemon/cli/doctor/machine.js';
import { modules } from '../../../daemon/cli/doctor/pbx.js';
import { restart } from '../../../daemon/cli/doctor/restart.js';
import type { Config, PbxConfig } from '../../../daemon/ops/config-schema.js';
import { createLog } from '../../../daemon/ops/log.js';
import { alarmBoard } from '../../support/alarm-board.js';
import { AUDITOR, peopleLab } from '../../support/people-lab.js';

/** `tapedeck doctor` is run by root and speaks of what the recorder's user may do. */
const root = process.getuid!() === 0;
const RECORDER = 4242;
const ari_url = 'http://127.0.0.1:8088';

const configOf = (dir: string, spoolDir: string) =>
  ({ data: { dir }, pbxes: [{ spool: spoolDir }] }) as unknown as Config;

t.test('the spool is judged by the rights of the recorder', { skip: !root && 'root' }, async (t) => {
  const dir = t.testdir({ data: {}, spool: {} });
  const place = join(dir, 'spool');
  const config = configOf(join(dir, 'data'), place);
  chownSync(config.data.dir, RECORDER, RECORDER);
  chmodSync(place, 0o755);
  t.match(await spool(config, { spool: place, ari_url }), {
    state: 'fail',
    says: /user 4242.*cannot remove.*EACCES/,
    todo: /2770.*freepbx_chown/s,
  });
  chmodSync(place, 0o700);
  t.match(await spool(config, { spool: place, ari_url }), { state: 'fail', says: /cannot read .*EACCES/ });
  chownSync(place, 0, RECORDER);
  chmodSync(place, 0o2770);
  t.match(await spool(config, { spool: place, ari_url }), { state: 'ok', says: /user 4242/ });
  const file = join(place, 'tapedeck-x.wav');
  writeFileSync(file, '', { mode: 0o600 });
  t.match(await spool(config, { spool: place, ari_url }), {
    state: 'fail',
    says: /cannot read .*tapedeck-x\.wav \(EACCES\)/,
  });
});

t.test('so is the data directory, which doctor does not make', { skip: !root && 'root' }, async (t) => {
  const dir = t.testdir({});
  const config = configOf(join(dir, 'data'), join(dir, 'spool'));
  t.match(await data(config), [{ state: 'warn', says: /does not exist yet/ }]);
  t.notOk(existsSync(config.data.dir));
  mkdirSync(config.data.dir);
  chownSync(config.data.dir, RECORDER, RECORDER);
  t.match(await data(config), [{ state: 'ok', says: /user 4242/ }]);
  chmodSync(config.data.dir, 0o500);
  t.match(await data(config), [{ state: 'fail', says: /cannot write .*EACCES/ }]);
});

t.test('the way of prompts to the PBX', { skip: !root && 'root' }, async (t) => {
  const dir = t.testdir({ data: {}, spool: {} });
  const place = join(dir, 'spool');
  chownSync(join(dir, 'data'), RECORDER, RECORDER);
  const server = createServer((socket) => socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const look = async (telling: object | undefined, prompt_address = '') =>
    announcements(
      {
        config: () => ({ data: { dir: join(dir, 'data') }, telling: { prompt_address } }),
        catalogue: async () => ({ policy: { newest: async () => ({ policy: { telling } }) } }),
      } as never,
      { spool: place },
      await promptsRefused({ data: { dir: join(dir, 'data') } as never }, { spool: place }),
    );
  t.match(await look(undefined), { state: 'warn', says: /Tapedeck tells nobody/ });
  t.match(await look({}), { state: 'fail', says: /cannot write to .*EACCES.*not recorded/ });
  t.match(await look({}, `http://127.0.0.1:${port}`), { state: 'ok', says: /fetches prompts/ });
  server.close();
  t.match(await look({}, `http://127.0.0.1:${port}`), { state: 'fail', todo: /SocketBindAllow/ });
  chmodSync(place, 0o777);
  t.match(await look({}), { state: 'ok', says: /are put into/ });
});

t.test('where only passkeys approve, two people have one that counts', async (t) => {
  const lab = await peopleLab(t);
  const look = (passkeys_only = true) =>
    approvals({
      config: () => ({ approvals: { passkeys_only }, web: { hosts: ['Desk.example'] } }),
      catalogue: async () => lab.catalogue,
    } as never);
  const addKey = (userId: string, host: string, daysAgo: number) =>
    lab.catalogue.factors.addPasskey({
      ...{ id: `${userId} ${host}`, userId, name: 'key', publicKey: new Uint8Array(9), counter: 0 },
      ...{ transports: [], host, addedAt: Date.now() - daysAgo * 86_400_000, usedAt: null },
    });
  for (const name of ['ada', 'ben', 'cy']) await lab.add(name);
  await lab.add('gus', AUDITOR);
  t.strictSame(await look(false), []);
  t.match(await look(), [{ state: 'warn', says: /nobody has one/ }]);
  await addKey('ada', 'desk.example', 8);
  await addKey('ben', 'elsewhere.example', 8);
  await addKey('cy', 'desk.example', 6);
  await addKey('gus', 'desk.example', 8);
  t.match(await look(), [{ state: 'warn', says: /only one person has one/, todo: /wait 7 days/ }]);
  await addKey('ben', 'desk.example', 8);
  t.match(await look(), [{ state: 'ok', says: /2 people/ }]);
});

t.test('data in memory', { skip: !existsSync('/dev/shm') && 'no /dev/shm' }, async (t) => {
  const dir = mkdtempSync('/dev/shm/tapedeck-');
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const found = await data(configOf(dir, dir));
  t.match(
    found.find((f) => f.check === 'data disk'),
    { state: 'fail', says: /in memory \(tmpfs\)/ },
  );
});

t.test('a disk for the data that is not mounted', async (t) => {
  const fstab = [
    '# <file system> <mount point> <type>',
    'UUID=1 / ext4 defaults 0 1',
    'UUID=2 /srv/my\\040calls ext4 defaults 0 2',
    'UUID=3 none swap sw 0 0',
    '#UUID=4 /var ext4 defaults 0 2',
  ].join('\n');
  const mounts = '/dev/vda / ext4 rw 0 0\nproc /proc proc rw 0 0\n';
  t.equal(unmounted(fstab, mounts, '/srv/my calls/tapedeck'), '/srv/my calls');
  t.equal(unmounted(fstab, mounts, '/srv/my calls'), '/srv/my calls');
  t.equal(
    unmounted(fstab, `${mounts}/dev/vdb /srv/my\\040calls ext4 rw 0 0\n`, '/srv/my calls/tapedeck'),
    null,
  );
  t.equal(unmounted(fstab, mounts, '/srv/my callsandmore'), null);
  t.equal(unmounted(fstab, mounts, '/var/lib/tapedeck'), null);
  t.equal(unmounted('', mounts, '/var/lib/tapedeck'), null);
});

t.test('an ARI that others can reach', async (t) => {
  const open = async (host: string) => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, host, done));
    t.teardown(() => server.close());
    return (server.address() as { port: number }).port;
  };
  const [inside, also] = [await open('127.0.0.1'), await open('127.0.0.2')];
  const of = (ari: string, amiHost: string, amiPort: number) =>
    reach({ ari_url: ari, ami_host: amiHost, ami_port: amiPort });
  t.match(await of(`http://127.0.0.1:${inside}`, '127.0.0.1', also), [
    { check: 'ARI reach', state: 'ok' },
    { check: 'AMI reach', state: 'ok' },
  ]);
  t.match(await of('http://192.0.2.7:8088', '192.0.2.7', 5038), [{ state: 'warn' }, { state: 'warn' }]);
  t.match(await of('https://192.0.2.7:8089', '127.0.0.1', also), [{ check: 'AMI reach', state: 'ok' }]);
  // As Linux writes it: 0.0.0.0:8088, [::]:8088, 192.168.1.5:8088, [::1]:8088, [::ffff:127.0.0.1]:8088, and one that does not listen.
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue',
    '   0: 00000000:1F98 00000000:0000 0A 00000000:00000000',
    '   1: 0501A8C0:1F98 00000000:0000 0A 00000000:00000000',
    '   2: 0501A8C0:1F98 0601A8C0:C000 01 00000000:00000000',
    '   0: 00000000000000000000000000000000:1F98 00000000000000000000000000000000:0000 0A 0:0',
    '   1: 00000000000000000000000001000000:1F98 00000000000000000000000000000000:0000 0A 0:0',
    '   2: 0000000000000000FFFF00000100007F:1F98 00000000000000000000000000000000:0000 0A 0:0',
  ].join('\n');
  t.same(listeners(table, 8088), ['0.0.0.0', '192.168.1.5', '::', '::1', '127.0.0.1']);
  t.same(listeners(table, 8089), []);
});

t.test('an Asterisk that makes no CDRs, or keeps them from AMI', async (t) => {
  // As Asterisk 22.10 and 16.28 print it.
  const printed = (backend: string) =>
    `\nCall Detail Record (CDR) settings\n----------\n  Logging:                    Enabled\n  Mode:                       Simple\n\n* Registered Backends\n  -------------------\n    ${backend}\n\n`;
  const of = (text: string | null, url = ari_url) => cdrBackend({ ari_url: url }, async () => text);
  t.match(await of(printed('cdr_manager')), [{ state: 'ok' }]);
  for (const backend of ['(none)', 'cdr_manager (suspended)', 'cdr-custom'])
    t.match(await of(printed(backend)), [{ state: 'warn', todo: /cdr_manager\.conf/ }], backend);
  t.match(await of('  Logging:                    Disabled\n'), [
    { state: 'warn', todo: /enable = yes in cdr\.conf/ },
  ]);
  t.same(await of(null), [], 'no console here');
  t.same(await of(printed('(none)'), 'http://192.0.2.7:8088'), [], 'another machine');
});

t.test('a time zone that is not that of the machine', async (t) => {
  const now = Date.UTC(2026, 0, 5);
  const of = (time_zone: string, machine: string) =>
    timeZone({ site: { time_zone } } as Config, machine, now);
  t.match(of('UTC', 'Europe/Berlin'), { state: 'warn', todo: /time_zone = "Europe\/Berlin"/ });
  t.match(of('Europe/London', 'UTC'), { state: 'warn' }, 'the same in winter only');
  t.match(of('Europe/Paris', 'Europe/Berlin'), { state: 'ok' }, 'another name for the same times');
});

t.test('a site of which no country is known', async (t) => {
  const of = (time_zone: string, region?: string) => country({ site: { time_zone, region } } as Config);
  t.match(of('UTC'), { state: 'warn', todo: /region = "GB"/ });
  t.match([of('UTC', 'DE'), of('Europe/Berlin')], [{ state: 'ok' }, { state: 'ok' }]);
});

t.test('the unit that restarts the dashboard is missed', async (t) => {
  const says = (text: string) => restart(async () => text);
  t.match(await says('LoadState=loaded\nActiveState=active\n'), { state: 'ok' });
  t.match(await says('LoadState=loaded\nActiveState=inactive\n'), {
    state: 'warn',
    says: /is not active/,
    todo: /systemctl enable --now tapedeck-web-restart\.path/,
  });
  t.match(await says('LoadState=not-found\nActiveState=inactive\n'), {
    state: 'warn',
    says: /is not installed/,
    todo: /upgrade\.md/,
  });
  const away = restart(async () => {
    throw new Error('System has not been booted with systemd');
  });
  t.match(await away, { state: 'warn', says: /systemd does not run here/ });
});

t.test(
  'what the recorder needs and no call has missed yet raises an alarm, in the words of doctor',
  async (t) => {
    const key = `${Buffer.alloc(32, 7).toString('base64')}\n`;
    const dir = t.testdir({ spool: {}, 'master.key': key, secret: 'secret\n' });
    for (const file of ['master.key', 'secret']) chmodSync(join(dir, file), 0o600);
    symlinkSync('/usr/bin/ffmpeg', join(dir, 'ffmpeg'));
    const running = ['applications', 'bridges', 'channels', 'events', 'recordings'].map(
      (m) => `res_ari_${m}.so`,
    );
    running.push('res_stasis_snoop.so', 'res_stasis_recording.so', 'app_stasis.so', 'format_wav.so');
    const pbx = { up: true, asked: [] as string[], running };
    const server = createWebServer(({ method, url }, reply) => {
      pbx.asked.push(`${method} ${url}`);
      reply.end(JSON.stringify(pbx.running.map((name) => ({ name, status: 'Running' }))));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const { port } = server.address() as { port: number };
    const section = {
      ...{ id: '', name: 'PBX', spool: join(dir, 'spool'), ari_url: `http://127.0.0.1:${port}` },
      ...{ ari_user: 'tapedeck', ari_password_file: join(dir, 'secret'), ari_ca_file: '' },
    } as PbxConfig;
    const config = {
      ...{ pbxes: [section], keys: { master_key_file: join(dir, 'master.key') } },
      encode: { socket: '', ffmpeg: join(dir, 'ffmpeg') },
    } as unknown as Config;
    const { standing, alarms } = alarmBoard();
    const links = { ari: { status: () => ({ up: pbx.up }) } };
    const needs = createNeedsOf(
      { config, log: createLog('silent', 'test') } as Base,
      { alarming: { alert: alarms }, pbxes: [{ section, alarms, links }] } as unknown as Parts,
    );
    await needs.look();
    await needs.look();
    t.same([...standing.keys()], [], 'all is there');
    t.same(pbx.asked, ['GET /ari/asterisk/modules', 'GET /ari/asterisk/modules'], 'one request a look');

    pbx.running = running.filter((name) => name !== 'res_ari_channels.so');
    for (const name of ['spool', 'master.key', 'ffmpeg'])
      renameSync(join(dir, name), join(dir, `${name}.gone`));
    await needs.look();
    t.same([...standing.keys()], [], 'what is back at once was no lack');
    await needs.look();
    t.match(Object.fromEntries(standing), {
      'need_missing modules': {
        severity: 'critical',
        message: /res_ari_channels\.so/,
        hint: /module load res_ari_channels\.so/,
      },
      'need_missing spool': {
        severity: 'warning',
        message: /cannot record any call/,
        hint: /install -d .*\/spool/,
      },
      'need_missing ffmpeg': {
        severity: 'critical',
        message: /ffmpeg cannot be started/,
        hint: /apt install ffmpeg/,
      },
      'need_missing keys': {
        severity: 'critical',
        message: /master\.key: ENOENT.* would not start again/,
        hint: /Restore the file/,
      },
    });
    const found = await modules(section);
    t.equal(standing.get('need_missing modules')?.message, found?.says, 'as doctor says it');

    for (const name of ['spool', 'master.key', 'ffmpeg'])
      renameSync(join(dir, `${name}.gone`), join(dir, name));
    Object.assign(pbx, { up: false, running });
    await needs.look();
    t.same([...standing.keys()], ['need_missing modules'], 'of a PBX that is away nothing is known');
    pbx.up = true;
    await needs.look();
    t.same([...standing.keys()], [], 'and all of it is over once it is mended');
    writeFileSync(join(dir, 'master.key'), '');
    await needs.look();
    await needs.look();
    t.match(standing.get('need_missing keys'), { message: /does not hold 32 bytes/ });
  },
);
