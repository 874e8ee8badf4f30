import type { Command } from 'commander';
import { ulid } from 'ulid';
import { tellOfFailedStart } from '../operations/last-words.js';
import { createLog } from '../ops/log.js';
import { noCoreDumps } from '../ops/process/core-dumps.js';
import { feedWatchdog, notify } from '../ops/process/notify.js';
import { untilSignal } from '../ops/process/signal.js';
import type { CliContext } from './common/context.js';
import { exitCodeOf, STAYS_DOWN } from './common/exit-codes.js';
import { asFault } from './common/fault.js';

/** `tapedeck run`: the recorder daemon, until a signal ends it. */
export function run(program: Command, context: CliContext): void {
  program
    .command('run')
    .description('run the recorder')
    .addHelpText(
      'after',
      '\nThe first SIGTERM or SIGINT finishes the current work, the second ends it immediately. Asterisk keeps recording the calls\nin progress, and the next start resumes them.\n\nExample:\n  tapedeck --config /etc/tapedeck/tapedeck.toml run',
    )
    .action(async () => {
      const config = context.config();
      const log = createLog(config.log.level, 'recorder');
      if (!(await noCoreDumps()))
        log.warn('Core dumps could not be turned off: a crash may write keys and speech to the disk');
      const passphrase = await context.passphrase();
      const { createApp } = await import('../app.js');
      const app = createApp(config, log, { passphrase });
      const ended = untilSignal(log, 'the recorder ends');
      const sated = feedWatchdog();
      const told = async (e: unknown) => {
        const fault = asFault(e);
        if (!STAYS_DOWN.includes(exitCodeOf(fault))) return;
        const { createChannels } = await import('../notify/channels.js');
        const channels = createChannels(config);
        await tellOfFailedStart(fault, { channels, id: ulid(), now: Date.now(), log });
      };
      try {
        await app.start();
        await notify('READY=1');
        log.info({ event: 'ready' }, 'the recorder is ready');
        await ended;
      } catch (e) {
        await told(e);
        throw e;
      } finally {
        sated();
        await notify('STOPPING=1');
        await app.stop();
      }
    });
}
