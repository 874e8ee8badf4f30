import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { catalogueFile, catalogueFolder, keysFile } from '../../../daemon/domain/paths.js';
import { programOf } from '../../support/program-of.js';
import { until } from '../../support/recorder.js';

if (process.getuid?.() !== 0) {
  t.pass('the command line as root', { skip: 'only root can be root' });
  process.exit(0);
}

const MAIN = join(import.meta.dirname, '../../../dist/daemon/main.js');
const HOUSE = join(import.meta.dirname, '../../support/root-house.ts');
const RECORDER = join(import.meta.dirname, '../../support/cli-recorder.ts');
const env = { ...process.env, NODE_OPTIONS: '' };
/** The recorder's user and group: numbers that nobody has. */
const OWNER = 48_151;

/** A site whose data belongs to a user who is not root, with one recording; configuration and master key are root's. */
function site(t: Test, { made = true } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-root-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  chmodSync(dir, 0o755);
  const data = join(dir, 'data');
  const etc = join(dir, 'etc');
  mkdirSync(etc, { mode: 0o700 });
  const config = join(etc, 'tapedeck.toml');
  writeFileSync(config, `[data]\ndir = "${data}"\n[keys]\nmaster_key_file = "master.key"\n`, { mode: 0o600 });
  const key = randomBytes(32).toString('base64');
  writeFileSync(join(etc, 'master.key'), key, { mode: 0o600 });
  spawnSync('install', ['-d', '-o', String(OWNER), '-g', String(OWNER), '-m', '2750', data]);
  const owner = ['--reuid', String(OWNER), '--regid', String(OWNER), '--clear-groups'];
  if (made) {
    const made = spawnSync('setpriv', [...owner, process.execPath, ...programOf(HOUSE), data], {
      input: key,
      env,
    });
    if (made.status !== 0) throw new Error(String(made.stderr));
  }
  const args = [MAIN, '--config', config];
  return {
    dir,
    etc,
    data,
    key,
    run: (...argv: string[]) =>
      spawnSync(process.execPath, [...args, ...argv], { encoding: 'utf8', env, cwd: etc }),
    /** The same, with a standard input of its own, which is closed here. */
    start(input: number, ...argv: string[]): ChildProcess {
      const stdio = [input, 'inherit', 'inherit'] as const;
      const pdeathsig = ['--pdeathsig', 'KILL', process.execPath, ...args, ...argv];
      const child = spawn('setpriv', pdeathsig, { env, cwd: etc, stdio: [...stdio] });
      closeSync(input);
      return child;
    },
    /** A recorder on the data directory, as its owner; gives its process once it answers. */
    async recorder(): Promise<ChildProcess> {
      const program = [process.execPath, ...programOf(RECORDER), data];
      const child = spawn('setpriv', [...owner, '--pdeathsig', 'KILL', ...program], {
        ...{ env, stdio: ['ignore', 'pipe', 'inherit'] },
      });
      t.teardown(() => child.kill('SIGKILL'));
      await new Promise<void>((resolve, reject) => {
        child.stdout!.once('data', () => resolve());
        child.once('exit', (code) => reject(new Error(`The recorder has ended with ${code}.`)));
      });
      return child;
    },
    /** Files in the data directory that are not its owner's. */
    foreign: () =>
      readdirSync(data, { recursive: true, encoding: 'utf8' }).filter(
        (name) => statSync(join(data, name)).uid !== OWNER,
      ),
  };
}

const CALL = '01ARZ3NDEKTSV4RRFFQ69G5FA0';

t.test('run as root, the command line becomes the owner of the data for good', async (t) => {
  const s = site(t);
  const fifo = join(s.dir, 'password');
  spawnSync('mkfifo', [fifo]);
  const typing = openSync(fifo, 'r+');
  const child = s.start(openSync(fifo, 'r'), 'user', 'add', 'ada', '--role', 'admin');
  t.teardown(() => child.kill('SIGKILL'));
  const ids = (name: string) =>
    new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
  // It waits for the password on its standard input, with the catalogue open.
  const open = () =>
    readdirSync(`/proc/${child.pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${child.pid}/fd/${fd}`) === catalogueFile(s.data);
      } catch {
        return false; // it was closed meanwhile
      }
    });
  await until('the catalogue to be open', open);
  const all = [OWNER, OWNER, OWNER, OWNER].join('\t');
  t.same(
    [ids('Uid'), ids('Gid'), ids('Groups')?.trim()],
    [all, all, ''],
    'real, effective, saved and of the file system',
  );
  t.equal(ids('CapEff')?.replace(/0/g, ''), '', 'and no capability is left');
  writeSync(typing, 'four unrelated quiet words\n');
  closeSync(typing);
  const [code] = await new Promise<[number]>((resolve) => child.once('close', (c) => resolve([c ?? 1])));
  t.equal(code, 0);
  t.same(s.foreign(), [], "nothing in the data is root's");
  t.match(s.run('audit', 'list').stdout, /root \(console\).*person add/s, 'the log names who it was');
});

