import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  createWriteStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  catalogueFile,
  catalogueFolder,
  keysFile,
  recordingsFolder,
  tlsFolder,
} from '../../daemon/domain/paths.js';
import { ask } from '../../daemon/ops/control-client.js';
import { DASHBOARD, makeFolders, RECORDER } from './box/box.js';
import { craftedJournal } from './catalogue/crafted-journal.js';
import type { Pbx } from './pbx/pbx.js';
import { until } from './recorder.js';

const MAIN = fileURLToPath(new URL('../../dist/daemon/main.js', import.meta.url));
/** A user id that nobody has, with its primary group; the recorder is of that too, and the dashboard of the recorder's. */
const ASTERISK = 48_103;
export const attackers = { dashboard: [DASHBOARD, RECORDER], asterisk: [ASTERISK, ASTERISK] } as const;
export type Attacker = keyof typeof attackers;

/** What is done to a name, each as programs that the attacker runs one after the other. */
export const kinds = {
  'symbolic link': (path, { victim }) => [['ln', '-sfn', victim, path]],
  'hard link': (path, { victim }) => [['ln', '-f', victim, path]],
  fifo: (path) => [
    ['rm', '-rf', path],
    ['mkfifo', path],
  ],
  directory: (path) => [
    ['rm', '-rf', path],
    ['mkdir', path],
  ],
  truncated: (path) => [['truncate', '-c', '-s', '0', path]],
  replaced: (path) => [['cp', '--remove-destination', '/etc/hostname', path]],
  'journal beside it': (path, { journal }) => [['cp', journal, `${path}-journal`]],
} satisfies Record<string, (path: string, with_: { victim: string; journal: string }) => string[][]>;
export type Kind = keyof typeof kinds;

