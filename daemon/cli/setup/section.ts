import { existsSync, lstatSync, readFileSync, rmSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { fail } from '../../domain/error.js';
import { DEFAULT_CONFIG, parseConfig } from '../../ops/config.js';
import type { Config } from '../../ops/config-schema.js';
import { type Ran, type Run, runProgram } from '../../ops/process/run-program.js';
import { applyChanges } from './apply/apply.js';
import { openJournal, writeWhole } from './apply/journal.js';
import { hasSystemd } from './machine/machine.js';
import { reachedBy } from './machine/reached.js';
import type { FileChange } from './plan/change.js';
import { needsOf, type Outside, outsideFile, planOutside } from './plan/plan-outside.js';
import { agreed, show } from './setup-steps.js';
import { tapedeckCommand } from './steps/services.js';
import type { Terminal } from './talk/terminal.js';

const SYSTEMD = '/etc/systemd/system';
/** A first backup of a large box takes hours. */
const TRY_MS = 24 * 3_600_000;
const RESTART_MS = 15 * 60_000;

export type SectionOptions = { yes?: boolean; keep?: boolean; dryRun?: boolean };
/** A command of ours that tries what was set up, and what it is about in the words of a step. */
export type Try = { step: string; words: string[] };

export type Section = {
  name: Outside;
  /** The text of tapedeck.toml as it is to be, from the one that it has; bytes as latin1. */
  edit: (text: string) => string;
  /** Secrets that were given, by the file that the new configuration names. */
  secrets: Readonly<Record<string, string>>;
  /** Tried from here, before a service is touched. */
  before: Try[];
  /** Tried by the recorder, once it runs with the new configuration. */
  after: Try[];
};

const bytesOf = (path: string): string | null => (existsSync(path) ? readFileSync(path, 'latin1') : null);

/**
 * Writes a section of tapedeck.toml with what belongs to it, and tries it: from here, then by the recorder. Where a try fails, everything
 * becomes what it was before, unless `keep` or the answer says otherwise. Returns whether what was tried works. Throws `config_missing`,
 * `request_invalid`.
 */
export async function setUpSection(
  terminal: Terminal,
  configFile: string,
  section: Section,
  options: SectionOptions,
): Promise<boolean> {
  const text = bytesOf(configFile);
  if (text === null) throw fail('config_missing', `${configFile} is not there.`);
  const { after, config } = edited(configFile, text, section.edit);
  const changes = await changesFor(configFile, { before: text, after, config }, section);
  show(terminal, changes, named(config, section.name));
  if (options.dryRun) {
    terminal.say('  Nothing was changed (--dry-run).');
    return true;
  }
  if (changes.length > 0 && terminal.tty && !(await agreed(terminal, options))) return false;

  terminal.title('Setting up');
  const was = changes.map(({ path }) => ({ path, had: stateOf(path) }));
  const deps = { journal: openJournal(join(dirname(configFile), 'setup')) };
  await applyChanges(changes, deps);
  if (changes.length > 0) terminal.step('Changes written');
  const tapedeck = tapedeckCommand(runProgram, configFile);
  const systemd = isService(configFile);
  let failed = await firstFailed(terminal, tapedeck, section.before);
  let restarted = false;
  if (failed === null && systemd) {
    restarted = true;
    failed = (await restart(runProgram)) ?? (await firstFailed(terminal, tapedeck, section.after));
  }
  if (failed === null) {
    if (!systemd)
      terminal.note(
        `systemd does not run Tapedeck here: restart the recorder, then run "tapedeck ${section.after[0]!.words.filter((word) => word !== '--once').join(' ')}".`,
      );
    return true;
  }
  terminal.say();
  terminal.say(failed);
  terminal.say();
  if (await isKept(terminal, options)) {
    terminal.note('The new configuration stays. Correct what is named above, and restart the recorder.');
    if (!restarted && systemd) await restart(runProgram);
    return false;
  }
  for (const { path, had } of was.toReversed())
    if (had === null) rmSync(path, { force: true });
    else writeWhole(path, had.text, had.mode, had.owner);
  if (restarted) await restart(runProgram);
  terminal.note(
    'Nothing was changed: the configuration is what it was before. Correct what is named above, and run the same command again. With --keep the new configuration stays all the same.',
  );
  return false;
}

/** Whether systemd runs the recorder of this configuration. */
const isService = (configFile: string): boolean => configFile === DEFAULT_CONFIG && hasSystemd();

function edited(
  configFile: string,
  text: string,
  edit: (text: string) => string,
): { after: string; config: Config } {
  const after = edit(text);
  try {
    return { after, config: parseConfig(Buffer.from(after, 'latin1').toString('utf8'), configFile) };
  } catch (e) {
    // Its lines are those of a text that nobody has seen.
    const faults = (e as { detail?: string }).detail ?? String(e);
    throw fail('request_invalid', faults.replaceAll(/line \d+: /g, ''), e);
  }
}

async function changesFor(
  configFile: string,
  { before, after, config }: { before: string; after: string; config: Config },
  { name, secrets }: Section,
): Promise<FileChange[]> {
  const { uid, gid, mode } = statSync(configFile);
  const root = { uid: process.getuid!(), gid: process.getgid!() };
  const toml: FileChange = {
    ...{ kind: 'file', path: configFile, before, after, mode: mode & 0o7777, owner: { uid, gid } },
    ...{ secrets: [], pbx: false, why: `[${name}]` },
  };
  const changes = Object.entries(secrets).map(([path, value]): FileChange => {
    // Where no systemd hands it over, whoever runs the recorder reads it.
    const owner = isService(configFile) ? root : { uid, gid };
    return {
      ...{ kind: 'file', path, before: bytesOf(path), after: `${value}\n`, mode: 0o600, owner },
      ...{ secrets: [value], pbx: false, why: 'a secret that only root reads' },
    };
  });
  const reached = await reachedBy(config, name);
  const path = outsideFile(SYSTEMD, name);
  const own = { root, systemd: SYSTEMD, dropIns: existsSync(path) ? { [path]: bytesOf(path)! } : {} };
  const hasFile = (file: string) => file in secrets || reached.hasFile(file);
  const unit = isService(configFile) ? planOutside(own, config, name, { ...reached, hasFile }) : [];
  return [toml, ...changes, ...unit].filter((one) => one.before !== one.after);
}

/** What to know where a host is named: the unit lets the recorder reach addresses, which a name may change. */
function named(config: Config, section: Outside): string[] {
  const names = needsOf(config, section).hosts.filter((host) => isIP(host) === 0 && host !== 'localhost');
  if (names.length === 0) return [];
  return [
    `The recorder may reach only the addresses that ${names.join(' and ')} ${names.length === 1 ? 'has' : 'have'} today, and the name servers of this machine. When they change, "tapedeck doctor" says so: run this command again then.`,
  ];
}

function stateOf(path: string) {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return null;
  const { uid, gid, mode } = found;
  return { text: readFileSync(path, 'latin1'), mode: mode & 0o7777, owner: { uid, gid } };
}

/** Runs what tries it. Returns the words of the first that fails, or null. */
async function firstFailed(
  terminal: Terminal,
  tapedeck: (args: readonly string[], timeoutMs?: number) => Promise<Ran>,
  tries: readonly Try[],
): Promise<string | null> {
  for (const { step, words } of tries) {
    const { code, out } = await tapedeck(words, TRY_MS);
    if (code !== 0) return `${step}: failed.\n${out.trim()}`;
    // Its result, which comes before what it said on the way.
    terminal.step(step, out.trim().split('\n')[0]);
  }
  return null;
}

/** Restarts the recorder. Calls in progress go on being recorded. Returns what went wrong, or null. */
async function restart(run: Run): Promise<string | null> {
  await run('systemctl', ['daemon-reload'], RESTART_MS);
  const { code, out } = await run('systemctl', ['restart', 'tapedeck.service'], RESTART_MS);
  return code === 0 ? null : `The recorder does not start with it: ${out.trim()}`;
}

async function isKept(terminal: Terminal, { keep, yes }: SectionOptions): Promise<boolean> {
  if (keep || !terminal.tty || yes) return keep === true;
  const typed = await terminal.ask('Keep the new configuration all the same? yes or no', 'no');
  return /^y(es)?$/i.test(typed);
}
