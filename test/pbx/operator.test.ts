import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createLab, startPbx } from '../support/pbx/pbx.js';
import { createApiClient, createRecorderLab, type RecorderLab, seconds, until } from '../support/recorder.js';

/** The commands that these pages tell an admin to type are read from them and run, so that the pages stay true. */
const ROOT = join(import.meta.dirname, '../..');
const SYSTEMD = join(ROOT, 'systemd');
const COPY = 'operate/copy-by-hand.md';
const RESTORE = 'runbooks/restore-by-hand.md';
const UNINSTALL = 'operate/uninstall.md';
const PAGES = [COPY, RESTORE, UNINSTALL, 'operate/upgrade.md', 'operate/moving-by-hand.md'];
const page = (name: string) => readFileSync(join(ROOT, 'docs', name), 'utf8');

/** The commands of a page, or of one of its sections: lines that are indented by four spaces or more. */
function commands(name: string, section?: string): string[] {
  const text = page(name);
  const from = section === undefined ? 0 : text.indexOf(`\n## ${section}\n`);
  if (from < 0) throw new Error(`${name} has no section "${section}"`);
  const until = section === undefined ? -1 : text.indexOf('\n## ', from + 1);
  return text
    .slice(from, until < 0 ? undefined : until)
    .split('\n')
    .filter((line) => /^ {4,}[a-z(]/.test(line))
    .map((line) => line.trim());
}

/** Does what a page says, with the paths and users of this test in the place of those of a real machine. */
function createAdmin(t: Test, lab: RecorderLab, places: Record<string, string>) {
  const own = `${process.getuid!()}:${process.getgid!()}`;
  const here = (command: string): string => {
    let text = command
      .replace(/\b(tapedeck|tapedeck-web|root):(tapedeck|root)\b/g, own)
      .replace(/ -o tapedeck -g tapedeck\b/g, '');
    for (const [theirs, ours] of Object.entries(places)) text = text.replaceAll(theirs, ours);
    return text;
  };
  const shell = (command: string): void => {
    const { status, stdout, stderr } = spawnSync('sh', ['-ec', command], { encoding: 'utf8' });
    t.equal(status, 0, `${command}\n${stdout}${stderr}`);
  };
  return async function type(command: string, call = ''): Promise<void> {
    const [program, ...args] = command.split(' ');
    if (program === 'systemctl' && args[0] === 'stop') {
      await lab.stopWeb();
      await lab.stopDaemon();
    } else if (program === 'systemctl' && args[0] === 'start') {
      await lab.startDaemon();
      await lab.startWeb();
    } else if (program === 'systemd-tmpfiles') {
      const conf = join(t.testdirName, 'tmpfiles.conf');
      writeFileSync(
        conf,
        here(readFileSync(join(SYSTEMD, 'tapedeck.tmpfiles'), 'utf8'))
          .replace(/ (tapedeck|tapedeck-web|root) +(tapedeck|root) /g, ` ${own.replace(':', ' ')} `)
          .replace(/^.*\/etc\/.*$/gm, ''),
      );
      shell(`systemd-tmpfiles --create ${conf}`);
    } else if (program === 'tapedeck') {
      const words = (command.match(/"[^"]*"|\S+/g) ?? []).slice(1).map((w) => w.replace(/^"|"$/g, ''));
      const { code, out, err } = await lab.command(words.map((w) => (w === 'CALL' ? call : w)));
      // Doctor warns of what this machine has not; what fails is what matters.
      t.ok(code === 0, `${command}\n${out}${err}`);
    } else shell(here(command));
  };
}

t.test('what the pages name is there', (t) => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  for (const name of PAGES) {
    t.ok(readme.includes(`docs/${name}`), `README.md leads to ${name}`);
    for (const command of commands(name))
      for (const [, verb] of command.matchAll(/(?:^|&& )tapedeck ((?:[a-z-]+ ?){1,2})/g)) {
        const { stdout, stderr } = spawnSync(
          process.execPath,
          [join(ROOT, 'dist/daemon/main.js'), ...verb!.trim().split(' '), '--help'],
          { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
        );
        t.match(stdout, /^Usage: tapedeck/, `${name}: ${command}${stderr}`);
      }
  }
  t.end();
});

t.test('every table of operate/services.md is whole', (t) => {
  const lines = page('operate/services.md').split('\n');
  for (const [n, line] of lines.entries()) {
    if (!line.startsWith('|')) continue;
    const before = lines[n - 1] ?? '';
    if (!before.startsWith('|'))
      t.match(lines[n + 1], /^\|[ -|]+\|$/, `line ${n + 1} begins a table: ${line}`);
  }
  t.end();
});

t.test(
  'a backup that is taken while calls are recorded is restored, and everything in it opens',
  async (t) => {
    const dir = t.testdir({ etc: {}, lab: {} });
    const pbx = await startPbx({ name: 'operator' });
    const lab = createRecorderLab({ dir: join(dir, 'lab'), pbx });
    const aside = `${lab.dataDir}.before`;
    rmSync(aside, { recursive: true, force: true });
    const phones = createLab(pbx);
    t.teardown(async () => {
      await phones.stop();
      await lab.stop();
      await pbx.stop();
      rmSync(aside, { recursive: true, force: true });
    });
    await lab.startDaemon();
    const { address, setupCode } = await lab.startWeb();
    const api = createApiClient(address);
    await api.setUp(setupCode!, 'ada', 'several unrelated quiet words');
    const caller = await phones.phone('100');
    await phones.phone('101');
    const talk = async (s: number) => {
      const call = await caller.call('101');
      await call.answered;
      await seconds(s);
      await call.hangup();
    };
    const sealed = (count: number) =>
      until(`${count} sealed recordings`, async () => {
        const all = (await api.calls()).filter((c) => c.recording?.state === 'sealed');
        return all.length >= count && all;
      });
    mkdirSync(join(lab.dataDir, 'tls'), { recursive: true }); // tmpfiles makes it on a real machine
    await talk(2);
    const [made] = await sealed(1);

    copyFileSync(lab.config, join(dir, 'etc/tapedeck.toml'));
    copyFileSync(join(dir, 'lab/master.key'), join(dir, 'etc/master.key'));
    const type = createAdmin(t, lab, {
      '/var/lib/tapedeck': lab.dataDir,
      '/var/backups/tapedeck': join(dir, 'backup'),
      '/root/tapedeck-etc': join(dir, 'etc-copy'),
      '/etc/tapedeck': join(dir, 'etc'),
    });
    // A call goes on while the backup is taken.
    const during = talk(4);
    for (const command of commands(COPY, 'Take a backup')) await type(command);
    await during;
    await sealed(2);
    t.match(
      readdirSync(join(dir, 'backup')).sort(),
      ['catalogue.db', 'keys.db', 'recordings', 'signing', 'tls'].filter(
        (name) => name !== 'tls' || existsSync(join(lab.dataDir, 'tls')),
      ),
    );
    t.same(readFileSync(join(dir, 'etc-copy/master.key')), readFileSync(join(dir, 'lab/master.key')));

    const [first, put, check] = ['On the same machine'].flatMap((section) => {
      const all = commands(RESTORE, section);
      const etc = all.findIndex((c) => c.startsWith('cp -a /root'));
      const doctor = all.findIndex((c) => c.startsWith('tapedeck doctor'));
      return [all.slice(0, etc), all.slice(etc, doctor), all.slice(doctor)];
    });
    for (const command of first!) await type(command);
    for (const command of put!) await type(command);
    t.ok(existsSync(`${lab.dataDir}.before`), 'what was there is put aside, not removed');
    for (const command of check!) await type(command);

    const again = createApiClient(await lab.stopWeb().then(async () => (await lab.startWeb()).address));
    await again.signIn('ada', 'several unrelated quiet words');
    const back = await again.calls();
    t.ok(
      back.some((c) => c.id === made!.id),
      'the call of the backup is listed again',
    );
    const sound = await again.audio(made!.id);
    t.equal(sound.subarray(0, 4).toString(), 'OggS', 'and can be listened to');
    for (const command of commands(COPY, 'Check a backup'))
      await type(command.replace('CALL', `${made!.id} --output ${join(dir, 'sound.opus')}`));
  },
);

t.test('what is left is destroyed by hand, where the command cannot', async (t) => {
  const root = t.testdir({
    etc: { tapedeck: { 'master.key': 'key', 'tapedeck.toml': '' } },
    var: { lib: { tapedeck: { recordings: { 'a.opus.age': 'sealed' } } } },
  });
  for (const command of commands(UNINSTALL, 'Destroy what is left, by hand')) {
    const { status, stderr } = spawnSync('sh', ['-ec', command.replace(/ \/(?=[a-z])/g, ` ${root}/`)], {
      encoding: 'utf8',
    });
    t.equal(status, 0, `${command} ${stderr}`);
  }
  t.equal(spawnSync('find', [root, '-type', 'f'], { encoding: 'utf8' }).stdout, '');
});
