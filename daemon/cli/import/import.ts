import { readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { importCdrs } from '../../app/import-cdrs.js';
import { fail } from '../../domain/error.js';
import { type ImportOutcome, OUTCOME_WORDS } from '../../domain/importing/outcome.js';
import { type JobView, jobView } from '../../domain/operations/job.js';
import { readPbx } from '../../domain/place.js';
import { sizeText } from '../../domain/written.js';
import { isZone } from '../../domain/zone-times.js';
import { siteRegion } from '../../ops/config.js';
import { credentialOf } from '../../ops/config-pbx.js';
import type { PbxConfig } from '../../ops/config-schema.js';
import { socketOf } from '../../originals/apart/place.js';
import { endRemote } from '../../originals/apart/remote.js';
import { orderIn } from '../../recordings/importing.js';
import type { CliContext } from '../common/context.js';
import { onConsole } from '../common/entries.js';
import { followJob } from '../common/follow-job.js';
import { jobProblem, jobProgress } from '../common/job-text.js';
import { PBX_OPTION } from '../common/pbxes.js';
import { timesIn } from '../common/table.js';
import { planImport } from './dry-run.js';
import { becomeRecorder, recorderUnit, refuseHiddenCdrs, runOriginals, serveOriginals } from './originals.js';
import { removeOriginals } from './remove.js';
import { csvHead, csvLine, importFiles, importJob, rowOf } from './report.js';
import { count, newTally, reasonOf, type Tally, tallyText } from './words.js';

type Start = {
  pbx?: string;
  timeZone?: string;
  cdr?: string;
  left: 'caller' | 'callee';
  withDue?: boolean;
  dryRun?: boolean;
  csv?: boolean;
  wait?: boolean;
  json?: boolean;
};

const HELP = `
Reads the recordings of FreePBX, Issabel, MixMonitor, Oreka and VoIPmonitor: wav, WAV (wav49), gsm, ulaw, alaw, sln, g722, g729, mp3, ogg.
Originals stay where they are. The import continues in the recorder, after a restart too; "tapedeck jobs" shows its progress and cancels it.
The recorder's user has to be able to read the folder. Run it as root: it starts what opens the originals for the recorder.

Examples:
  tapedeck import --dry-run /var/spool/asterisk/monitor
  tapedeck import --wait /var/spool/asterisk/monitor
  tapedeck import --time-zone America/New_York --cdr /mnt/old/cdr-csv/Master.csv /mnt/old/monitor
  tapedeck import report --csv > import.csv
  tapedeck import remove-originals --dry-run /var/spool/asterisk/monitor

Exit codes: 0 success; 1 when --wait ends with unreadable files or a failure; 2 for wrong usage.`;

/** `tapedeck import`: recordings of other recorders are imported. */
export function importRecordings(program: Command, ctx: CliContext): void {
  const command = program
    .command('import')
    .description('import the recordings of another recorder')
    // Both the command and those below it have a --csv.
    .enablePositionalOptions()
    .addHelpText('after', HELP)
    .argument('<dir...>', 'folders, such as /var/spool/asterisk/monitor')
    .option('--dry-run', 'show what would be imported, and import nothing')
    .option(PBX_OPTION, 'whose calls they are, where there are several')
    .option('--time-zone <zone>', 'IANA zone of the clock of that PBX; default: the zone of this machine')
    .option(
      '--cdr <file>',
      'Master.csv or SQLite database with the CDRs, or "none"; default: the sources of that PBX in tapedeck.toml',
    )
    .addOption(
      new Option('--left <who>', 'whose voice is on the left of stereo files')
        .choices(['caller', 'callee'])
        .default('caller'),
    )
    .option('--with-due', 'import also recordings that are past their retention')
    .option('--wait', 'show progress until the import is over')
    .option('--csv', 'with --dry-run: a line for each file')
    .option('--json', 'as JSON')
    .action((dirs: string[], given: Start) => start(ctx, dirs, given));
  command
    .command('report')
    .description('what became of each file')
    .argument('[job]', 'id of the import; default: the newest')
    .option('--all', 'name also the files that were imported')
    .option('--csv', 'every file as CSV')
    .option('--json', 'every file as JSON, a line each')
    // Where the command above has taken an option of the same name, it is this one's all the same.
    .action((job: string | undefined, _given: object, own: Command) =>
      report(ctx, job, own.optsWithGlobals()),
    );
  command
    .command('serve-originals', { hidden: true })
    .argument('<dir>')
    .argument('<socket>')
    .action(runOriginals);
  command
    .command('remove-originals')
    .description('remove the originals of finished imports whose sealed recordings verify')
    .argument('<dir>', 'the folder that was imported')
    .option('--job <id>', 'id of the import; default: all finished imports of this folder')
    .option('--dry-run', 'count what would be removed, and remove nothing')
    .option('--yes', 'do not ask')
    // Both the command above and this one have a --dry-run.
    .action((dir: string, _given: object, own: Command) =>
      removeOriginals(ctx, folder(dir), own.optsWithGlobals()),
    );
}

async function start(ctx: CliContext, dirs: string[], given: Start): Promise<void> {
  const config = ctx.config();
  const pbx = given.pbx === undefined ? config.pbxes[0]!.id : readPbx(given.pbx);
  const section = config.pbxes.find(({ id }) => id === pbx);
  if (!section) throw fail('pbx_unknown', `"${given.pbx}"`);
  const orders = dirs.map((dir) => ({
    ...{ dir: folder(dir), pbx: section.id, zone: zoneOf(given.timeZone), left: given.left },
    ...{ cdr: cdrOf(given.cdr), with_due: given.withDue === true },
  }));
  // Where systemd does not run the recorder, that opens the originals itself.
  const recorder = await recorderUnit(ctx);
  if (recorder) {
    refuseHiddenCdrs(cdrOf(given.cdr), recorder);
    // All of them while this process still is root.
    for (const order of orders) await serveOriginals(recorder, order, given.dryRun);
  }
  if (given.dryRun) {
    const password = recordersPassword(section);
    if (recorder) await becomeRecorder(ctx, recorder);
    for (const order of orders)
      await dryRun(ctx, order, section, { ...given, password }).finally(() =>
        endRemote(socketOf(order, true)),
      );
    return;
  }
  for (const order of orders) {
    const asked = await ctx.ask('import_recordings', { by: onConsole(), ...order }).catch(async (e) => {
      await endRemote(socketOf(order));
      throw e;
    });
    if (!given.json)
      ctx.out(
        `${asked.already ? 'Already asked for' : 'The import'} of ${order.dir} is job ${asked.job.id}.`,
      );
    if (!given.wait) {
      if (given.json) ctx.out(JSON.stringify(asked, null, 2));
      continue;
    }
    const job = await followJob(ctx, asked.job.id);
    ctx.out(given.json ? JSON.stringify(job, null, 2) : await ended(ctx, job));
    if (job.state !== 'done' || job.faults > 0) process.exitCode = 1;
  }
}

/** Links in the path that is given are followed; none below it is. */
function folder(dir: string): string {
  try {
    return realpathSync(dir);
  } catch (e) {
    throw fail('import_folder', `${dir} (${(e as NodeJS.ErrnoException).code})`, e);
  }
}

function zoneOf(zone: string | undefined): string {
  if (zone === undefined) return Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!isZone(zone)) throw fail('request_invalid', `"${zone}" is no IANA time zone such as "Europe/Berlin".`);
  return zone;
}

