import { constants } from 'node:fs';
import { access, mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { pino } from 'pino';
import { TapedeckError } from '../domain/error.js';
import { createFfmpeg } from '../encode/ffmpeg.js';
import { type Config, readSecret } from '../ops/config.js';
import { controlSocket, request } from '../ops/control-client.js';
import { probeAmi, probeAri } from '../pbx/probe.js';
import { createKeys } from '../vault/keys.js';
import { loadMasterKey } from '../vault/master-key.js';
import type { CliContext } from './context.js';

type Finding = { check: string; state: 'ok' | 'warn' | 'fail'; says: string; todo: string };

const GIB = 1 << 30;

/** `tapedeck doctor`: is everything there that the daemon needs, and if not, the one thing to do. */
export function doctor(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description('check what the recorder needs, and say for each fault what to do')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExit code 0 when nothing failed (warnings are allowed), 1 otherwise.')
    .action(async (options: { json?: boolean }) => {
      const findings = await examine(context.config());
      if (options.json) context.out(`${JSON.stringify(findings, null, 2)}\n`);
      else for (const f of findings) context.out(line(f));
      if (findings.some((f) => f.state === 'fail')) process.exitCode = 1;
    });
}

function line(f: Finding): string {
  const sign = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' }[f.state];
  return `${sign}  ${f.check.padEnd(18)} ${f.says}\n${f.state === 'ok' ? '' : `${' '.repeat(6)}-> ${f.todo}\n`}`;
}

async function examine(config: Config): Promise<Finding[]> {
  return (
    await Promise.all([
      ari(config),
      ami(config),
      spool(config),
      ffmpeg(config),
      data(config),
      keys(config),
      daemon(config),
    ])
  ).flat();
}

const ok = (check: string, says: string): Finding => ({ check, state: 'ok', says, todo: '' });
const bad = (check: string, says: string, todo: string): Finding => ({ check, state: 'fail', says, todo });
const warn = (check: string, says: string, todo: string): Finding => ({ check, state: 'warn', says, todo });

function broken(check: string, e: unknown): Finding {
  if (e instanceof TapedeckError) return bad(check, e.message, e.hint);
  return bad(check, (e as Error).message, 'Look at the log of the system for more.');
}

async function ari(config: Config): Promise<Finding[]> {
  const { ari_url: url, ari_user: user, ari_password_file: file } = config.pbx;
  let password: string;
  try {
    password = readSecret(file, 'ari-password');
  } catch (e) {
    return [broken('PBX (ARI)', e)];
  }
  const p = await probeAri(url, user, password);
  if (p.error)
    return [
      bad(
        'PBX (ARI)',
        `${url} does not answer: ${p.error}.`,
        'Start Asterisk; check enabled, bindaddr and bindport in http.conf and enabled in ari.conf.',
      ),
    ];
  if (p.status === 401)
    return [
      bad(
        'PBX (ARI)',
        `ARI refuses user "${user}".`,
        `Make the password in ${file} the one in ari.conf, then "asterisk -rx 'module reload res_ari'".`,
      ),
    ];
  if (p.status !== 200)
    return [
      bad(
        'PBX (ARI)',
        `${url}/ari answered ${p.status}.`,
        'Load res_ari, and set enabled = yes in ari.conf.',
      ),
    ];
  const major = Number.parseInt(p.version, 10);
  const found = [ok('PBX (ARI)', `Asterisk ${p.version} at ${url}`)];
  if (!(major >= 16))
    found.push(bad('PBX version', `Asterisk ${p.version} is too old.`, 'Use Asterisk 16 or newer.'));
  found.push(
    p.missing.length === 0
      ? ok('PBX modules', 'All that is needed runs.')
      : bad(
          'PBX modules',
          `Not running: ${p.missing.join(', ')}.`,
          `Load them: asterisk -rx 'module load ${p.missing[0]}'; see modules.conf.`,
        ),
    p.mayWrite
      ? ok('ARI rights', `"${user}" may snoop and record.`)
      : bad('ARI rights', `"${user}" may only read.`, 'Set read_only = no for this user in ari.conf.'),
  );
  if (p.tellsLinkedid === false)
    found.push(
      bad(
        'channelvars',
        'Channels do not tell their linkedid.',
        'Add the channelvars line of asterisk-conf/ari.conf to [general] in ari.conf.',
      ),
    );
  if (p.tellsLinkedid === null)
    found.push(warn('channelvars', 'No call is in progress to look at.', 'Run this again during a call.'));
  if (p.clockMs !== null)
    found.push(
      Math.abs(p.clockMs) < 2_000
        ? ok('clock', `The PBX and this machine agree to ${Math.abs(p.clockMs)} ms.`)
        : bad(
            'clock',
            `The PBX's clock is ${Math.round(p.clockMs / 1000)} s off ours.`,
            'Set both by NTP (systemd-timesyncd or chrony).',
          ),
    );
  return found;
}

async function ami(config: Config): Promise<Finding[]> {
  const { ami_host: host, ami_port: port, ami_user: user, ami_secret_file: file } = config.pbx;
  try {
    const p = await probeAmi({
      host,
      port,
      user,
      secret: readSecret(file, 'ami-secret'),
      log: pino({ level: 'silent' }),
    });
    if (p.error) return [bad('PBX (AMI)', p.error.message, p.error.hint)];
    const found = [ok('PBX (AMI)', `Signed in at ${host}:${port} as "${user}"`)];
    if (p.mayCommand)
      found.push(
        warn(
          'AMI rights',
          `"${user}" may run commands, which Tapedeck never does.`,
          'Leave write = empty for this user in manager.conf.',
        ),
      );
    return found;
  } catch (e) {
    return [broken('PBX (AMI)', e)];
  }
}

async function spool(config: Config): Promise<Finding[]> {
  const dir = config.pbx.spool;
  try {
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (e) {
    const code = (e as NodeJS.ErrnoException).code;
    if (code === 'ENOENT')
      return [
        warn(
          'spool',
          `${dir} is not on this machine; recordings will be fetched over ARI.`,
          `If Asterisk runs here: mkdir ${dir} and give it to the asterisk user and group (Debian does not make it).`,
        ),
      ];
    return [
      bad(
        'spool',
        `${dir} cannot be read and written (${code}).`,
        'Add the tapedeck user to the group that owns it, with mode 2770.',
      ),
    ];
  }
  return [await room('spool', dir, GIB / 2)];
}

async function room(check: string, dir: string, needed: number): Promise<Finding> {
  const fs = await statfs(dir);
  const free = fs.bavail * fs.bsize;
  const says = `${dir}: ${(free / GIB).toFixed(1)} GiB free`;
  return free >= needed
    ? ok(check, says)
    : bad(check, `${says}, which is too little.`, 'Free some space, or give it a larger disk.');
}

async function ffmpeg(config: Config): Promise<Finding[]> {
  try {
    const v = await createFfmpeg({ path: config.encode.ffmpeg }).version();
    if (!v.libopus)
      return [
        bad(
          'ffmpeg',
          `ffmpeg ${v.version} cannot make Opus.`,
          "Install a build with libopus; Debian's has it.",
        ),
      ];
    return [ok('ffmpeg', `ffmpeg ${v.version} with libopus`)];
  } catch (e) {
    return [broken('ffmpeg', e)];
  }
}

async function data(config: Config): Promise<Finding[]> {
  const dir = config.data.dir;
  try {
    await mkdir(dir, { recursive: true, mode: 0o750 });
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    return [await room('data', dir, GIB)];
  } catch (e) {
    return [
      bad(
        'data',
        `${dir} cannot be used (${(e as NodeJS.ErrnoException).code}).`,
        `Give it to the tapedeck user: chown tapedeck: ${dir}`,
      ),
    ];
  }
}

async function keys(config: Config): Promise<Finding[]> {
  const file = config.keys.master_key_file;
  try {
    await access(file);
  } catch {
    return [
      warn(
        'keys',
        `${file} does not exist; the daemon makes it at its first start.`,
        'Back it up then, apart from the data.',
      ),
    ];
  }
  try {
    const store = createKeys({
      path: join(config.data.dir, 'keys.db'),
      masterKey: loadMasterKey(file),
      readonly: true,
    });
    try {
      store.start();
    } finally {
      store.stop();
    }
    return [ok('keys', 'The master key opens keys.db.')];
  } catch (e) {
    if (e instanceof TapedeckError && e.code === 'key_missing')
      return [ok('keys', 'The master key is there; keys.db is made at the first recording.')];
    return [broken('keys', e)];
  }
}

async function daemon(config: Config): Promise<Finding[]> {
  try {
    const status = await request<{ calls_now: number; recording_now: number }>(
      controlSocket(config.data.dir),
      'GET',
      '/status',
    );
    return [ok('daemon', `Runs: ${status.calls_now} calls now, ${status.recording_now} being recorded.`)];
  } catch (e) {
    return [warn('daemon', 'The recorder daemon does not run.', (e as TapedeckError).hint)];
  }
}
