import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { identityToRecipient } from 'age-encryption';
import { findBackup } from '../../app/backup/find.js';
import { readConfiguration, refuseIdentity } from '../../app/backup/restore.js';
import { fail, TapedeckError } from '../../domain/error.js';
import { parseConfig } from '../../ops/config.js';
import { type Config, type Section, sections } from '../../ops/config-schema.js';
import { syncDirNow } from '../../ops/files/sync-dir.js';
import { becomeOwnerOf } from '../../ops/process/become.js';
import { runProgram } from '../../ops/process/run-program.js';
import type { CliContext } from '../common/context.js';
import { EXIT } from '../common/exit-codes.js';
import { KEY_COPY_NOTE } from '../doctor/key-copy.js';
import { applyChanges } from '../setup/apply/apply.js';
import { openJournal, writeWhole } from '../setup/apply/journal.js';
import { ownFacts } from '../setup/machine/own-facts.js';
import { DATA_DIR, dataFolders } from '../setup/plan/plan-own.js';
import { setUpRestored } from '../setup/setup.js';
import { type PlaceOptions, placeArguments } from './place-options.js';
import { backupKeys, readIdentity, readTrusted, restorePlace } from './places.js';

export type RestoreOptions = PlaceOptions & {
  from?: string;
  keys?: string;
  identity: string;
  list?: string | boolean;
  publicKey?: string;
  dryRun?: boolean;
  setup?: boolean;
};

/** The configuration of the backup until the data is there: no unit starts before it gets its name. */
const HALF = 'restoring.toml';

/** What is to be known of a backup before anything of it is restored. */
export type Looked = { backup: string; configuration: string };

/** Returns which backup it would be, and the configuration in it (base64). Reads as the owner of the package's data directory. */
export async function lookAt(
  ctx: CliContext,
  id: string | undefined,
  options: RestoreOptions,
): Promise<Looked> {
  const identity = readIdentity(options.identity);
  const trusted = readTrusted(options.publicKey);
  const target = restorePlace(ctx, options, await identityToRecipient(identity));
  becomeOwnerOf(DATA_DIR);
  const { statement } = await findBackup(target, id ?? null, trusted);
  await refuseIdentity(statement, identity);
  const keys = backupKeys(ctx, target, options.keys ?? '');
  const key = await keys.open(statement.backup_key, identity);
  const configuration = await readConfiguration(target, statement, key);
  return { backup: statement.id, configuration: configuration.toString('base64') };
}

/**
 * Restores a backup on a machine where only the package was installed: its configuration, the data, and then what "tapedeck setup" does
 * for that configuration. The data is restored by a process of its own, which gives up root. May be interrupted and called again.
 */
export async function restoreBare(
  ctx: CliContext,
  { id, options }: { id?: string; options: RestoreOptions },
): Promise<void> {
  const { dryRun = false, setup = true } = options;
  const configFile = ctx.configFile();
  const etc = dirname(configFile);
  if (setup && process.getuid!() !== 0) throw fail('restore_root');
  const looked = await again(configFile, [...wordsOf(id, options), '--look'], { piped: true });
  if (looked.code !== 0) return end(looked.code);
  const { backup, configuration } = JSON.parse(looked.said) as Looked;
  const content = Buffer.from(configuration, 'base64');
  const config = parseConfig(content.toString('utf8'), configFile);
  const half = join(etc, HALF);
  const { uid, gid } = statSync(etc);
  writeWhole(half, content.toString('latin1'), 0o640, { uid, gid });
  try {
    if (!dryRun) await makeDataFolder(half, config);
    const { code } = await again(half, [...wordsOf(backup, options), '--bare'], {
      passphraseFd: ctx.passphraseFd(),
    });
    if (code !== 0) return end(code);
    if (dryRun) {
      ctx.out(`The configuration of the backup would be ${configFile}.`);
      for (const line of notInBackup(config, options)) ctx.out(line);
      return setup ? await trySetup(ctx, half) : undefined;
    }
    bringSecrets(config, options);
    renameSync(half, configFile);
    syncDirNow(etc);
  } finally {
    rmSync(half, { force: true });
  }
  ctx.out(`The configuration of the backup is ${configFile}.`);
  const note = join(etc, KEY_COPY_NOTE);
  const today = new Date().toISOString().slice(0, 10);
  if (!existsSync(note))
    writeWhole(note, `the key with which backup ${backup} was restored, on ${today}\n`, 0o640, { uid, gid });
  for (const line of notInBackup(config, options)) ctx.out(line);
  if (!setup) return ctx.out('Run "tapedeck setup" now: it connects the PBX and starts Tapedeck.');
  await setUpRestored(configFile, { dryRun: false });
}

