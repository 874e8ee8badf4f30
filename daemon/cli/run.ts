import type { Command } from 'commander';
import { createLog } from '../ops/log.js';
import { noCoreDumps } from '../ops/process/core-dumps.js';
import { feedWatchdog, notify } from '../ops/process/notify.js';
import { untilSignal } from '../ops/process/signal.js';
import type { CliContext } from './common/context.js';

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
      try {
        await app.start();
        await notify('READY=1');
        log.info('the recorder is ready');
        await ended;
      } finally {
        sated();
        await notify('STOPPING=1');
        await app.stop();
      }
    });
}
