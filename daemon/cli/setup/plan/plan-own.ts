import { dirname } from 'node:path';
import { regionOfZone } from '../../../domain/phone.js';
import { TRUNK_CONTEXTS } from '../../../ops/config-schema.js';
import { type TomlValue, withValues } from '../conf/toml.js';
import type { PbxFacts } from '../machine/facts.js';
import { trunkContexts } from '../machine/facts.js';
import type { Change, FileChange, Owner, Plan } from './change.js';
import type { Secrets } from './plan-asterisk.js';
import { loopback } from './plan-checks.js';

/** What people decide. */
export type Answers = {
  /** An address of this machine, or 127.0.0.1. */
  address: string;
  /** Further names by which browsers open the dashboard. */
  hosts: string[];
  timeZone: string;
  /** ISO 3166-1, such as "GB": of the numbers and of the law. */
  region: string;
  dataDir: string;
  /** File on another machine to which checkpoints of the audit log go too; '' where there is none. */
  checkpointFile: string;
};

/** What there is of Tapedeck on this machine. */
export type OwnFacts = {
  /** The folder of tapedeck.toml. */
  etc: string;
  /** tapedeck.toml, or null; what a new one is made of. */
  config: string | null;
  example: string;
  secrets: { ari: string | null; ami: string | null };
  /** The country that the configuration names; null where it names none. */
  siteRegion: string | null;
  recorder: Owner;
  dashboard: Owner;
  root: Owner;
  /** Folder for drop-ins of systemd. */
  systemd: string;
  /** Whether there is the group of Asterisk's spool, which the recorder's unit names. */
  asteriskGroup: boolean;
  /** Whether a folder is there with the rights that it is to have. */
  hasFolder(path: string, mode: number, owner: Owner): boolean;
  /** Texts of drop-ins that are there. */
  dropIns: Record<string, string>;
};

export const DATA_DIR = '/var/lib/tapedeck';
export const ETC = '/etc/tapedeck';
const SPOOL = '/var/spool/asterisk';

const shared = { mode: 0o640, secrets: [], pbx: false };

/** Returns what has to change of Tapedeck's own files: its configuration, the two secrets, drop-ins of its units. Pure. */
export function planOwn(
  own: OwnFacts,
  answers: Answers,
  pbx: { facts: PbxFacts; reach: Plan['reach']; secrets: Secrets; more?: readonly TomlValue[] },
): Change[] {
  const changes: Change[] = [];
  const before = own.config;
  const after = withValues(before ?? own.example, [...valuesFor(own, answers, pbx), ...(pbx.more ?? [])]);
  if (after !== before)
    changes.push({
      ...{ kind: 'file', path: `${own.etc}/tapedeck.toml`, before, after, ...shared },
      ...{ owner: { uid: own.root.uid, gid: own.recorder.gid }, why: "Tapedeck's configuration" },
    });
  const secret = (name: string, had: string | null, value: string, why: string) => {
    if (had === value) return;
    const now = had === null ? null : `${had}\n`;
    changes.push({
      ...{ kind: 'file', path: `${own.etc}/${name}`, before: now, after: `${value}\n`, pbx: false, why },
      ...{ mode: 0o600, owner: own.root, secrets: [value] },
    });
  };
  secret('ari-password', own.secrets.ari, pbx.secrets.ari, 'the password of the ARI user');
  secret('ami-secret', own.secrets.ami, pbx.secrets.ami, 'the secret of the AMI account');
  changes.push(...dropIns(own, answers, pbx));
  if (!pbx.facts.recordings)
    changes.push({
      ...{ kind: 'folder', path: `${pbx.facts.spool}/recording`, mode: 0o2770, pbx: true },
      ...{ owner: pbx.facts.owner, why: 'where Asterisk writes; without it every recording fails' },
    });
  return changes;
}

/** Only what differs from the configuration's own defaults, or from what setup wrote before, is written. */
function valuesFor(
  own: OwnFacts,
  { address, hosts, timeZone, region, dataDir, checkpointFile }: Answers,
  { facts, reach }: { facts: PbxFacts; reach: Plan['reach'] },
): TomlValue[] {
  const extra = trunkContexts(facts);
  const contexts = [...new Set([...TRUNK_CONTEXTS, ...extra])];
  const values: TomlValue[] = [
    ['site', 'time_zone', timeZone],
    ...(own.siteRegion !== null || region !== regionOfZone(timeZone)
      ? [['site', 'region', region] satisfies TomlValue]
      : []),
    ['data', 'dir', dataDir],
    ['pbx', 'ari_url', reach.ariUrl],
    ['pbx', 'ami_host', reach.amiHost],
    ['pbx', 'ami_port', reach.amiPort],
    ...(reach.ariUrl.startsWith('https:') ? [['pbx', 'ami_tls', true] satisfies TomlValue] : []),
    ['pbx', 'spool', `${facts.spool}/recording`],
    ['web', 'address', address],
    ...(hosts.length > 0 ? [['web', 'hosts', hosts] satisfies TomlValue] : []),
  ];
  // It is taken out as well.
  if (checkpointFile !== '' || /^checkpoint_file\s*=/m.test(own.config ?? ''))
    values.push(['audit', 'checkpoint_file', checkpointFile]);
  // People may have added theirs since.
  if (own.config === null) {
    values.push(['pbx', 'trunk_contexts', contexts], ['encode', 'socket', '/run/tapedeck-encoder/sock']);
    if (own.etc !== ETC)
      values.push(
        ['pbx', 'ari_password_file', `${own.etc}/ari-password`],
        ['pbx', 'ami_secret_file', `${own.etc}/ami-secret`],
        ['keys', 'master_key_file', `${own.etc}/master.key`],
      );
  }
  return values;
}

