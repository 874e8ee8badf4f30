import { execFile } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { createPhone, type Phone, type PhoneOptions } from './phone.js';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../../../scripts/lib/pbx-cli.mjs', import.meta.url));

/** 100 to 109 and 120 to 129: what begins with 11 is an emergency number in too many places. */
export type Extension = `1${0 | 2}${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`;

type Status = {
  version: string;
  major: number;
  pid: number | null;
  ports: {
    sip: number;
    http: number;
    ami: number;
    phones: number;
    carrier: number;
    load: number;
    rtpStart: number;
    rtpEnd: number;
  };
  dirs: { etc: string; log: string; sounds: string; spool: string };
  spoolDir: string;
  recordingDir: string;
  ari: { url: string; user: string; passwordFile: string };
  ami: { host: string; port: number; user: string; secretFile: string };
  lab: { user: string; ariPasswordFile: string; amiSecretFile: string };
};

const secret = async (file: string): Promise<string> => (await readFile(file, 'utf8')).trim();

/**
 * Starts a private Asterisk (downloading it the first time) and waits until its ARI answers. One that already
 * runs under that name, left by a test that was killed, is restarted. Instances of different names do not meet.
 * `version` is the major one, 22 or 16. Throws with what scripts/pbx has to say.
 */
export const startPbx = async ({
  version = 22,
  name = `test-${version}`,
  env = {},
  callerIds = {},
}: {
  version?: 22 | 16;
  name?: string;
  /** names of extensions, instead of "Ext 100" */
  callerIds?: Record<string, string>;
  /** for Asterisk's environment, which has nothing of ours otherwise */
  env?: Record<string, string>;
} = {}) => {
  const script = async (...args: string[]): Promise<string> => {
    // The test runner's own loader is no business of the script's.
    const env = { ...process.env, NODE_OPTIONS: '' };
    const { stdout } = await run(process.execPath, [SCRIPT, ...args], { env, maxBuffer: 64 << 20 });
    return stdout;
  };
  const given = [
    ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    ...Object.entries(callerIds).flatMap(([ext, name]) => ['--caller-id', `${ext}=${name}`]),
  ];
  const start = async (command: 'start' | 'restart'): Promise<Status> =>
    JSON.parse(await script(command, '--json', '--name', name, '--version', String(version), ...given));
  const status = await start('restart');
  const ari = { url: status.ari.url, user: status.ari.user, password: await secret(status.ari.passwordFile) };
  const ami = {
    host: status.ami.host,
    port: status.ami.port,
    user: status.ami.user,
    secret: await secret(status.ami.secretFile),
  };
  const labPassword = await secret(status.lab.ariPasswordFile);
  return {
    name,
    /** such as `22.10.1` */
    version: status.version,
    major: status.major,
    pid: status.pid,
    ports: status.ports,
    /** Asterisk's spool; recordings are in `recording` below it */
    spoolDir: status.spoolDir,
    recordingDir: status.recordingDir,
    soundsDir: status.dirs.sounds,
    logDir: status.dirs.log,
    /** the rights of asterisk-conf/, and where they are kept */
    ari: { ...ari, passwordFile: status.ari.passwordFile },
    ami: { ...ami, secretFile: status.ami.secretFile },
    /** AMI as a user who may do anything, for tests that play the administrator */
    labAmi: { ...ami, user: status.lab.user, secret: await secret(status.lab.amiSecretFile) },
    /** What ARI answers such a user, for `/channels` say; null when there is no such thing. Throws on a refusal. */
    ask: async <T>(path: string, method = 'GET'): Promise<T> => {
      const authorization = `Basic ${Buffer.from(`${status.lab.user}:${labPassword}`).toString('base64')}`;
      // See createApiClient: a connection that is kept may be closed at that moment.
      const headers = { authorization, connection: 'close' };
      const answer = await fetch(`${ari.url}${path}`, { method, headers });
      const text = await answer.text();
      if (!answer.ok && answer.status !== 404) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return (answer.ok && text !== '' ? JSON.parse(text) : null) as T;
    },
    /** One command in Asterisk's console. */
    cli: (command: string): Promise<string> => script('cli', '--name', name, command),
    /** Stops and starts it on the same ports. */
    restart: async (): Promise<void> => {
      await start('restart');
    },
    /** Starts it again after `kill` or `stop`, on the same ports. */
    start: async (): Promise<void> => {
      await start('start');
    },
    /** SIGKILL, as in a crash. */
    kill: async (): Promise<void> => {
      await script('kill', '--name', name);
    },
    stop: async (): Promise<void> => {
      await script('stop', '--name', name);
    },
  };
};

