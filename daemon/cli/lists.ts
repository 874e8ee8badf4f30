import type { Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import type { Catalogue } from '../catalogue/catalogue.js';
import { QUOTED } from '../domain/csv.js';
import { isoOrNull, type Site } from '../domain/days.js';
import { fail } from '../domain/error.js';
import {
  brokenCsv,
  endText,
  LIST_COLUMNS,
  listCells,
  listFaultText,
  readListRows,
} from '../domain/policy/lists/list-file.js';
import type { Listed } from '../domain/policy/lists/number-list.js';
import { siteRegion } from '../ops/config.js';
import { readCsv } from '../ops/tables/read-csv.js';
import { contents } from './common/arguments.js';
import type { CliContext } from './common/context.js';
import { note, onConsole } from './common/entries.js';
import { table, timesIn } from './common/table.js';

const READ = 1_000;
type Given = { note?: string; until?: string };

/** `tapedeck lists`: the numbers that rules name by a list. */
export function lists(program: Command, ctx: CliContext): void {
  const command = program.command('lists').description('manage the lists of numbers that rules name');
  const site = (): Site => ({ timeZone: ctx.config().site.time_zone, region: siteRegion(ctx.config()) });

  command
    .command('show')
    .description('list the lists, or the numbers on one')
    .argument('[list]', 'name of a list')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  tapedeck lists show\n  tapedeck lists show "Do not record"')
    .action(async (name: string | undefined, { json }: { json?: boolean }) => {
      const catalogue = await ctx.catalogue();
      const time = timesIn(site().timeZone);
      if (name === undefined) {
        const all = await catalogue.lists.all();
        if (json)
          return ctx.out(
            JSON.stringify(
              all.map((l) => ({ ...l, addedAt: isoOrNull(l.addedAt) })),
              null,
              2,
            ),
          );
        if (all.length === 0) return ctx.out('There are no lists. "tapedeck lists create" makes one.');
        const rows = all.map((l) => [l.name, String(l.numbers), time(l.addedAt), l.addedBy, l.note]);
        return ctx.out(table(['list', 'numbers', 'made', 'by', 'note'], rows, { wrap: [4] }));
      }
      const entries = await entriesOf(catalogue, name);
      if (json)
        return ctx.out(
          JSON.stringify(
            entries.map((e) => ({ ...e, until: isoOrNull(e.until), addedAt: isoOrNull(e.addedAt) })),
            null,
            2,
          ),
        );
      if (entries.length === 0) return ctx.out(`There are no numbers on "${name}".`);
      const rows = entries.map((e) => [
        e.number,
        endText(e.until, site().timeZone) || '-',
        time(e.addedAt),
        e.addedBy,
        e.note,
      ]);
      ctx.out(table(['number', 'until', 'added', 'by', 'note'], rows, { wrap: [4] }));
    });

  command
    .command('create')
    .description('make a list')
    .argument('<list>', 'its name, which never changes')
    .option('--note <text>', 'what it is for')
    .addHelpText('after', '\nExample:\n  tapedeck lists create "Do not record" --note "Agreed with legal"')
    .action(async (list: string, { note = '' }: Given) => {
      await ctx.ask('add_list', { by: onConsole(), list, note });
      ctx.out(`There is a list "${list}" now.`);
    });

  command
    .command('delete')
    .description('remove a list, with all numbers on it')
    .argument('<list>', 'name of the list')
    .addHelpText('after', '\nExample:\n  tapedeck lists delete VIP')
    .action(async (list: string) => {
      await ctx.ask('remove_list', { by: onConsole(), list });
      ctx.out(`"${list}" was removed.`);
    });

  command
    .command('add')
    .description('put a number on a list')
    .argument('<list>', 'name of the list')
    .argument('<number>', 'the number, in any notation')
    .option('--note <text>', 'why it is on the list')
    .option('--until <time>', 'when it leaves the list: "2027-01-31" or "2027-01-31 18:00"')
    .addHelpText('after', '\nExample:\n  tapedeck lists add VIP "+44 20 7946 0123" --until 2027-01-31')
    .action(async (list: string, number: string, { note = '', until = '' }: Given) => {
      const rows = [
        { line: 1, cells: [...LIST_COLUMNS] },
        { line: 1, cells: [number, note, until] },
      ];
      await put(list, readListRows(rows, site(), Date.now()), {});
      ctx.out(`${number} is on "${list}".`);
    });

  command
    .command('remove')
    .description('take a number off a list')
    .argument('<list>', 'name of the list')
    .argument('<number>', 'the number, in any notation')
    .addHelpText('after', '\nExample:\n  tapedeck lists remove VIP "+44 20 7946 0123"')
    .action(async (list: string, number: string) => {
      const { removed } = await ctx.ask('drop_listed', { by: onConsole(), list, number });
      ctx.out(removed ? `${number} is not on "${list}" any more.` : `${number} is not on "${list}".`);
    });

  command
    .command('import')
    .description('put the numbers of a CSV file on a list: all of them, or none')
    .argument('<list>', 'name of the list')
    .argument('<file>', 'the file, or - for standard input')
    .option('--replace', 'in place of all numbers on the list')
    .option('--dry-run', 'check the file, and change nothing')
    .addHelpText(
      'after',
      `\nThe first line names the columns: ${LIST_COLUMNS.join(',')}\n\nExample:\n  tapedeck lists import VIP vip.csv --dry-run`,
    )
    .action(async (list: string, file: string, options: { replace?: boolean; dryRun?: boolean }) => {
      const { rows, broken } = readCsv(contents(file));
      const read = broken
        ? { entries: [], faults: [brokenCsv(broken.line, broken.why)] }
        : readListRows(rows, site(), Date.now());
      const done = await put(list, read, options);
      for (const [other, n] of Object.entries(done.also))
        ctx.err(`${n === 1 ? '1 of these numbers is' : `${n} of these numbers are`} also on "${other}".`);
      const gone = done.removed > 0 ? `, in place of ${done.removed}` : '';
      ctx.out(
        options.dryRun
          ? `${numbers(read.entries.length)} could be imported. Nothing was changed (--dry-run).`
          : `${numbers(done.added)} ${done.added === 1 ? 'was' : 'were'} put on "${list}"${gone}.`,
      );
    });

  command
    .command('export')
    .description('print the numbers on a list as CSV')
    .argument('<list>', 'name of the list')
    .addHelpText('after', '\nExample:\n  tapedeck lists export VIP > vip.csv')
    .action(async (list: string) => {
      const entries = await entriesOf(await ctx.catalogue(), list);
      await note(ctx, 'export', { object: 'list', object_id: list });
      const rows = entries.map((entry) => listCells(entry, site().timeZone));
      ctx.out(stringify([LIST_COLUMNS, ...rows], QUOTED).trimEnd());
    });

  async function put(
    list: string,
    { entries, faults }: ReturnType<typeof readListRows>,
    { replace = false, dryRun = false }: { replace?: boolean; dryRun?: boolean },
  ) {
    refuse(faults);
    const asked = { by: onConsole(), list, entries, replace, dry_run: dryRun };
    const done = await ctx.ask('put_listed', asked);
    refuse(done.faults);
    return done;
  }
}

/** Throws `list_invalid` with one line a fault. */
function refuse(faults: Parameters<typeof listFaultText>[0][]): void {
  if (faults.length > 0) throw fail('list_invalid', `\n${faults.map(listFaultText).join('\n')}`);
}

/** Throws `list_unknown`. */
async function entriesOf(catalogue: Catalogue, name: string): Promise<Listed[]> {
  if (!(await catalogue.lists.all()).some((list) => list.name === name))
    throw fail('list_unknown', `"${name}"`);
  const found: Listed[] = [];
  for (let after = 0; ; ) {
    const page = await catalogue.lists.entries({ list: name, after, limit: READ });
    found.push(...page);
    if (page.length < READ) return found;
    after = page.at(-1)!.id;
  }
}

const numbers = (n: number): string => (n === 1 ? '1 number' : `${n} numbers`);
