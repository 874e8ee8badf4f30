import type { Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { coverageCsv, makeCoverage, viewCoverage } from '../../catalogue/coverage.js';
import { FILTERS, type Filter } from '../../domain/assurance/coverage.js';
import { type Caveat, isUnknown } from '../../domain/assurance/coverage-caveats.js';
import { type CoverageReport, CSV_COLUMNS, periodOf } from '../../domain/assurance/coverage-view.js';
import { QUOTED } from '../../domain/csv.js';
import type { PbxId } from '../../domain/pbx.js';
import { durationText } from '../../domain/written.js';
import type { Config } from '../../ops/config-schema.js';
import { day, oneOf, pbxId } from '../common/arguments.js';
import type { CliContext } from '../common/context.js';
import { noteReport } from '../common/entries.js';
import { PBX_OPTION, pbxName, severalPbxes } from '../common/pbxes.js';
import { table, timesIn, who } from '../common/table.js';

type Options = { from?: string; to?: string; pbx?: PbxId; show: Filter; json?: boolean; csv?: boolean };

/** `tapedeck coverage`: compare recordings with Asterisk's CDRs: what became of every answered call. */
export function coverage(program: Command, ctx: CliContext): void {
  program
    .command('coverage')
    .description("compare recordings with Asterisk's CDRs: what became of every answered call")
    .option('--from <day>', 'first day (YYYY-MM-DD) in the zone of the site; 30 days by default', day)
    .option('--to <day>', 'last day; today by default', day)
    .option(PBX_OPTION, 'only calls on this PBX; "first" is the one without an id', pbxId)
    .option('--show <what>', `which calls are listed: ${FILTERS.join(', ')}`, oneOf(FILTERS), 'exceptions')
    .option('--json', 'as JSON')
    .option('--csv', 'the calls as CSV')
    .addHelpText(
      'after',
      '\nExamples:\n  tapedeck coverage\n  tapedeck coverage --from 2026-11-01 --to 2026-11-30 --show all --csv > november.csv',
    )
    .action(async ({ from, to, pbx, show, json, csv }: Options) => {
      const config = ctx.config();
      const catalogue = await ctx.catalogue();
      const asked = { from, to, pbx, filter: show };
      const { time_zone: zone } = config.site;
      const now = Date.now();
      await noteReport(ctx, 'coverage', periodOf(asked, zone, now), { show, pbx });
      if (csv) {
        const rows = [CSV_COLUMNS];
        for await (const row of coverageCsv(catalogue, asked, zone, now)) rows.push(row);
        ctx.out(stringify(rows, QUOTED));
        return;
      }
      const made = await makeCoverage(catalogue, asked, zone, now);
      const view = await viewCoverage(catalogue, made, config.coverage.target_percent);
      ctx.out(json ? JSON.stringify(view, null, 2) : asText(view, config));
    });
}

function asText(view: CoverageReport, config: Config): string {
  const several = severalPbxes(config);
  const on: On = several ? (id) => ` (${pbxName(config, id)})` : () => '';
  const { totals: n, percent } = view;
  const out = [
    `${view.from} to ${view.to} (${view.time_zone})`,
    isUnknown(view.caveats)
      ? 'Tapedeck has no data for this period.'
      : percent === null
        ? 'No eligible calls were answered in this period.'
        : `${n.covered} of ${n.eligible} eligible calls are recorded, ${percent}% (target ${view.target_percent}%).`,
    `${n.answered} answered: ${n.recorded} recorded, ${n.partial} partial, ${n.not_recorded} not recorded, ${n.excluded} excluded by policy, ${n.declined} declined, ${n.not_kept} not kept, ${n.pending} processing.`,
    ...(n.imported > 0 ? [`${n.imported} imported from another recorder: not counted.`] : []),
    witness(view),
  ];
  for (const s of view.sources) if (s.problem) out.push(`${s.name}${on(s.pbx)} cannot be read: ${s.problem}`);
  out.push(...caveats(view), ...monitoringGaps(view, on), ...witnessGaps(view, on));
  if (view.calls.length === 0) return out.join('\n');
  const time = timesIn(view.time_zone);
  const length = (ms: number | null) => (ms === null ? '-' : durationText(ms));
  const rows = view.calls.map((c) => [
    time(Date.parse(c.started_at)),
    ...(several ? [pbxName(config, c.pbx)] : []),
    who(c.them),
    who(c.us),
    (c.finding ?? c.status).replace('_', ' '),
    length(c.pbx_ms),
    length(c.talk_ms),
    length(c.recording_ms),
    c.call_id ?? `(linkedid ${c.linkedid})`,
    c.reason,
  ]);
  const head = [
    'started',
    ...(several ? ['PBX'] : []),
    'with',
    'at',
    'status',
    'PBX',
    'talk',
    'recording',
    'call',
    'reason',
  ];
  out.push('', table(head, rows, { wrap: several ? [2, 3, 9] : [1, 2, 8] }));
  if (view.calls_total > view.calls.length)
    out.push(`and ${view.calls_total - view.calls.length} more; --csv lists all.`);
  return out.join('\n');
}

/** Which PBX something is of, where there are several. */
type On = (pbx: PbxId) => string;

/** At most so many monitoring gaps are printed; --json has all. */
const GAPS_SHOWN = 20;

function monitoringGaps({ blind, time_zone: zone }: CoverageReport, on: On): string[] {
  if (blind.length === 0) return ['No monitoring gaps.'];
  const time = timesIn(zone);
  const rows = blind
    .slice(0, GAPS_SHOWN)
    .map((g) => [
      `  ${time(Date.parse(g.from))}`,
      g.to === null ? 'now' : time(Date.parse(g.to)),
      `${g.reason}${on(g.pbx)}`,
    ]);
  const more = blind.length - GAPS_SHOWN;
  return [
    `Monitoring gaps (calls during them are known only from Asterisk's CDRs): ${blind.length}`,
    table(['  from', 'to', 'reason'], rows),
    ...(more > 0 ? [`  and ${more} more; --json lists all.`] : []),
  ];
}

function witness({ witness: seen, totals, time_zone: zone }: CoverageReport): string {
  if (!seen)
    return 'Asterisk has sent no CDRs, so nothing independent confirms these figures. See "tapedeck doctor".';
  const time = timesIn(zone);
  const without =
    totals.unwitnessed > 0 ? ` ${totals.unwitnessed} calls have no CDRs to compare them with.` : '';
  return `Compared with Asterisk's CDRs since ${time(Date.parse(seen.since))}, most recently on ${time(Date.parse(seen.last))}.${without}`;
}

/** What the figures above leave open. That calls have no witness is said beside the witness. */
function caveats(view: CoverageReport): string[] {
  const since = view.since === null ? '' : timesIn(view.time_zone)(Date.parse(view.since));
  const said: Record<Caveat, string> = {
    not_installed: since
      ? `This period is before ${since}, when Tapedeck was installed.`
      : 'The recorder has not run yet.',
    future: 'This period is in the future.',
    partly_not_installed: `Tapedeck was installed on ${since}. Calls before that are not in this report.`,
    pbx_added: 'A PBX was added later than this period begins. Its calls before that are not in this report.',
    monitoring_gaps:
      'Tapedeck did not monitor the PBX all the time: calls in the monitoring gaps below may be missing.',
    cdr_gaps:
      'CDRs were not received all the time: calls that Tapedeck did not see during the CDR monitoring gaps below may be missing.',
    no_witness: view.witness
      ? 'A PBX has never sent a CDR: nothing independent confirms the figures of its calls.'
      : '',
    unwitnessed: '',
    pending: 'Some recordings are still being processed.',
  };
  return view.caveats.map((code) => said[code]).filter(Boolean);
}

function witnessGaps({ witness_gaps: gaps, time_zone: zone }: CoverageReport, on: On): string[] {
  const time = timesIn(zone);
  return gaps.map(({ pbx, from, to, reason, filled_from: filled }) => {
    const until = to === null ? 'now' : time(Date.parse(to));
    const since =
      filled.length > 0 ? ` The CDRs of this time were read afterwards: ${filled.join(', ')}.` : '';
    return `CDR monitoring gap${on(pbx)}: ${time(Date.parse(from))} to ${until}. ${reason}${since}`;
  });
}
