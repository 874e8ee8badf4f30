import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isAlive, withLock } from './lock.mjs';
import { instanceDirs, makeDirs, secretFile, writeEtc } from './pbx-config.mjs';

const run = promisify(execFile);

// Blocks of 1000 ports below the usual ephemeral range (32768-60999 on Linux):
// +0 sip, +1 http, +2 ami, +10 phones, +40 carrier, +41 load, +100..+999 rtp (two ports a leg).
const FIRST_BLOCK = 10_000;
const BLOCK = 1000;
const BLOCKS = 22;

const layout = (base) => ({
  base,
  sip: base,
  http: base + 1,
  ami: base + 2,
  phones: base + 10,
  carrier: base + 40,
  load: base + 41,
  rtpStart: base + 100,
  rtpEnd: base + BLOCK - 1,
});

const tcpFree = (port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

const udpFree = (port) =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });

const allFree = async (checks) => (await Promise.all(checks)).every(Boolean);

/** Those that Asterisk itself listens on. */
const ownPortsFree = (ports) =>
  allFree([udpFree(ports.sip), tcpFree(ports.http), tcpFree(ports.ami), udpFree(ports.rtpStart)]);

const blockFree = async (ports) =>
  (await ownPortsFree(ports)) && (await allFree([udpFree(ports.phones), udpFree(ports.carrier)]));

const readJson = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);

/**
 * One PBX: a folder `run/<name>` below `home` with its own configuration, spool, logs and ports.
 * `snippetDir` is asterisk-conf/, `labDir` the lab's own configuration, `names` the caller ids of extensions.
 */
