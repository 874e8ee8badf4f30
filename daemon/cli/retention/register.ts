import type { Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { CSV, harmless } from '../../domain/csv.js';
import { FATE_WORDS, personalPlaces, registerPage } from '../../domain/personal/register.js';
import type { CliContext } from '../common/context.js';
import { table } from '../common/table.js';

type Options = { csv?: boolean; markdown?: boolean };

/** `tapedeck retention register`: where numbers, names, free text, audio and keys are kept, and how they go. */
export function register(command: Command, ctx: CliContext): void {
  command
    .command('register')
    .description('list every column and file that holds personal data or keys, and how it goes')
    .option('--csv', 'as CSV')
    .option('--markdown', 'as the page docs/reference/personal-data.md')
    .addHelpText('after', '\nExamples:\n  tapedeck retention register\n  tapedeck retention register --csv')
    .action(async ({ csv, markdown }: Options) => {
      if (markdown) return ctx.out(registerPage().trimEnd());
      const head = ['file', 'column', 'holds', 'goes', 'how'];
      const rows = personalPlaces().map(({ file, place, holds, goes, how }) => [
        ...[file, place, holds.join(', '), FATE_WORDS[goes], how],
      ]);
      if (csv)
        return ctx.out(
          stringify(
            rows.map((row) => row.map(harmless)),
            { ...CSV, bom: false, columns: head },
          ).trimEnd(),
        );
      ctx.out(table(head, rows, { wrap: [4] }));
    });
}
