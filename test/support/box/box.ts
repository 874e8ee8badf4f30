import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  catalogueFolder,
  controlFolder,
  keysFolder,
  ownerFolder,
  recorderFolder,
  recordingsFolder,
  signingFolder,
  tlsFiles,
  tlsFolder,
  webFile,
  webFolder,
} from '../../../daemon/domain/paths.js';
import { ask } from '../../../daemon/ops/control-client.js';
import { until } from '../recorder.js';
import { requestsIn } from './restarter.js';

const MAIN = fileURLToPath(new URL('../../../dist/daemon/main.js', import.meta.url));
/** User ids that nobody has; the dashboard is of the recorder's group, as its unit says. */
export const RECORDER = 48_101;
export const DASHBOARD = 48_102;
/** Why a test is skipped that needs both users. */
export const NEEDS_ROOT = process.getuid?.() !== 0 && 'only root can be somebody else';

export type Part = 'run' | 'web';
const READY: Record<Part, RegExp> = { run: /the recorder is ready/, web: /ready at (http[^"\s]+)/ };

/** Gives a path to a user, with the recorder's group and this mode. */
export function give(path: string, uid: number, mode: number, gid = RECORDER): void {
  chownSync(path, uid, gid);
  chmodSync(path, mode);
}

/** The folders of a data directory as systemd/tapedeck.tmpfiles makes them, or changes those that are there. */
export function makeFolders(dataDir: string): void {
  const root = process.getuid?.() === 0;
  const open = [catalogueFolder, recordingsFolder, signingFolder, controlFolder].map((of) => of(dataDir));
  const own = [keysFolder, ownerFolder, recorderFolder].map((of) => of(dataDir));
  const folder = (dir: string, uid: number, mode: number) => {
    mkdirSync(dir, { recursive: true });
    if (root) give(dir, uid, mode);
  };
  for (const dir of [dataDir, ...open]) folder(dir, RECORDER, 0o2750);
  for (const dir of own) folder(dir, RECORDER, 0o700);
  folder(webFolder(dataDir), RECORDER, 0o750);
  folder(tlsFolder(dataDir), RECORDER, 0o2750);
  if (!root) return;
  const web = webFile(dataDir);
  const { dir: _, ...tls } = tlsFiles(dataDir);
  for (const file of [web, `${web}-wal`, `${web}-shm`, ...Object.values(tls)]) {
    if (!existsSync(file)) writeFileSync(file, '');
    give(file, DASHBOARD, file.endsWith('.crt') ? 0o644 : 0o600);
  }
}

/**
 * A whole Tapedeck in `base`: the built recorder and dashboard, each as its own user where we are root, without a PBX. The data
 * directory is `base`/data. `openKey`: the group can read the master key, as
 * before the recorder alone had it; `extra` is TOML that is put at the end; `restarts`: the recorder has the folder for its
 * requests to systemd (see restarter.ts).
 */
export function createBox(base: string, { openKey = false, extra = '', restarts = false } = {}) {
  const root = process.getuid?.() === 0;
  const dataDir = join(base, 'data');
  const etc = join(base, 'etc');
  const config = join(etc, 'tapedeck.toml');
  const masterKey = join(etc, 'master.key');
  mkdirSync(etc, { recursive: true });
  const file = (path: string, text: string, mode: number, uid = RECORDER, gid = 0) => {
    writeFileSync(path, text, { mode });
    if (root) give(path, uid, mode, gid);
  };
  file(
    masterKey,
    `${Buffer.alloc(32, 7).toString('base64')}\n`,
    openKey ? 0o640 : 0o400,
    RECORDER,
    openKey ? RECORDER : 0,
  );
  for (const name of ['ari', 'ami']) file(join(etc, name), 'a secret of the PBX', 0o400);
  const spool = join(base, 'spool');
  mkdirSync(spool, { recursive: true });
  if (root) give(spool, RECORDER, 0o750);
  writeFileSync(
    config,
    [
      '[site]\nname = "Hartley Joinery"\ntime_zone = "Europe/London"',
      `[data]\ndir = "${dataDir}"\nreserve_mb = 8`,
      `[keys]\nmaster_key_file = "${masterKey}"`,
      `[pbx]\nari_url = "http://127.0.0.1:1"\nari_password_file = "${join(etc, 'ari')}"`,
      `ami_port = 1\nami_secret_file = "${join(etc, 'ami')}"\nspool = "${spool}"\nspool_reserve_mb = 8`,
      '[web]\naddress = "127.0.0.1"\nport = 0\n[test_calls]\nenabled = false\n[telling]\nfrom_the_start = false\n[processor]\ncalls_first = false\n',
      extra,
    ].join('\n'),
  );
  const run = join(base, 'run');
  const requests = requestsIn(run);
  if (restarts) {
    mkdirSync(requests, { recursive: true });
    if (root) give(requests, RECORDER, 0o700);
  }
  if (root) for (const dir of [base, etc, ...(restarts ? [run] : [])]) chmodSync(dir, 0o755);

  const parts = new Map<Part, ChildProcess>();
  const said = new Map<Part, string>();
  const as = (uid: number) =>
    root
      ? [`--reuid=${uid}`, `--regid=${RECORDER}`, '--clear-groups', '--pdeathsig', 'KILL']
      : ['--pdeathsig', 'KILL'];

  function spawnPart(part: Part): ChildProcess {
    const argv = [process.execPath, MAIN, '--config', config, part];
    const child = spawn('setpriv', [...as(part === 'run' ? RECORDER : DASHBOARD), ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        ...(restarts && part === 'run' && { RUNTIME_DIRECTORY: `/run/tapedeck:${requests}` }),
      },
    });
    parts.set(part, child);
    said.set(part, '');
    const log = createWriteStream(join(base, `${part}.log`), { flags: 'a' });
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (data: Buffer) => {
        log.write(data);
        said.set(part, said.get(part)! + data);
      });
    return child;
  }
  const over = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

  async function end(part: Part, signal: NodeJS.Signals): Promise<void> {
    const child = parts.get(part);
    if (!child || over(child)) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  return {
    ...{ base, dataDir, config, masterKey, requests },
    /** Starts one of the two, and gives what its line of being ready says. Throws with its output when it ends first. */
    async start(part: Part): Promise<string> {
      const child = spawnPart(part);
      await until(`tapedeck ${part}`, () => READY[part].test(said.get(part)!) || over(child));
      const found = READY[part].exec(said.get(part)!);
      if (!found) throw new Error(`tapedeck ${part} ended: ${said.get(part)}`);
      return found[1] ?? '';
    },
    /** Starts the recorder, which is killed after so many ms. */
    async startAndKill(afterMs: number): Promise<void> {
      const child = spawnPart('run');
      const gone = new Promise((resolve) => child.once('exit', resolve));
      setTimeout(() => child.kill('SIGKILL'), afterMs);
      await gone;
    },
    end,
    running: (part: Part): boolean => parts.has(part) && !over(parts.get(part)!),
    pid: (part: Part) => parts.get(part)?.pid,
    said: (part: Part): string => said.get(part) ?? '',
    alarms: async () => (await ask(dataDir, 'status')).alarms,
    /** Runs a `tapedeck` command to its end. */
    command(...args: string[]): { status: number | null; out: string; err: string } {
      const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, '--config', config, ...args], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH },
      });
      return { status, out: stdout, err: stderr };
    },
    log: (part: Part): string => readFileSync(join(base, `${part}.log`), 'utf8'),
    async stop(): Promise<void> {
      await Promise.all([end('web', 'SIGKILL'), end('run', 'SIGKILL')]);
    },
  };
}
export type Box = ReturnType<typeof createBox>;
