import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { fail } from '../../domain/error.js';
import { loadConfig } from '../../ops/config.js';
import { runProgram } from '../../ops/process/run-program.js';
import { applyChanges } from './apply/apply.js';
import { openJournal } from './apply/journal.js';
import { volumeOf } from './machine/calls-per-day.js';
import { addresses, hasSystemd } from './machine/machine.js';
import { masterKeyFile, ownFacts } from './machine/own-facts.js';
import { loopback } from './plan/plan-checks.js';
import { planElsewhere } from './plan/plan-elsewhere.js';
import {
  agreed,
  answersFor,
  checkConfig,
  type Given,
  keepKey,
  newSecret,
  notSet,
  restoredToo,
  show,
} from './setup-steps.js';
import { setOffered } from './steps/offered.js';
import { runDoctor, startUnits, tapedeckCommand } from './steps/services.js';
import type { Terminal } from './talk/terminal.js';

const NO_PBX =
  'There is no Asterisk on this machine: no asterisk.conf was found. If its configuration is not in /etc/asterisk, name the folder: [asterisk] etc in a file of answers. If the PBX is on another machine, give its address: --host ADDRESS, or [asterisk] host in a file of answers.';

/** `tapedeck setup` on a machine without a PBX: the only one is on another machine. Throws `setup_conflict`, `setup_answers`. */
export async function setUpElsewhere(terminal: Terminal, { config, options, given }: Given): Promise<void> {
  const own = await ownFacts(runProgram, config);
  const host = await hostOf(terminal, { config, options, given }, own.config !== null);
  terminal.row('PBX', `on another machine, ${host}`);
  const key = masterKeyFile(own, config);
  const volume = volumeOf(given, null);
  const answers = await answersFor(terminal, { config, options, given, own, key, volume });
  const secrets = { ari: own.secrets.ari ?? newSecret(), ami: own.secrets.ami ?? newSecret() };
  // As that PBX sees this machine.
  const address = loopback(answers.address) ? (addresses()[0]?.address ?? answers.address) : answers.address;
  const had = (path: string) => (existsSync(path) ? readFileSync(path, 'latin1') : null);
  const known = own.config === null ? undefined : loadConfig(config).pbxes[0];
  const changes = [
    ...planElsewhere(own, answers, { host, secrets, address, had, known }),
    ...(options.restored ? await restoredToo(own, config, address) : []),
  ];
  checkConfig(changes, own);
  show(terminal, changes, [], answers);
  if (options.dryRun) return terminal.say('  Nothing was changed (--dry-run).');
  if (changes.length > 0 && !(await agreed(terminal, options))) return;

  terminal.title('Setting up');
  await keepKey(terminal, { own, key, answers });
  terminal.answered();
  await applyChanges(changes, { journal: openJournal(join(own.etc, 'setup')) });
  terminal.step('Changes written', own.etc);
  if (options.start && hasSystemd()) {
    await startUnits(runProgram, changes.length > 0);
    terminal.step('Services started', 'recorder, dashboard, encoder');
    await setOffered(terminal, tapedeckCommand(runProgram, config), answers);
    const { passed, warned, failed } = await runDoctor(tapedeckCommand(runProgram, config));
    terminal.step(
      'Doctor',
      `${passed} checks passed, ${warned.length} warnings, ${failed.length} failed: tapedeck doctor`,
    );
  } else notSet(terminal, answers);
  terminal.title('Now at the PBX');
  terminal.note(
    `1. Take the files in ${own.etc}/pbx to ${host}, add each to the file of its name, and set up TLS there as docs/start/pbx-elsewhere.md says. With a certificate of your own authority, name that in ari_ca_file and ami_ca_file in tapedeck.toml and restart the recorder.`,
  );
  terminal.note('2. tapedeck doctor');
  terminal.note('3. tapedeck test-call. From then on calls are recorded.');
}

/** The address is given, asked for, or that of before. */
async function hostOf(
  terminal: Terminal,
  { config, options, given }: Given,
  hasConfig: boolean,
): Promise<string> {
  const configured = hasConfig ? (loadConfig(config).pbxes[0]?.ami_host ?? '') : '';
  const before = loopback(configured) ? '' : configured;
  const named = options.host ?? given.asterisk?.host;
  const asks = terminal.tty && options.answers === undefined;
  for (let host = named ?? (asks ? null : before); ; host = null) {
    host ??= await terminal.ask('Address of the PBX on another machine (Enter: none)', before);
    if (host === '') throw fail('setup_conflict', NO_PBX);
    if (isIP(host) !== 0 && !loopback(host)) return host;
    const wrong = `"${host}" is not the IP address of another machine. A name will not do: the recorder looks none up.`;
    if (!asks || named !== undefined) throw fail('setup_answers', wrong);
    terminal.note(wrong);
  }
}
