import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { identityToRecipient } from 'age-encryption';
import { fail } from '../../domain/error.js';
import { printable } from '../../domain/printable.js';
import { becomeOwnerOf } from '../../ops/process/become.js';
import { type BackupKeys, createBackupKeys } from '../../vault/backup/backup-keys.js';
import { hasDestination, openDestination } from '../../vault/backup/destination.js';
import { createFolderTarget } from '../../vault/backup/folder.js';
import type { BackupTarget } from '../../vault/backup/target.js';
import type { CliContext } from '../common/context.js';
import { namesPlace, type PlaceOptions, placeFrom } from './place-options.js';

/** Where backups are: the folder that is named, or the place of the configuration. Throws `backup_off`. */
export function backupPlace(ctx: CliContext, from: string | undefined): BackupTarget {
  if (from !== undefined) return createFolderTarget(resolve(from));
  const { backup } = ctx.config();
  if (!hasDestination(backup)) throw fail('backup_off', 'Or name a folder with --from.');
  const target = openDestination(backup);
  ctx.later(target.close);
  return target;
}

/** The same, or the store or server that the options name. Throws `backup_off`, `request_invalid`, `secret_missing`. */
export function restorePlace(
  ctx: CliContext,
  options: PlaceOptions & { from?: string },
  recipient: string,
): BackupTarget {
  if (!namesPlace(options)) return backupPlace(ctx, options.from);
  if (options.from !== undefined)
    throw fail('request_invalid', 'Name one place: --from, a store or a server.');
  const target = openDestination(placeFrom(options, recipient));
  ctx.later(target.close);
  return target;
}

export const KEYS_FOLDER = [
  '--keys <folder>',
  'folder with the keys of backups, if they are kept apart; default: [backup] key_path of tapedeck.toml',
] as const;

/** Where the keys of backups are: the folder that is named, that of the configuration, or beside the backups. */
export const backupKeys = (ctx: CliContext, target: BackupTarget, folder: string | undefined): BackupKeys =>
  createBackupKeys(target, folder === undefined ? ctx.config().backup.key_path : resolve(folder));

/** The age identity in a file: its only line that is not a comment. Throws `backup_identity`. */
export function readIdentity(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (e) {
    throw fail('backup_identity', `${file}: ${(e as Error).message}`, e);
  }
  const lines = text.split('\n').map((line) => line.trim());
  const found = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (found.length === 1 && /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/.test(found[0]!)) return found[0]!;
  throw fail('backup_identity', `${file} does not hold one age identity.`);
}

/** Public keys of Tapedeck by which a signature is verified; null where none is named. */
export const readTrusted = (file: string | undefined): string[] | null =>
  file === undefined ? null : [readFileSync(file, 'utf8')];

/**
 * What a restore works with, as its options name it. What only root may read is read first; then the command goes on as the owner of
 * the data directory.
 */
export async function toRestoreFrom(
  ctx: CliContext,
  options: PlaceOptions & { identity: string; from?: string; publicKey?: string },
) {
  const identity = readIdentity(options.identity);
  const trusted = readTrusted(options.publicKey);
  const { current: masterKey } = await ctx.master();
  const { dir: dataDir } = ctx.config().data;
  const target = restorePlace(ctx, options, await identityToRecipient(identity));
  becomeOwnerOf(dataDir);
  return { identity, trusted, masterKey, dataDir, target };
}

/** Shows how far something is, at most once a second, in one line of a terminal and rarely elsewhere. */
export function showProgress(what: string): { progress(done: number, total: number): void; end(): void } {
  const terminal = process.stderr.isTTY === true;
  let shownAt = performance.now();
  let shown = false;
  return {
    progress(done, total) {
      if (performance.now() - shownAt < (terminal ? 500 : 10_000)) return;
      shownAt = performance.now();
      shown = true;
      const line = printable(`${what}: ${done} of ${total}`);
      process.stderr.write(terminal ? `\r${line}` : `${line}\n`);
    },
    end() {
      if (shown && terminal) process.stderr.write('\n');
    },
  };
}
