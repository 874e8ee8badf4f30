import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { checkBackup, readList } from '../../app/backup/check.js';
import { findBackup } from '../../app/backup/find.js';
import {
  type Restoring,
  refuseIdentity,
  refuseMasterKey,
  refuseOccupied,
  restoreBackup,
} from '../../app/backup/restore.js';
import { entryOf } from '../../domain/assurance/audit.js';
import type { BackupStatement } from '../../domain/backup/backup.js';
import { fail, TapedeckError } from '../../domain/error.js';
import { catalogueFile, restoringFile } from '../../domain/paths.js';
import { sizeText } from '../../domain/written.js';
import { consoleUser } from '../../ops/process/console.js';
import type { Signed } from '../../vault/backup/objects.js';
import type { BackupTarget } from '../../vault/backup/target.js';
import { forgetWitness } from '../../vault/installation/witness.js';
import type { CliContext } from '../common/context.js';
import { timesIn } from '../common/table.js';
import { lookAt, type RestoreOptions, restoreBare } from './bare.js';
import { addPlaceOptions } from './place-options.js';
import { backupKeys, backupPlace, KEYS_FOLDER, showProgress, toRestoreFrom } from './places.js';

type Options = RestoreOptions & {
  /** For a process of `restoreBare`: only looks, or only restores the data. */
  look?: boolean;
  bare?: boolean;
};

/** `tapedeck restore`: a backup into an empty data directory; on a machine without a configuration all that it takes to record. */
export function restore(program: Command, ctx: CliContext): void {
  const command = program
    .command('restore')
    .description('restore a backup: on a new machine with its configuration and users of the PBX')
    .argument('[id]', 'from "tapedeck backup list"; default: the newest')
    .requiredOption('--identity <file>', 'file with the age identity of the recipient')
    .option('--from <folder>', 'folder with the backups; default: [backup] path of tapedeck.toml')
    .option(...KEYS_FOLDER)
    .option('--list <folder>', 'folder with a newer "lists" than the one beside the backup')
    .option('--no-list', 'without any list of erasures and holds, if all of them are lost')
    .option(
      '--public-key <file>',
      'public key of Tapedeck (PEM) that must have signed the backup and the list',
    )
    .option('--dry-run', 'verify everything and say what would be restored; write nothing')
    .option('--no-setup', 'restore data and configuration only; leave the PBX alone and start nothing')
    .addOption(new Option('--look').hideHelp())
    .addOption(new Option('--bare').hideHelp());
  addPlaceOptions(command)
    .addHelpText(
      'after',
      '\nPut the master key where [keys] master_key_file says before. Everything is verified before anything is written.\n\nWhere there is no tapedeck.toml, that of the backup is restored too, and what "tapedeck setup" does follows for it: users of the\nPBX, secrets, drop-ins, services, a test call. --dry-run shows every line of it. Where there is one, it stays, and only the data is\nrestored. A restore that was interrupted continues when the same command is run again; until then no recorder starts.\n\nExamples:\n  tapedeck restore --from /mnt/nas/tapedeck --identity /media/usb/tapedeck-backup.txt --dry-run\n  tapedeck restore --from /mnt/nas/tapedeck --identity /media/usb/tapedeck-backup.txt',
    )
    .action(async (id: string | undefined, options: Options) => {
      if (options.look) return ctx.out(JSON.stringify(await lookAt(ctx, id, options)));
      if (existsSync(ctx.configFile())) return restoreData(ctx, id, options);
      await restoreBare(ctx, { options, ...(id !== undefined && { id }) });
    });
}

