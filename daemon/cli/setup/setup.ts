import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { fail } from '../../domain/error.js';
import { loadConfig } from '../../ops/config.js';
import { runProgram } from '../../ops/process/run-program.js';
import { addPbx } from './add-pbx.js';
import { applyChanges, undoChanges } from './apply/apply.js';
import { openJournal } from './apply/journal.js';
import { setUpElsewhere } from './elsewhere.js';
import { volumeOf } from './machine/calls-per-day.js';
import { type PbxFacts, trunkContexts } from './machine/facts.js';
import { findPbx, PLACES, type Places } from './machine/find-pbx.js';
import { fwconsoleOf } from './machine/fwconsole.js';
import { addresses, hasSystemd } from './machine/machine.js';
import { masterKeyFile, ownFacts } from './machine/own-facts.js';
import { reloadPbx } from './machine/reload.js';
import { planAsterisk, type Secrets } from './plan/plan-asterisk.js';
import { loopback } from './plan/plan-checks.js';
import { planFreepbx } from './plan/plan-freepbx.js';
import { type OwnFacts, planOwn } from './plan/plan-own.js';
import {
  agreed,
  answersFor,
  checkConfig,
  type Given,
  keepKey,
  newSecret,
  notSet,
  type Options,
  restoredToo,
  show,
} from './setup-steps.js';
import { cdrsOf, databaseAgain } from './steps/cdrs.js';
import { finish } from './steps/finish.js';
import { reachPbx, stopUnits } from './steps/services.js';
import { type AnswerFile, readAnswers } from './talk/answers.js';
import { createTerminal, type Terminal } from './talk/terminal.js';

/** `tapedeck setup`: from an installed package to the first recorded call. */
export function setup(program: Command): void {
  program
    .command('setup')
    .description('connect Tapedeck to the PBX on this machine, start it, and make a test call')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--answers <file>', 'take the answers from this TOML file, and ask nothing')
    .option('--undo', 'take back what setup changed at the PBX, and stop Tapedeck')
    .option('--yes', 'apply the changes without asking')
    .option('--add-pbx <id>', 'add one more PBX, on another machine, to a Tapedeck that runs')
    .option(
      '--host <address>',
      'the address of a PBX on another machine, where none is on this one or with --add-pbx',
    )
    .option('--name <name>', 'with --add-pbx: what people read')
    .option('--no-start', 'write the configuration, and start nothing')
    .addHelpText('after', HELP)
    .action(async (options: Options) => {
      if (process.getuid?.() !== 0) throw fail('setup_root');
      const terminal = createTerminal();
      const config = resolve(program.opts<{ config: string }>().config);
      if (options.addPbx !== undefined)
        return addPbx(terminal, config, { ...options, addPbx: options.addPbx });
      const given = options.answers === undefined ? {} : readAnswers(options.answers);
      const places = placesOf(given);
      if (options.undo) return undoAll(terminal, { config, places, given });
      await run(terminal, { config, options, given, places });
    });
}

const HELP = `
Setup finds Asterisk or FreePBX, asks five questions, offers three settings, shows every change as a diff, keeps a copy of each file, and can be
run again at any time. On FreePBX only the files that it leaves to you and its Advanced Settings change.

A file of answers, such as for Ansible:
  address = "192.168.1.20"
  time_zone = "Europe/Berlin"
  country = "DE"
  data = "/srv/tapedeck"
  key_copy = "/mnt/share"
  checkpoint_file = "/mnt/share/tapedeck-checkpoints"
  metadata_days = 90
  refused_days = 365
  calls_per_day = 400
  cdr_admin = { user = "root", password_file = "/root/database-password" }

Examples:
  tapedeck setup
  tapedeck setup --dry-run
  tapedeck setup --answers answers.toml
  tapedeck setup --host 192.0.2.10
  tapedeck setup --add-pbx warehouse --host 192.0.2.10 --name Warehouse
  tapedeck setup --undo`;

const placesOf = ({ asterisk = {} }: AnswerFile): Places => ({
  ...PLACES,
  ...(asterisk.etc && { etc: asterisk.etc }),
  ...(asterisk.command && { asterisk: asterisk.command }),
  ...(asterisk.fwconsole && { fwconsole: asterisk.fwconsole }),
  ...(asterisk.database_socket && { sockets: [asterisk.database_socket] }),
  ...(asterisk.freepbx_conf && { freepbxConf: asterisk.freepbx_conf }),
});

/** The journal lies beside the configuration, in a folder of root's. */
const journalOf = (own: Pick<OwnFacts, 'etc'>) => openJournal(join(own.etc, 'setup'));

