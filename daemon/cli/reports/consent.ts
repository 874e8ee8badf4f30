import type { Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import {
  CONSENT_PAGE,
  type ConsentReport,
  consentCalls,
  consentScope,
  viewConsent,
} from '../../catalogue/consent.js';
import { QUOTED } from '../../domain/csv.js';
import type { PbxId } from '../../domain/pbx.js';
import {
  CONSENT_CSV_COLUMNS,
  CONSENT_FILTERS,
  type ConsentFilter,
  consentCells,
} from '../../domain/telling/consent-report.js';
import type { Config } from '../../ops/config-schema.js';
import { day, oneOf, pbxId } from '../common/arguments.js';
import type { CliContext } from '../common/context.js';
import { noteReport } from '../common/entries.js';
import { PBX_OPTION, pbxName, severalPbxes } from '../common/pbxes.js';
import { table, timesIn, who } from '../common/table.js';

type Options = {
  from?: string;
  to?: string;
  pbx?: PbxId;
  show: ConsentFilter;
  json?: boolean;
  csv?: boolean;
};

/** `tapedeck consent-report`: how people were told that calls are recorded, and what they answered. */
export function consent(program: Command, ctx: CliContext): void {
  program
    .command('consent-report')
    .description('show how people were told that calls are recorded, and what they answered')
    .option('--from <day>', 'first day (YYYY-MM-DD) in the zone of the site; 30 days by default', day)
    .option('--to <day>', 'last day; today by default', day)
    .option(PBX_OPTION, 'only calls on this PBX; "first" is the one without an id', pbxId)
    .option(
      '--show <what>',
      `which calls are listed: ${CONSENT_FILTERS.join(', ')}`,
      oneOf(CONSENT_FILTERS),
      'exceptions',
    )
    .option('--json', 'as JSON')
    .option('--csv', 'the calls as CSV')
    .addHelpText(
      'after',
      '\nExamples:\n  tapedeck consent-report\n  tapedeck consent-report --from 2026-11-01 --to 2026-11-30 --show all --csv > november.csv',
    )
    .action(async ({ from, to, pbx, show, json, csv }: Options) => {
      const config = ctx.config();
      const catalogue = await ctx.catalogue();
      const now = Date.now();
      const scope = consentScope({ from, to, pbx, filter: show }, config.site.time_zone, now);
      const { period } = scope;
      await noteReport(ctx, 'consent_report', period, { show, pbx });
      if (csv) {
        const line = (cells: string[]) => ctx.out(stringify([cells], QUOTED).trimEnd());
        line(CONSENT_CSV_COLUMNS);
        for await (const call of consentCalls(catalogue, scope)) line(consentCells(call));
        return;
      }
      const view = await viewConsent(catalogue, scope, { now });
      ctx.out(json ? JSON.stringify(view, null, 2) : asText(view, config));
    });
}

const words = (code: string): string => code.replaceAll('_', ' ');

function asText(view: ConsentReport, config: Config): string {
  const { statuses, told, answers, found, purpose, findings, calls, modes } = view.totals;
  const out = [`${view.from} to ${view.to} (${view.time_zone})`];
  if (view.only_in_cdrs > 0)
    out.push(
      `${view.only_in_cdrs} more answered calls are known only from the CDRs of the PBX: Tapedeck told nobody in them, and recorded nothing.`,
    );
  if (calls === 0) return [...out, 'No answered calls.'].join('\n');
  out.push(
    `${calls} answered calls: ${statuses.agreed} agreed, ${statuses.stated} stated by our own side, ${statuses.refused} refused, ${statuses.told} told, ${statuses.told_in_part} told in part, ${statuses.not_told} not told, ${statuses.not_required} not required, ${statuses.pending} not yet known.`,
    `Told: ${told.all} with everybody told, ${told.some} with somebody not told, ${told.nobody} with nobody told, ${told.not_needed} where nobody had to be told, ${told.pending} not yet known.`,
    `Answers: ${answers.refused} refused, ${answers.agreed} agreed, ${answers.some} agreed in part, ${answers.stated} only stated by our own side, ${answers.none} without one.`,
    `Announcements: ${found.yes} found in the recording, ${found.no} not found, ${found.excused} masked or missing there, ${found.not_looked} not looked for yet, ${found.none} calls without one to look for.`,
    `Modes: ${modes.map(({ mode, calls }) => `${calls} ${mode ? words(mode) : 'not decided'}`).join(', ')}.`,
  );
  if (purpose.said + purpose.unsaid > 0)
    out.push(
      `Who records, and what for: said in ${purpose.said} calls, not said in ${purpose.unsaid} where the law of a place asks for it.`,
    );
  if (findings.not_agreed > 0)
    out.push(`Recorded without the consent that was asked for: ${findings.not_agreed}.`);
  if (findings.keys_unheard > 0)
    out.push(
      `Recorded without an answer, while keys were not heard for a part of the call: ${findings.keys_unheard}.`,
    );
  if (findings.refused_kept > 0) out.push(`Recorded although somebody refused: ${findings.refused_kept}.`);
  if (view.calls.length === 0) return out.join('\n');
  const several = severalPbxes(config);
  const time = timesIn(view.time_zone);
  const rows = view.calls.map((c) => [
    time(Date.parse(c.started_at)),
    ...(several ? [pbxName(config, c.pbx)] : []),
    who(c.them),
    who(c.us),
    c.mode ? words(c.mode) : 'not decided',
    words(c.told),
    c.untold.map(who).join(', '),
    c.answer,
    words(c.found),
    c.call_id,
  ]);
  const head = [
    ...['started', ...(several ? ['PBX'] : []), 'with', 'at', 'mode', 'told', 'not told', 'answer'],
    ...['in recording', 'call'],
  ];
  out.push('', table(head, rows, { wrap: several ? [2, 3, 6] : [1, 2, 5] }));
  const more = view.calls_total - view.calls.length;
  if (more > 0) out.push(`and ${more} more than these ${CONSENT_PAGE}; --csv lists all.`);
  return out.join('\n');
}
