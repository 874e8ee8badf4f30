import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { fail } from '../domain/error.js';
import { openSealed } from '../vault/open.js';
import type { CliContext } from './context.js';
import { metDamage, record } from './entries.js';

/** `tapedeck export CALL`: a recording as an Ogg Opus file that anything plays. */
export function exportCall(program: Command, context: CliContext): void {
  program
    .command('export')
    .description('write the recording of a call as an Ogg Opus file (left: the other party, right: our side)')
    .argument('<call>', 'id of the call, from "tapedeck calls"')
    .option('-o, --output <file>', 'file to write, "-" for standard output; default: CALL.opus here')
    .option('-f, --force', 'write over a file that is there')
    .addHelpText(
      'after',
      '\nThe file is in the clear: whoever has it can hear the call, and erasing the recording does not reach it.',
    )
    .action(async (id: string, options: { output?: string; force?: boolean }) => {
      const call = await (await context.catalogue()).call(id.toUpperCase());
      if (!call || call.test) throw fail('call_unknown', id);
      if (call.recording?.state !== 'sealed') throw fail('recording_absent', call.coverage.reason);
      const keys = await context.keys();
      await record(context, 'export', {
        object: 'call',
        object_id: call.id,
        detail: { recording: call.recording.id, sha256: call.recording.plainSha256 },
      });
      const { recording } = call;
      const path = join(context.config().data.dir, recording.file);
      const file = options.output ?? `${call.id}.opus`;
      try {
        const size = await write(path, await keys.identity(recording.id), file, options.force);
        if (file !== '-')
          context.err(`${file}: ${size} bytes, ${Math.round(recording.durationMs / 1000)} s\n`);
      } catch (e) {
        await metDamage(context, recording, e);
        throw e;
      }
    });
}

/** Gives how many bytes were written. */
async function write(path: string, identity: string, file: string, force = false): Promise<number> {
  const sealed = await openSealed(path, identity);
  try {
    const source = sealed.read(0, sealed.size - 1);
    if (file === '-') await pipeline(source, process.stdout, { end: false });
    else
      await pipeline(source, createWriteStream(file, { flags: force ? 'w' : 'wx', mode: 0o600 })).catch(
        (e: NodeJS.ErrnoException) => {
          if (e.code !== 'EEXIST') throw e;
          throw fail('request_invalid', `${file} is there already; --force writes over it.`);
        },
      );
    return sealed.size;
  } finally {
    await sealed.close();
  }
}
