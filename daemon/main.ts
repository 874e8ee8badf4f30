#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { alert } from './cli/alert.js';
import { audit } from './cli/audit.js';
import { calls } from './cli/calls.js';
import { createCliContext } from './cli/common/context.js';
import { asFault } from './cli/common/fault.js';
import { coverage } from './cli/coverage.js';
import { doctor } from './cli/doctor.js';
import { evidence } from './cli/evidence.js';
import { exportCall } from './cli/export.js';
import { keys } from './cli/keys.js';
import { policy } from './cli/policy.js';
import { retention } from './cli/retention.js';
import { run } from './cli/run.js';
import { status } from './cli/status.js';
import { testCall } from './cli/test-call.js';
import { tls } from './cli/tls.js';
import { user } from './cli/user.js';
import { verify } from './cli/verify.js';
import { web } from './cli/web.js';
import type { ErrorCode } from './domain/error.js';
import { DEFAULT_CONFIG } from './ops/config.js';
import { version } from './ops/process/version.js';

const WRONG_USE: ReadonlySet<ErrorCode> = new Set([
  'config_missing',
  'config_invalid',
  'secret_missing',
  'data_foreign',
  'data_strange',
  'data_absent',
  'catalogue_newer',
  'keys_newer',
  'tls_invalid',
  'master_key_missing',
  'master_key_wrong',
  'passphrase_missing',
  'passphrase_wrong',
  'policy_invalid',
  'emergency_unconfirmed',
  'password_weak',
  'person_invalid',
  'request_invalid',
  'name_unclear',
]);

type Options = { config: string; passphraseFd?: number };

/** Exit codes: 0 success · 1 failure · 2 wrong usage or configuration. */
async function main(argv: string[]): Promise<number> {
  const program = new Command('tapedeck')
    .description(
      'Records the calls of an Asterisk PBX, keeps them as long as the rules say, and plays them on the LAN.',
    )
    .version(version())
    .option('-c, --config <file>', 'configuration file', DEFAULT_CONFIG)
    .option(
      '--passphrase-fd <number>',
      'read the passphrase of the master key from this file descriptor',
      (text) => Number.parseInt(text, 10),
    )
    .addHelpText('after', '\nExit codes: 0 success, 1 failure, 2 wrong usage or configuration.')
    .exitOverride();
  const context = createCliContext(
    () => program.opts<Options>().config,
    () => program.opts<Options>().passphraseFd,
  );
  for (const register of [
    run,
    web,
    doctor,
    status,
    alert,
    audit,
    calls,
    coverage,
    evidence,
    exportCall,
    keys,
    policy,
    retention,
    testCall,
    tls,
    user,
    verify,
  ])
    register(program, context);
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (e) {
    if (e instanceof CommanderError) return e.exitCode === 0 ? 0 : 2;
    const fault = asFault(e);
    context.err(`tapedeck: ${fault.message}\n  ${fault.hint}`);
    return WRONG_USE.has(fault.code) ? 2 : 1;
  } finally {
    await context.close();
  }
}

// "tapedeck calls | head" closes the pipe early; that is no fault.
process.stdout.on('error', (e: NodeJS.ErrnoException) => process.exit(e.code === 'EPIPE' ? 0 : 1));
process.exit(await main(process.argv));
