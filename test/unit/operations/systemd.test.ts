import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { keysFile, tlsFiles } from '../../../daemon/domain/paths.js';
import { createKeys } from '../../../daemon/vault/keys.js';

const units = ['tapedeck.service', 'tapedeck-web.service'];
const ENCODER = 'tapedeck-encoder.service';
const RESTART = ['tapedeck-web-restart.path', 'tapedeck-web-restart.service'] as const;
const shipped = [...units, ENCODER, 'tapedeck-encoder.socket', ...RESTART];
const place = (file: string) => join(import.meta.dirname, '../../..', 'systemd', file);

/** What systemd prints, on either stream, and its exit code. */
function run(program: string, ...args: string[]): { code: number | null; text: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '' },
  });
  if (error) throw error;
  return { code: status, text: `${stdout}${stderr}` };
}

const values = (unit: string, key: string): string[] =>
  [...readFileSync(place(unit), 'utf8').matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map((m) => m[1]!);

for (const unit of shipped) {
  t.test(`${unit} says nothing that systemd does not understand`, async (t) => {
    // In a root of its own there is a program to start, so that verify has no complaint of its own making.
    const root = t.testdir({
      usr: { bin: { perl: '#!/bin/sh\n' }, lib: { tapedeck: { bin: { node: '#!/bin/sh\n' } } } },
      bin: { rm: '#!/bin/sh\n', systemctl: '#!/bin/sh\n' },
      etc: { systemd: { system: {} } },
    });
    for (const program of ['usr/lib/tapedeck/bin/node', 'usr/bin/perl', 'bin/rm', 'bin/systemctl'])
      chmodSync(join(root, program), 0o755);
    const there = (file: string) => join(root, 'etc/systemd/system', file);
    for (const file of shipped) cpSync(place(file), there(file));
    for (const file of ['sysinit', 'sockets', 'paths', 'network-online', 'shutdown'].map(
      (name) => `${name}.target`,
    ))
      writeFileSync(there(file), '[Unit]\nDescription=Stands in for the real one\n');
    const { code, text } = run('systemd-analyze', 'verify', `--root=${root}`, '--man=no', unit);
    t.equal(text, '');
    t.equal(code, 0);
  });
}

for (const unit of [...units, ENCODER, RESTART[1]]) {
  t.test(`${unit} leaves an exposure of at most 1.5 out of 10`, async (t) => {
    const { code, text } = run(
      'systemd-analyze',
      'security',
      '--offline=yes',
      '--threshold=15',
      '--no-pager',
      place(unit),
    );
    const level = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(text)?.[1]);
    t.ok(level <= 1.5, `it is ${level}`);
    t.equal(code, 0, 'systemd agrees');
  });
}

for (const unit of units) {
  t.test(`${unit} does not forbid what Node and systemd-notify need`, async (t) => {
    t.same(values(unit, 'MemoryDenyWriteExecute'), [], 'Node writes code and runs it');
    t.same(values(unit, 'Type'), ['notify']);
    t.same(values(unit, 'NotifyAccess'), ['all'], 'systemd-notify is a child process');
    t.match(values(unit, 'RestrictAddressFamilies'), [/AF_UNIX/], 'it speaks over a Unix socket');
    t.same(values(unit, 'SystemCallErrorNumber'), ['EPERM'], 'what is not allowed does not kill');
  });
}

t.test('the recorder may lower the priority of ffmpeg, and ffmpeg is not ended with it', async (t) => {
  t.equal(values('tapedeck.service', 'SystemCallFilter').at(-1), 'setpriority');
  t.same(values('tapedeck.service', 'KillMode'), ['mixed']);
});

t.test(
  "the dashboard writes its own database and its certificates, and reads neither keys nor what is Asterisk's",
  async (t) => {
    const data = '/var/lib/tapedeck';
    t.same(values('tapedeck-web.service', 'ProtectSystem'), ['strict']);
    t.same(values('tapedeck-web.service', 'ReadWritePaths'), [`${data}/web ${data}/tls`]);
    const closed = values('tapedeck-web.service', 'InaccessiblePaths').join(' ').split(' ');
    const inside = ['keys', 'signing/key', 'owner', 'recorder', 'work'].map((name) => `${data}/${name}`);
    for (const path of ['/etc/asterisk', '/var/spool/asterisk', '/etc/tapedeck/master.key', ...inside])
      t.ok(closed.includes(`-${path}`), path);
    t.same(values('tapedeck-web.service', '#?LoadCredential(?:Encrypted)?'), [], 'it is handed no key');
    for (const unit of units)
      t.same(values(unit, 'RequiresMountsFor'), [data], `${unit} waits for the data disk`);
  },
);