/** Folders of the data directory that are the dashboard's. The recorder makes its own. */
const DASHBOARD_FOLDERS: [name: string, mode: number][] = [
  ['web', 0o700],
  ['tls', 0o2750],
];

/** Returns the folders that have to be made before a data directory elsewhere than the package's can be used. Pure. */
export function dataFolders(own: OwnFacts, dataDir: string): Change[] {
  if (dataDir === DATA_DIR) return [];
  const group = own.recorder.gid;
  const folder = (path: string, mode: number, owner: Owner) => ({
    ...{ kind: 'folder' as const, path, mode, owner, pbx: false, why: 'recordings, catalogue and keys' },
  });
  return [
    folder(dataDir, 0o2750, own.recorder),
    folder(`${dataDir}/work`, 0o700, own.recorder),
    ...DASHBOARD_FOLDERS.map(([name, mode]) =>
      folder(`${dataDir}/${name}`, mode, { uid: own.dashboard.uid, gid: group }),
    ),
  ].filter((one) => !own.hasFolder(one.path, one.mode, one.owner));
}

/** Returns a drop-in of a unit of ours, or nothing where it is there already or says nothing and never did. Pure. */
export function dropIn(
  own: Pick<OwnFacts, 'dropIns' | 'root'>,
  path: string,
  { unit = [], service, why, by = '' }: { unit?: string[]; service: string[]; why: string; by?: string },
): FileChange[] {
  const before = own.dropIns[path] ?? null;
  if (service.length === 0 && unit.length === 0 && before === null) return [];
  const sections = [unit.length > 0 ? ['[Unit]', ...unit, ''] : [], ['[Service]', ...service]].flat();
  const after = `# Written by "tapedeck setup"${by}. Put lines of your own into another file here.\n${sections.join('\n')}\n`;
  if (after === before) return [];
  return [{ kind: 'file', path, before, after, ...shared, mode: 0o644, owner: own.root, why }];
}

function dropIns(
  own: OwnFacts,
  { address, dataDir, checkpointFile }: Answers,
  { facts: { spool }, reach }: { facts: PbxFacts; reach: Plan['reach'] },
): Change[] {
  const recorder: string[] = [];
  const dashboard: string[] = [];
  const unit: string[] = [];
  if (dataDir !== DATA_DIR) {
    unit.push(`RequiresMountsFor=${dataDir}`);
    recorder.push(`ReadWritePaths=${dataDir}`, `BindPaths=/run/tapedeck:${dataDir}/work`);
    const hidden = ['keys', 'signing/key', 'owner', 'work', 'recorder'].map((name) => `-${dataDir}/${name}`);
    dashboard.push(`ReadWritePaths=${dataDir}/web ${dataDir}/tls`, `InaccessiblePaths=${hidden.join(' ')}`);
  }
  // The PBX; and the dashboard, from which test calls fetch their recording, and which then listens there only.
  const reached = new Set([address, new URL(reach.ariUrl).hostname.replace(/[[\]]/g, ''), reach.amiHost]);
  for (const one of reached) if (!loopback(one)) recorder.push(`IPAddressAllow=${one}`);
  if (spool !== SPOOL) recorder.push(`ReadWritePaths=-${spool}/recording`);
  if (checkpointFile !== '') recorder.push(`ReadWritePaths=-${dirname(checkpointFile)}`);
  // Without that group the unit would not start (216/GROUP).
  if (!own.asteriskGroup) recorder.push('SupplementaryGroups=');
  const of = (name: string) => `${own.systemd}/${name}.service.d/setup.conf`;
  return [
    ...dataFolders(own, dataDir),
    ...dropIn(own, of('tapedeck'), { unit, service: recorder, why: 'what the recorder may reach' }),
    ...dropIn(own, of('tapedeck-web'), { unit, service: dashboard, why: 'where the dashboard may write' }),
  ];
}
