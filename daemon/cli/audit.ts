import type { Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import type { AuditFilter, ReadEntry } from '../catalogue/audit.js';
import { type AuditAction, auditActions } from '../domain/assurance/audit.js';
import { AUDIT_COLUMNS, auditCells } from '../domain/assurance/audit-table.js';
import { QUOTED } from '../domain/csv.js';
import { ask } from '../ops/control-client.js';
import { consoleUser } from '../ops/process/console.js';
import { verify } from './audit-verify.js';
import { count, day, oneOf, spanOf } from './common/arguments.js';
import type { CliContext } from './common/context.js';
import { note, record } from './common/entries.js';
import { table, timesIn } from './common/table.js';

type Filter = { person?: string; call?: string; action?: AuditAction; from?: string; to?: string };

const PAGE = 1_000;

/** `tapedeck audit`: who did what, and the proof that the log of it is whole. */
export function audit(program: Command, ctx: CliContext): void {
  const command = program.command('audit').description('show, export and verify the audit log');
  verify(command, ctx);
  const filtered = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      .option('--person <name>', 'only actions of this person (name or id)')
      .option('--call <id>', 'only actions on this call')
      .option('--action <action>', `only one of ${auditActions.join(', ')}`, oneOf(auditActions))
      .option('--from <day>', 'first day (YYYY-MM-DD) in the zone of the site', day)
      .option('--to <day>', 'last day', day);

  filtered('list', 'show who did what, newest first')
    .option('--limit <count>', 'at most this many', count, 50)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  tapedeck audit list --call 01K8C0PJ4M0000000000000000\n  tapedeck audit list --person ada --action heard --from 2026-11-01',
    )
    .action(async ({ limit, json, ...given }: Filter & { limit: number; json?: boolean }) => {
      const catalogue = await ctx.catalogue();
      const found = await catalogue.audit.entries({ ...(await filterOf(ctx, given)), limit });
      await note(ctx, 'view', { object: 'audit', detail: about(given) });
      if (json) return ctx.out(JSON.stringify(found, null, 2));
      const time = timesIn(ctx.config().site.time_zone);
      ctx.out(found.length === 0 ? 'No entries.' : asTable(found, time));
    });

  filtered('export', 'the same as CSV, all of it')
    .addHelpText(
      'after',
      '\nExample:\n  tapedeck audit export --from 2026-11-01 --to 2026-11-30 > november.csv',
    )
    .action(async (given: Filter) => {
      const catalogue = await ctx.catalogue();
      const filter = await filterOf(ctx, given);
      await record(ctx, 'export', { object: 'audit', detail: about(given) });
      ctx.out(stringify([AUDIT_COLUMNS]));
      for (let before: number | undefined; ; ) {
        const page = await catalogue.audit.entries({ ...filter, before, limit: PAGE });
        if (page.length > 0) ctx.out(stringify(page.map(auditCells), QUOTED));
        if (page.length < PAGE) return;
        before = page.at(-1)!.seq;
      }
    });

  command
    .command('checkpoint')
    .description('have the recorder sign the current log, and print the checkpoint')
    .addHelpText('after', '\nExample:\n  tapedeck audit checkpoint > /media/usb/tapedeck-checkpoint')
    .action(async () => {
      await note(ctx, 'checkpoint', { object: 'audit' });
      ctx.out((await ask(ctx.data(), 'sign_checkpoint')).note);
    });

  command
    .command('accept')
    .description('sign the current log although it does not continue from the last checkpoint')
    .requiredOption('--reason <text>', 'why this is correct; it is written to the log')
    .addHelpText(
      'after',
      '\nUse it after a backup was restored. Earlier checkpoints still show what is missing. It needs the recorder\'s user or\nroot.\n\nExample:\n  tapedeck audit accept --reason "Restored the backup of 24 November after the disk had failed."',
    )
    .action(async ({ reason }: { reason: string }) => {
      const signed = await ask(ctx.data(), 'accept_log', { by: consoleUser(), reason });
      ctx.out(`Signed at ${signed.size} entries.`);
    });
}

/** A name stands for the person who has it, or else for a user of this machine. */
async function filterOf(ctx: CliContext, given: Filter): Promise<Omit<AuditFilter, 'limit'>> {
  const actors = given.person === undefined ? [] : await (await ctx.catalogue()).audit.actors();
  const wanted = given.person?.toLowerCase();
  const found = actors.find((a) => a.id.toLowerCase() === wanted || a.name.toLowerCase() === wanted);
  return {
    actor: given.person === undefined ? undefined : found?.id || found?.name || given.person,
    objectId: given.call?.toUpperCase(),
    actions: given.action && [given.action],
    ...spanOf(given, ctx.config().site.time_zone),
  };
}

const about = (given: Filter): Record<string, string> =>
  Object.fromEntries(Object.entries(given).filter((e): e is [string, string] => typeof e[1] === 'string'));

const NOBODY = { person: '', token: '', console: '', tapedeck: 'Tapedeck' } as const;

function asTable(found: ReadEntry[], time: (ms: number) => string): string {
  const rows = found.map((e) => [
    String(e.seq),
    time(Date.parse(e.at)),
    e.actor === 'console' ? `${e.actor_name} (console)` : e.actor_name || NOBODY[e.actor] || '-',
    e.action.replaceAll('_', ' '),
    e.outcome,
    [e.object, e.object_id].filter(Boolean).join(' '),
    [e.words, ...Object.values(e.detail).flat(), e.reason].filter((v) => v !== null && v !== '').join(', '),
  ]);
  return table(['no', 'when', 'who', 'what', 'outcome', 'of', 'detail'], rows, { wrap: [2, 5, 6] });
}