t.test('the dashboard does not take the data folder for itself', async (t) => {
  t.same(values('tapedeck-web.service', 'StateDirectory'), []);
  t.same(values('tapedeck-web.service', 'Group'), values('tapedeck.service', 'Group'));
  t.not(values('tapedeck-web.service', 'User')[0], values('tapedeck.service', 'User')[0]);
});

t.test('no unit leaves a folder that everybody may write', async (t) => {
  for (const unit of [...units, ENCODER]) {
    const closed = values(unit, 'InaccessiblePaths').join(' ').split(' ');
    for (const path of ['/dev/shm', '/dev/mqueue']) t.ok(closed.includes(`-${path}`), `${unit}: ${path}`);
    t.ok(values(unit, 'ReadOnlyPaths').includes('/run'), `${unit}: ProtectSystem=strict alone leaves it`);
  }
  t.same(values('tapedeck.service', 'PrivateTmp'), ['yes']);
  const [memory] = values('tapedeck-web.service', 'TemporaryFileSystem');
  for (const path of ['/tmp', '/var/tmp'])
    t.match(memory, new RegExp(`(^| )${path}:mode=1777,size=64M,nr_inodes=1k( |$)`), path);
});

t.test('the dashboard cannot take more of a disk than its files have room for', async (t) => {
  const web = 'tapedeck-web.service';
  t.same(values(web, 'LimitFSIZE'), ['32M']);
  const refused = values(web, 'SystemCallFilter')
    .filter((list) => list.startsWith('~'))
    .join(' ');
  for (const call of ['fallocate', 'setxattr', 'lsetxattr', 'fsetxattr', 'io_uring_setup', 'io_uring_enter'])
    t.ok(refused.split(/[ ~]/).includes(call), call);
  t.match(values(web, 'ExecStart'), [
    /^\/usr\/bin\/perl \/usr\/lib\/tapedeck\/bin\/no-growth\.pl \S+\/node /,
  ]);
  t.ok(values('tapedeck.service', 'ReadOnlyPaths').includes('-/var/lib/tapedeck/tls'));
  const file = join(t.testdir({ file: '' }), 'file');
  // FS_IOC_RESVSP, for 32 MB.
  const keep = `open my $f, '+<', $ARGV[0] or die; my $r = pack 's s x4 q q L l x16', 0, 0, 0, 1<<25, 0, 0; exit(ioctl($f, 0x40305828, $r) ? 0 : 9)`;
  const tries = ['/usr/bin/perl', '-e', keep, file];
  if (run('/usr/bin/perl', ...tries.slice(1)).code !== 0)
    return void t.pass('', { skip: 'not on this disk' });
  t.ok(statSync(file).blocks > 0, 'beyond the end of an empty file');
  truncateSync(file);
  t.equal(run('/usr/bin/perl', place('no-growth.pl'), ...tries).code, 9);
  t.equal(statSync(file).blocks, 0);
  t.match(run('/usr/bin/perl', place('no-growth.pl'), process.execPath, '-p', '6*7'), {
    code: 0,
    text: '42\n',
  });
});

t.test('no process dumps its memory, is swapped out, or lets what it starts do so', async (t) => {
  for (const unit of [...units, ENCODER]) {
    t.same(values(unit, 'LimitCORE'), ['0'], unit);
    t.same(values(unit, 'MemorySwapMax'), ['0'], unit);
  }
});

t.test('where memory runs out the dashboard ends first, then the encoder, and calls go on', async (t) => {
  const first = ['tapedeck-web.service', ENCODER].map((unit) => Number(values(unit, 'OOMScoreAdjust')[0]));
  t.ok(first[0]! > first[1]! && first[1]! > 0, first.join());
  t.same(values('tapedeck.service', 'OOMScoreAdjust'), [], 'as Asterisk');
});

