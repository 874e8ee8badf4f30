import { type Command, Option } from 'commander';
import { ulid } from 'ulid';
import { fail, TapedeckError } from '../../domain/error.js';
import type { Notice } from '../../domain/operations/notice.js';
import { createChannels } from '../../notify/channels.js';
import { createDeliver, type Outcome, sendTest } from '../../operations/deliver.js';
import { ask } from '../../ops/control-client.js';
import { createLog } from '../../ops/log.js';
import type { CliContext } from '../common/context.js';
import { addAlertSetup } from './alert-setup.js';

/** `tapedeck alert`: who has to know, and whether they would hear of it. */
export function alert(program: Command, ctx: CliContext): void {
  const command = program.command('alert').description('set up who is alerted, and try it');
  addAlertSetup(command, program);

  command
    .command('test')
    .description('send a test message over every alert channel')
    .option('--json', 'as JSON')
    .addOption(new Option('--here').hideHelp())
    .addHelpText(
      'after',
      '\nThe recorder sends it if it is running, so the test uses the settings of real alerts; otherwise this command sends it.\nExit codes: 0 every channel accepted it, 1 a channel did not, 2 wrong usage or no channel is configured.\n\nExample:\n  tapedeck alert test',
    )
    .action(async ({ json, here }: { json?: boolean; here?: boolean }) => {
      const config = ctx.config();
      const channels = createChannels(config);
      if (channels.length === 0)
        throw fail('config_invalid', 'No channel is set up: run "tapedeck alert setup".');
      const outcomes = here ? await sendTest(channels, testNotice()) : await test(ctx);
      ctx.out(json ? JSON.stringify(outcomes, null, 2) : outcomes.map(line).join('\n'));
      if (outcomes.length === 0)
        throw fail(
          'request_invalid',
          'The recorder has no channel yet: restart it after a change of [alerts].',
        );
      if (outcomes.some((o) => !o.ok)) process.exitCode = 1;
    });
}

async function test(ctx: CliContext): Promise<Outcome[]> {
  const config = ctx.config();
  try {
    return await ask(ctx.data(), 'test_alerts');
  } catch (e) {
    if (!(e instanceof TapedeckError && e.code === 'daemon_unreachable')) throw e;
    const deliver = createDeliver({
      catalogue: await ctx.catalogue(),
      channels: createChannels(config),
      clock: () => Date.now(),
      log: createLog('silent', 'tapedeck'),
      onTrouble: () => {},
    });
    return deliver.test(testNotice());
  }
}

const testNotice = (): Notice => ({ id: ulid(), kind: 'test', at: Date.now(), alarms: [] });

const line = ({ channel, target, ok, detail }: Outcome): string =>
  `${channel} to ${target}: ${ok ? 'taken' : 'FAILED'}${detail ? `: ${detail}` : ''}`;
