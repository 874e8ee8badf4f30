import { readdir, readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { credentialOf } from '../../ops/config-pbx.js';
import type { PbxConfig } from '../../ops/config-schema.js';
import { readSecret } from '../../ops/secrets/secret.js';
import { faultsOf } from '../../pbx/known-faults.js';
import { type AriProbe, probeAmi, probeAri, probeModules } from '../../pbx/probe.js';
import { readTrust } from '../../pbx/trust.js';
import { certificateTodo } from './connection.js';
import { bad, type Finding, ok, warn } from './finding.js';

type Ari = Parameters<typeof credentialOf>[1] &
  Pick<PbxConfig, 'ari_url' | 'ari_user' | 'ari_password_file' | 'ari_ca_file'>;

const accessTo = (pbx: Ari) =>
  [
    pbx.ari_url,
    pbx.ari_user,
    readSecret(pbx.ari_password_file, credentialOf('ari-password', pbx)),
    readTrust(pbx.ari_ca_file, 'ari_ca_file'),
  ] as const;

const withoutAri = (url: string, status: number): Finding =>
  bad('PBX (ARI)', `${url}/ari answered ${status}.`, 'Load res_ari, and set enabled = yes in ari.conf.');

const modulesFound = ([first, ...more]: string[]): Finding =>
  first === undefined
    ? ok('PBX modules', 'All that is needed runs.')
    : bad(
        'PBX modules',
        `Not running: ${[first, ...more].join(', ')}.`,
        `Load them: asterisk -rx 'module load ${first}'; see modules.conf.`,
      );

/** Whether the modules run that recording needs, by one request; undefined where it cannot be known. Throws where the PBX does not answer. */
export async function modules(pbx: Ari): Promise<Finding | undefined> {
  const { status, missing } = await probeModules(...accessTo(pbx));
  // A module of its own tells of the others.
  if (status === 404) return modulesFound(['res_ari_asterisk.so']);
  return status === 200 ? modulesFound(missing) : undefined;
}

/** What ARI says of the PBX. */
export async function ari(pbx: PbxConfig): Promise<Finding[]> {
  const { ari_url: url, ari_user: user, ari_password_file: file } = pbx;
  const p = await probeAri(...accessTo(pbx));
  if (p.untrusted)
    return [
      bad('PBX (ARI)', `${url}: ${p.error}. Nothing was sent.`, certificateTodo('ari_url', 'ari_ca_file')),
    ];
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
  if (p.status !== 200) return [withoutAri(url, p.status)];
  const major = Number.parseInt(p.version, 10);
  const found = [ok('PBX (ARI)', `Asterisk ${p.version} at ${url}`)];
  if (!(major >= 16))
    found.push(bad('PBX version', `Asterisk ${p.version} is too old.`, 'Use Asterisk 16 or newer.'));
  found.push(
    modulesFound(p.missing),
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
  return [...found, ...knownFaults(p)];
}

/** Policies of Linux's scheduler (sched(7)) under which a process goes before all of those that have none. */
const GOES_FIRST = new Set([1, 2]);

/** Whether Asterisk goes before all else, for each that runs on this machine. Nothing where none does. */
export async function priority(): Promise<Finding[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return stats.flatMap((stat) => {
    const [, pid, name, rest] = /^(\d+) \((.*)\) (.*)$/s.exec(stat) ?? [];
    if (name !== 'asterisk') return [];
    // What follows the name begins with field 3 of proc_pid_stat(5); the policy is field 41.
    const policy = Number(rest!.split(' ')[38]);
    if (GOES_FIRST.has(policy))
      return [ok('PBX priority', `Asterisk (process ${pid}) goes before all else.`)];
    return [
      warn(
        'PBX priority',
        `Asterisk (process ${pid}) shares the processor with all else as an equal. When the machine is busy, calls and their recordings have holes.`,
        'Set highpriority = yes under [options] in asterisk.conf (or start it with -p), and restart Asterisk when no call is up. If it is set already, Asterisk gave its priority up after two minutes because its astcanary process had died (its log says "The canary is no more"): put astcanary into astsbindir.',
      ),
    ];
  });
}

/** What AMI says of it. */
export async function ami(pbx: PbxConfig): Promise<Finding[]> {
  const { ami_host: host, ami_port: port, ami_user: user, ami_secret_file: file } = pbx;
  const { mayCommand } = await probeAmi({
    host,
    port,
    user,
    secret: readSecret(file, credentialOf('ami-secret', pbx)),
    tls: pbx.ami_tls ? readTrust(pbx.ami_ca_file, 'ami_ca_file') : null,
    log: pino({ level: 'silent' }),
  });
  const found = [ok('PBX (AMI)', `Signed in at ${host}:${port} as "${user}"`)];
  if (mayCommand)
    found.push(
      warn(
        'AMI rights',
        `"${user}" may run commands, which Tapedeck never does.`,
        'Leave write = empty for this user in manager.conf.',
      ),
    );
  return found;
}

/** What is known to be wrong with this version and build. One that is worked round is good news. */
function knownFaults(p: AriProbe): Finding[] {
  return faultsOf(p)
    .filter(
      ({ id }) =>
        id !== 'costly-cel' || p.running.has('cel_custom.so') || p.running.has('cel_sqlite3_custom.so'),
    )
    .map(({ means, does, cure, todo }) => {
      if (cure === 'upgrade') return warn('known fault', `${means} Tapedeck: ${does}`, todo);
      return ok('known fault', `${means} Tapedeck: ${does}${todo && ` Better: ${todo}`}`);
    });
}