t.test(
  'the encoder writes nowhere, opens no socket, and the recorder alone may connect to its own',
  async (t) => {
    const socket = 'tapedeck-encoder.socket';
    t.same(values(socket, 'SocketUser'), values('tapedeck.service', 'User'));
    t.same(values(socket, 'SocketMode'), ['0600'], "its group is the dashboard's too");
    t.not(values(ENCODER, 'User')[0], values('tapedeck.service', 'User')[0]);
    t.not(values(ENCODER, 'Group')[0], values('tapedeck.service', 'Group')[0]);
    t.same(values(ENCODER, 'ProtectSystem'), ['strict']);
    for (const key of ['ReadWritePaths', 'StateDirectory', 'RuntimeDirectory', 'SupplementaryGroups'])
      t.same(values(ENCODER, key), [], key);
    const closed = values(ENCODER, 'InaccessiblePaths').join(' ').split(' ');
    for (const path of [
      '/var/lib',
      '/var/spool',
      '/etc/tapedeck',
      '/etc/asterisk',
      '/tmp',
      '/var/tmp',
      '/dev/shm',
    ])
      t.ok(closed.includes(`-${path}`), path);
    t.same(values(ENCODER, 'PrivateNetwork'), ['yes']);
    const denied = values(ENCODER, 'SystemCallFilter').filter((list) => list.startsWith('~'));
    for (const call of ['socket', 'connect', 'bind', 'io_uring_setup'])
      t.ok(denied.join(' ').split(/[ ~]/).includes(call), call);
    t.same(values(ENCODER, '#?LoadCredential(?:Encrypted)?'), [], 'it is handed no secret');
    t.same(values('tapedeck.service', 'Wants'), [socket]);
  },
);

t.test('the dashboard is restarted at the request of the recorder, and of nobody else', async (t) => {
  const [path, service] = RESTART;
  const request = '/run/tapedeck-requests/restart-web';
  t.same(values(path, 'PathExists'), [request]);
  const run = values('tapedeck.service', 'RuntimeDirectory')[0]!.split(' ');
  t.ok(run.includes('tapedeck-requests'), "systemd makes the folder, and it is the recorder's");
  t.same(values('tapedeck.service', 'RuntimeDirectoryMode'), ['0700'], 'alone');
  t.same(values('tapedeck-web.service', 'RuntimeDirectory'), []);
  t.same(values(service, 'User'), values('tapedeck.service', 'User'), 'which removes the request');
  t.same(values(service, 'ExecStartPre'), [`/bin/rm -f ${request}`], 'first: it is not found again');
  t.same(values(service, 'ExecStart'), [
    '!/bin/systemctl --no-block try-restart tapedeck-web.service',
    '-!/bin/systemctl kill --signal=SIGKILL tapedeck-web.service',
  ]);
  t.same(values('tapedeck-web.service', 'Restart'), ['on-failure'], 'a killed dashboard starts again');
  t.same(values(service, 'CapabilityBoundingSet'), ['']);
});

t.test('the units that the pages tell an admin to write are understood by systemd', async (t) => {
  const pages = ['master-key', 'live-audio'].map((name) =>
    readFileSync(join(import.meta.dirname, '../../../docs/operate', `${name}.md`), 'utf8'),
  );
  const blocks = [...pages.join('\n').matchAll(/(?:^ {4}.*\n|^\n(?= {4}))+/gm)].map((m) =>
    m[0].replace(/^ {4}/gm, ''),
  );
  const block = (text: string) => blocks.find((b) => b.includes(text)) ?? '';
  const root = t.testdir({
    usr: { bin: { perl: '#!/bin/sh\n' }, lib: { tapedeck: { bin: { node: '#!/bin/sh\n' } } } },
    bin: { sh: '#!/bin/sh\n' },
    etc: { systemd: { system: { 'tapedeck.service.d': {}, 'tapedeck-web.service.d': {} } } },
  });
  for (const program of ['usr/lib/tapedeck/bin/node', 'usr/bin/perl', 'bin/sh'])
    chmodSync(join(root, program), 0o755);
  const there = (file: string) => join(root, 'etc/systemd/system', file);
  for (const file of shipped) cpSync(place(file), there(file));
  writeFileSync(there('tapedeck.service.d/key.conf'), block('LoadCredentialEncrypted='));
  writeFileSync(there('tapedeck.service.d/passphrase.conf'), block('LoadCredential=master-passphrase'));
  writeFileSync(there('tapedeck-passphrase.service'), block('systemd-ask-password'));
  writeFileSync(there('var-spool-asterisk-recording.mount'), block('[Mount]'));
  for (const file of ['sysinit.target', 'sockets.target', 'network-online.target', 'shutdown.target'])
    writeFileSync(there(file), '[Unit]\nDescription=Stands in for the real one\n');
  const all = [...units, 'tapedeck-passphrase.service', 'var-spool-asterisk-recording.mount'];
  for (const unit of all) {
    const { code, text } = run('systemd-analyze', 'verify', `--root=${root}`, '--man=no', unit);
    t.equal(text, '', unit);
    t.equal(code, 0, unit);
  }
});

