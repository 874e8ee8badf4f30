#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { type CliContext, createCliContext } from './cli/common/context.js';
import { asFault } from './cli/common/fault.js';
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

/** Every command, as it is called. Only that one is loaded: reading what the others need would take most of a second. */
const COMMANDS: Record<string, () => Promise<(program: Command, context: CliContext) => void>> = {
  run: async () => (await import('./cli/run.js')).run,
  web: async () => (await import('./cli/web.js')).web,
  encoder: async () => (await import('./cli/encoder.js')).encoder,
  doctor: async () => (await import('./cli/doctor.js')).doctor,
  status: async () => (await import('./cli/status.js')).status,
  alert: async () => (await import('./cli/alert.js')).alert,
  archive: async () => (await import('./cli/retention/archive.js')).archive,
  backup: async () => (await import('./cli/backup/backup.js')).backup,
  approvals: async () => (await import('./cli/approvals.js')).approvals,
  audit: async () => (await import('./cli/audit.js')).audit,
  calls: async () => (await import('./cli/calls.js')).calls,
  coverage: async () => (await import('./cli/reports/coverage.js')).coverage,
  'consent-report': async () => (await import('./cli/reports/consent.js')).consent,
  erase: async () => (await import('./cli/retention/erase.js')).erase,
  evidence: async () => (await import('./cli/evidence.js')).evidence,
  export: async () => (await import('./cli/export.js')).exportCall,
  certificate: async () => (await import('./cli/retention/certificate.js')).certificate,
  consents: async () => (await import('./cli/consents.js')).consents,
  lists: async () => (await import('./cli/lists.js')).lists,
  holds: async () => (await import('./cli/retention/holds.js')).holds,
  jobs: async () => (await import('./cli/jobs.js')).jobs,
  keys: async () => (await import('./cli/keys.js')).keys,
  policy: async () => (await import('./cli/policy.js')).policy,
  recordings: async () => (await import('./cli/recordings.js')).recordings,
  redact: async () => (await import('./cli/redact.js')).redact,
  report: async () => (await import('./cli/reports/report.js')).report,
  requests: async () => (await import('./cli/retention/requests.js')).requests,
  move: async () => (await import('./cli/backup/move.js')).move,
  restore: async () => (await import('./cli/backup/restore.js')).restore,
  retention: async () => (await import('./cli/retention.js')).retention,
  'test-call': async () => (await import('./cli/test-call.js')).testCall,
  tls: async () => (await import('./cli/tls.js')).tls,
  user: async () => (await import('./cli/user.js')).user,
  verify: async () => (await import('./cli/verify.js')).verify,
};

type Options = { config: string; passphraseFd?: number };

/** Exit codes: 0 success · 1 failure · 2 wrong usage or configuration. */
async function main(argv: string[]): Promise<number> {
  const program = new Command('tapedeck')
    .description(
      'Records the calls of an Asterisk PBX, keeps them as long as your rules say, and plays them to the people who may listen.',
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
  try {
    const called = program.parseOptions(argv.slice(2)).operands[0] ?? '';
    const names = Object.hasOwn(COMMANDS, called) ? [called] : Object.keys(COMMANDS);
    for (const name of names) (await COMMANDS[name]!())(program, context);
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
