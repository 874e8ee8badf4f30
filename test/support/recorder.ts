import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Pbx } from './pbx/pbx.js';

const MAIN = fileURLToPath(new URL('../../dist/daemon/main.js', import.meta.url));

export type CallView = {
  id: string;
  state: string;
  direction: string;
  talk_ms: number | null;
  ended_at: string | null;
  them: { number: string; name: string };
  us: { number: string; name: string };
  coverage: { status: string; reason: string; rule: string | null };
  recording: { id: string; state: string; duration_ms: number; sha256: string; sealed_at: string } | null;
};

/** A socket's path has 107 bytes at most, and the folder of a test is named after the test. */
const fits = (dataDir: string): boolean => Buffer.byteLength(join(dataDir, 'control/sock')) <= 107;

/** The same for the same folder, so that what a killed test left there goes when it is run again. */
const shortDir = (dir: string): string =>
  join(tmpdir(), `tapedeck-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`);

/**
 * Runs `tapedeck` as a child that is ended with us, however we end: a killed test leaves no recorder behind. `under` is a
 * program with its arguments that runs it.
 */
export function spawnTapedeck(
  args: string[],
  env: Record<string, string> = {},
  user?: number,
  under: string[] = [],
): ChildProcessByStdio<null, Readable, Readable> {
  const as = user === undefined ? [] : [`--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
  return spawn('setpriv', [...as, '--pdeathsig', 'KILL', ...under, process.execPath, MAIN, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** A PBX with an id. `more` is TOML for its section. */
export type OtherPbx = { id: string; name: string; pbx: Pbx; more?: string };

/**
 * A Tapedeck of its own in `dir`: writes tapedeck.toml for a PBX of the laboratory, and runs the two processes as an
 * admin would. `extra` is TOML that is put at the end, `web` more lines of that section, `testCalls` the section of that name
 * (off unless given), with `announces` calls are announced as on a new box, `site` more lines of that section, `first` more lines of the section of the first PBX, `others` are PBXs besides it, `env` is for the processes, `reserveMb` is kept free on both disks, `user` is the number of the user and
 * the group that they run as, if not ours. Logs go to files in `dir`.
 */
export function createRecorderLab({
  dir,
  pbx,
  others = [],
  first = '',
  webPort = 0,
  testCalls = '[test_calls]\nenabled = false\n',
  announces = false,
  site = '',
  extra = '',
  callsFirst = false,
  web = '',
  env = {},
  reserveMb = 8,
  user,
}: {
  dir: string;
  pbx: Pbx;
  others?: OtherPbx[];
  first?: string;
  webPort?: number;
  web?: string;
  testCalls?: string;
  announces?: boolean;
  site?: string;
  extra?: string;
  /** Recordings wait while processor time is short, as it is where tests run beside each other. */
  callsFirst?: boolean;
  env?: Record<string, string>;
  reserveMb?: number;
  user?: number;
}) {
  const config = join(dir, 'tapedeck.toml');
  const inside = join(dir, 'data');
  const dataDir = fits(inside) ? inside : shortDir(dir);
  if (dataDir !== inside && !existsSync(config)) rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const sectionOf = (p: Pbx, first: string) =>
    [
      `${first}\nari_url = "${new URL(p.ari.url).origin}"\nari_password_file = "${p.ari.passwordFile}"`,
      `ami_port = ${p.ami.port}\nami_secret_file = "${p.ami.secretFile}"\nspool = "${p.recordingDir}"`,
      `spool_reserve_mb = ${reserveMb}\n`,
    ].join('\n');
  const written = (others: OtherPbx[]) =>
    [
      '# Written for a PBX of the laboratory.',
      `[site]\nname = "Laboratory"\n${site}`,
      `[data]\ndir = "${dataDir}"\nreserve_mb = ${reserveMb}\n`,
      '[keys]\nmaster_key_file = "master.key"\n',
      sectionOf(pbx, others.length === 0 ? `[pbx]\n${first}` : `[[pbx]]\nname = "Head office"\n${first}`),
      ...others.map(({ id, name, pbx, more = '' }) =>
        sectionOf(pbx, `[[pbx]]\nid = "${id}"\nname = "${name}"\n${more}`),
      ),
      `[web]\nport = ${webPort}\n${web}`,
      testCalls,
      `[telling]\nfrom_the_start = ${announces}\n`,
      `[processor]\ncalls_first = ${callsFirst}\n`,
      extra,
    ].join('\n');
  writeFileSync(config, written(others));
  const processes = new Map<string, ChildProcess>();

  /** Starts a subcommand and waits until its output has this text. Throws with its output when it ends first. */
  async function launch(name: 'run' | 'web', ready: RegExp, under: string[] = []): Promise<string> {
    const child = spawnTapedeck(['--config', config, name], env, user, under);
    processes.set(name, child);
    const log = createWriteStream(join(dir, `${name}.log`), { flags: 'a' });
    let output = '';
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`tapedeck ${name} is not ready after 90 s:\n${output}`)),
        90_000,
      );
      child.once('exit', () => clearTimeout(late));
      const hear = (data: Buffer) => {
        log.write(data);
        if (output.length > 1 << 16) return;
        output += data;
        if (ready.test(output)) {
          clearTimeout(late);
          resolve(output);
        }
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', (code) => reject(new Error(`tapedeck ${name} ended with ${code}:\n${output}`)));
    });
  }

  async function halt(name: string, signal: NodeJS.Signals): Promise<void> {
    const child = processes.get(name);
    processes.delete(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  }

  return {
    config,
    dataDir,
    /** Writes the configuration anew with these PBXs besides the first. */
    setOthers: (now: OtherPbx[]) => writeFileSync(config, written(now)),
    startDaemon: (ready = /Connected to ARI/, under: string[] = []) => launch('run', ready, under),
    stopDaemon: (signal: NodeJS.Signals = 'SIGTERM') => halt('run', signal),
    stopWeb: () => halt('web', 'SIGTERM'),
    pid: (name: 'run' | 'web') => processes.get(name)?.pid,
    /** Starts the dashboard. Gives its address, and the set-up code if nobody can sign in yet. */
    async startWeb(): Promise<{ address: string; setupCode: string | null }> {
      const output = await launch('web', /ready at http\S+?"/);
      return {
        address: /ready at (http[^"\s]+)/.exec(output)![1]!,
        setupCode: /set-up code:\s+(\S+)/.exec(output)?.[1] ?? null,
      };
    },
    /** Runs one `tapedeck` command to its end. */
    command(args: string[], input = ''): Promise<{ code: number; out: string; err: string }> {
      return new Promise((resolve) => {
        const child = spawn(process.execPath, [MAIN, '--config', config, ...args], {
          stdio: ['pipe', 'pipe', 'pipe'],
        });
        let out = '';
        let err = '';
        child.stdout.on('data', (d) => (out += d));
        child.stderr.on('data', (d) => (err += d));
        child.stdin.end(input);
        child.once('close', (code) => resolve({ code: code ?? 1, out, err }));
      });
    },
    async stop(): Promise<void> {
      await Promise.all([halt('web', 'SIGTERM'), halt('run', 'SIGTERM')]);
      if (dataDir !== inside) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export type RecorderLab = ReturnType<typeof createRecorderLab>;

/**
 * A signed-in user of the dashboard's API, speaking HTTP as a browser does. Gives the password again for what needs a proof, as
 * the page does.
 */
export function createApiClient(first: string) {
  let address = first;
  let cookie = '';
  let password = '';
  async function ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const answer = await fetch(`${address}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        'x-tapedeck': '1',
        // A connection that is kept may be closed by the server just as the next request is sent.
        connection: 'close',
        cookie,
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const set = answer.headers.getSetCookie()[0];
    if (set) cookie = set.split(';')[0]!;
    return answer;
  }
  async function json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await ask(method, path, body);
    type Refusal = { code: string; message: string; detail: string; act?: object };
    const value = (await answer.json()) as T & { error?: Refusal };
    if (value.error?.code === 'proof_needed' && path !== '/session/proof') {
      await json('POST', '/session/proof', { password, act: value.error.act });
      return json(method, path, body);
    }
    if (!answer.ok)
      throw new Error(`${method} ${path}: ${answer.status} ${value.error?.code} ${value.error?.message}`);
    return value;
  }
  return {
    ask,
    json,
    /** The dashboard was started again, at another address. */
    moveTo(other: string): void {
      address = other;
    },
    setUp(code: string, name: string, chosen: string) {
      password = chosen;
      return json('POST', '/setup', { code, name, password });
    },
    signIn(name: string, given: string) {
      password = given;
      return json('POST', '/session', { name, password });
    },
    calls: async (query = ''): Promise<CallView[]> =>
      (await json<{ calls: CallView[] }>('GET', `/calls?limit=200${query}`)).calls,
    call: (id: string) => json<CallView & { marks: unknown[] }>('GET', `/calls/${id}`),
    audio: async (id: string): Promise<Buffer> => {
      const answer = await ask('GET', `/calls/${id}/audio`);
      if (!answer.ok) throw new Error(`audio of ${id}: ${answer.status} ${await answer.text()}`);
      return Buffer.from(await answer.arrayBuffer());
    },
    get cookie() {
      return cookie;
    },
  };
}

