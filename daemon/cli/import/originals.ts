import { existsSync } from 'node:fs';
import { fail } from '../../domain/error.js';
import { DEFAULT_CONFIG } from '../../ops/config.js';
import { becomeOwnerOf } from '../../ops/process/become.js';
import { notify } from '../../ops/process/notify.js';
import { programFile } from '../../ops/process/program-files.js';
import { outputOf, runProgram } from '../../ops/process/run-program.js';
import { type Served, socketOf, unitOf } from '../../originals/apart/place.js';
import { createOriginalsServer } from '../../originals/apart/server.js';
import type { CliContext } from '../common/context.js';

/** The unit of the recorder, and what its process for originals has in common with it. */
const RECORDER = 'tapedeck.service';

/**
 * What the process may do that opens the originals of one folder: as the recorder's user and groups, read, and answer on its socket. All
 * else that is Tapedeck's, or the PBX's and no recording, is not there. Nothing of the recorder's own sandbox changes for it.
 */
const SANDBOX = [
  ...['ProtectSystem=strict', 'ReadOnlyPaths=/run', 'PrivateDevices=yes', 'DevicePolicy=closed'],
  'InaccessiblePaths=-/var/lib/tapedeck -/etc/tapedeck -/run/tapedeck -/run/credentials',
  'InaccessiblePaths=-/etc/asterisk -/run/asterisk -/var/spool/asterisk/recording -/dev/shm -/dev/mqueue',
  ...['PrivateNetwork=yes', 'IPAddressDeny=any', 'RestrictAddressFamilies=AF_UNIX', 'SocketBindDeny=any'],
  ...[
    'NoNewPrivileges=yes',
    'CapabilityBoundingSet=',
    'AmbientCapabilities=',
    'SystemCallArchitectures=native',
  ],
  ...['SystemCallFilter=@system-service', 'SystemCallFilter=~@privileged @resources @keyring'],
  ...['SystemCallErrorNumber=EPERM', 'ProtectKernelTunables=yes', 'ProtectKernelModules=yes'],
  ...['ProtectKernelLogs=yes', 'ProtectControlGroups=yes', 'ProtectClock=yes', 'ProtectHostname=yes'],
  ...['ProtectProc=invisible', 'ProcSubset=pid', 'PrivateIPC=yes', 'KeyringMode=private'],
  ...['RestrictNamespaces=yes', 'RestrictRealtime=yes', 'RestrictSUIDSGID=yes', 'LockPersonality=yes'],
  ...['UMask=0077', 'LimitCORE=0', 'MemorySwapMax=0', 'MemoryMax=512M', 'Nice=10', 'CPUWeight=20'],
];

const SHOWN = ['LoadState', 'User', 'Group', 'SupplementaryGroups', 'InaccessiblePaths'];

/** What systemd says of the unit of the recorder; null where systemd does not run the recorder of this configuration. */
export async function recorderUnit(ctx: CliContext): Promise<Record<string, string> | null> {
  if (!existsSync('/run/systemd/system') || ctx.config().file !== DEFAULT_CONFIG) return null;
  const shown = SHOWN.map((name) => `--property=${name}`);
  const said = (await outputOf('systemctl', ['show', RECORDER, ...shown])) ?? '';
  const unit = Object.fromEntries(
    SHOWN.map((key) => [key, new RegExp(`^${key}=(.*)$`, 'm').exec(said)?.[1] ?? '']),
  );
  return unit.LoadState === 'loaded' && unit.User !== '' ? unit : null;
}

/** What ProtectHome= and PrivateTmp= hide in the unit of the recorder. */
const HIDDEN = ['/home', '/root', '/run/user', '/tmp', '/var/tmp'];

/**
 * The recorder itself reads the CDRs: throws `cdr_unreadable` where its unit hides that file from it, so that a dry run does not read
 * what the import cannot. `cdr` is a path, `configured` or `none`.
 */
export function refuseHiddenCdrs(cdr: string, { InaccessiblePaths = '' }: Record<string, string>): void {
  const hidden = [...HIDDEN, ...InaccessiblePaths.split(' ').map((path) => path.replace(/^[-+]+/, ''))];
  const by = hidden.find((path) => path !== '' && (cdr === path || cdr.startsWith(`${path}/`)));
  if (by) throw fail('cdr_unreadable', `${cdr}: the sandbox of the recorder hides ${by} from it.`);
}

/** Gives root up for the user and the groups of the recorder, so that a dry run reads CDRs with its rights. */
export async function becomeRecorder(ctx: CliContext, unit: Record<string, string>): Promise<void> {
  const names = unit.SupplementaryGroups!.split(' ').filter(Boolean);
  const lines = await Promise.all(names.map((name) => outputOf('getent', ['group', name])));
  const gids = lines.flatMap((line) => (line ? [Number(line.split(':')[2])] : []));
  becomeOwnerOf(ctx.config().data.dir, gids);
}

/**
 * Starts what opens the originals of an import for the recorder, or of its dry run: both see the same. It ends with the import. Throws
 * `import_root`.
 */
export async function serveOriginals(
  recorder: Record<string, string>,
  order: Served,
  dry = false,
): Promise<void> {
  if (process.getuid?.() !== 0) throw fail('import_root', order.dir);
  const unit = unitOf(order, dry);
  const properties = [
    ...['User', 'Group', 'SupplementaryGroups'].map((name) => `${name}=${recorder[name]}`),
    ...[`RuntimeDirectory=${unit}`, 'RuntimeDirectoryMode=0700', 'NotifyAccess=all', ...SANDBOX],
  ];
  const { code, out } = await runProgram('systemd-run', [
    ...[`--unit=${unit}`, '--collect', '--quiet', '--service-type=notify'],
    '--description=Tapedeck, opens originals for an import',
    ...properties.map((one) => `--property=${one}`),
    ...['--', process.execPath, programFile('dist/daemon/main.js')],
    ...['import', 'serve-originals', order.dir, socketOf(order, dry)],
  ]);
  // It may be there already: of the same import, asked for again.
  if (code !== 0 && !existsSync(socketOf(order, dry))) throw fail('import_root', out.trim());
}

/** Opens the originals of a folder for the recorder until it is told that they are not needed any more. */
export async function runOriginals(dir: string, socket: string): Promise<void> {
  const server = await createOriginalsServer(dir);
  await server.listen(socket);
  const ended = new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()));
  await notify('READY=1');
  await Promise.race([server.over, ended]);
  await server.stop();
}
