import type { Command } from 'commander';
import { checkBackup } from '../../app/backup/check.js';
import { drillBackup } from '../../app/backup/drill.js';
import { findBackup, findBackups } from '../../app/backup/find.js';
import { refuseIdentity } from '../../app/backup/restore.js';
import type { JobView } from '../../domain/operations/job.js';
import { sizeText } from '../../domain/written.js';
import { consoleUser } from '../../ops/process/console.js';
import type { CliContext } from '../common/context.js';
import { note } from '../common/entries.js';
import { followJob } from '../common/follow-job.js';
import { jobProblem, jobProgress } from '../common/job-text.js';
import { table, timesIn } from '../common/table.js';
import { backupKeys, backupPlace, KEYS_FOLDER, readIdentity, readTrusted, showProgress } from './places.js';

type Place = { from?: string; keys?: string; publicKey?: string; json?: boolean };

const FROM = ['--from <folder>', 'folder with the backups; default: [backup] path of tapedeck.toml'] as const;
const PUBLIC_KEY = [
  '--public-key <file>',
  'public key of Tapedeck (PEM, from "tapedeck keys status") that must have signed it',
] as const;

/** `tapedeck backup`: backups are made, listed and verified. */
export function backup(program: Command, ctx: CliContext): void {
  const command = program.command('backup').description('make, list and verify backups');

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
      .addHelpText(
        'after',
        `\nIt continues in the recorder; "tapedeck jobs" shows its progress and cancels it.\nWith --wait the exit code is 0 when it succeeded and nothing is damaged, 1 otherwise.\n\nExample:\n  tapedeck backup ${name} --wait`,
      )
      .action(async ({ wait, json }: { wait?: boolean; json?: boolean }) => {
        const asked = await ctx.ask('back_up', { by: consoleUser(), what });
        if (!wait) return ctx.out(json ? JSON.stringify(asked, null, 2) : `It is job ${asked.job.id}.`);
        const job = await followJob(ctx, asked.job.id);
        ctx.out(json ? JSON.stringify(job, null, 2) : ended(job));
        if (job.state !== 'done' || job.faults > 0) process.exitCode = 1;
      });

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
      if (json) for (const { statement } of backups) ctx.out(JSON.stringify(statement));
      else if (backups.length === 0) ctx.out(`There are no backups in ${target.name}.`);
      else {
        const time = timesIn(ctx.config().site.time_zone);
        ctx.out(
          table(
            ['id', 'made', 'site', 'calls', 'recordings', 'sealed files', 'size'],
            backups.map(({ statement: s }) => [
              ...[s.id, time(Date.parse(s.made_at)), s.site.name, String(s.counts.calls)],
              ...[String(s.counts.recordings), s.sealed.audio ? String(s.sealed.count) : 'without audio'],
              sizeText(s.sealed.total_bytes + s.files.reduce((sum, { bytes }) => sum + bytes, 0)),
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
    .description(
      'restore a backup into a temporary folder, verify all of it, open recordings of it, and remove it again',
    )
    .argument('[id]', 'from "tapedeck backup list"; default: the newest')
    .requiredOption('--identity <file>', 'file with the age identity of the recipient')
    .option(...FROM)
    .option(...KEYS_FOLDER)
    .option(...PUBLIC_KEY)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nIt needs the master key that was in use when the backup was made, where [keys] master_key_file says. The exit code is 0 when everything was restored as it was, 1 otherwise.\n\nExample:\n  tapedeck backup drill --identity /media/usb/tapedeck-backup.txt',
    )
    .action(
      async (
        id: string | undefined,
        { identity: file, from, keys, publicKey, json }: Place & { identity: string },
      ) => {
        const identity = readIdentity(file);
        const trusted = readTrusted(publicKey);
        const { current: masterKey } = await ctx.master();
        const target = backupPlace(ctx, from);
        const found = await findBackup(target, id ?? null, trusted);
        await refuseIdentity(found.statement, identity);
        const key = await backupKeys(ctx, target, keys).open(found.statement.backup_key, identity);
        const shown = showProgress('Read');
        const report = await drillBackup({
          target,
          backup: found,
          backupKey: key,
          masterKey,
          progress: shown.progress,
        });
        shown.end();
        const { faults, ...rest } = report;
        await note(ctx, 'backup_check', {
          object: 'backup',
          object_id: found.statement.id,
          outcome: faults.length > 0 ? 'failed' : 'ok',
          detail: {
            objects: report.objects,
            damaged: faults.length,
            named: faults.slice(0, 5),
            opened: report.opened,
          },
        });
        if (json) ctx.out(JSON.stringify({ backup: found.statement.id, ...rest, faults }, null, 2));
        else {
          for (const fault of faults) ctx.out(`Fault: ${fault}`);
          ctx.out(
            `Backup ${found.statement.id}: ${report.objects} objects read, ${report.calls} calls, ${report.recordings} recordings, ${report.keys} keys; ${report.opened} recordings opened. ${faults.length === 0 ? 'Everything is as it was.' : `${faults.length} faults.`}`,
          );
        }
        if (faults.length > 0) process.exitCode = 1;
      },
    );
}

function ended(job: JobView): string {
  const result = `${job.state === 'done' ? 'Done' : `It was ${job.state}`}: ${jobProgress(job)}.`;
  return [result, jobProblem(job)].filter(Boolean).join(' ');
}