async function run(
  terminal: Terminal,
  { config, options, given, places: usual }: Given & { places: Places },
) {
  terminal.title('Tapedeck setup');
  let places = usual;
  // A PBX on another machine stays the one that it was, whatever runs here.
  let facts =
    options.restored && !loopback(loadConfig(config).pbxes[0]!.ami_host)
      ? null
      : await findPbx(runProgram, places);
  if (!facts && terminal.tty && options.answers === undefined) {
    terminal.note('There is no Asterisk in /etc/asterisk.');
    const etc = await terminal.ask("Folder of Asterisk's configuration on this machine (Enter: none)");
    places = { ...places, etc };
    facts = etc === '' ? null : await findPbx(runProgram, places);
  }
  if (!facts) return setUpElsewhere(terminal, { config, options, given });
  introduce(terminal, facts);
  const own = await ownFacts(runProgram, config);
  const key = masterKeyFile(own, config);
  const volume = volumeOf(given, facts.logs);
  const answers = await answersFor(terminal, { config, options, given, own, key, volume });
  const secrets: Secrets = { ari: own.secrets.ari ?? newSecret(), ami: own.secrets.ami ?? newSecret() };
  const pbx = facts.kind === 'freepbx' ? planFreepbx(facts, secrets) : planAsterisk(facts, secrets);
  if (pbx.conflicts.length > 0) throw fail('setup_conflict', `\n${pbx.conflicts.join('\n')}`);
  const journal = journalOf(own);
  const asks = terminal.tty && options.answers === undefined;
  const cdrs = await cdrsOf(terminal, {
    ...{ facts, places, run: runProgram, own, config, given, asks, journal },
  });
  const ours = [
    // Before the configuration that names it: without its password the recorder would not start.
    ...cdrs.changes,
    ...planOwn(own, answers, { facts, reach: pbx.reach, secrets, more: cdrs.values }),
    ...(options.restored ? await restoredToo(own, config, answers.address) : []),
  ];
  checkConfig(ours, own);
  const changes = [...pbx.changes, ...ours];
  show(terminal, changes, [...pbx.warnings, ...cdrs.warnings], answers);
  if (options.dryRun) return terminal.say('  Nothing was changed (--dry-run).');
  if (changes.length > 0 && !(await agreed(terminal, options))) return;

  terminal.title('Setting up');
  await keepKey(terminal, { own, key, answers });
  terminal.answered();
  const fwconsole = fwconsoleOf(runProgram, places);
  const deps = { journal, fwconsole, database: cdrs.database };
  await applyChanges(changes, deps);
  if (changes.length > 0)
    terminal.step('Changes written', `copies of your files are in ${join(own.etc, 'setup')}`);
  for (const problem of await reloadPbx(facts, runProgram, places)) terminal.note(problem);
  const version = await reachPbx(pbx.reach, secrets, facts.running);
  terminal.step('PBX answers', `Asterisk ${version}, ARI and AMI`);
  if (!options.start) {
    notSet(terminal, answers);
    return terminal.say('\n  Nothing was started (--no-start).');
  }
  if (!hasSystemd())
    return terminal.note('systemd does not run here: start "tapedeck run" and "tapedeck web" yourself.');
  await finish(terminal, {
    ...{ config, answers, changed: ours.length > 0, run: runProgram },
    earlier: { folder: join(facts.spool, 'monitor'), asks },
  });
}

/**
 * Sets up a machine for the configuration that was restored to it: users of the PBX, secrets, drop-ins, services, a test call. Asks
 * nothing. Throws as `tapedeck setup` does, which then goes on where this stopped.
 */
export async function setUpRestored(config: string, { dryRun }: { dryRun: boolean }): Promise<void> {
  const terminal = createTerminal();
  const { web } = loadConfig(config);
  const own = addresses();
  const known = loopback(web.address) || own.some(({ address }) => address === web.address);
  const given = known ? {} : { address: own[0]?.address ?? '127.0.0.1' };
  if (given.address !== undefined)
    terminal.note(
      `The dashboard was at ${web.address}, which this machine does not have. It will be at ${given.address}; "tapedeck setup" changes it.`,
    );
  const options = { dryRun, start: true, restored: true, answers: config };
  await run(terminal, { config, options, given, places: PLACES });
}

function introduce(terminal: Terminal, facts: PbxFacts): void {
  const { kind, freepbx, version, running, etc, cdrBackends } = facts;
  const asterisk = `Asterisk ${version || '(version unknown)'}, ${running ? 'running' : 'not running'}`;
  terminal.row('PBX', kind === 'freepbx' ? `FreePBX ${freepbx}, ${asterisk}` : asterisk);
  terminal.row('Configuration', etc);
  const outside = trunkContexts(facts);
  if (outside.length > 0) terminal.row('Calls from', `${outside.join(', ')} (lines to the outside)`);
  if (cdrBackends.length > 0) terminal.row('CDRs', cdrBackends.join(', '));
}

async function undoAll(
  terminal: Terminal,
  { config, places, given }: { config: string; places: Places; given: AnswerFile },
): Promise<void> {
  const own = { etc: resolve(config, '..') };
  const journal = journalOf(own);
  if (journal.done().length === 0) return terminal.say('Setup has changed nothing at a PBX here.');
  terminal.title('Undoing setup');
  if (hasSystemd()) await stopUnits(runProgram);
  const asks = terminal.tty && Object.keys(given).length === 0;
  const undone = await undoChanges({
    ...{ journal, fwconsole: fwconsoleOf(runProgram, places) },
    database: databaseAgain(terminal, given, asks),
  });
  terminal.answered();
  const left = journal.done().length;
  for (const { what, how, why } of undone) terminal.step(how, `${what}${why === '' ? '' : `: ${why}`}`);
  const kind = existsSync(places.freepbxConf) ? 'freepbx' : 'asterisk';
  for (const problem of await reloadPbx({ kind }, runProgram, places)) terminal.note(problem);
  terminal.say();
  if (left > 0) {
    process.exitCode = 1;
    terminal.note(
      `${left} ${left === 1 ? 'change' : 'changes'} could not be taken back, as said above. Put that right and run "tapedeck setup --undo" again.`,
    );
  }
  terminal.note(
    `Tapedeck is stopped. Its configuration, the master key (${join(own.etc, 'master.key')}) and all recordings are still there; "tapedeck setup" starts it again.`,
  );
}