export type Pbx = Awaited<ReturnType<typeof startPbx>>;

/**
 * A PBX for this test, which is skipped (null) where there can be no Asterisk 16: that comes from an archived suite, which
 * the machine's mirror may no longer have.
 */
export async function startPbxOrSkip(
  t: Test,
  wanted: { version: 22 | 16; name: string },
): Promise<Pbx | null> {
  try {
    return await startPbx(wanted);
  } catch (error) {
    if (wanted.version !== 16 || !/apt-get/.test(String(error))) throw error;
    t.plan(0, `no Asterisk 16 here: ${error}`);
    return null;
  }
}

/** What an earlier run that was broken off has left in the spool is not of this one. */
export function emptySpool({ recordingDir }: Pick<Pbx, 'recordingDir'>): void {
  for (const file of readdirSync(recordingDir)) rmSync(join(recordingDir, file), { recursive: true });
}

/** Spoken prompts (asterisk-core-sounds-en-wav) and how long each lasts, in seconds. */
const PROMPTS = {
  'demo-instruct': 73.3,
  'demo-congrats': 30.3,
  'conf-adminmenu-18': 21.7,
  'conf-adminmenu': 19.2,
  'vm-options': 16.4,
  'demo-abouttotry': 15.2,
  'demo-moreinfo': 14.7,
  'demo-nogo': 10.5,
  'vm-intro': 5.7,
  'demo-thanks': 5.5,
  'tt-weasels': 3,
} as const;

export type PromptName = keyof typeof PROMPTS;

/** The lab's phones and its carrier, for one PBX. */
export const createLab = (pbx: Pbx) => {
  const phones = new Map<string, Phone>();

  const add = async (key: string, options: Omit<PhoneOptions, 'sipPort'>): Promise<Phone> => {
    if (phones.has(key)) throw new Error(`phone ${key} exists already`);
    const phone = createPhone({ ...options, sipPort: pbx.ports.sip });
    await phone.start();
    phones.set(key, phone);
    return phone;
  };

  return {
    /** The phone of one extension, on the network from now on. */
    phone: (extension: Extension, options: Partial<PhoneOptions> = {}): Promise<Phone> =>
      add(extension, {
        displayName: `Phone ${extension}`,
        ...options,
        user: extension,
        port: pbx.ports.phones + Number(extension) - (extension < '110' ? 100 : 110),
      }),
    /** The outside world: calls our DIDs with `call(did, { caller })`, and answers what is dialled with 9. */
    carrier: (options: Partial<PhoneOptions> = {}): Promise<Phone> =>
      add('carrier', {
        displayName: 'Outside',
        ...options,
        user: 'trunk',
        port: pbx.ports.carrier,
        headers: [['X-Carrier', 'lab'], ...(options.headers ?? [])],
      }),
    /** The wav file of a spoken prompt: 8 kHz, mono, 16 bit. Throws when it is not installed. */
    prompt: (name: PromptName): string => {
      const file = join(pbx.soundsDir, `${name}.wav`);
      if (!existsSync(file)) throw new Error(`no prompt ${file}`);
      return file;
    },
    /** Hangs up one phone and takes it off the network. */
    remove: async (extension: Extension): Promise<void> => {
      await phones.get(extension)?.stop();
      phones.delete(extension);
    },
    /** Hangs up every phone and closes it. */
    stop: async (): Promise<void> => {
      await Promise.all([...phones.values()].map((phone) => phone.stop()));
      phones.clear();
    },
  };
};

export type Lab = ReturnType<typeof createLab>;
