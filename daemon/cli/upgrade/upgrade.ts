import { setPriority } from 'node:os';
import type { Command } from 'commander';
import { MB } from '../../app/data.js';
import { type FoundCopy, findCopies, makeCopy } from '../../app/upgrade/copy.js';
import { isOlder, NEWEST_VERSION, versionOf } from '../../catalogue/sqlite/upgrade/older.js';
import { iso } from '../../domain/days.js';
import { shareDone, type UpgradeProgress } from '../../domain/operations/upgrade.js';
import { catalogueFile } from '../../domain/paths.js';
import { durationText, sizeText } from '../../domain/written.js';
import { version } from '../../ops/process/version.js';
import { readUpgradeProgress } from '../../vault/upgrade/progress.js';
import type { CliContext } from '../common/context.js';
import { table, timesIn } from '../common/table.js';

/** As the process that makes backups: copying gives way to calls. */
const NICE = 10;

const PHASES: Record<UpgradeProgress['phase'], string> = {
  copy: 'copying catalogue and keys',
  migrate: 'converting the catalogue',
  finish: 'writing the calls that were recorded meanwhile',
};

/** `tapedeck upgrade`: what an upgrade does before and while it changes the data, and the way back. */
export function upgrade(program: Command, ctx: CliContext): void {
  const command = program
    .command('upgrade')
    .description('copy the data before an upgrade, watch it, go back');

  command
    .command('prepare')
    .description(
      'check the room that an upgrade needs, and copy catalogue and keys, while calls are recorded',
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nThe package does this before it replaces anything; if it fails, the installed version stays and goes on recording. The copy takes\nthe place of an earlier one and is removed after 7 days.\n\nExample:\n  tapedeck upgrade prepare',
    )
    .action(async ({ json }: { json?: boolean }) => {
      const reserveBytes = ctx.config().data.reserve_mb * MB;
      const dataDir = ctx.data();
      if (versionOf(catalogueFile(dataDir)) === null)
        return ctx.out(json ? 'null' : `There is no catalogue in ${dataDir} yet: nothing to copy.`);
      beNice();
      const copy = await makeCopy({ dataDir, reserveBytes, at: Date.now(), by: version() });
      ctx.out(json ? JSON.stringify(viewOf(copy), null, 2) : `Copied: ${inWords(ctx, copy)}`);
    });

  command
    .command('status')
    .description('show how far an upgrade is, and the copies from before upgrades')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  tapedeck upgrade status')
    .action(({ json }: { json?: boolean }) => {
      const dataDir = ctx.data();
      const file = catalogueFile(dataDir);
      const state = {
        catalogue: { version: versionOf(file), newest: NEWEST_VERSION, older: isOlder(file) },
        progress: readUpgradeProgress(dataDir, Date.now()),
        copies: findCopies(dataDir).map(viewOf),
      };
      ctx.out(json ? JSON.stringify(state, null, 2) : statusText(ctx, state));
    });
}

/** Where that is not allowed it does its work all the same. */
function beNice(): void {
  try {
    setPriority(NICE);
  } catch {}
}

const viewOf = ({ folder, about, keepUntil }: FoundCopy) => ({
  ...{ folder, at: iso(about.at), keep_until: iso(keepUntil), by: about.by },
  catalogue: about.catalogue,
  keys: about.keys,
  upgraded_to: about.upgradedTo,
});

type State = {
  catalogue: { version: number | null; newest: number; older: boolean };
  progress: UpgradeProgress | null;
  copies: ReturnType<typeof viewOf>[];
};

function statusText(ctx: CliContext, { catalogue, progress, copies }: State): string {
  const time = timesIn(ctx.config().site.time_zone);
  const lines = [catalogueText(catalogue, progress !== null)];
  if (progress) {
    const { phase, since, problem } = progress;
    const percent = Math.floor(shareDone(progress) * 100);
    lines.push(
      `Upgrade: ${percent}%, ${PHASES[phase]}, for ${durationText(Date.now() - since)}. Calls are being recorded.`,
    );
    if (problem) lines.push(`It waits: ${problem.message}`, `  ${problem.hint}`);
  }
  if (copies.length === 0) return [...lines, 'No copy from before an upgrade.'].join('\n');
  const rows = copies.map((copy) => [
    ...[time(Date.parse(copy.at)), copy.by, String(copy.catalogue.calls), String(copy.catalogue.recordings)],
    ...[sizeText(copy.catalogue.bytes + copy.keys.bytes), time(Date.parse(copy.keep_until)), copy.folder],
  ]);
  return [
    ...lines,
    '',
    table(['copied', 'by', 'calls', 'recordings', 'size', 'kept until', 'folder'], rows),
  ].join('\n');
}

function catalogueText({ version, newest, older }: State['catalogue'], going: boolean): string {
  if (version === null) return 'There is no catalogue yet.';
  if (version > newest)
    return `The catalogue is of a newer Tapedeck (version ${version}; this one knows ${newest}). "tapedeck upgrade back" restores the copy from before the upgrade.`;
  if (!older) return `The catalogue is of this version (${version}).`;
  const next = going ? '' : ' The recorder converts it when it starts.';
  return `The catalogue is of an earlier version (${version} of ${newest}).${next}`;
}

function inWords(ctx: CliContext, { folder, about, keepUntil }: FoundCopy): string {
  const { calls, recordings, bytes } = about.catalogue;
  const until = timesIn(ctx.config().site.time_zone)(keepUntil);
  return `${calls} calls, ${recordings} recordings and their keys (${sizeText(bytes + about.keys.bytes)}) to ${folder}, kept until ${until}. The recordings themselves stay where they are: an upgrade does not change them.`;
}
