import { Command } from 'commander';
import { DEFAULT_CONFIG } from '../../ops/config.js';
import { version } from '../../ops/process/version.js';
import { type CliContext, createCliContext } from './context.js';

/** Every command, as it is called. Only that one is loaded: reading what the others need would take most of a second. */
const COMMANDS: Record<string, () => Promise<(program: Command, context: CliContext) => void>> = {
  setup: async () => (await import('../setup/setup.js')).setup,
  run: async () => (await import('../run.js')).run,
  web: async () => (await import('../web.js')).web,
  encoder: async () => (await import('../encoder.js')).encoder,
  doctor: async () => (await import('../doctor.js')).doctor,
  status: async () => (await import('../status.js')).status,
  alert: async () => (await import('../alert.js')).alert,
  archive: async () => (await import('../retention/archive.js')).archive,
  backup: async () => (await import('../backup/backup.js')).backup,
  approvals: async () => (await import('../approvals.js')).approvals,
  audit: async () => (await import('../audit.js')).audit,
  calls: async () => (await import('../calls.js')).calls,
  coverage: async () => (await import('../reports/coverage.js')).coverage,
  'consent-report': async () => (await import('../reports/consent.js')).consent,
  destroy: async () => (await import('../destroy/destroy.js')).destroy,
  erase: async () => (await import('../retention/erase.js')).erase,
  evidence: async () => (await import('../evidence.js')).evidence,
  export: async () => (await import('../export.js')).exportCall,
  certificate: async () => (await import('../retention/certificate.js')).certificate,
  consents: async () => (await import('../consents.js')).consents,
  lists: async () => (await import('../lists.js')).lists,
  holds: async () => (await import('../retention/holds.js')).holds,
  import: async () => (await import('../import/import.js')).importRecordings,
  jobs: async () => (await import('../jobs.js')).jobs,
  keys: async () => (await import('../keys.js')).keys,
  policy: async () => (await import('../policy.js')).policy,
  recordings: async () => (await import('../recordings.js')).recordings,
  redact: async () => (await import('../redact.js')).redact,
  report: async () => (await import('../reports/report.js')).report,
  requests: async () => (await import('../retention/requests.js')).requests,
  move: async () => (await import('../backup/move.js')).move,
  restore: async () => (await import('../backup/restore.js')).restore,
  retention: async () => (await import('../retention.js')).retention,
  'test-call': async () => (await import('../test-call.js')).testCall,
  tls: async () => (await import('../tls.js')).tls,
  upgrade: async () => (await import('../upgrade/upgrade.js')).upgrade,
  user: async () => (await import('../user.js')).user,
  support: async () => (await import('../support/support.js')).support,
  verify: async () => (await import('../verify.js')).verify,
};

type Options = { config: string; passphraseFd?: number };

/** Returns the names of all commands. */
export const commandNames = (): string[] => Object.keys(COMMANDS);

/** Returns the program `tapedeck` without commands, and what its commands work with. */
export function createProgram() {
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
    .addHelpText(
      'after',
      '\nExit codes: 0 success, 1 failure, 2 wrong usage; 65, 77 and 78 where an admin has to correct something first:\nunusable data, missing rights, wrong configuration.',
    )
    .exitOverride();
  const context = createCliContext(
    () => program.opts<Options>().config,
    () => program.opts<Options>().passphraseFd,
  );
  return { program, context };
}

/** Adds these commands to the program, in the order given. Throws a TypeError for a name that is no command. */
export async function addCommands(
  { program, context }: ReturnType<typeof createProgram>,
  names: readonly string[],
): Promise<void> {
  for (const name of names) (await COMMANDS[name]!())(program, context);
}