t.test('sysusers makes two users of one group, one of its own, and no group for Asterisk', async (t) => {
  const root = t.testdir({ etc: {} });
  const { code, text } = run('systemd-sysusers', `--root=${root}`, place('tapedeck.sysusers'));
  t.equal(code, 0, text);
  const groups = readFileSync(join(root, 'etc/group'), 'utf8');
  const gid = /^tapedeck:[^:]*:(\d+):/m.exec(groups)?.[1];
  t.ok(gid);
  t.notMatch(groups, /^(asterisk|tapedeck-web):/m);
  const users = readFileSync(join(root, 'etc/passwd'), 'utf8');
  for (const name of ['tapedeck', 'tapedeck-web'])
    t.match(users, new RegExp(`^${name}:[^:]*:\\d+:${gid}:.*nologin$`, 'm'));
  const encoder = /^tapedeck-encoder:[^:]*:\d+:(\d+):.*nologin$/m.exec(users)?.[1];
  t.ok(encoder && encoder !== gid, 'the encoder reaches nothing by way of the group');
});

const root = process.getuid?.() === 0;

t.test(
  "the dashboard's user writes its own folders, and neither reads keys nor adds a name to what is the recorder's",
  { skip: !root && 'only root can be somebody else' },
  async (t) => {
    // Where every user gets to.
    const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    chmodSync(dir, 0o755);
    mkdirSync(join(dir, 'etc'));
    run('systemd-sysusers', `--root=${dir}`, place('tapedeck.sysusers'));
    run('systemd-tmpfiles', '--create', `--root=${dir}`, place('tapedeck.tmpfiles'));
    const users = readFileSync(join(dir, 'etc/passwd'), 'utf8');
    const [recorder, dashboard] = ['tapedeck', 'tapedeck-web'].map((name) =>
      new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(users)!.slice(1, 3),
    );
    const data = join(dir, 'var/lib/tapedeck');
    const file = keysFile(data);
    const masterKey = randomBytes(32);
    const keys = createKeys({ path: file, masterKey });
    keys.start();
    await keys.create('01A');
    keys.stop();
    chownSync(file, Number(recorder![0]), Number(recorder![1]));
    const asDashboard = (...argv: string[]) =>
      spawnSync(
        'setpriv',
        [`--reuid=${dashboard![0]}`, `--regid=${dashboard![1]}`, '--clear-groups', '--', ...argv],
        { encoding: 'utf8' },
      );
    const own = ['', '-wal', '-shm'].map((end) => `web/web.db${end}`);
    const { dir: _, ...tls } = tlsFiles(data);
    for (const name of [...own, ...Object.values(tls).map((path) => path.slice(data.length + 1))])
      t.equal(asDashboard('dd', 'if=/dev/null', `of=${join(data, name)}`).status, 0, `${name}: it writes it`);
    t.equal(own.length + Object.keys(tls).length, 11, 'as many as the unit and SECURITY.md count');
    const closed = [
      ...['catalogue/x', 'catalogue/catalogue.db-journal', 'recordings/x', 'signing/x', 'control/sock', 'x'],
      ...['web/x', 'tls/x', 'keys/keys.db-journal', 'owner/sock', 'recorder/x', 'work/x'],
    ];
    for (const name of closed)
      t.match(asDashboard('touch', join(data, name)), { status: 1, stderr: /Permission denied/ }, name);
    t.match(asDashboard('cat', file), { status: 1, stderr: /Permission denied/ }, 'keys');
    t.match(asDashboard('ls', join(data, 'keys')), { status: 2, stderr: /Permission denied/ });
    t.equal(statSync(file).mode & 0o777, 0o600, 'not even if the folder were open');
  },
);

t.test('tmpfiles makes the folders, in which the recorder alone adds names', async (t) => {
  const dir = t.testdir({ etc: {} });
  run('systemd-sysusers', `--root=${dir}`, place('tapedeck.sysusers'));
  const dry = run('systemd-tmpfiles', '--create', '--dry-run', `--root=${dir}`, place('tapedeck.tmpfiles'));
  t.equal(dry.code, 0, dry.text);
  if (!root) return void t.pass('what it makes', { skip: 'only root can give files away' });
  const { code, text } = run('systemd-tmpfiles', '--create', `--root=${dir}`, place('tapedeck.tmpfiles'));
  t.equal(code, 0, text);
  const modes = Object.fromEntries(
    [
      '',
      '/work',
      '/recordings',
      '/keys',
      '/signing',
      '/catalogue',
      '/recorder',
      '/control',
      '/owner',
      '/web',
    ].map((name) => [name, (statSync(join(dir, `var/lib/tapedeck${name}`)).mode & 0o7777).toString(8)]),
  );
  t.same(modes, {
    '': '2750',
    '/work': '700',
    '/recordings': '2750',
    '/keys': '700',
    '/signing': '2750',
    '/catalogue': '2750',
    '/recorder': '700',
    '/control': '2750',
    '/owner': '700',
    '/web': '750',
  });
});