async function restoreData(ctx: CliContext, id: string | undefined, options: Options): Promise<void> {
  const { identity, trusted, masterKey, dataDir, target } = await toRestoreFrom(ctx, options);
  const backup = await findBackup(target, id ?? null, trusted);
  const { statement } = backup;
  const time = timesIn(ctx.config().site.time_zone);
  ctx.out(`${describe(backup)} Made ${time(Date.parse(statement.made_at))}.`);
  if (options.bare && !options.dryRun && (await isRestored(ctx, statement.id)))
    return ctx.out(`It is in ${dataDir} already.`);
  await refuseOccupied(dataDir, statement.id);
  await refuseIdentity(statement, identity);
  const backupKey = await backupKeys(ctx, target, options.keys).open(statement.backup_key, identity);

  const shown = showProgress('Verified');
  const { faults } = await checkBackup(target, backup, shown.progress, {
    list: options.list === true || options.list === undefined,
  });
  shown.end();
  if (faults.length > 0) {
    for (const fault of faults.slice(0, 50)) ctx.err(`Damaged: ${fault}`);
    throw fail('backup_damaged', `${faults.length} faults.`);
  }
  await refuseMasterKey({ target, backup, backupKey, masterKey });
  const list =
    options.list === false ? null : await listFor(backup, listPlace(ctx, options, target), trusted);
  for (const line of caveats(list, statement, time)) ctx.err(line);
  if (options.dryRun) return ctx.out(`Nothing was written. All of it can be restored to ${dataDir}.`);

  const given: Restoring = { target, backup, list, identity, backupKey, masterKey, dataDir };
  const by = { actor: 'console', actor_id: '', actor_name: consoleUser(), address: '' } as const;
  const going = showProgress('Restored');
  const done = await restoreBackup(given, {
    by: entryOf(by, Date.now(), 'restore', { object: 'backup', object_id: statement.id }),
    clock: Date.now,
    progress: going.progress,
  });
  going.end();
  forgetWitness(ctx.config().file);
  ctx.out(
    [
      `Restored to ${dataDir}: ${statement.counts.calls} calls, ${done.sealed} sealed files.`,
      `From the list: ${done.erased} recordings erased, ${done.keysDropped} keys left out, ${done.matters} matters and ${done.held} holds added.`,
    ].join('\n'),
  );
  if (!options.bare)
    ctx.out(
      `The configuration of this machine stays, ${ctx.config().file}; that of the backup is ${done.configuration}. Compare them, then start the recorder.`,
    );
}

/** Whether the last thing that happened to the data that is here was the restore of this backup: then nothing is left to restore. */
async function isRestored(ctx: CliContext, id: string): Promise<boolean> {
  const dir = ctx.data();
  if (!existsSync(catalogueFile(dir)) || existsSync(restoringFile(dir))) return false;
  const [last] = await (await ctx.catalogue()).audit.entries({ limit: 1 });
  return last?.action === 'restore' && last.object_id === id;
}

export const describe = ({ statement: s, fingerprint }: Signed<BackupStatement>): string =>
  `Backup ${s.id} of ${s.site.name}: ${s.counts.calls} calls, ${s.counts.recordings} recordings, ${s.counts.keys} keys, ${
    s.sealed.audio ? `${s.sealed.count} sealed files (${sizeText(s.sealed.total_bytes)})` : 'no audio'
  }${s.sealed.missing > 0 ? `, ${s.sealed.missing} missing or damaged when it was made` : ''}. Signed with the key ${fingerprint}.`;

const listPlace = (ctx: CliContext, { list }: Options, target: BackupTarget): BackupTarget =>
  typeof list === 'string' ? backupPlace(ctx, list) : target;

/** The list that is applied. Throws `restore_list` for one of another log, or from before the backup. */
export async function listFor(
  { statement, publicKey }: Signed<BackupStatement>,
  target: BackupTarget,
  trusted: readonly string[] | null,
): Promise<Restoring['list']> {
  const found = await readList(target, statement).catch((e) => {
    throw e instanceof TapedeckError && e.code === 'backup_damaged' ? fail('restore_list', e.detail, e) : e;
  });
  if (!found) throw fail('restore_list', 'It is of another audit log.');
  if (found.publicKey !== publicKey && !trusted?.includes(found.publicKey))
    throw fail(
      'restore_list',
      'It was signed with a different key than the backup; name that key with --public-key.',
    );
  if (found.statement.at < statement.made_at || found.statement.audit.size < statement.audit.size)
    throw fail('restore_list', `It was made on ${found.statement.at}, before the backup.`);
  return { target, statement: found.statement };
}

function caveats(
  list: Restoring['list'],
  { made_at: madeAt }: BackupStatement,
  time: (at: number | null) => string,
): string[] {
  const since = (at: string) =>
    `This box may hold recordings that were erased after ${time(Date.parse(at))}, and lack holds since: if there is a newer list of erasures and holds, give it with --list.`;
  if (!list)
    return [
      `No list is applied. What was erased after the backup comes back, as far as it is in it. ${since(madeAt)}`,
    ];
  const { counts, at } = list.statement;
  const said = `The list is of ${time(Date.parse(at))}: ${counts.erased} erased recordings, ${counts.matters} open matters, ${counts.held} holds.`;
  return [said, at === madeAt ? `It is as old as the backup. ${since(at)}` : since(at)];
}
