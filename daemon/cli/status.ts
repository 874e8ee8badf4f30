import type { Command } from 'commander';
import { TapedeckError } from '../domain/error.js';
import { publicMessage } from '../domain/operations/health.js';
import { type DaemonStatus, downStatus } from '../domain/operations/status.js';
import { catalogueFile } from '../domain/paths.js';
import { sizeText } from '../domain/written.js';
import { ask as askRecorder } from '../ops/control-client.js';
import type { CliContext } from './common/context.js';
import { lines, timesIn } from './common/table.js';

/** `tapedeck status`: the health page in about ten lines. */
export function status(program: Command, ctx: CliContext): void {
  program
    .command('status')
    .description('show recorder status')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 green, 1 amber or red, or the recorder is not responding, 2 wrong usage.\n\nExamples:\n  tapedeck status\n  tapedeck status --json',
    )
    .action(async ({ json }: { json?: boolean }) => {
      const now = await ask(ctx);
      ctx.out(json ? JSON.stringify(now, null, 2) : asText(now, ctx.config().site.time_zone));
      if (now.health.level !== 'green') process.exitCode = 1;
    });
}

const TEST = { ok: 'good', failed: 'FAILED', skipped: 'skipped', not_set_up: 'not set up' } as const;

type Now = DaemonStatus & { daemon: 'up' | 'down' };

async function ask(ctx: CliContext): Promise<Now> {
  try {
    return { daemon: 'up', ...(await askRecorder(ctx.data(), 'status')) };
  } catch (e) {
    if (!(e instanceof TapedeckError)) throw e;
    if (e.code === 'daemon_differs') return { daemon: 'down', ...downStatus(e.message, e.hint) };
    return {
      daemon: 'down',
      ...(await fromCatalogue(ctx, downStatus(publicMessage('daemon_down'), e.hint))),
    };
  }
}

/** What can be known without the daemon. */
async function fromCatalogue(ctx: CliContext, down: DaemonStatus): Promise<DaemonStatus> {
  try {
    const { readQueue } = await import('../catalogue/sqlite/reading/queue.js');
    const { waiting, oldestEndedAt } = readQueue(catalogueFile(ctx.movedData()));
    const oldest_ms = oldestEndedAt === null ? null : Math.max(0, Date.now() - oldestEndedAt);
    return { ...down, preserving: waiting, preserve: { waiting, oldest_ms } };
  } catch {
    return down;
  }
}

function asText(s: Now, zone: string): string {
  const times = timesIn(zone);
  const at = (time: string | null) => times(time === null ? null : Date.parse(time));
  const several = s.pbxes.length > 1;
  const said = [...s.health.problems, ...s.reminders].flatMap((p) => [
    ['', p.message],
    ['', `-> ${p.hint}`],
  ]);
  const nameOf = (id: string) => (several ? `${s.pbxes.find((p) => p.id === id)?.name ?? id}: ` : '');
  const blind = s.blind.map((b) => `${nameOf(b.pbx)}${at(b.from)} to ${b.to === null ? 'now' : at(b.to)}`);
  /** A row for each PBX, with its name where there are several. */
  const each = (of: string, words: (pbx: DaemonStatus['pbxes'][number]) => string) =>
    s.pbxes.map((pbx) => [of, `${nameOf(pbx.id)}${words(pbx)}`]);
  const up: string[][] = [
    ['Recorder', `up since ${at(s.since)}`],
    ...each('PBX', (p) => {
      const last = p.last_event_at === null ? 'no events yet' : `last event ${at(p.last_event_at)}`;
      return `${p.version || 'unknown'}: ARI ${updown(p.ari)}, AMI ${updown(p.ami)}, ${last}`;
    }),
    ...each('Calls', (p) => `${p.calls_now} now, ${p.recording_now} of them being recorded`),
    ...each('Captures', ({ captures: c }) => {
      return `${c.begun} started, ${c.failed} failed (${c.failed_lately} in the last 15 minutes)`;
    }),
  ];
  const both: string[][] = [['Waiting to be processed', `${s.preserve.waiting}${age(s.preserve.oldest_ms)}`]];
  const rest: string[][] = [
    ...(s.processor === null ? [] : processorRows(s.processor, at)),
    ...(s.encoder === null ? [] : [['Encoder', ENCODER[s.encoder]]]),
    ['Disk', diskWords(s.disk)],
    ...(s.archive === null ? [] : [['Archive', archiveWords(s.archive)]]),
    ...(s.backups === null ? [] : [['Backups', backupWords(s.backups, at)]]),
    ...each('Test call', ({ test_call: test }) =>
      test ? `${TEST[test.outcome]} ${at(test.at)} ${test.message}` : 'none yet',
    ),
    ['Recordings', scrubWords(s.scrub)],
    ['Monitoring gaps', blind.length > 0 ? blind.slice(0, 3).join('; ') : 'none in the last 7 days'],
    ...s.alerts.map((a) => [
      'Alerts',
      a.problem
        ? `${a.channel} to ${a.target}: FAILING since ${at(a.failing_since)}, ${a.waiting} waiting: ${a.problem}`
        : `${a.channel} to ${a.target}`,
    ]),
    ...(s.alerts.length === 0 ? [['Alerts', 'nobody is alerted: configure [alerts] in tapedeck.toml']] : []),
  ];
  const rows = s.daemon === 'up' ? [...up, ...both, ...rest] : [['Recorder', 'not responding'], ...both];
  return lines([[s.health.level.toUpperCase(), summary(s)], ...said, ...rows]);
}