t.test('root gets somebody back in, with a recorder that runs and without', async (t) => {
  const s = site(t);
  const file = join(s.etc, 'password');
  writeFileSync(file, 'four unrelated quiet words', { mode: 0o600 });
  const commands = [
    ['user', 'add', 'ada', '--password-file', file],
    ['user', 'password', 'ada', '--password-file', file],
    ['user', 'factors', 'ada', '--reset'],
  ];
  const recover = (how: string) => {
    for (const argv of commands) {
      const done = s.run(...argv);
      t.equal(done.status, 0, `${how}: ${argv.slice(0, 2).join(' ')} ${done.stderr}`);
    }
    t.same(s.foreign(), [], `${how}: nothing in the data is root's`);
  };
  recover('no recorder runs');
  t.equal(s.run('user', 'add', 'bea', '--role', 'admin', '--password-file', file).status, 0);
  t.equal(s.run('user', 'remove', 'ada').status, 0);
  const recorder = await s.recorder();
  commands[0] = ['user', 'add', 'ada', '--role', 'admin', '--password-file', file];
  recover('a recorder runs');
  const log = JSON.parse(s.run('audit', 'list', '--json').stdout) as { actor: string; action: string }[];
  const entries = log.filter((entry) => /^p/.test(entry.action)).map(({ actor, action }) => [actor, action]);
  const each = ['person_add', 'password_change', 'person_change'];
  t.same(
    entries.reverse(),
    [...each, 'person_add', 'person_remove', ...each].map((action) => ['console', action]),
    'each is one entry, by the console',
  );
  recorder.kill('SIGSTOP');
  const hangs = s.run('user', 'factors', 'ada', '--reset');
  t.match(hangs, { status: 1, stderr: /nothing was changed/ }, 'one that hangs keeps its lock');
  recorder.kill('SIGCONT');
});

t.test('root reads and opens first what only root may', async (t) => {
  const s = site(t);
  const out = join(s.etc, 'call.opus');
  const done = s.run('export', CALL, '-o', out);
  t.equal(done.status, 0, done.stderr);
  t.match(statSync(out), { uid: 0, size: 3000 });
  const known = readFileSync(out);
  const again = s.run('export', CALL, '-o', out);
  t.match(again, { status: 2, stderr: /there already/ });
  t.ok(readFileSync(out).equals(known));
  t.equal(s.run('export', CALL, '-o', out, '--force').status, 0);
  t.match(s.run('export', '01ARZ3NDEKTSV4RRFFQ69G5FA9', '-o', join(s.dir, 'none')), {
    status: 1,
    stderr: /This call does not exist/,
  });
  writeFileSync(join(s.etc, 'password'), 'four unrelated quiet words', { mode: 0o600 });
  const added = s.run('user', 'add', 'ben', '--role', 'auditor', '--password-file', join(s.etc, 'password'));
  t.equal(added.status, 0, added.stderr);
  t.match(s.run('keys', 'status').stdout, /the keys of 1 recordings/);
  t.match(s.run('verify', '--all').stdout, /1 verified/);
  t.match(s.run('doctor').stdout, /master key opens keys\.db/);
  const key = join(s.etc, 'master.key');
  chmodSync(key, 0o640);
  chownSync(key, 0, OWNER);
  t.match(s.run('doctor').stdout, /dashboard's group can read .*master\.key/, 'in a folder that is closed');
  t.same(s.foreign(), []);
});

t.test('the master key is changed by root, and the data by its owner', async (t) => {
  const s = site(t);
  const done = s.run('keys', 'rotate');
  t.equal(done.status, 0, done.stderr);
  t.match(done.stdout, /1 keys are wrapped under the new master key/);
  t.not(readFileSync(join(s.etc, 'master.key'), 'utf8').trim(), s.key);
  t.notOk(existsSync(join(s.etc, 'master.key.next')));
  t.equal(s.run('export', CALL, '-o', join(s.etc, 'after.opus')).status, 0);
  t.same(s.foreign(), []);
});

t.test('the command line makes no database, and no folder', async (t) => {
  const s = site(t, { made: false });
  for (const argv of [
    ['calls'],
    ['user', 'list'],
    ['audit', 'list'],
    ['policy', 'export'],
    ['retention', 'plan'],
  ])
    t.match(
      s.run(...argv),
      { status: 1, stderr: /The catalogue is missing\..*systemctl start tapedeck/s },
      argv.join(' '),
    );
  t.same(readdirSync(s.data), []);
  rmSync(s.data, { recursive: true });
  t.match(s.run('calls'), { status: 1, stderr: /The catalogue is missing/ });
  s.run('doctor');
  t.notOk(existsSync(s.data));
});

t.test('a catalogue that is a link has root write nothing where it points', async (t) => {
  const s = site(t);
  const victim = join(s.etc, 'victim');
  writeFileSync(victim, '', { mode: 0o600 });
  rmSync(catalogueFile(s.data));
  symlinkSync(victim, catalogueFile(s.data));
  for (const argv of [['calls'], ['user', 'add', 'eve', '--password-file', '/dev/null'], ['audit', 'list']])
    t.match(s.run(...argv), { status: 65, stderr: /not a plain file/ }, argv.join(' '));
  t.equal(statSync(victim).size, 0);
  rmSync(catalogueFolder(s.data), { recursive: true });
  symlinkSync(s.etc, catalogueFolder(s.data));
  t.not(s.run('calls').status, 0);
  t.same(readdirSync(s.etc).sort(), ['master.key', 'tapedeck.toml', 'victim']);
});

t.test('keys that an earlier version left are not forgotten by a change of the master key', async (t) => {
  const s = site(t);
  spawnSync('mv', [keysFile(s.data), join(s.data, 'keys.db')]);
  t.match(s.run('keys', 'rotate'), { status: 1, stderr: /earlier version.*systemctl start tapedeck/s });
  t.equal(readFileSync(join(s.etc, 'master.key'), 'utf8'), s.key);
});
