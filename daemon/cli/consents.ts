import { readFileSync } from 'node:fs';
import { Argument, type Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { everyStanding } from '../catalogue/standing.js';
import { isBlank } from '../domain/blank.js';
import { QUOTED } from '../domain/csv.js';
import { isoOrNull, type Site } from '../domain/days.js';
import { fail } from '../domain/error.js';
import { endText } from '../domain/policy/lists/list-file.js';
import { documentType } from '../domain/policy/standing/document.js';
import {
  MOST_ERASE_REASON,
  type Standing,
  standingKinds,
  stateOf,
} from '../domain/policy/standing/standing.js';
import {
  brokenStanding,
  givenText,
  readStandingRows,
  STANDING_COLUMNS,
  STANDING_TABLE,
  standingCells,
  standingFaultText,
} from '../domain/policy/standing/standing-file.js';
import { siteRegion } from '../ops/config.js';
import { readCsv } from '../ops/tables/read-csv.js';
import { contents } from './common/arguments.js';
import type { CliContext } from './common/context.js';
import { note, onConsole } from './common/entries.js';
import { table, timesIn } from './common/table.js';

const READ = 1_000;
type Given = Record<
  'contact' | 'extensions' | 'queues' | 'given' | 'how' | 'until' | 'document',
  string | undefined
>;

/** `tapedeck consents`: what outside parties have said once for all calls. */
export function consents(program: Command, ctx: CliContext): void {
  const command = program
    .command('consents')
    .description('manage standing consents and objections by number');
  const site = (): Site => ({ timeZone: ctx.config().site.time_zone, region: siteRegion(ctx.config()) });

  command
    .command('show')
    .description('list consents and objections, the newest first')
    .option('--number <digits>', 'only numbers with these digits in a row')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  tapedeck consents show --number 7946')
    .action(async ({ number = '', json }: { number?: string; json?: boolean }) => {
      const found = await all(number);
      if (json) return ctx.out(JSON.stringify(found.map(asJson), null, 2));
      if (found.length === 0) return ctx.out('There are no consents or objections.');
      const { timeZone } = site();
      ctx.out(
        table(
          ['id', 'what', 'number', 'contact', 'given', 'how', 'holds', 'document'],
          found.map((one) => [
            ...[String(one.id), one.kind, one.number || '-', one.contact || '-'],
            ...[givenText(one.givenAt, timeZone), one.how || '-', holds(one, timeZone)],
            one.document ? (one.document.erasedAt === null ? one.document.type : 'erased') : '-',
          ]),
          { wrap: [3, 5] },
        ),
      );
    });

  command
    .command('add')
    .description('enter a consent or an objection')
    .addArgument(argumentOfKind())
    .argument('<number>', 'the number, in any notation')
    .requiredOption('--given <day>', 'when it was given: "2026-05-03" or "2026-05-03 14:30"')
    .requiredOption('--how <text>', 'how it was given, such as "contract of 3 May"')
    .option('--contact <name>', 'who gave it')
    .option('--extensions <list>', 'only for calls in which one of these takes part: "101 102"')
    .option('--queues <list>', 'only for calls that come through one of these: "sales support"')
    .option('--until <time>', 'when it ends: "2027-01-31" or "2027-01-31 18:00"')
    .option('--document <file>', 'what was signed: a PDF, PNG or JPEG file of at most 5 MB')
    .addHelpText(
      'after',
      '\nExample:\n  tapedeck consents add objection "+44 20 7946 0123" --given 2026-05-03 --how "letter"',
    )
    .action(async (kind: string, number: string, given: Given) => {
      const { document: file, ...texts } = given;
      const cells = { ...texts, kind, number } as Record<string, string | undefined>;
      const bytes = file === undefined ? null : readFileSync(file);
      if (bytes && documentType(bytes) === null) throw fail('document_invalid', file);
      const ids = await enter(
        [
          { line: 1, cells: [...STANDING_COLUMNS] },
          { line: 1, cells: STANDING_COLUMNS.map((name) => cells[name] ?? '') },
        ],
        bytes?.toString('base64') ?? null,
      );
      ctx.out(`The ${kind} of ${number} has the id ${ids[0]}.`);
    });

  command
    .command('withdraw')
    .description('withdraw one, so that it holds no more; the entry stays')
    .argument('<id>', 'its id, as "tapedeck consents show" has it', Number)
    .addHelpText('after', '\nExample:\n  tapedeck consents withdraw 12')
    .action(async (id: number) => {
      if (!Number.isSafeInteger(id) || id < 1) throw fail('consent_unknown', String(id));
      await ctx.ask('withdraw_consent', { by: onConsole(), id });
      ctx.out(`${id} was withdrawn.`);
    });

  command
    .command('erase')
    .description('erase the personal data of one and its document; that there was one stays')
    .argument('<id>', 'its id, as "tapedeck consents show" has it', Number)
    .requiredOption('--reason <text>', 'why, without the number or the name: it stays in the audit log')
    .addHelpText('after', '\nExample:\n  tapedeck consents erase 12 --reason "erasure request of 3 May"')
    .action(async (id: number, { reason }: { reason: string }) => {
      if (!Number.isSafeInteger(id) || id < 1) throw fail('consent_unknown', String(id));
      if (isBlank(reason) || reason.length > MOST_ERASE_REASON) throw fail('consent_reason');
      await ctx.ask('erase_consent', { by: onConsole(), id, reason });
      ctx.out(`The personal data of ${id} was erased.`);
    });

  command
    .command('import')
    .description('enter those of a CSV file: all of them, or none')
    .argument('<file>', 'the file, or - for standard input')
    .option('--dry-run', 'check the file, and change nothing')
    .addHelpText(
      'after',
      `\nThe first line names the columns: ${STANDING_COLUMNS.join(',')}\n\nExample:\n  tapedeck consents import objections.csv --dry-run`,
    )
    .action(async (file: string, { dryRun = false }: { dryRun?: boolean }) => {
      const { rows, broken } = readCsv(contents(file));
      if (broken)
        throw fail(
          'consent_invalid',
          `\nline ${broken.line}: ${standingFaultText(brokenStanding(broken.line, broken.why))}`,
        );
      if (dryRun)
        return ctx.out(`${entries(read(rows).length)} could be imported. Nothing was changed (--dry-run).`);
      const { length } = await enter(rows, null);
      ctx.out(`${entries(length)} ${length === 1 ? 'was' : 'were'} imported.`);
    });

  command
    .command('export')
    .description('print all of them as CSV')
    .addHelpText('after', '\nExample:\n  tapedeck consents export > consents.csv')
    .action(async () => {
      await note(ctx, 'export', { object: 'consent' });
      const rows = (await all('')).map((one) => standingCells(one, site().timeZone, Date.now()));
      ctx.out(stringify([STANDING_TABLE, ...rows], QUOTED).trimEnd());
    });

  async function all(digits: string): Promise<Standing[]> {
    const found: Standing[] = [];
    for await (const page of everyStanding(await ctx.catalogue(), READ, digits)) found.push(...page);
    return found;
  }

  /** Throws `consent_invalid` with one line a fault. */
  function read(rows: Parameters<typeof readStandingRows>[0]) {
    const { entries, faults } = readStandingRows(rows, site(), Date.now());
    if (faults.length === 0) return entries;
    const lines = faults.map((fault) => `line ${fault.line}: ${standingFaultText(fault)}`);
    throw fail('consent_invalid', `\n${lines.join('\n')}`);
  }

  async function enter(rows: Parameters<typeof readStandingRows>[0], document: string | null) {
    const { ids } = await ctx.ask('add_consents', { by: onConsole(), entries: read(rows), document });
    return ids;
  }
}

const argumentOfKind = () => new Argument('<kind>', 'what was said').choices([...standingKinds]);

function holds(standing: Standing, zone: string): string {
  const state = stateOf(standing, Date.now());
  if (state === 'erased') return `erased ${timesIn(zone)(standing.erasedAt!)}`;
  if (state === 'withdrawn') return `withdrawn ${timesIn(zone)(standing.withdrawnAt!)}`;
  const until = endText(standing.until, zone);
  return until === '' ? 'until withdrawn' : `${state === 'expired' ? 'ended' : 'until'} ${until}`;
}

const asJson = ({ givenAt, until, addedAt, withdrawnAt, erasedAt, document, ...one }: Standing) => ({
  ...one,
  ...{ givenAt: isoOrNull(givenAt), until: isoOrNull(until) },
  ...{ addedAt: isoOrNull(addedAt), withdrawnAt: isoOrNull(withdrawnAt), erasedAt: isoOrNull(erasedAt) },
  document: document && {
    ...document,
    ...{ addedAt: isoOrNull(document.addedAt), erasedAt: isoOrNull(document.erasedAt) },
  },
});

const entries = (n: number): string => (n === 1 ? '1 entry' : `${n} entries`);
