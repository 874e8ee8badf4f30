import { isIPv6 } from 'node:net';
import { HEADING } from '../../../ops/config-pbx.js';
import type { PbxConfig } from '../../../ops/config-schema.js';
import { snippet, snippetSection } from '../conf/snippets.js';
import { tomlText } from '../conf/toml.js';
import type { Change, FileChange } from './change.js';
import type { Secrets } from './plan-asterisk.js';
import type { OwnFacts } from './plan-own.js';

/** A further PBX, on another machine, with ARI and AMI over TLS. */
export type SecondPbx = { id: string; name: string; host: string };

/** Returns a configuration with one more PBX at its end. A single [pbx] becomes the first [[pbx]]; its lines stay. */
export function withPbx(text: string, { id, name, host }: SecondPbx, etc: string): string {
  const several = text
    .split('\n')
    .map((line) => (HEADING.exec(line)?.[1] === 'pbx' ? line.replace(/\[+\s*pbx\s*\]+/, '[[pbx]]') : line))
    .join('\n');
  const first = /^\s*\[\[pbx\]\]/m.test(several) ? several : `${several.trimEnd()}\n\n[[pbx]]\n`;
  const values = {
    ...{ id, name, ari_url: `https://${host}:8089`, ari_password_file: `${etc}/ari-password-${id}` },
    ...{ ami_host: host, ami_port: 5039, ami_tls: true, ami_secret_file: `${etc}/ami-secret-${id}` },
    // It must not exist here: the audio is fetched over ARI.
    spool: `/var/spool/asterisk-${id}/recording`,
  };
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${tomlText(value)}`);
  return `${first.trimEnd()}\n\n[[pbx]]\n${lines.join('\n')}\n`;
}

/** Returns the files that the admin takes to that PBX, with the secrets filled in. `address` is ours, as that PBX sees it. */
export function filesForPbx(secrets: Secrets, address: string): Record<string, string> {
  const channelvars = /^channelvars = .*$/m.exec(snippet('ari.conf'))![0];
  const permit = `permit = ${address}/${isIPv6(address) ? '128' : '255.255.255.255'}  ; ... but the machine of Tapedeck`;
  // The last line that fits an address counts: of IPv6 that has to come after "deny = ::/0".
  const [gone, ours] = isIPv6(address)
    ? [/^permit = 127\..*\n/m, /^permit = ::1.*$/m]
    : [/^permit = ::1.*\n/m, /^permit = 127\..*$/m];
  const account = snippetSection(snippet('manager.conf'), 'tapedeck', secrets.ami)
    .replace(gone, '')
    .replace(ours, permit);
  return {
    'ari.conf': `[general](+)\nwebsocket_write_timeout = 1000\n${channelvars}\n\n${snippetSection(snippet('ari.conf'), 'tapedeck', secrets.ari)}\n`,
    'manager.conf': `${account}\n`,
    'cdr_manager.conf': snippet('cdr_manager.conf'),
    'extensions.conf': snippet('extensions.conf'),
  };
}

/** What there is of a file already; null where there is none. */
type Had = (path: string) => string | null;

/** Returns the files of a further PBX on this machine: its secrets, what lets the recorder reach it, and what to add to that PBX. Pure. */
function filesHere(
  own: OwnFacts,
  { id, host }: Pick<SecondPbx, 'id' | 'host'>,
  { secrets, address, had }: { secrets: Secrets; address: string; had: Had },
): Change[] {
  const file = (path: string, after: string, mode: number, why: string): FileChange => ({
    ...{ kind: 'file', path, before: had(path), after, mode, why, pbx: false },
    ...{ owner: own.root, secrets: [secrets.ari, secrets.ami] },
  });
  const credentials = ['ari-password', 'ami-secret'].map(
    (name) => `LoadCredential=${name}-${id}:${own.etc}/${name}-${id}`,
  );
  const folder: Change = {
    ...{ kind: 'folder', path: `${own.etc}/pbx-${id}`, mode: 0o700, owner: own.root, pbx: false },
    why: 'what to add to that PBX',
  };
  const unit = `# Written by "tapedeck setup --add-pbx ${id}".\n[Service]\n${[...credentials, `IPAddressAllow=${host}`].join('\n')}\n`;
  return [
    file(`${own.etc}/ari-password-${id}`, `${secrets.ari}\n`, 0o600, 'the password of its ARI user'),
    file(`${own.etc}/ami-secret-${id}`, `${secrets.ami}\n`, 0o600, 'the secret of its AMI account'),
    file(
      `${own.systemd}/tapedeck.service.d/setup-${id}.conf`,
      unit,
      0o644,
      'lets the recorder read its secrets and reach it',
    ),
    ...(own.hasFolder(folder.path, folder.mode, folder.owner) ? [] : [folder]),
    ...Object.entries(filesForPbx(secrets, address)).map(([name, text]) =>
      file(`${own.etc}/pbx-${id}/${name}`, text, 0o600, `for its ${name}`),
    ),
  ].filter((one) => one.kind !== 'file' || one.before !== one.after);
}

/** Returns what changes here when a further PBX is added. Pure. */
export function planSecond(
  own: OwnFacts & { config: string },
  pbx: SecondPbx,
  secrets: Secrets,
  address: string,
): Change[] {
  return [
    {
      ...{ kind: 'file', path: `${own.etc}/tapedeck.toml`, before: own.config, mode: 0o640, pbx: false },
      ...{ after: withPbx(own.config, pbx, own.etc), why: 'one more PBX' },
      ...{ owner: { uid: own.root.uid, gid: own.recorder.gid }, secrets: [secrets.ari, secrets.ami] },
    },
    ...filesHere(own, pbx, { secrets, address, had: () => null }),
  ];
}

/**
 * Returns what is missing here of the further PBXs that a configuration names, as `--add-pbx` made it. Secrets that are there stay. One
 * whose secrets are elsewhere was added by hand, and is left alone. Pure.
 */
export function planFurther(
  own: OwnFacts,
  pbxes: readonly PbxConfig[],
  { newSecret, address, had }: { newSecret: () => string; address: string; had: Had },
): Change[] {
  return pbxes.slice(1).flatMap(({ id, ami_host: host, ari_password_file: ari, ami_secret_file: ami }) => {
    if (ari !== `${own.etc}/ari-password-${id}` || ami !== `${own.etc}/ami-secret-${id}`) return [];
    const secretIn = (path: string) => had(path)?.trim() || newSecret();
    return filesHere(
      own,
      { id, host },
      { secrets: { ari: secretIn(ari), ami: secretIn(ami) }, address, had },
    );
  });
}
