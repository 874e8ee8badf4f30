import { isIP } from 'node:net';
import { join } from 'node:path';
import { fail } from '../../domain/error.js';
import { isPbxId } from '../../domain/pbx.js';
import { loadConfig } from '../../ops/config.js';
import { runProgram } from '../../ops/process/run-program.js';
import { applyChanges } from './apply/apply.js';
import { openJournal } from './apply/journal.js';
import { addresses } from './machine/machine.js';
import { ownFacts } from './machine/own-facts.js';
import { OUTSIDE } from './plan/plan-outside.js';
import { planSecond } from './plan/plan-second.js';
import { agreed, checkConfig, newSecret, type Options, show } from './setup-steps.js';
import type { Terminal } from './talk/terminal.js';

export type AddOptions = Pick<Options, 'host' | 'name' | 'dryRun' | 'yes'> & { addPbx: string };

/** `tapedeck setup --add-pbx`: one more PBX, on another machine, for a Tapedeck that runs. Throws `setup_answers`. */
export async function addPbx(terminal: Terminal, config: string, options: AddOptions): Promise<void> {
  const { addPbx: id, host = '', name = id, dryRun, yes } = options;
  const { pbxes } = loadConfig(config);
  const faults: string[] = [];
  if ((OUTSIDE as readonly string[]).includes(id))
    faults.push(`"${id}" is the name of a drop-in that setup writes itself: choose another id.`);
  if (!isPbxId(id) || id === 'first')
    faults.push(`"${id}" is no id: a word of at most 32 small letters, digits and "-", and not "first".`);
  if (pbxes.some((one) => one.id === id)) faults.push(`There is a PBX with the id "${id}" already.`);
  if (pbxes.some((one) => one.name === name))
    faults.push(`There is a PBX called "${name}" already: give another --name.`);
  if (isIP(host) === 0)
    faults.push(
      '--host is needed: the address of that PBX, not its name, which the recorder cannot look up.',
    );
  if (faults.length > 0) throw fail('setup_answers', `\n${faults.join('\n')}`);
  const own = await ownFacts(runProgram, config);
  const ours = addresses()[0]?.address ?? '127.0.0.1';
  const secrets = { ari: newSecret(), ami: newSecret() };
  const changes = planSecond({ ...own, config: own.config! }, { id, name, host }, secrets, ours);
  checkConfig(changes, own);
  show(terminal, changes, []);
  if (dryRun) return terminal.say('  Nothing was changed (--dry-run).');
  if (terminal.tty && !(await agreed(terminal, { yes }))) return;
  terminal.answered();
  await applyChanges(changes, { journal: openJournal(join(own.etc, 'setup')) });
  terminal.title(`${name} was added`);
  terminal.note(
    `1. Take the files in ${own.etc}/pbx-${id} to that PBX, add each to the file of its name, and set up TLS there as docs/start/pbx-elsewhere.md says.`,
  );
  terminal.note(
    '2. systemctl daemon-reload && systemctl restart tapedeck. Calls in progress go on being recorded.',
  );
  terminal.note(`3. tapedeck doctor, and tapedeck test-call --pbx ${id}.`);
}