const cdrOf = (cdr: string | undefined): string =>
  cdr === undefined ? 'configured' : cdr === 'none' ? 'none' : resolve(cdr);

async function dryRun(
  ctx: CliContext,
  order: Parameters<typeof planImport>[0],
  section: PbxConfig,
  { csv, json, password }: Start & { password: string | null },
): Promise<void> {
  const catalogue = await ctx.catalogue();
  const tally = newTally();
  const range = { from: Number.POSITIVE_INFINITY, to: 0, bytes: 0, files: 0 };
  if (csv) ctx.out(csvHead());
  const config = ctx.config();
  const cdrsAt = importCdrs(
    { cdr: order.cdr, zone: order.zone, region: siteRegion(config), password },
    section,
  );
  for await (const file of planImport(order, { catalogue, config, section, cdrsAt })) {
    count(tally, file);
    range.files += 1;
    range.bytes += file.bytes;
    range.from = Math.min(range.from, file.startedAt ?? Number.POSITIVE_INFINITY);
    range.to = Math.max(range.to, file.startedAt ?? 0);
    if (csv) ctx.out(csvLine({ ...file, file: file.path, call: null, sha256: null }));
    else if (range.files % 1_000 === 0) ctx.err(`${range.files} files looked at.`);
  }
  if (csv) return;
  if (json) return ctx.out(JSON.stringify({ dir: order.dir, ...range, ...tally }, null, 2));
  const time = timesIn(order.zone);
  const span = range.to > 0 ? `, calls from ${time(range.from)} to ${time(range.to)} (${order.zone})` : '';
  ctx.out(`${order.dir}: ${range.files} audio files, ${sizeText(range.bytes)}${span}`);
  ctx.out(tallyText(tally, true));
  for (const line of advice(order, section, tally)) ctx.out(line);
  ctx.out('Nothing was imported. Files were neither hashed nor decoded: the import may find more to refuse.');
}

