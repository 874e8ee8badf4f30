#!/usr/bin/env node
import { CommanderError } from 'commander';
import { asFault } from './cli/common/fault.js';
import { addCommands, commandNames, createProgram } from './cli/common/program.js';
import type { ErrorCode } from './domain/error.js';

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
  'list_unknown',
  'list_exists',
  'list_invalid',
  'certificate_unknown',
  'matter_unknown',
  'matter_exists',
  'hold_invalid',
  'hold_narrower',
  'consent_unknown',
  'consent_invalid',
  'document_invalid',
  'version_unknown',
  'emergency_unconfirmed',
  'password_weak',
  'person_invalid',
  'request_invalid',
  'name_unclear',
  'backup_off',
  'backup_absent',
  'backup_identity',
  'backup_key_gone',
  'restore_list',
  'restore_occupied',
  'restore_unfinished',
  'moved_away',
  'move_unproved',
  'move_unsealed',
  'move_over',
  'move_none',
  'move_withdrawn',
]);

/** Exit codes: 0 success · 1 failure · 2 wrong usage or configuration. */
async function main(argv: string[]): Promise<number> {
  const created = createProgram();
  const { program, context } = created;
  try {
    const called = program.parseOptions(argv.slice(2)).operands[0] ?? '';
    const names = commandNames();
    await addCommands(created, names.includes(called) ? [called] : names);
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
