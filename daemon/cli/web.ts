import type { Command } from 'commander';
import type { CliContext } from './common/context.js';

/** `tapedeck web`: the dashboard, a process of its own. */
export function web(program: Command, context: CliContext): void {
  program
    .command('web')
    .description('run the dashboard')
    .action(async () => {
      const { runWeb } = await import('../../web/main.js');
      await runWeb(context.config());
    });
}
