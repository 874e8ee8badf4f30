import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { checkBackup } from '../../app/backup/check.js';
import { drillBackup } from '../../app/backup/drill.js';
import { findBackup, findBackups, findDrills } from '../../app/backup/find.js';
import { refuseIdentity } from '../../app/backup/restore.js';
import type { DrillStatement } from '../../domain/backup/backup.js';
import type { JobView } from '../../domain/operations/job.js';
import { sizeText } from '../../domain/written.js';
import { consoleUser } from '../../ops/process/console.js';
import type { CliContext } from '../common/context.js';
import { note, onConsole } from '../common/entries.js';
import { followJob } from '../common/follow-job.js';
import { jobProblem, jobProgress } from '../common/job-text.js';
import { table, timesIn } from '../common/table.js';
import { addBackupSetup } from './backup-setup.js';
import { backupKeys, backupPlace, KEYS_FOLDER, readIdentity, readTrusted, showProgress } from './places.js';

type Place = { from?: string; keys?: string; publicKey?: string; json?: boolean };

const FROM = ['--from <folder>', 'folder with the backups; default: [backup] path of tapedeck.toml'] as const;
const PUBLIC_KEY = [
  '--public-key <file>',
  'public key of Tapedeck (PEM, from "tapedeck keys status") that must have signed it',
] as const;

