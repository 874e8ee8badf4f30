import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../domain/error.js';
import { sizeText } from '../../domain/written.js';
import { loadConfig, parseConfig } from '../../ops/config.js';
import { KEY_COPY_NOTE } from '../doctor/key-copy.js';
import { writeWhole } from './apply/journal.js';
import { type Volume, volumeText } from './machine/calls-per-day.js';
import { addresses, freeAt } from './machine/machine.js';
import { answeredBefore } from './machine/own-facts.js';
import { reachedBy } from './machine/reached.js';
import type { Change } from './plan/change.js';
import { loopback } from './plan/plan-checks.js';
import { OUTSIDE, planOutside } from './plan/plan-outside.js';
import type { OwnFacts } from './plan/plan-own.js';
import { planFurther } from './plan/plan-second.js';
import { overview, preview, summary } from './plan/preview.js';
import { keySheet, makeMasterKey, writeCopy } from './steps/master-key.js';
import { NOTHING_OFFERED, type Offered, offeredWords } from './steps/offered.js';
import type { AnswerFile } from './talk/answers.js';
import { type AllAnswers, answersOf, askAll, lasting } from './talk/questions.js';
import type { Terminal } from './talk/terminal.js';

export type Options = {
  addPbx?: string;
  host?: string;
  name?: string;
  dryRun?: boolean;
  answers?: string;
  undo?: boolean;
  yes?: boolean;
  start: boolean;
  /** The configuration was restored: its own values are the answers, and what else it needs on this machine is written too. */
  restored?: boolean;
};
export type Given = { config: string; options: Options; given: AnswerFile };
type About = { own: OwnFacts; key: string; volume: Volume };

const SECRET_BYTES = 24;

/** A password for a program: nobody types it. */
export const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/** What would be written has to be a configuration that Tapedeck starts with. Throws `config_invalid`. */
export function checkConfig(changes: readonly Change[], own: OwnFacts): void {
  const change = changes.find((one) => one.kind === 'file' && one.path === join(own.etc, 'tapedeck.toml'));
  if (change?.kind !== 'file') return;
  parseConfig(Buffer.from(change.after, 'latin1').toString('utf8'), change.path);
}

/** How much changes and where; then the diffs: what is read last, before the question, is the list of all changes and what to know about them. */
export function show(
  terminal: Terminal,
  changes: readonly Change[],
  warnings: readonly string[],
  answers: Offered = NOTHING_OFFERED,
): void {
  const offered = offeredWords(answers);
  terminal.title(changes.length + offered.length === 0 ? 'Nothing has to change' : 'What will change');
  for (const [where, what] of summary(changes)) terminal.row(where, what);
  if (offered.length > 0) terminal.row('The policy', 'gets a new version, once Tapedeck runs.');
  if (changes.length > 0) terminal.title('Changes, line by line');
  for (const change of changes) {
    // A secret of its own, a folder, and an example that is filled in say nothing as a diff.
    const whole = change.kind === 'file' && change.before === null && !change.pbx;
    if (change.kind === 'folder' || (whole && !/\/setup(-[a-z0-9-]+)?\.conf$/.test(change.path))) continue;
    for (const line of preview(change).trimEnd().split('\n')) terminal.diff(line);
    terminal.say();
  }
  if (changes.length + offered.length > 0) terminal.title('Changes');
  for (const [what, why] of [...overview(changes), ...offered]) {
    terminal.say(`  ${what}`);
    terminal.note(`  ${why}`);
  }
  if (warnings.length > 0) terminal.title('Warnings');
  for (const warning of warnings) terminal.note(warning);
  terminal.say();
}

/** Says that the policy stays as it is where nothing is started that could change it. */
export function notSet(terminal: Terminal, answers: Offered): void {
  if (offeredWords(answers).length > 0)
    terminal.note('The policy was not changed: run "tapedeck setup" again once Tapedeck may start.');
}

/** Whether the changes that were shown may be made. Sets the exit code where they may not. */
export async function agreed(
  terminal: Terminal,
  { yes, answers }: Pick<Options, 'yes' | 'answers'>,
): Promise<boolean> {
  if (yes || answers !== undefined) return true;
  const typed = await terminal.ask('Apply these changes? yes or no', 'yes');
  if (/^y(es)?$/i.test(typed)) return true;
  process.exitCode = 1;
  terminal.say('  Stopped. Nothing was changed.');
  return false;
}

/** Returns what a restored configuration needs here besides the first PBX: further ones, and what its unit has to allow. */
export async function restoredToo(own: OwnFacts, configFile: string, address: string): Promise<Change[]> {
  const config = loadConfig(configFile);
  const had = (path: string) => (existsSync(path) ? readFileSync(path, 'latin1') : null);
  // As those PBXs see this machine.
  const seen = loopback(address) ? (addresses()[0]?.address ?? address) : address;
  const changes: Change[] = planFurther(own, config.pbxes, { newSecret, address: seen, had });
  for (const section of OUTSIDE)
    changes.push(...planOutside(own, config, section, await reachedBy(config, section)));
  return changes;
}

/** Asks, or takes the answers from a file. Throws `setup_answers`. */
export async function answersFor(
  terminal: Terminal,
  { config, options, given, own, key, volume }: Given & About,
): Promise<AllAnswers> {
  const before = answeredBefore(own, config);
  if (options.restored) before.keyCopy ??= 'the one that was brought';
  if (options.answers !== undefined) {
    const { answers, faults } = answersOf(given, before, key);
    if (faults.length > 0) throw fail('setup_answers', `${options.answers}:\n${faults.join('\n')}`);
    const free = freeAt(answers.dataDir);
    terminal.row(
      'Recordings',
      `${answers.dataDir}: ${sizeText(free)} free, which lasts ${lasting(free, volume.perDay)} at ${volumeText(volume)}`,
    );
    return answers;
  }
  if (!terminal.tty)
    throw fail(
      'setup_answers',
      'There is no terminal to ask at. Give the answers in a file: --answers FILE.',
    );
  return askAll(terminal, before, { key, volume });
}

/** Makes the key where there is none, and its copy, before anything is recorded with it. */
export async function keepKey(
  terminal: Terminal,
  { own, key, answers }: { own: OwnFacts; key: string; answers: AllAnswers },
): Promise<void> {
  const made = makeMasterKey(key, own.recorder);
  const { keyCopy } = answers;
  const note = (text: string) =>
    writeWhole(join(own.etc, KEY_COPY_NOTE), `${text}\n`, 0o640, {
      uid: own.root.uid,
      gid: own.recorder.gid,
    });
  const today = new Date().toISOString().slice(0, 10);
  if (keyCopy.to === 'folder') {
    const path = writeCopy(keyCopy.folder, key);
    note(`${path}, on ${today}`);
    terminal.step('Master key copied', `${path}, read back and compared`);
  } else if (keyCopy.to === 'print') {
    terminal.say(`\n${keySheet(key)}\n`);
    await terminal.ask('Print or copy this now. Then press Enter: it is not shown again');
    terminal.clear();
    note(`printed, on ${today}`);
    terminal.step('Master key shown', 'once');
  } else if (keyCopy.to === 'none') {
    note('none');
    terminal.step('Master key', 'has no copy');
  } else if (made) terminal.step('Master key made');
}
