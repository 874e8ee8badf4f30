import { setPriority } from 'node:os';
import type { Command } from 'commander';
import { MB } from '../../app/data.js';
import { goBack, lookBack } from '../../app/upgrade/back.js';
import { type FoundCopy, findCopies, makeCopy } from '../../app/upgrade/copy.js';
import { isOlder, NEWEST_VERSION, versionOf } from '../../catalogue/sqlite/upgrade/older.js';
import { entryOf } from '../../domain/assurance/audit.js';
import { iso } from '../../domain/days.js';
import { shareDone, type UpgradeProgress } from '../../domain/operations/upgrade.js';
import { catalogueFile } from '../../domain/paths.js';
import { durationText, sizeText } from '../../domain/written.js';
import { consoleUser } from '../../ops/process/console.js';
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
      '\nThe package does this before it replaces anything; if it fails, the installed version stays and continues recording. The copy takes\nthe place of an earlier one and is removed after 7 days.\n\nExample:\n  tapedeck upgrade prepare',
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

  command
    .command('back')
    .description('bring back the catalogue from before an upgrade, while no recorder runs')
    .option('--yes', 'do it; without this it only says what would be lost')
    .addHelpText(
      'after',
      '\nRun it with the recorder stopped, then start the version that the copy is of.\n\nExamples:\n  tapedeck upgrade back\n  systemctl stop tapedeck-web tapedeck\n  tapedeck upgrade back --yes',
    )
    .action(({ yes }: { yes?: boolean }) => back(ctx, yes === true));
}

/** `tapedeck upgrade back`: says what would be lost, and does it when that was confirmed. */
async function back(ctx: CliContext, confirmed: boolean): Promise<void> {
  const dataDir = ctx.data();
  const way = lookBack(dataDir);
  const { copy, lost } = way;
  const at = timesIn(ctx.config().site.time_zone)(copy.about.at);
  ctx.out(
    [
      `The copy of ${at} (${copy.about.catalogue.calls} calls) takes the place of the catalogue.`,
      `Not listed any more: ${lost.calls} calls and ${lost.recordings} recordings since then, and ${lost.audit} entries of the audit log. Their files and keys stay.`,
      'Changed since then and lost: people, rules, lists, consents, requests. What was erased stays erased, and what is on legal hold stays held.',
    ].join('\n'),
  );
  if (!confirmed) return ctx.out('Nothing was changed. To go back: tapedeck upgrade back --yes');
  const by = { actor: 'console', actor_id: '', actor_name: consoleUser(), address: '' } as const;
  const entry = entryOf(by, Date.now(), 'restore', { object: 'backup', object_id: iso(copy.about.at) });
  const { erased, held } = await goBack(dataDir, way, entry);
  ctx.out(
    [
      `Done: ${erased} recordings that were erased since are erased in it, and ${held} holds were added.`,
      `The catalogue that was there is in ${copy.folder} until the copy is removed.`,
      'Start the recorder of the version that the copy is of; a newer one converts the catalogue again.',
    ].join('\n'),
  );
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