function summary({ health, reminders }: Now): string {
  if (health.problems.length > 0) return '';
  return reminders.length > 0 ? 'No known problems, but a new one could go unnoticed:' : 'All is well.';
}

const ENCODER = {
  separate: 'ffmpeg runs as a user of its own',
  recorder: "ffmpeg runs as the recorder's own user: see [encode] socket in tapedeck.toml",
};

function processorRows(
  { known, short, waiting, oldest_at: oldest }: NonNullable<DaemonStatus['processor']>,
  at: (time: string | null) => string,
): string[][] {
  const row = (text: string) => ['Processor time', text];
  if (waiting === 0) {
    if (!known) return [row('not monitored: the kernel does not report CPU pressure')];
    return [row(short ? 'short: calls need the processor; no recording is waiting' : 'enough')];
  }
  return [
    row(`recordings wait for processor time: ${waiting}, the oldest since ${at(oldest)}`),
    [
      '',
      '-> Calls are recorded first. Recordings are processed when the processor is less busy, after 2 hours at the latest. If this happens often, move other programs to another machine or add processor cores.',
    ],
  ];
}

const updown = (up: boolean) => (up ? 'up' : 'DOWN');
const age = (ms: number | null) => (ms === null ? '' : `, the oldest for ${Math.round(ms / 60_000)} min`);

function scrubWords(s: DaemonStatus['scrub']): string {
  if (!s) return 'not checked yet';
  if (s.recordings === 0) return 'none yet';
  const days =
    s.oldest_check_at === null ? 0 : Math.floor((Date.now() - Date.parse(s.oldest_check_at)) / 86_400_000);
  const read = s.in_time
    ? `all re-read within ${s.within_days} days`
    : `NOT all re-read within ${s.within_days} days`;
  const damaged =
    s.damaged === 0 ? '' : `, ${s.damaged} FAILED the integrity check: "tapedeck verify --damaged"`;
  return `${s.recordings}, ${read}; oldest check ${days} days ago${damaged}`;
}

function archiveWords({ problem, archive, free_bytes: free }: NonNullable<DaemonStatus['archive']>): string {
  const held = `${archive.recordings === 1 ? '1 recording' : `${archive.recordings} recordings`}, ${sizeText(archive.bytes)}`;
  if (problem !== null) return `${held}: FAILING: ${problem}`;
  return free === null ? held : `${held}; ${sizeText(free)} free`;
}

function backupWords(
  { made_at: made, checked_at: checked, drilled_at: drilled, late }: NonNullable<DaemonStatus['backups']>,
  at: (time: string | null) => string,
): string {
  const said = (what: (typeof late)[number], time: string | null) =>
    `${time === null ? 'never' : at(time)}${late.includes(what) ? ' (OVERDUE)' : ''}`;
  return `last ${said('made', made)}, verified ${said('checked', checked)}, restore drill ${said('drilled', drilled)}`;
}

function diskWords(disk: DaemonStatus['disk']): string {
  if (!disk) return 'not measured yet';
  const left = disk.days_left === null ? '' : `, ${Math.floor(disk.days_left)} days left`;
  return `${sizeText(disk.free_bytes)} free of ${sizeText(disk.total_bytes)}${left}`;
}