/** A recorder as its unit runs it: users, groups and modes as sysusers and tmpfiles make them, on a PBX of the laboratory. */
export async function createNames({ base, pbx }: { base: string; pbx: Pbx }) {
  const data = join(base, 'data');
  const config = join(base, 'etc/tapedeck.toml');
  const folder = (dir: string, mode: number, uid: number, gid: number) => {
    mkdirSync(dir, { recursive: true });
    chownSync(dir, uid, gid);
    chmodSync(dir, mode);
  };
  chmodSync(base, 0o755);
  folder(join(base, 'etc'), 0o750, 0, RECORDER);
  makeFolders(data);
  folder(pbx.recordingDir, 0o2770, 0, ASTERISK);
  // The laboratory's own folders are closed; the spool has to be reached through them.
  for (let dir = dirname(pbx.recordingDir); dir.startsWith(process.cwd()); dir = dirname(dir))
    chmodSync(dir, statSync(dir).mode | 0o011);
  const secret = (from: string, name: string): string => {
    const to = join(base, 'etc', name);
    copyFileSync(from, to);
    chownSync(to, RECORDER, 0);
    chmodSync(to, 0o400);
    return to;
  };
  writeFileSync(join(base, 'key'), `${Buffer.alloc(32, 7).toString('base64')}\n`);
  writeFileSync(
    config,
    [
      `[data]\ndir = "${data}"\nreserve_mb = 8`,
      `[keys]\nmaster_key_file = "${secret(join(base, 'key'), 'master.key')}"`,
      `[pbx]\nari_url = "${new URL(pbx.ari.url).origin}"\nari_password_file = "${secret(pbx.ari.passwordFile, 'ari')}"`,
      `ami_port = ${pbx.ami.port}\nami_secret_file = "${secret(pbx.ami.secretFile, 'ami')}"`,
      `spool = "${pbx.recordingDir}"\nspool_reserve_mb = 8`,
      `[web]\naddress = "127.0.0.1"\nport = 1\n[test_calls]\nenabled = false\n[telling]\nfrom_the_start = false\n[processor]\ncalls_first = false\n`,
    ].join('\n'),
  );
  // What only the recorder may write, and nobody else is to reach through it.
  const victim = join(base, 'victim');
  folder(victim, 0o755, RECORDER, RECORDER);
  const precious = join(victim, 'precious');
  writeFileSync(precious, 'every key', { mode: 0o640 });
  chownSync(precious, RECORDER, RECORDER);

  let child: ChildProcess | null = null;
  /** Ended by itself, it is started again, as its unit does. */
  let wanted = false;
  const log = createWriteStream(join(base, 'run.log'), { flags: 'a' });

  const status = () => ask(data, 'status').catch(() => null);
  const running = () => child !== null && child.exitCode === null && child.signalCode === null;

  /** Starts it, as its unit would again and again. Gives its exit code when it ends at once. */
  async function start(): Promise<number | null> {
    const ids = [`--reuid=${RECORDER}`, `--regid=${RECORDER}`, `--groups=${ASTERISK}`];
    const args = ['--pdeathsig', 'KILL', ...ids, process.execPath, MAIN, '--config', config, 'run'];
    const started = spawn('setpriv', args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH },
    });
    child = started;
    wanted = true;
    started.once('exit', () => {
      if (wanted && child === started && said.includes('Connected to ARI')) void start();
    });
    let said = '';
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (part) => {
        said += part;
        log.write(part);
      });
    await until('the recorder', () => said.includes('Connected to ARI') || !running());
    return started.exitCode;
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    wanted = false;
    if (!child || !running()) return;
    const gone = new Promise((resolve) => child!.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  const within = (dir: string): string[] =>
    existsSync(dir)
      ? readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name))
      : [];
  const hash = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
  /** What nobody may change but the recorder: the victim, and every recording. Of keys.db that its rows are there. */
  const treasure = () =>
    [precious, ...within(recordingsFolder(data)).filter((file) => file.endsWith('.age'))].map((file) =>
      existsSync(file) ? `${file} ${hash(file)}` : `${file} is gone`,
    );

  return {
    data,
    precious,
    start,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    /** What it said last. */
    lastWords: () => readFileSync(join(base, 'run.log'), 'utf8').trim().split('\n').slice(-3).join(' '),
    running,
    status,
    treasure,
    /** Whether Asterisk writes a call, before half a minute is over. */
    captured: (): Promise<boolean> =>
      until('the capture', () =>
        readdirSync(pbx.recordingDir).some((file) => file.startsWith('tapedeck-')),
      ).catch(() => false),
    /** What lies in the spool of our captures. */
    captures: (): string[] =>
      readdirSync(pbx.recordingDir)
        .filter((file) => file.startsWith('tapedeck-'))
        .map((file) => join(pbx.recordingDir, file)),
    /** The coverage of the newest call, as the command line tells it. */
    newest(): string {
      const { stdout } = spawnSync(process.execPath, [MAIN, '--config', config, 'calls', '--json'], {
        encoding: 'utf8',
      });
      return (JSON.parse(stdout) as { coverage: { status: string } }[])[0]!.coverage.status;
    },
    /** Every name there is, and those that are there now and then. */
    names: (): string[] => [
      ...new Set([
        ...within(data),
        ...['-journal', '-wal', '-shm'].map((ending) => `${catalogueFile(data)}${ending}`),
        `${keysFile(data)}-journal`,
        ...['.tapedeck-probe', 'ballast', 'daemon.lock', 'catalogue.db', 'keys.db', 'work', 'new'].map(
          (name) => join(data, name),
        ),
        ...['served.crt', 'ca.key'].map((name) => join(tlsFolder(data), name)),
      ]),
    ],
    /** Does it as that user. False when the user may not: nothing has changed then. */
    attack(who: Attacker, kind: Kind, path: string): boolean {
      const [uid, gid] = attackers[who];
      const journal = join(base, 'journal');
      const pages = existsSync(path) && lstatSync(path).isFile() ? Math.ceil(statSync(path).size / 4096) : 0;
      writeFileSync(journal, craftedJournal(precious, pages));
      const before = shape(dirname(path));
      const as = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'];
      const codes = kinds[kind](path, { victim: precious, journal }).map(
        (argv) => spawnSync('setpriv', [...as, ...argv]).status,
      );
      // The recorder changes its folders too while it runs.
      return codes.includes(0) && shape(dirname(path)) !== before;
    },
    /** Keeps the catalogue and the dashboard's folders as they are, to be put back after an attack that may destroy what is in them. */
    keep(): () => void {
      const kept = join(base, 'kept');
      rmSync(kept, { recursive: true, force: true });
      const shared = [catalogueFolder(data), tlsFolder(data)];
      for (const [n, dir] of shared.entries())
        cpSync(dir, join(kept, String(n)), { recursive: true, preserveTimestamps: true });
      return () => {
        for (const file of readdirSync(pbx.recordingDir)) rmSync(join(pbx.recordingDir, file));
        for (const [n, dir] of shared.entries()) {
          for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true });
          for (const name of readdirSync(join(kept, String(n)))) {
            copyFileSync(join(kept, String(n), name), join(dir, name));
            chownSync(join(dir, name), n === 0 ? RECORDER : DASHBOARD, RECORDER);
            chmodSync(join(dir, name), 0o640);
          }
        }
      };
    },
  };
}
export type Names = Awaited<ReturnType<typeof createNames>>;

/** Names, kinds, owners and sizes in a folder, and those of what is right below. */
function shape(dir: string): string {
  if (!existsSync(dir)) return '';
  return readdirSync(dir)
    .sort()
    .map((name) => {
      const s = lstatSync(join(dir, name), { throwIfNoEntry: false });
      return s ? `${name} ${s.mode} ${s.uid} ${s.ino} ${s.nlink} ${s.size === 0 ? 0 : 'some'}` : name;
    })
    .join('\n');
}
