import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { makeRoot, NotHere, type Suite } from './root.js';

const run = promisify(execFile);
const MIB = 1024 ** 2;
const BOOT_MS = 120_000;
let machines = 0;

/** Where cgroup2 is mounted: on a machine with the older hierarchies it is beside them. */
function unifiedCgroup(): string {
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((one) => / - cgroup2 /.test(one));
  if (!line) throw new NotHere('no cgroup2 is mounted');
  return line.split(' ')[4]!;
}

const namespacesOf = (pid: string | number): string[] => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return /^NSpid:\s*(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
};

/** The process that is PID 1 in a PID namespace two below ours, among those that `pid` has started. */
function initBelow(pid: number, depth = namespacesOf('self').length + 2): number | null {
  let children: number[];
  try {
    const inside = namespacesOf(pid);
    if (inside.length === depth && inside.at(-1) === '1') return pid;
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  } catch {
    return null;
  }
  for (const child of children.filter((one) => one > 0)) {
    const found = initBelow(child, depth);
    if (found) return found;
  }
  return null;
}

/** Ends what is left in a control group that nobody uses any more, and removes it. */
function removeCgroup(dir: string): void {
  if (!existsSync(dir)) return;
  for (const entry of readdirSync(dir, { withFileTypes: true }))
    if (entry.isDirectory()) removeCgroup(join(dir, entry.name));
  rmdirSync(dir);
}

/*
 * The control group is a root of its own, mounted anew: systemd sees nothing of the machine's. A PID namespace around it makes
 * nspawn's own PID 1 a process of that group, and lets all of it end with its first process.
 */
const INTO = `
echo $$ >"$1/cgroup.procs"; shift
exec unshare --cgroup --mount --pid --fork --kill-child --mount-proc sh -c '
  umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' sh "$@"`;

/** A layer in memory above a Debian: what a machine writes, which is there again when it boots again. */
async function createDisk(root: string) {
  const at = mkdtempSync(join(tmpdir(), 'tapedeck-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', 'tapedeck', at]);
    for (const name of ['upper', 'work', 'root']) mkdirSync(join(at, name), { mode: 0o755 });
    const layers = `lowerdir=${root},upperdir=${join(at, 'upper')},workdir=${join(at, 'work')}`;
    await run('mount', ['-t', 'overlay', '-o', layers, 'tapedeck', join(at, 'root')]);
  } catch (e) {
    throw new NotHere(`no disk can be made: ${(e as Error).message}`);
  }
  return {
    root: join(at, 'root'),
    async remove(): Promise<void> {
      if (!existsSync(at)) return;
      for (const mounted of [join(at, 'root'), at]) await run('umount', ['--lazy', mounted]);
      rmdirSync(at);
    },
  };
}

/**
 * Boots a Debian 12 or 13 with a systemd of its own, in the network namespace that we are in, or `apart` in one that leads nowhere.
 * What it writes is gone when it ends; `lasting` ones keep it when they are booted again. `binds` maps a path in there to one of
 * ours, `readOnly` likewise. Only as root. Throws NotHere where that cannot be done.
 */
