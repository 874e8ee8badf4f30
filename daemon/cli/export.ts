import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { fail } from '../domain/error.js';
import { inWords } from '../domain/reason/words.js';
import { durationText, sizeText } from '../domain/written.js';
import { openSealed } from '../vault/open.js';
import type { Place } from '../vault/store/store.js';
import type { CliContext } from './common/context.js';
import { metDamage, record } from './common/entries.js';
import { type Output, openOutput } from './common/output.js';
import { timesIn } from './common/table.js';

/** `tapedeck export CALL`: a recording as an Ogg Opus file that anything plays. */
export function exportCall(program: Command, context: CliContext): void {
  program
    .command('export')
    .description('write the recording of a call as an Ogg Opus file (left: the other party, right: our side)')
    .argument('<call>', 'id of the call, from "tapedeck calls"')
    .option('-o, --output <file>', 'file to write, "-" for standard output; default: CALL.opus here')
    .option('-f, --force', 'overwrite an existing file')
    .addHelpText(
      'after',
      '\nThe file is not encrypted: anyone who has it can listen to the call, and erasing the recording does not affect it.',
    )
    .action(async (id: string, options: { output?: string; force?: boolean }) => {
      if (!/^[0-9A-Z]+$/i.test(id)) throw fail('call_unknown', id);
      const file = options.output ?? `${id.toUpperCase()}.opus`;
      const output = file === '-' ? null : openOutput(file, options.force);
      try {
        await context.holdMaster();
        await exportTo(context, id.toUpperCase(), output);
      } finally {
        output?.close();
      }
    });
}

async function exportTo(context: CliContext, id: string, output: Output | null): Promise<void> {
  const call = await (await context.catalogue()).calls.get(id);
  if (!call || call.test) throw fail('call_unknown', id);
  if (call.recording?.state !== 'sealed')
    throw fail('recording_absent', inWords(call.coverage.why, timesIn(context.config().site.time_zone)));
  const keys = await context.keys();
  await record(context, 'export', {
    object: 'call',
    object_id: call.id,
    detail: { recording: call.recording.id, sha256: call.recording.plainSha256 },
  });
  const { recording } = call;
  try {
    const size = await write(context, recording, await keys.identity(recording.id), output);
    if (output) context.err(`${output.file}: ${sizeText(size)}, ${durationText(recording.durationMs)}\n`);
  } catch (e) {
    await metDamage(context, recording, e);
    throw e;
  }
}

/** Returns how many bytes were written. */
async function write(
  context: CliContext,
  place: Place,
  identity: string,
  output: Output | null,
): Promise<number> {
  const sealed = await openSealed(context.recordings(), place, identity);
  try {
    const source = sealed.read(0, sealed.size - 1);
    if (output) await output.write(source);
    else await pipeline(source, process.stdout, { end: false });
    return sealed.size;
  } finally {
    await sealed.close();
  }
}
