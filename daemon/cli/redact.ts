import type { Command } from 'commander';
import { fail } from '../domain/error.js';
import { inWords } from '../domain/reason/words.js';
import type { CliContext } from './common/context.js';
import { onConsole } from './common/entries.js';
import { table, timesIn } from './common/table.js';

type Options = { stretch: string[]; reason: string; older: 'destroy' | 'keep'; json?: boolean };

/** "them:1:05-1:20.5": a side, and from where to where in the recording. */
const STRETCH = /^(them|us|both):([\d:.]+)-([\d:.]+)$/;

/** `tapedeck redact CALL`: silences stretches of a recording. */
export function redact(program: Command, ctx: CliContext): void {
  program
    .command('redact')
    .description('silence stretches of a recording, in a new version of it')
    .argument('<call>', 'id of the call, from "tapedeck calls"')
    .requiredOption(
      '--stretch <side:from-until>',
      'what becomes silent; can be given several times',
      (value: string, all: string[]) => [...all, value],
      [] as string[],
    )
    .requiredOption('--reason <text>', 'why; shown in the audit log and in what is signed')
    .option(
      '--older <what>',
      '"destroy" the version before, or "keep" it; a policy that says which wins',
      'destroy',
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nSides are "them" (the outside party or the caller), "us" and "both"; times count from the beginning of the recording.\nNeeds the running recorder. What was destroyed cannot be brought back, and copies that were given out stay where they are: the\nanswer lists them.\n\nExample:\n  tapedeck redact 01JDK3V7Q8ZM5T4R2XW9YB6C1E --stretch both:1:05-1:20.5 --reason "Card number"',
    )
    .action(async (id: string, { stretch, reason, older, json }: Options) => {
      if (older !== 'destroy' && older !== 'keep') throw fail('request_invalid', '--older: destroy or keep');
      const stretches = stretch.map(stretchOf);
      const call = await (await ctx.catalogue()).calls.get(id.toUpperCase());
      if (!call || call.test) throw fail('call_unknown', id);
      const zone = timesIn(ctx.config().site.time_zone);
      if (!call.recording) throw fail('recording_absent', inWords(call.coverage.why, zone));
      const made = await ctx.ask('redact_recording', {
        ...{ by: onConsole(), recording: call.recording.id, stretches, reason, older },
      });
      if (json) return ctx.out(JSON.stringify(made));
      const kept = (await (await ctx.catalogue()).recordings.get(made.older))?.state === 'sealed';
      ctx.out(
        `Version ${made.version} stands in the place of the one before, which was ${kept ? 'kept; listening to it needs two people' : 'destroyed'}.`,
      );
      if (made.left.length === 0) return ctx.out('Nobody had played, downloaded or exported it.');
      const rows = made.left.map(({ at, by, action, version }) => [
        zone(Date.parse(at)),
        by,
        action,
        String(version),
      ]);
      ctx.out(`Given out before:\n${table(['when', 'who', 'what', 'version'], rows)}`);
    });
}

function stretchOf(text: string) {
  const [, side, from, until] = STRETCH.exec(text) ?? [];
  const [from_ms, until_ms] = [msOf(from ?? ''), msOf(until ?? '')];
  if (from_ms === null || until_ms === null)
    throw fail('request_invalid', `--stretch: "${text}" is not like both:1:05-1:20.5`);
  return { side: side as 'them' | 'us' | 'both', from_ms, until_ms };
}

/** "1:02:03.5" in ms. */
function msOf(clock: string): number | null {
  const parts = clock.split(':');
  if (
    parts.length > 3 ||
    !parts.every((part, i) => (i === parts.length - 1 ? /^\d+(\.\d+)?$/ : /^\d+$/).test(part))
  )
    return null;
  return Math.round(parts.reduce((sum, part) => sum * 60 + Number(part), 0) * 1_000);
}