export async function bootMachine({
  suite = 'trixie',
  apart = false,
  lasting = false,
  binds = {},
  readOnly = {},
}: {
  suite?: Suite;
  apart?: boolean;
  lasting?: boolean;
  binds?: Record<string, string>;
  readOnly?: Record<string, string>;
}) {
  const root = await makeRoot(suite);
  const cgroup = join(unifiedCgroup(), `tapedeck-booted-${process.pid}-${machines++}`);
  try {
    mkdirSync(cgroup);
  } catch (e) {
    throw new NotHere(`no control group can be made: ${(e as Error).message}`);
  }
  const disk = lasting ? await createDisk(root) : null;
  const mounts = [
    ...Object.entries(binds).map(([inside, path]) => `--bind=${realpathSync(path)}:${inside}`),
    ...Object.entries(readOnly).map(([inside, path]) => `--bind-ro=${realpathSync(path)}:${inside}`),
  ];
  const nspawn = [
    ...['systemd-nspawn', '--quiet', '--register=no', '--keep-unit', '--console=pipe'],
    ...(disk ? [] : ['--volatile=overlay']),
    // What IPAddressDeny=, SocketBindDeny= and DevicePolicy= are made of. nspawn leaves it out.
    ...['--capability=CAP_BPF,CAP_NET_ADMIN,CAP_PERFMON', '--system-call-filter=bpf'],
    ...[
      ...(apart ? ['--private-network'] : []),
      '--directory',
      disk?.root ?? root,
      '--machine=tapedeck-booted',
      ...mounts,
      '--boot',
    ],
  ];
  const argv = ['--pdeathsig', 'KILL', 'sh', '-ec', INTO, 'sh', cgroup, ...nspawn];
  let child: ChildProcess;
  let gone: Promise<void>;
  let said = '';
  let leader: number | null = null;
  const over = () => child.exitCode !== null || child.signalCode !== null;

  async function clearCgroup(): Promise<void> {
    for (let tries = 0; existsSync(cgroup) && tries < 50; tries++) {
      try {
        removeCgroup(cgroup);
      } catch {
        // Its last processes are still ending.
        await delay(100);
      }
    }
  }
  async function stop(): Promise<void> {
    child.kill('SIGKILL');
    await gone;
    await clearCgroup();
    await disk?.remove();
  }

  const enter = (argv: string[]): string[] => [
    ...['--target', String(leader), '--mount', '--uts', '--ipc', '--pid', '--net', '--root', '--wd', '--'],
    ...[
      'env',
      '-i',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'SYSTEMD_COLORS=0',
      ...argv,
    ],
  ];

  /** Runs a program in there as root. Never throws. */
  async function inside(...argv: string[]): Promise<{ code: number; out: string }> {
    const options = { maxBuffer: 64 * MIB, timeout: 300_000 };
    return run('nsenter', enter(argv), options).then(
      ({ stdout, stderr }) => ({ code: 0, out: `${stdout}${stderr}` }),
      (e: { code: number; stdout: string; stderr: string }) => ({
        code: e.code,
        out: `${e.stdout}${e.stderr}`,
      }),
    );
  }

  /** Throws with what it said when it fails. */
  async function must(...argv: string[]): Promise<string> {
    const { code, out } = await inside(...argv);
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${out}`);
    return out;
  }

  async function boot(): Promise<string> {
    const until = Date.now() + BOOT_MS;
    leader = null;
    said = '';
    child = spawn('setpriv', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (data) => (said += data));
    gone = new Promise<void>((done) => child.once('exit', () => done()));
    for (let state = ''; ; ) {
      if (/running|degraded/.test(state)) return state.trim();
      if (over() || Date.now() > until) {
        await stop();
        throw new NotHere(`systemd-nspawn did not boot it (${state.trim() || 'no state'}): ${said.trim()}`);
      }
      await delay(200);
      leader = initBelow(child.pid!);
      if (leader) state = (await inside('systemctl', 'is-system-running')).out;
    }
  }
  const state = await boot();

  return {
    /** A path of it, as one of ours. */
    path: (inside: string): string => `/proc/${leader}/root${inside}`,
    /** The same of a `lasting` one, without a link in it: SQLite would follow /proc/…/root to our own files. */
    onDisk(inside: string): string {
      if (!disk) throw new Error('only a lasting machine has a disk');
      return join(disk.root, inside);
    },
    /** Its PID 1, by our number. */
    leader: () => leader!,
    /** What enters it, to be followed by a program and its arguments. */
    enter: (...variables: string[]): string[] => ['nsenter', ...enter(variables)],
    state,
    inside,
    must,
    /** Shuts it down as an admin does, and boots it again. Only a `lasting` machine has then what it had. */
    async reboot(): Promise<void> {
      await inside('systemctl', 'poweroff');
      const hangs = setTimeout(() => child.kill('SIGKILL'), BOOT_MS);
      await gone;
      clearTimeout(hangs);
      if (child.signalCode) throw new Error(`it did not shut down in ${BOOT_MS / 1000} s: ${said.trim()}`);
      await clearCgroup();
      mkdirSync(cgroup);
      await boot();
    },
    stop,
  };
}
export type Machine = Awaited<ReturnType<typeof bootMachine>>;
