import type { Config } from '../../../ops/config-schema.js';
import { S3_CREDENTIAL } from '../../../vault/backup/s3.js';
import { SFTP_CREDENTIAL } from '../../../vault/backup/sftp-session.js';
import type { FileChange } from './change.js';
import { loopback } from './plan-checks.js';
import { dropIn, type OwnFacts } from './plan-own.js';

/** Sections of the configuration for which the recorder reaches something that its unit keeps from it. */
export const OUTSIDE = ['backup', 'alerts'] as const;
export type Outside = (typeof OUTSIDE)[number];

export const outsideFile = (systemd: string, section: Outside): string =>
  `${systemd}/tapedeck.service.d/setup-${section}.conf`;

/** What is known of the machine: the addresses of a host, as far as they could be looked up, and which files are there. */
export type Reached = {
  addresses: ReadonlyMap<string, readonly string[]>;
  hasFile(path: string): boolean;
};

type Needs = { hosts: string[]; folders: string[]; secrets: [name: string, file: string][] };

const hostIn = (url: string): string => new URL(url).hostname.replace(/[[\]]/g, '');

/** Returns what the recorder needs for a section: hosts, folders to write to, and secrets by the name of their credential. Pure. */
export function needsOf({ backup, alerts }: Pick<Config, Outside>, section: Outside): Needs {
  if (section === 'backup') {
    const { path, key_path: keys, s3, sftp } = backup;
    return {
      hosts: [...(s3 ? [hostIn(s3.endpoint)] : []), ...(sftp ? [sftp.host] : [])],
      folders: [path, keys].filter((folder) => folder !== ''),
      secrets: [
        ...(s3 ? [[S3_CREDENTIAL, s3.secret_key_file] satisfies [string, string]] : []),
        ...(sftp ? [[SFTP_CREDENTIAL, sftp.key_file] satisfies [string, string]] : []),
      ],
    };
  }
  const { smtp_host: host, webhook_url: url } = alerts;
  const secrets: Needs['secrets'] = [
    ['smtp-password', alerts.smtp_password_file],
    ['webhook-secret', alerts.webhook_secret_file],
  ];
  return {
    hosts: [host, url && hostIn(url)].filter((one) => one !== ''),
    folders: [],
    secrets: secrets.filter(([, file]) => file !== ''),
  };
}

/** A path in a list of systemd's. */
const listed = (path: string): string => {
  const plain = path.replaceAll('%', '%%');
  return /[\s"'\\]/.test(plain) ? `"-${plain.replace(/["\\]/g, '\\$&')}"` : `-${plain}`;
};

/** Returns the drop-in that lets the recorder reach what a section names, or nothing where it is there. Pure. */
export function planOutside(
  own: Pick<OwnFacts, 'dropIns' | 'root' | 'systemd'>,
  config: Pick<Config, Outside>,
  section: Outside,
  { addresses, hasFile }: Reached,
): FileChange[] {
  const { hosts, folders, secrets } = needsOf(config, section);
  const reached = new Set(hosts.flatMap((host) => addresses.get(host) ?? []).filter((one) => !loopback(one)));
  const service = [
    ...(folders.length > 0 ? [`ReadWritePaths=${folders.map(listed).join(' ')}`] : []),
    // With a credential whose file is missing the recorder would not start (243/CREDENTIALS).
    ...secrets.filter(([, file]) => hasFile(file)).map(([name, file]) => `LoadCredential=${name}:${file}`),
    ...[...reached].map((address) => `IPAddressAllow=${address}`),
  ];
  return dropIn(own, outsideFile(own.systemd, section), {
    ...{ service, by: ` for [${section}] of tapedeck.toml` },
    why: section === 'backup' ? 'lets the recorder reach its backups' : 'lets the recorder send alerts',
  });
}
