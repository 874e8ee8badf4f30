#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { calls } from './cli/calls.js';
import { createCliContext } from './cli/context.js';
import { doctor } from './cli/doctor.js';
import { exportCall } from './cli/export.js';
import { policy } from './cli/policy.js';
import { retention } from './cli/retention.js';
import { run } from './cli/run.js';
import { user } from './cli/user.js';
import { web } from './cli/web.js';
import { type ErrorCode, TapedeckError } from './domain/error.js';
import { DEFAULT_CONFIG, version } from './ops/config.js';

const WRONG_USE: ReadonlySet<ErrorCode> = new Set([
  'config_missing',
  'config_invalid',
  'secret_missing',
  'master_key_missing',
  'master_key_wrong',
  'policy_invalid',
  'password_weak',
  'request_invalid',
]);

/** Exit codes: 0 done · 1 it failed · 2 wrong use, or faults in the configuration. */
async function main(argv: string[]): Promise<number> {
  const program = new Command('tapedeck')
    .description(
      'Records the calls of an Asterisk PBX, keeps them as long as the rules say, and plays them on the LAN.',
    )
    .version(version())
    .option('-c, --config <file>', 'configuration file', DEFAULT_CONFIG)
    .addHelpText('after', '\nExit codes: 0 done, 1 it failed, 2 wrong use or faults in the configuration.')
    .exitOverride();
  const context = createCliContext(() => program.opts<{ config: string }>().config);
  for (const register of [run, web, doctor, calls, exportCall, policy, retention, user])
    register(program, context);
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (e) {
    if (e instanceof CommanderError) return e.exitCode === 0 ? 0 : 2;
    if (!(e instanceof TapedeckError)) throw e;
    process.stderr.write(`tapedeck: ${e.message}\n  ${e.hint}\n`);
    return WRONG_USE.has(e.code) ? 2 : 1;
  } finally {
    await context.close();
  }
}

process.exit(await main(process.argv));
