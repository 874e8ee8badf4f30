import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { fail } from '../domain/error.js';
import { createKeys } from '../vault/keys.js';
import { loadMasterKey } from '../vault/master-key.js';
import { openSealed } from '../vault/open.js';
import type { CliContext } from './context.js';

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
      const config = context.config();
      const call = await (await context.catalogue()).call(id.toUpperCase());
      if (!call) throw fail('call_unknown', id);
      if (call.recording?.state !== 'sealed') throw fail('recording_absent', call.coverage.reason);
      const masterKey = loadMasterKey(config.keys.master_key_file);
      const keys = createKeys({ path: join(config.data.dir, 'keys.db'), masterKey, readonly: true });
      keys.start();
      try {
        const identity = await keys.identity(call.recording.id);
        const sealed = await openSealed(join(config.data.dir, call.recording.file), identity);
        try {
          const source = sealed.read(0, sealed.size - 1);
          if (options.output === '-') await pipeline(source, process.stdout, { end: false });
          else {
            const file = options.output ?? `${call.id}.opus`;
            await pipeline(
              source,
              createWriteStream(file, { flags: options.force ? 'w' : 'wx', mode: 0o600 }),
            ).catch((e: NodeJS.ErrnoException) => {
              if (e.code !== 'EEXIST') throw e;
              throw fail('request_invalid', `${file} is there already; --force writes over it.`);
            });
            context.err(`${file}: ${sealed.size} bytes, ${Math.round(call.recording.durationMs / 1000)} s\n`);
          }
        } finally {
          await sealed.close();
        }
      } finally {
        keys.stop();
      }
    });
}