const end = (code: number): void => {
  process.exitCode = code;
};

/** What would be set up. That it cannot be is told, and is no fault of the backup. */
async function trySetup(ctx: CliContext, configFile: string): Promise<void> {
  try {
    await setUpRestored(configFile, { dryRun: true });
  } catch (e) {
    if (!(e instanceof TapedeckError)) throw e;
    ctx.err(`The backup can be restored, and then setup would stop: ${e.message}`);
    end(EXIT.failed);
  }
}

/** A data directory elsewhere than the package's is made as setup makes it. */
async function makeDataFolder(configFile: string, { data }: Config): Promise<void> {
  if (existsSync(data.dir)) return;
  const own = await ownFacts(runProgram, configFile);
  await applyChanges(dataFolders(own, data.dir), { journal: openJournal(join(own.etc, 'setup')) });
}

/** The secret of the place, which opened it here, goes where the configuration has it. */
function bringSecrets({ backup: { s3, sftp } }: Config, given: RestoreOptions): void {
  const root = { uid: process.getuid!(), gid: process.getgid!() };
  for (const [from, to] of [
    [given.s3SecretKeyFile, s3?.secret_key_file],
    [given.sftpKeyFile, sftp?.key_file],
  ])
    if (from !== undefined && to !== undefined && !existsSync(to))
      writeWhole(to, readFileSync(resolve(from), 'latin1'), 0o600, root);
}

/** Returns a line for each file with a secret or a certificate that the configuration names and this machine does not have. */
function notInBackup(config: Config, { s3SecretKeyFile: s3, sftpKeyFile: sftp }: RestoreOptions): string[] {
  const brought = [s3 && config.backup.s3?.secret_key_file, sftp && config.backup.sftp?.key_file];
  // Setup makes the secrets of PBXs anew, and the master key was needed to get here.
  const named = Object.entries(sections)
    .filter(([name]) => name !== 'pbx' && name !== 'keys')
    .flatMap(([name, section]) => filesIn(section, config[name as keyof Config] as never, name));
  const missing = named.filter(({ path }) => !existsSync(path) && !brought.includes(path));
  if (missing.length === 0) return [];
  return [
    'These files are in no backup. Put them back, then run "tapedeck setup":',
    ...missing.map(({ path, key }) => `  ${path}  (${key})`),
  ];
}

function filesIn(
  { properties }: Pick<Section, 'properties'>,
  values: Readonly<Record<string, unknown>>,
  name: string,
): { key: string; path: string }[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const schema = properties[key];
    if (schema?.properties)
      return filesIn({ properties: schema.properties }, value as Record<string, unknown>, `${name}.${key}`);
    const isFile = schema?.isPath === true && key.endsWith('_file') && value !== '';
    return isFile ? [{ key: `[${name}] ${key}`, path: String(value) }] : [];
  });
}

/** The words of this command again, for a process of its own. */
function wordsOf(id: string | undefined, options: RestoreOptions): string[] {
  const { from, keys, identity, list, publicKey, dryRun } = options;
  const path = (name: string, value: string | undefined) =>
    value === undefined ? [] : [name, resolve(value)];
  return [
    ...['restore', ...(id === undefined ? [] : [id])],
    ...path('--identity', identity),
    ...path('--from', from),
    ...path('--keys', keys),
    ...path('--public-key', publicKey),
    ...(typeof list === 'string' ? path('--list', list) : list === false ? ['--no-list'] : []),
    ...(dryRun ? ['--dry-run'] : []),
    ...placeArguments(options),
  ];
}

/** Runs this program in a process of its own, which says itself what goes wrong. Returns its exit code, and what it printed if `piped`. */
async function again(
  config: string,
  words: string[],
  { piped = false, passphraseFd }: { piped?: boolean; passphraseFd?: number | undefined } = {},
): Promise<{ code: number; said: string }> {
  const stdio: ('inherit' | 'pipe' | 'ignore')[] = ['inherit', piped ? 'pipe' : 'inherit', 'inherit'];
  if (passphraseFd !== undefined) {
    while (stdio.length <= passphraseFd) stdio.push('ignore');
    stdio[passphraseFd] = 'inherit';
    words = ['--passphrase-fd', String(passphraseFd), ...words];
  }
  const argv = [...process.execArgv, process.argv[1]!, '--config', config, ...words];
  const child = spawn(process.execPath, argv, { stdio });
  const [said, [code]] = await Promise.all([child.stdout ? text(child.stdout) : '', once(child, 'close')]);
  return { code: Number(code ?? 1), said };
}
