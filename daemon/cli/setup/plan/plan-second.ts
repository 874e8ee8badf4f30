import { HEADING } from '../../../ops/config-pbx.js';
import { snippet, snippetSection } from '../conf/snippets.js';
import type { Change } from './change.js';
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
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return `${first.trimEnd()}\n\n[[pbx]]\n${lines.join('\n')}\n`;
}

/** Returns the files that the admin takes to that PBX, with the secrets filled in. `address` is ours, as that PBX sees it. */
export function filesForPbx(secrets: Secrets, address: string): Record<string, string> {
  const channelvars = /^channelvars = .*$/m.exec(snippet('ari.conf'))![0];
  const account = snippetSection(snippet('manager.conf'), 'tapedeck', secrets.ami).replace(
    /^permit = 127\.0\.0\.1\/255\.255\.255\.255.*$/m,
    `permit = ${address}/255.255.255.255  ; ... but the machine of Tapedeck`,
  );
  return {
    'ari.conf': `[general](+)\nwebsocket_write_timeout = 1000\n${channelvars}\n\n${snippetSection(snippet('ari.conf'), 'tapedeck', secrets.ari)}\n`,
    'manager.conf': `${account}\n`,
    'cdr_manager.conf': snippet('cdr_manager.conf'),
    'extensions.conf': snippet('extensions.conf'),
  };
}

/** Returns what changes here when a further PBX is added. Pure. */
export function planSecond(
  own: OwnFacts & { config: string },
  pbx: SecondPbx,
  secrets: Secrets,
  address: string,
): Change[] {
  const { id, host } = pbx;
  const file = (
    path: string,
    before: string | null,
    after: string,
    mode: number,
    gid: number,
    why: string,
  ): Change => ({
    ...{ kind: 'file', path, before, after, mode, why, pbx: false },
    ...{ owner: { uid: own.root.uid, gid }, secrets: [secrets.ari, secrets.ami] },
  });
  const credentials = ['ari-password', 'ami-secret'].map(
    (name) => `LoadCredential=${name}-${id}:${own.etc}/${name}-${id}`,
  );
  const unit = `${own.systemd}/tapedeck.service.d/setup-${id}.conf`;
  return [
    file(
      `${own.etc}/tapedeck.toml`,
      own.config,
      withPbx(own.config, pbx, own.etc),
      0o640,
      own.recorder.gid,
      'one more PBX',
    ),
    file(
      `${own.etc}/ari-password-${id}`,
      null,
      `${secrets.ari}\n`,
      0o600,
      own.root.gid,
      'the password of its ARI user',
    ),
    file(
      `${own.etc}/ami-secret-${id}`,
      null,
      `${secrets.ami}\n`,
      0o600,
      own.root.gid,
      'the secret of its AMI account',
    ),
    file(
      unit,
      null,
      `# Written by "tapedeck setup --add-pbx ${id}".\n[Service]\n${[...credentials, `IPAddressAllow=${host}`].join('\n')}\n`,
      0o644,
      own.root.gid,
      'lets the recorder read its secrets and reach it',
    ),
    {
      kind: 'folder',
      path: `${own.etc}/pbx-${id}`,
      mode: 0o700,
      owner: own.root,
      pbx: false,
      why: 'what to add to that PBX',
    },
    ...Object.entries(filesForPbx(secrets, address)).map(([name, text]) =>
      file(`${own.etc}/pbx-${id}/${name}`, null, text, 0o600, own.root.gid, `for its ${name}`),
    ),
  ];
}