/** `tapedeck backup`: backups are made, listed and verified. */
export function backup(program: Command, ctx: CliContext): void {
  const command = program.command('backup').description('set up, make, list and verify backups');
  addBackupSetup(command, program, ctx);

  async function begin(
    what: 'backup' | 'check' | 'drill',
    { wait, once, json }: { wait?: boolean; once?: boolean; json?: boolean },
  ): Promise<void> {
    const asked = await ctx.ask('back_up', { by: consoleUser(), what });
    if (!wait) return ctx.out(json ? JSON.stringify(asked, null, 2) : `It is job ${asked.job.id}.`);
    const job = await followJob(ctx, asked.job.id, { toFirstFailure: once === true });
    if (job.state === 'waiting') {
      await ctx.ask('cancel_job', { by: onConsole(), id: job.id });
      ctx.out(jobProblem(job));
      process.exitCode = 1;
      return;
    }
    ctx.out(json ? JSON.stringify(job, null, 2) : ended(job));
    if (job.state !== 'done' || job.faults > 0) process.exitCode = 1;
  }

  for (const [name, what, description] of [
    ['create', 'backup', 'have the recorder make a backup now, while it records'],
    [
      'check',
      'check',
      'have the recorder read the newest backup again and compare it with its signed hashes',
    ],
  ] as const)
    command
      .command(name)
      .description(description)
      .option('--wait', 'show progress until it is over')
      .option('--json', 'as JSON')
      .addOption(new Option('--once').hideHelp())
      .addHelpText(
        'after',
        `\nIt continues in the recorder; "tapedeck jobs" shows its progress and cancels it.\nWith --wait the exit code is 0 when it succeeded and nothing is damaged, 1 otherwise.\n\nExample:\n  tapedeck backup ${name} --wait`,
      )
      .action((given: { wait?: boolean; once?: boolean; json?: boolean }) => begin(what, given));

  command
    .command('list')
    .description('list the backups at a place, newest first')
    .option(...FROM)
    .option('--json', 'as JSON, one line per backup')
    .addHelpText(
      'after',
      '\nExamples:\n  tapedeck backup list\n  tapedeck backup list --from /mnt/nas/tapedeck',
    )
    .action(async ({ from, json }: Place) => {
      const target = backupPlace(ctx, from);
      if (from === undefined) ctx.data();
      const { backups, damaged, unfinished } = await findBackups(target);
      const drills = await findDrills(target, backups);
      if (json)
        for (const { statement } of backups)
          ctx.out(JSON.stringify({ ...statement, drill: drills.get(statement.id) ?? null }));
      else if (backups.length === 0) ctx.out(`There are no backups in ${target.name}.`);
      else {
        const time = timesIn(ctx.config().site.time_zone);
        ctx.out(
          table(
            ['id', 'made', 'site', 'calls', 'recordings', 'sealed files', 'size', 'restore drill'],
            backups.map(({ statement: s }) => [
              ...[s.id, time(Date.parse(s.made_at)), s.site.name, String(s.counts.calls)],
              ...[String(s.counts.recordings), s.sealed.audio ? String(s.sealed.count) : 'without audio'],
              sizeText(s.sealed.total_bytes + s.files.reduce((sum, { bytes }) => sum + bytes, 0)),
              drillText(drills.get(s.id), time),
            ]),
          ),
        );
      }
      for (const id of damaged) ctx.err(`tapedeck: the statement of backup ${id} is damaged.`);
      if (unfinished.length > 0)
        ctx.err(`Unfinished: ${unfinished.join(', ')}. The next backup removes them.`);
      if (damaged.length > 0) process.exitCode = 1;
    });

  command
    .command('verify')
    .description('read every object of a backup and compare its hash; needs no secret')
    .argument('[id]', 'from "tapedeck backup list"; default: the newest')
    .option(...FROM)
    .option(...KEYS_FOLDER)
    .option(...PUBLIC_KEY)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nThe exit code is 0 when all of it is as it was signed, 1 otherwise.\n\nExample:\n  tapedeck backup verify --from /mnt/nas/tapedeck',
    )
    .action(async (id: string | undefined, { from, keys: folder, publicKey, json }: Place) => {
      const trusted = readTrusted(publicKey);
      const target = backupPlace(ctx, from);
      const found = await findBackup(target, id ?? null, trusted);
      const shown = showProgress('Read');
      const { apart } = found.statement.backup_key;
      const known = !apart || folder !== undefined || ctx.config().backup.key_path !== '';
      const keys = known ? backupKeys(ctx, target, folder) : null;
      const checked = await checkBackup(target, found, shown.progress, { keys });
      shown.end();
      const { statement, fingerprint } = found;
      if (json)
        ctx.out(JSON.stringify({ backup: statement.id, key_sha256: fingerprint, ...checked }, null, 2));
      else {
        for (const fault of checked.faults) ctx.out(`Damaged: ${fault}`);
        ctx.out(
          checked.faults.length === 0
            ? `Backup ${statement.id} is whole: ${checked.objects} objects, ${sizeText(checked.bytes)}.`
            : `Backup ${statement.id} is damaged: ${checked.faults.length} faults.`,
        );
        if (!keys) ctx.out('Its key is kept apart, and was not verified: name its folder with --keys.');
        if (!trusted)
          ctx.out(
            `It was signed with the key whose SHA-256 is ${fingerprint}: compare it with "tapedeck keys status".`,
          );
      }
      if (checked.faults.length > 0) process.exitCode = 1;
    });

  command
    .command('drill')
    .description('restore a backup for trial: compare all of it, open recordings of it, and remove it again')
    .argument('[id]', 'with --identity: from "tapedeck backup list"; default: the newest')
    .option(
      '--identity <file>',
      'file with the age identity of the recipient; without it, the recorder makes a backup and restores that',
    )
    .option(...FROM)
    .option(...KEYS_FOLDER)
    .option(...PUBLIC_KEY)
    .option('--wait', 'without --identity: show progress until it is over')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nWithout --identity the recorder restores a new backup while it still knows its key, as it does on schedule; the result is signed\nand shown by "tapedeck backup list". With it, any backup is restored into a temporary folder on this machine. That needs the master\nkey that was in use when the backup was made, where [keys] master_key_file says. The exit code is 0 when everything was restored as\nit was, 1 otherwise.\n\nExamples:\n  tapedeck backup drill --wait\n  tapedeck backup drill --identity /media/usb/tapedeck-backup.txt',
    )
    .action(async (id: string | undefined, given: Place & { identity?: string; wait?: boolean }) => {
      if (given.identity === undefined) return begin('drill', given);
      const identity = readIdentity(given.identity);
      const trusted = readTrusted(given.publicKey);
      const { current: masterKey } = await ctx.master();
      const target = backupPlace(ctx, given.from);
      const { statement } = await findBackup(target, id ?? null, trusted);
      await refuseIdentity(statement, identity);
      const key = await backupKeys(ctx, target, given.keys).open(statement.backup_key, identity);
      const shown = showProgress('Read');
      const parent = mkdtempSync(join(tmpdir(), 'tapedeck-drill-'));
      const { faults, ...found } = await drillBackup({
        ...{ target, statement, backupKey: key, masterKey, progress: shown.progress },
        folder: join(parent, 'drill'),
      }).finally(() => rmSync(parent, { recursive: true, force: true }));
      shown.end();
      await note(ctx, 'backup_drill', {
        ...{ object: 'backup', object_id: statement.id, outcome: faults.length > 0 ? 'failed' : 'ok' },
        detail: {
          ...{ objects: found.objects, opened: found.opened },
          ...{ damaged: faults.length, named: faults.slice(0, 5) },
        },
      });
      if (given.json) ctx.out(JSON.stringify({ backup: statement.id, ...found, faults }, null, 2));
      else {
        for (const fault of faults) ctx.out(`Fault: ${fault}`);
        ctx.out(
          `Backup ${statement.id}: ${found.objects} objects read, ${found.calls} calls, ${found.recordings} recordings, ${found.keys} keys; ${found.opened} recordings opened. ${faults.length === 0 ? 'Everything is as it was.' : `${faults.length} faults.`}`,
        );
      }
      if (faults.length > 0) process.exitCode = 1;
    });
}

function ended(job: JobView): string {
  const result = `${job.state === 'done' ? 'Done' : `It was ${job.state}`}: ${jobProgress(job)}.`;
  return [result, jobProblem(job)].filter(Boolean).join(' ');
}

const drillText = (drill: DrillStatement | undefined, time: (at: number) => string): string =>
  drill === undefined
    ? '-'
    : `${time(Date.parse(drill.at))}${drill.faults.count > 0 ? `, ${drill.faults.count} faults` : ''}`;
