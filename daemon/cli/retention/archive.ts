import { lstat, statfs } from 'node:fs/promises';
import type { Command } from 'commander';
import { fail } from '../../domain/error.js';
import type { DaemonStatus } from '../../domain/operations/status.js';
import { sizeText } from '../../domain/written.js';
import { ask } from '../../ops/control-client.js';
import { markArchive, ownerOf } from '../../vault/store/archive.js';
import type { CliContext } from '../common/context.js';
import { onConsole, record } from '../common/entries.js';
import { jobProgress } from '../common/job-text.js';

/** `tapedeck archive`: the second place for recordings, such as a network storage. */
export function archive(program: Command, ctx: CliContext): void {
  const command = program
    .command('archive')
    .description('the archive: what is in it, and moving recordings there');

  command
    .command('status')
    .description('show whether the archive can be reached, and how many recordings are where')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { archive: found, stored } = await ask(ctx.data(), 'status');
      if (json) return ctx.out(JSON.stringify(found && { ...found, hot: stored }, null, 2));
      ctx.out(found === null ? 'There is no archive: [archive] directory is empty.' : asText(found, stored));
      if (found !== null && found.problem !== null) process.exitCode = 1;
    });

  command
    .command('run')
    .description('have the recorder move recordings that are due to the archive now')
    .option('--json', 'as JSON')
    .addHelpText('after', '\n"tapedeck jobs" shows the progress and cancels it.')
    .action(async ({ json }: { json?: boolean }) => {
      directoryOf(ctx);
      const asked = await ctx.ask('move_to_archive', { by: onConsole() });
      if (json) return ctx.out(JSON.stringify(asked, null, 2));
      const { id, state } = asked.job;
      ctx.out(
        asked.already ? `It is ${state} as job ${id}: ${jobProgress(asked.job)}.` : `The move is job ${id}.`,
      );
    });

  command
    .command('init')
    .description('mark the directory of the archive, so that an empty mount point is never taken for it')
    .option('--same-disk', 'even if it is on the disk of the data directory')
    .addHelpText('after', '\nMount the storage first.')
    .action(async ({ sameDisk = false }: { sameDisk?: boolean }) => init(ctx, sameDisk));
}

function directoryOf(ctx: CliContext): string {
  const { directory } = ctx.config().archive;
  if (directory === '') throw fail('config_invalid', 'There is no archive: "archive.directory" is empty.');
  return directory;
}

async function init(ctx: CliContext, sameDisk: boolean): Promise<void> {
  const directory = directoryOf(ctx);
  const dataDir = ctx.data();
  const catalogue = await ctx.catalogue();
  const owner = await catalogue.audit.id();
  const found = await ownerOf(directory).catch((e) => {
    throw fail('archive_unreachable', `${directory}: ${(e as Error).message}`, e);
  });
  if (found === owner) return ctx.out(`${directory} is the archive of this installation already.`);
  if (found !== null) throw fail('archive_refused', `${directory} is the archive of another installation.`);
  for (const tier of ['moving', 'archive'] as const) {
    const { recordings } = await catalogue.tiers.slice({ tier, sealedAt: -1, id: '' });
    if (recordings > 0)
      throw fail(
        'archive_refused',
        `Recordings are in an archive already, and ${directory} is not marked as that. Mount it, or copy all of it here, the file .tapedeck-archive too.`,
      );
  }
  const device = async (path: string) => (await lstat(path)).dev;
  if (!sameDisk && (await device(directory)) === (await device(dataDir)))
    throw fail(
      'archive_refused',
      `${directory} is on the disk of the data directory: is its storage mounted? With --same-disk it is marked all the same.`,
    );
  await record(ctx, 'archive', { detail: { what: 'marked', directory } });
  await markArchive(directory, owner);
  const { bavail, bsize } = await statfs(directory);
  ctx.out(`${directory} is the archive now: ${sizeText(bavail * bsize)} free.`);
}

function asText(
  { directory, problem, archive: kept, ...found }: NonNullable<DaemonStatus['archive']>,
  hot: DaemonStatus['stored'],
): string {
  const count = ({ recordings, bytes }: typeof hot) =>
    `${recordings === 1 ? '1 recording' : `${recordings} recordings`}, ${sizeText(bytes)}`;
  const lines: [string, string][] = [
    ['Archive', directory === '' ? 'none configured' : directory],
    ['State', problem ?? 'reachable'],
    ...(found.free_bytes === null || found.total_bytes === null
      ? []
      : [
          ['Space', `${sizeText(found.free_bytes)} free of ${sizeText(found.total_bytes)}`] as [
            string,
            string,
          ],
        ]),
    ['Data directory', count(hot)],
    ['In the archive', count(kept)],
  ];
  if (found.to_remove > 0)
    lines.push([
      'To be removed',
      `files of ${found.to_remove} erased recordings, when the archive can be reached`,
    ]);
  return lines.map(([name, text]) => `${name.padEnd(16)}${text}`).join('\n');
}