/** The password of the CDRs' database where systemd hands it to the recorder: only root can read it there. */
function recordersPassword(section: PbxConfig): string | null {
  try {
    return readFileSync(
      `/run/credentials/tapedeck.service/${credentialOf('cdr-password', section)}`,
      'utf8',
    ).trim();
  } catch {
    return null;
  }
}

/** What somebody may want to change before the import. */
function advice(
  { cdr, zone }: { cdr: string; zone: string },
  section: PbxConfig,
  { notes, outcomes }: Tally,
): string[] {
  const { cdr_csv, cdr_sqlite, cdr_mysql } = section;
  const noSource = cdr === 'none' || (cdr === 'configured' && !cdr_csv && !cdr_sqlite && !cdr_mysql);
  return [
    ...(noSource && outcomes.imported
      ? ['There are no CDRs to join: who called is taken from the file names. --cdr names a file with CDRs.']
      : []),
    ...(notes.time_zone
      ? [
          `The times of ${notes.time_zone} files do not match ${zone}: if the PBX's clock has another zone, name it with --time-zone.`,
        ]
      : []),
  ];
}

async function ended(ctx: CliContext, job: JobView): Promise<string> {
  const tally = newTally();
  for await (const file of importFiles(await ctx.catalogue(), job.id)) count(tally, file);
  const state = job.state === 'done' ? 'Done' : `It was ${job.state}`;
  return [
    `${state}: ${jobProgress(job)}. ${jobProblem(job)}`.trim(),
    tallyText(tally, false),
    `"tapedeck import report ${job.id}" names the files that were not imported.`,
  ].join('\n');
}

async function report(
  ctx: CliContext,
  id: string | undefined,
  { all, csv, json }: { all?: boolean; csv?: boolean; json?: boolean },
): Promise<void> {
  const catalogue = await ctx.catalogue();
  const job = await importJob(catalogue, { id });
  const tally = newTally();
  if (csv) ctx.out(csvHead());
  else if (!json) {
    const view = jobView(job);
    ctx.out(
      `Import ${job.id} of ${orderIn(job.params).dir}: ${job.state}, ${jobProgress(view)}. ${jobProblem(view)}`,
    );
  }
  for await (const file of importFiles(catalogue, job.id)) {
    count(tally, file);
    const row = rowOf(file);
    if (csv) ctx.out(csvLine(row));
    else if (json) ctx.out(JSON.stringify({ ...row, reason: reasonOf(row) }));
    else if (all || !QUIET.includes(file.outcome))
      ctx.out(`${row.file}: ${[OUTCOME_WORDS[file.outcome], reasonOf(row)].filter(Boolean).join(', ')}`);
  }
  if (!csv && !json) ctx.out(tallyText(tally, false));
}

/** Outcomes of which nobody has to be told file by file. */
const QUIET: readonly ImportOutcome[] = ['imported', 'already'];
