import type { Command } from 'commander';
import { approvalActWords } from '../domain/approval/words.js';
import { fail } from '../domain/error.js';
import type { ControlAnswer } from '../domain/operations/control.js';
import type { CliContext } from './common/context.js';
import { onConsole } from './common/entries.js';
import { table, timesIn } from './common/table.js';

type View = ControlAnswer<'approve'>;
const isId = (text: string) => /^[0-9A-Z]{26}$/.test(text);

/** `tapedeck approvals`: what waits for a second person. The box is nobody's second person: it lists and withdraws. */
export function approvals(program: Command, ctx: CliContext): void {
  const list = async ({ json }: { json?: boolean }) => {
    const { open, over } = await ctx.ask('approvals', { by: onConsole() });
    if (json) return ctx.out(JSON.stringify({ open, over }, null, 2));
    if (open.length + over.length === 0) return ctx.out('No approvals have been requested.');
    ctx.out(asTable([...open, ...over], ctx.config().site.time_zone));
  };
  const command = program
    .command('approvals')
    .description(
      'list what waits for a second person, and what was decided; approving is done on the dashboard',
    )
    .option('--json', 'as JSON, with everything that the second person is shown')
    .addHelpText(
      'after',
      '\nExamples:\n  tapedeck approvals\n  tapedeck approvals withdraw 01JDK3V7Q8ZM5T4R2XW9YB6C1E',
    )
    .action(list);
  command
    .command('list')
    .description('the same list')
    .option('--json', 'as JSON, with everything that the second person is shown')
    .action((_, given: Command) => list(given.optsWithGlobals()));
  command
    .command('withdraw')
    .description('withdraw one that was not used yet')
    .argument('<id>', 'from "tapedeck approvals"')
    .action(async (given: string) => {
      const id = given.toUpperCase();
      if (!isId(id)) throw fail('approval_unknown', given);
      await ctx.ask('withdraw_approval', { by: onConsole(), id });
      ctx.out(`Withdrew ${id}.`);
    });
}

function asTable(found: View[], zone: string): string {
  const times = timesIn(zone);
  return table(
    ['id', 'what', 'asked by', 'asked', 'state', 'approved by', 'until', 'reason'],
    found.map((a) => [
      ...[a.id, `${approvalActWords[a.act]} (${a.object})`, a.asked_by.name, times(a.asked_at)],
      ...[a.alone ? `${a.state}, alone` : a.state, a.approved_by?.name ?? '-', times(a.expires_at), a.reason],
    ]),
    { wrap: [1, 7] },
  );
}