export const createInstance = ({ home, name, snippetDir, labDir, say, env = {}, names = {} }) => {
  if (!/^[a-z0-9][a-z0-9_-]{0,40}$/i.test(name))
    throw new Error(`"${name}" is not a usable name: letters, digits, - and _`);
  const runDir = join(home, 'run');
  const dirs = instanceDirs(join(runDir, name));
  const stateFile = join(dirs.instance, 'instance.json');
  const configFile = join(dirs.etc, 'asterisk.conf');
  const state = () => readJson(stateFile);

  const remember = (value) => {
    writeFileSync(`${stateFile}.tmp`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${stateFile}.tmp`, stateFile);
  };

  /** The pid that we started, if it still is our Asterisk: a pid alone may have been given to another program. */
  const ourPid = () => {
    const pid = state()?.pid;
    if (!pid) return undefined;
    try {
      const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return argv.includes(configFile) ? pid : undefined;
    } catch {
      return undefined;
    }
  };

  const others = () =>
    readdirSync(runDir)
      .filter((other) => other !== name)
      .map((other) => readJson(join(runDir, other, 'instance.json')))
      .filter(Boolean);

  const choosePorts = async (wanted) => {
    const known = state()?.ports;
    // One that is about to listen at its ports has them, although they are still free.
    const starting = others()
      .filter((one) => one.starting && isAlive(one.starting))
      .map((one) => one.ports.base);
    if (wanted) {
      const ports = layout(wanted);
      if (!(await blockFree(ports)))
        throw new Error(`some port from ${wanted} on is in use; choose another --base-port`);
      return ports;
    }
    // The laboratory's phones may be up and wait for their PBX to come back.
    if (known && !starting.includes(known.base) && (await ownPortsFree(known))) return known;
    const first = createHash('sha256').update(`${home}\n${name}`).digest().readUInt32BE() % BLOCKS;
    // One that another instance had before it was stopped is taken only when no other is left.
    for (const taken of [others().map((one) => one.ports.base), starting])
      for (let i = 0; i < BLOCKS; i++) {
        const ports = layout(FIRST_BLOCK + ((first + i) % BLOCKS) * BLOCK);
        if (!taken.includes(ports.base) && (await blockFree(ports))) return ports;
      }
    throw new Error(
      'no free block of 1000 ports between 10000 and 31999; stop an instance or give --base-port',
    );
  };

  const asterisk = (tree, args) => [tree.command, [...tree.prefix, '-C', configFile, ...args]];
  // Nothing of the caller's environment may steer the PBX, but what was given for it.
  const environment = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: dirs.instance,
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    TZ: process.env.TZ ?? '',
  };
  if (!environment.TZ) delete environment.TZ;

  /** What `asterisk -rx` answers to one command line. Throws when the PBX does not run. */
  const cli = async (command) => {
    const known = state();
    if (!known || !ourPid())
      throw new Error(`the PBX "${name}" is not running; start it with: pbx start --name ${name}`);
    const [program, args] = asterisk(known.tree, ['-rx', command]);
    const { stdout } = await run(program, args, { env: environment, maxBuffer: 64 << 20, timeout: 60_000 });
    return stdout;
  };

  /** The whole state for people and for `--json`. Secrets are named by file only. */
  const status = () => {
    const known = state();
    if (!known) return { name, running: false };
    const pid = ourPid();
    const { tree, ports } = known;
    return {
      name,
      running: pid !== undefined,
      pid: pid ?? null,
      version: tree.version,
      major: tree.major,
      system: tree.root === undefined,
      ports,
      dirs: { ...dirs, data: tree.data, modules: tree.modules, sounds: join(tree.data, 'sounds/en') },
      spoolDir: dirs.spool,
      recordingDir: join(dirs.spool, 'recording'),
      ari: {
        url: `http://127.0.0.1:${ports.http}/ari`,
        user: 'tapedeck',
        passwordFile: secretFile(dirs, 'tapedeck-ari'),
      },
      ami: {
        host: '127.0.0.1',
        port: ports.ami,
        user: 'tapedeck',
        secretFile: secretFile(dirs, 'tapedeck-ami'),
      },
      lab: {
        user: 'lab',
        ariPasswordFile: secretFile(dirs, 'lab-ari'),
        amiSecretFile: secretFile(dirs, 'lab-ami'),
      },
    };
  };

  const logTail = (file, lines) => {
    const path = join(dirs.log, file);
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').slice(-lines).join('\n  ') : '';
  };

  const ariAnswers = async (url) => {
    const password = readFileSync(secretFile(dirs, 'tapedeck-ari'), 'utf8').trim();
    const authorization = `Basic ${Buffer.from(`tapedeck:${password}`).toString('base64')}`;
    try {
      const response = await fetch(`${url}/asterisk/info?only=status`, {
        headers: { authorization },
        signal: AbortSignal.timeout(2000),
      });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  };

  const waitReady = async (child) => {
    let exit;
    child.once('exit', (code, signal) => (exit = signal ?? code));
    child.once('error', (error) => (exit = error.message));
    const until = performance.now() + 60_000;
    for (;;) {
      if (exit !== undefined)
        throw new Error(
          `Asterisk ended at once (${exit}):\n  ${logTail('console.log', 8)}\n  ${logTail('messages.log', 8)}`,
        );
      if (await ariAnswers(status().ari.url)) break;
      if (performance.now() > until)
        throw new Error(
          `ARI does not answer after 60 s; look at ${join(dirs.log, 'messages.log')}:\n  ${logTail('messages.log', 10)}`,
        );
      await delay(50);
    }
    await cli('core waitfullybooted');
    // A queue asks for the state of its members as it is loaded. Where endpoints are loaded at the same moment, it may hold one for
    // gone until its next call, and not ring it.
    await cli('queue reload members');
  };

  /**
   * Whether this user may have Asterisk run before all else (-p), as packages install it: on a busy machine what it plays and
   * records has holes otherwise. Niceness is worth nothing there: it counts within a session only (man 7 sched, autogroup).
   */
  const mayGoFirst = () =>
    run('chrt', ['--rr', '1', 'true']).then(
      () => true,
      () => false,
    );

  const startLocked = async (tree, basePort) => {
    if (ourPid()) {
      if (state().tree.version !== tree.version)
        throw new Error(
          `"${name}" is running Asterisk ${state().tree.version}; stop it first, or choose another --name`,
        );
      return status();
    }
    makeDirs(dirs);
    // Two instances must not choose the same ports at the same moment.
    await withLock(join(runDir, 'ports.lock'), async () =>
      remember({ tree, ports: await choosePorts(basePort), starting: process.pid }),
    );
    const { ports } = state();
    writeEtc({ dirs, tree, ports, names, snippetDir, labDir });
    for (const left of ['asterisk.ctl', 'asterisk.pid']) rmSync(join(dirs.run, left), { force: true });
    const log = openSync(join(dirs.log, 'console.log'), 'w', 0o600);
    const [program, args] = asterisk(tree, (await mayGoFirst()) ? ['-f', '-p'] : ['-f']);
    const child = spawn(program, args, {
      cwd: dirs.instance,
      env: { ...environment, ...env },
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.once('error', () => {});
    remember({ tree, ports, pid: child.pid, starting: process.pid });
    try {
      await waitReady(child);
      remember({ tree, ports, pid: child.pid });
    } catch (error) {
      if (ourPid()) child.kill('SIGKILL');
      throw error;
    }
    child.unref();
    return status();
  };

  const gone = async (pid, ms) => {
    const until = performance.now() + ms;
    while (ourPid() === pid) {
      if (performance.now() > until) return false;
      await delay(20);
    }
    return true;
  };

  const stopLocked = async () => {
    const pid = ourPid();
    if (!pid) return;
    await cli('core stop now').catch(() => {});
    if (!(await gone(pid, 5000))) {
      say('it does not answer on its control socket; sending SIGTERM');
      process.kill(pid, 'SIGTERM');
      if (!(await gone(pid, 10_000)))
        throw new Error(`process ${pid} does not end; use: pbx kill --name ${name}`);
    }
    const { pid: _ended, starting: _begun, ...rest } = state();
    remember(rest);
  };

  const alone = (work) => {
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
    return withLock(join(runDir, `${name}.lock`), work);
  };

  return {
    status,
    cli,
    /** Starts `tree` and waits until ARI answers; gives the status. Already running: just the status. */
    start: (tree, basePort) => alone(() => startLocked(tree, basePort)),
    /** Ends it as an administrator would, calls and all, and waits until it is gone. */
    stop: () => alone(stopLocked),
    /** A crash: SIGKILL, nothing flushed. Waits until it is gone. */
    kill: () =>
      alone(async () => {
        const pid = ourPid();
        if (!pid) return;
        process.kill(pid, 'SIGKILL');
        await gone(pid, 5000);
      }),
    /** Stops it if it runs, and starts `tree` on the same ports. */
    restart: (tree) =>
      alone(async () => {
        await stopLocked();
        return startLocked(tree, undefined);
      }),
    /** The tree it last ran with, if any. */
    lastTree: () => state()?.tree,
  };
};
