import type { Command } from 'commander';
import { fail } from '../../domain/error.js';
import type { CliContext } from '../common/context.js';
import { onConsole } from '../common/entries.js';
import { table } from '../common/table.js';

type Options = { reason: string; confirm?: string; json?: boolean };

/** `tapedeck erase CALL...`: erases the recordings of these calls by hand. */
export function erase(program: Command, ctx: CliContext): void {
  program
    .command('erase')
    .description('erase the recordings of calls by hand, before they are due')
    .argument('<call...>', 'ids of the calls, from "tapedeck calls"')
    .requiredOption('--reason <text>', 'why; shown in the audit log and wherever the call is')
    .option('--confirm <words>', '"erase" and the number of calls, such as "erase 2"')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nErases the key, the file and every version of each recording; the call stays in the list. Erased recordings cannot be brought back.\nRecordings under a legal hold or before their minimum are named, and then none is erased. The certificate is issued by the recorder:\nwhile it is stopped, at its next start.\n\nExample:\n  tapedeck erase 01JDK3V7Q8ZM5T4R2XW9YB6C1E --reason "Asked for by the caller" --confirm "erase 1"\n\nExit codes: 0 when all were erased; 1 when one is protected or could not be erased; 2 for wrong usage.',
    )
    .action(async (ids: string[], { reason, confirm, json }: Options) => {
      const calls = [...new Set(ids.map((id) => id.toUpperCase()))];
      const word = `erase ${calls.length}`;
      if (confirm !== word)
        throw fail('request_invalid', `Nothing was erased. To erase, add --confirm "${word}".`);
      await ctx.holdMaster();
      const result = await ctx.ask('erase_calls', { by: onConsole(), calls, reason, confirm });
      if (json) ctx.out(JSON.stringify(result));
      else if (result.refused.length > 0)
        ctx.out(
          `Nothing was erased. Protected:\n${table(
            ['call', 'recording', 'reason'],
            result.refused.map((r) => [r.call_id, r.recording_id, r.reason]),
            { wrap: [2] },
          )}\nLeave these out and try again.`,
        );
      else if (result.approval !== null)
        ctx.out(
          `Nothing was erased yet: a second person has to approve it (${result.approval}). Then run this again.`,
        );
      else ctx.out(`${result.erased} erased, ${result.failed} failed, ${result.left} left.`);
      if (result.refused.length > 0 || result.approval !== null || result.failed > 0) process.exitCode = 1;
    });
}
