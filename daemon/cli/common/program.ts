import { Command } from 'commander';
import { DEFAULT_CONFIG } from '../../ops/config.js';
import { version } from '../../ops/process/version.js';
import { type CliContext, createCliContext } from './context.js';

type Listed = {
  /** As the help has it: what the command itself says, again, because loading all of them would take half a second. */
  usage: string;
  summary: string;
  load: () => Promise<(program: Command, context: CliContext) => void>;
};

/** Every command, as it is called, below what it is for. Only that one is loaded. */
const GROUPS: Record<string, Record<string, Listed>> = {
  'Set up:': {
    setup: {
      usage: 'setup [options]',
      summary: 'connect Tapedeck to the PBX on this machine, start it, and make a test call',
      load: async () => (await import('../setup/setup.js')).setup,
    },
    doctor: {
      usage: 'doctor [options]',
      summary:
        'check PBX, permissions, CDRs, spool, disks, clocks and keys, and tell how to fix each problem',
      load: async () => (await import('../doctor.js')).doctor,
    },
    'test-call': {
      usage: 'test-call [options]',
      summary: 'place a test call, record it, play it from the dashboard, compare it, and erase it',
      load: async () => (await import('../test-call.js')).testCall,
    },
    alert: {
      usage: 'alert',
      summary: 'set up who is alerted, and try it',
      load: async () => (await import('../alert/alert.js')).alert,
    },
    backup: {
      usage: 'backup',
      summary: 'set up, make, list and verify backups',
      load: async () => (await import('../backup/backup.js')).backup,
    },
    user: {
      usage: 'user',
      summary: 'manage people and their permissions',
      load: async () => (await import('../user.js')).user,
    },
    tls: {
      usage: 'tls',
      summary: 'show the certificate of the dashboard, and its certificate authority',
      load: async () => (await import('../tls.js')).tls,
    },
    policy: {
      usage: 'policy',
      summary: 'manage the rules: what to record and how long to keep it',
      load: async () => (await import('../policy.js')).policy,
    },
    lists: {
      usage: 'lists',
      summary: 'manage the lists of numbers that rules name',
      load: async () => (await import('../lists.js')).lists,
    },
    import: {
      usage: 'import [options] <dir...>',
      summary: 'import the recordings of another recorder',
      load: async () => (await import('../import/import.js')).importRecordings,
    },
  },
  'Daily work:': {
    status: {
      usage: 'status [options]',
      summary: 'show recorder status',
      load: async () => (await import('../status.js')).status,
    },
    calls: {
      usage: 'calls [options]',
      summary: 'list calls, newest first',
      load: async () => (await import('../calls.js')).calls,
    },
    export: {
      usage: 'export [options] <call>',
      summary: 'write the recording of a call as an Ogg Opus file (left: the other party, right: our side)',
      load: async () => (await import('../export.js')).exportCall,
    },
    consents: {
      usage: 'consents',
      summary: 'manage standing consents and objections by number',
      load: async () => (await import('../consents.js')).consents,
    },
    approvals: {
      usage: 'approvals [options]',
      summary:
        'list what waits for a second person, and what was decided; approving is done on the dashboard',
      load: async () => (await import('../approvals.js')).approvals,
    },
    requests: {
      usage: 'requests [options]',
      summary: 'requests of people about recordings of themselves: list, show, answer and close them',
      load: async () => (await import('../retention/requests.js')).requests,
    },
    jobs: {
      usage: 'jobs [options]',
      summary: 'list jobs and their progress, newest first; ended jobs are kept for 90 days',
      load: async () => (await import('../jobs.js')).jobs,
    },
  },
  'Keep and erase:': {
    retention: {
      usage: 'retention',
      summary: 'show what is due, and erase it',
      load: async () => (await import('../retention.js')).retention,
    },
    holds: {
      usage: 'holds [options]',
      summary: 'manage legal holds, which keep recordings from being erased',
      load: async () => (await import('../retention/holds.js')).holds,
    },
    erase: {
      usage: 'erase [options] <call...>',
      summary: 'erase the recordings of calls by hand, before they are due',
      load: async () => (await import('../retention/erase.js')).erase,
    },
    redact: {
      usage: 'redact [options] <call>',
      summary: 'silence stretches of a recording, in a new version of it',
      load: async () => (await import('../redact.js')).redact,
    },
    archive: {
      usage: 'archive',
      summary: 'the archive: what is in it, and moving recordings there',
      load: async () => (await import('../retention/archive.js')).archive,
    },
    certificate: {
      usage: 'certificate',
      summary: 'list, export and verify certificates of erasure',
      load: async () => (await import('../retention/certificate.js')).certificate,
    },
  },
  'Prove:': {
    verify: {
      usage: 'verify [options] [call]',
      summary: 'verify the file, signature and catalogue row of one recording or of all, or an evidence pack',
      load: async () => (await import('../verify.js')).verify,
    },
    recordings: {
      usage: 'recordings',
      summary: 'check all recordings',
      load: async () => (await import('../recordings.js')).recordings,
    },
    evidence: {
      usage: 'evidence [options] <call>',
      summary: 'create a self-verifying evidence ZIP of a call',
      load: async () => (await import('../evidence.js')).evidence,
    },
    coverage: {
      usage: 'coverage [options]',
      summary: "compare recordings with Asterisk's CDRs: what became of every answered call",
      load: async () => (await import('../reports/coverage.js')).coverage,
    },
    'consent-report': {
      usage: 'consent-report [options]',
      summary: 'show how people were told that calls are recorded, and what they answered',
      load: async () => (await import('../reports/consent.js')).consent,
    },
    report: {
      usage: 'report [options] <name>',
      summary: 'create a signed report of a period as CSV, PDF or JSON; verify one',
      load: async () => (await import('../reports/report.js')).report,
    },
    audit: {
      usage: 'audit',
      summary: 'show, export and verify the audit log',
      load: async () => (await import('../audit.js')).audit,
    },
  },
  'Repair and move:': {
    support: {
      usage: 'support [options] [file]',
      summary:
        'write a support bundle: versions, settings, findings, status and log, without secrets, names and numbers',
      load: async () => (await import('../support/support.js')).support,
    },
    restore: {
      usage: 'restore [options] [id]',
      summary: 'restore a backup: on a new machine with its configuration and users of the PBX',
      load: async () => (await import('../backup/restore.js')).restore,
    },
    move: {
      usage: 'move',
      summary: 'move this Tapedeck to another machine',
      load: async () => (await import('../backup/move.js')).move,
    },
    upgrade: {
      usage: 'upgrade',
      summary: 'copy the data before an upgrade, watch it, go back',
      load: async () => (await import('../upgrade/upgrade.js')).upgrade,
    },
    keys: {
      usage: 'keys',
      summary: 'show and change how the keys are protected',
      load: async () => (await import('../keys.js')).keys,
    },
    destroy: {
      usage: 'destroy [options]',
      summary: 'destroy all recordings, keys, call data and configuration on this machine',
      load: async () => (await import('../destroy/destroy.js')).destroy,
    },
  },
  'Services, started by systemd:': {
    run: {
      usage: 'run',
      summary: 'run the recorder',
      load: async () => (await import('../run.js')).run,
    },
    web: {
      usage: 'web',
      summary: 'run the dashboard',
      load: async () => (await import('../web.js')).web,
    },
    encoder: {
      usage: 'encoder [options]',
      summary: 'run ffmpeg for the recorder, as a user of its own',
      load: async () => (await import('../encoder.js')).encoder,
    },
  },
};
const COMMANDS = new Map(Object.values(GROUPS).flatMap((group) => Object.entries(group)));

type Options = { config: string; passphraseFd?: number };

/** Returns the names of all commands. */
export const commandNames = (): string[] => [...COMMANDS.keys()];

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
    .exitOverride()
    .commandsGroup('Help:')
    .helpCommand('help [command]', 'show what a command does, and its options');
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
  for (const name of names) (await COMMANDS.get(name)!.load())(program, context);
  for (const [heading, commands] of Object.entries(GROUPS))
    for (const command of program.commands)
      if (Object.hasOwn(commands, command.name())) command.helpGroup(heading);
}

/** Adds all commands as the help lists them; none of them can be run. */
export function listCommands({ program }: Pick<ReturnType<typeof createProgram>, 'program'>): void {
  for (const [heading, commands] of Object.entries(GROUPS))
    for (const { usage, summary } of Object.values(commands))
      program.command(usage).description(summary).helpGroup(heading);
}