export type ApiClient = ReturnType<typeof createApiClient>;

/** The time between two looks in `until`, in ms: at first, and at most. */
const LOOKS = { first: 50, most: 250 };
/** After a long wait a look that is later by this share of it changes nothing. */
const LATER = 0.03;
/** So many times as long as a look has taken nobody looks: what is waited for needs the processor, too. */
const REST = 3;

/**
 * Asks again every 50 ms until there is an answer, and less often where asking takes long or the wait is long; throws when there
 * is none in two minutes, with what was waited for: a busy machine takes ten times as long, so only longer waits name theirs.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  ms = 120_000,
): Promise<T> {
  const began = performance.now();
  for (;;) {
    const looked = performance.now();
    const value = await ask();
    if (value) return value;
    const now = performance.now();
    if (now - began > ms) throw new Error(`${what}: not in ${ms / 1000} s`);
    const pause = Math.max(LOOKS.first, LATER * (now - began), REST * (now - looked));
    await delay(Math.min(LOOKS.most, pause));
  }
}

/** People talk for so long, or what is looked at is what happens in this time: to wait for a thing there is `until`. */
export const seconds = (n: number): Promise<void> => delay(n * 1000);

/** What the file holds, or null. */
export const readIfThere = (file: string): string | null =>
  existsSync(file) ? readFileSync(file, 'utf8') : null;
