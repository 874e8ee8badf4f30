import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, isAbsolute } from 'node:path';
import { catalogueFile } from '../../../domain/paths.js';
import { isRegion, regionOfZone } from '../../../domain/phone.js';
import { decideTelling } from '../../../domain/telling/decide.js';
import { MOST_REFUSED_DAYS, type Mode } from '../../../domain/telling/schema.js';
import { sizeText } from '../../../domain/written.js';
import { isZone } from '../../../domain/zone-times.js';
import { type Volume, volumeText } from '../machine/calls-per-day.js';
import { type Address, addresses, daysOf, disks, folderOn, timeZone } from '../machine/machine.js';
import type { Answers } from '../plan/plan-own.js';
import { copyProblem } from '../steps/master-key.js';
import type { Offered } from '../steps/offered.js';
import { type AnswerFile, MOST_NAME_DAYS, NO_COPY } from './answers.js';
import type { Terminal } from './terminal.js';

/** Where the copy of the master key goes. `kept`: it was copied when setup ran before. */
export type KeyCopy = { to: 'folder'; folder: string } | { to: 'print' } | { to: 'none' } | { to: 'kept' };
export type AllAnswers = Answers & Offered & { keyCopy: KeyCopy };

/** What was answered before, and is the default now. */
export type Before = {
  address?: string;
  hosts?: string[];
  timeZone?: string;
  region?: string;
  dataDir?: string;
  checkpointFile?: string;
  /** Where the key was copied to, as it was noted. */
  keyCopy?: string;
};

const LOOPBACK = '127.0.0.1';
const YEAR = 365;
const MOST_DISKS = 4;

/** Returns how long a disk lasts, in words. */
export function lasting(free: number, callsPerDay: number): string {
  const days = daysOf(free, callsPerDay);
  if (days > 10 * YEAR) return 'over 10 years';
  return days > 2 * YEAR ? `${Math.floor(days / YEAR)} years` : `${days} days`;
}

const NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

/** Returns address and names of what was typed, or why it is neither. */
export function addressOf(
  typed: string,
  own: readonly Address[],
  otherwise: string,
): Pick<Answers, 'address' | 'hosts'> | string {
  if (typed === LOOPBACK || typed === 'localhost') return { address: LOOPBACK, hosts: [] };
  if (isIP(typed))
    return own.some(({ address }) => address === typed)
      ? { address: typed, hosts: [] }
      : `This machine does not have the address ${typed}.`;
  if (!NAME.test(typed) || /^[\d.]+$/.test(typed)) return `"${typed}" is neither an address nor a name.`;
  return { address: otherwise, hosts: [typed] };
}

/** Asks the five questions and offers three more settings, each again until the answer can be used. */
export async function askAll(
  terminal: Terminal,
  before: Before,
  { key, volume }: { key: string; volume: Volume },
): Promise<AllAnswers> {
  const where = await askAddress(terminal, before);
  const zone = await askZone(terminal, before.timeZone ?? timeZone());
  const region = await askCountry(terminal, before.region || regionOfZone(zone));
  const dataDir = await askFolder(terminal, before.dataDir, volume);
  const keyCopy = await askCopy(terminal, { key, dataDir, before: before.keyCopy });
  const checkpointFile = await offerCheckpoints(terminal, before.checkpointFile ?? '', { key, dataDir });
  const nameDays = await offerNames(terminal);
  const refusedDays = await offerRefused(terminal);
  return { ...where, timeZone: zone, region, dataDir, keyCopy, checkpointFile, nameDays, refusedDays };
}

async function askAddress(terminal: Terminal, before: Before): Promise<Pick<Answers, 'address' | 'hosts'>> {
  const own = addresses();
  const first = own[0]?.address ?? LOOPBACK;
  terminal.title('1 of 5  Address for the office');
  terminal.note('The dashboard is opened at this address, over HTTPS. A name of this machine will do, too.');
  terminal.say();
  for (const { address, device } of own) terminal.row(address, device);
  terminal.row(LOOPBACK, 'this machine only');
  terminal.say();
  for (;;) {
    const typed = await terminal.ask('Address', before.hosts?.[0] ?? before.address ?? first);
    const found = addressOf(typed, own, before.address ?? first);
    if (typeof found !== 'string') return found;
    terminal.note(found);
  }
}

async function askZone(terminal: Terminal, otherwise: string): Promise<string> {
  terminal.title('2 of 5  Time zone');
  terminal.note('Times on pages and in reports, and the hours of what runs at night.');
  terminal.say();
  for (;;) {
    const zone = await terminal.ask('Time zone', otherwise);
    if (isZone(zone)) return zone;
    terminal.note(`"${zone}" is not a time zone. Write one such as Europe/Berlin.`);
  }
}

/** What the law of a country means for the first calls, as far as Tapedeck knows it. */
export function lawOf(region: string): string {
  const site = { region, subdivision: '' };
  const { mode, purposeAndIdentity } = decideTelling({ telling: {}, numbers: [], site });
  const country = new Intl.DisplayNames('en', { type: 'region' }).of(region) ?? region;
  const means: Record<Mode, string> = {
    silent: 'callers do not have to be told',
    beep: 'callers hear a repeated tone',
    announce: 'callers hear that they are recorded',
    announce_refusal: 'callers hear that they are recorded, and can refuse with a key',
    ask: 'callers have to agree with a key before anything is recorded; a call without that is "excluded"',
  };
  const who = purposeAndIdentity
    ? ' They have to hear who records and what for, which the announcement that comes with Tapedeck does not say.'
    : '';
  return `${country}: ${means[mode]}.${who} The page Telling callers has the alternatives, and rules of your own for a state or a place. That is information, not legal advice.`;
}

async function askCountry(terminal: Terminal, otherwise: string): Promise<string> {
  terminal.title('3 of 5  Country');
  terminal.note('Its law decides how callers are told, and numbers without a country code are its own.');
  terminal.say();
  for (;;) {
    const typed = (await terminal.ask('Country, as two letters such as GB', otherwise)).trim().toUpperCase();
    if (isRegion(typed)) {
      terminal.note(lawOf(typed));
      return typed;
    }
    terminal.note(
      typed === ''
        ? 'It is needed: an objection that is entered as "030 901820" would match no call.'
        : `"${typed}" is not a country. Write two letters (ISO 3166-1), such as GB.`,
    );
  }
}

async function askFolder(terminal: Terminal, before: string | undefined, volume: Volume): Promise<string> {
  const known = disks().slice(0, MOST_DISKS);
  terminal.title('4 of 5  Folder for recordings');
  terminal.note(
    `The catalogue and the keys of the recordings are there too. An hour of talk takes about 7 MB; "lasts" is at ${volumeText(volume)}.`,
  );
  terminal.say();
  terminal.say(`  ${'folder'.padEnd(36)}${'free'.padEnd(12)}lasts`);
  for (const { point, free } of known)
    terminal.say(
      `  ${folderOn(point).padEnd(36)}${sizeText(free).padEnd(12)}${lasting(free, volume.perDay)}`,
    );
  terminal.say();
  for (;;) {
    const folder = (await terminal.ask('Folder', before ?? folderOn(known[0]?.point ?? '/'))).replace(
      /(.)\/+$/,
      '$1',
    );
    if (before !== undefined && folder !== before && existsSync(catalogueFile(before))) {
      terminal.note(
        `Recordings are in ${before} already, and setup moves none. Keep that folder, or move them first as docs/operate/moving.md says.`,
      );
    } else if (!isAbsolute(folder) || /[\s"'\\%:]/.test(folder))
      terminal.note('Write an absolute path without spaces, quotes, "%", ":" and "\\".');
    else return folder;
  }
}

async function askCopy(
  terminal: Terminal,
  { key, dataDir, before }: { key: string; dataDir: string; before: string | undefined },
): Promise<KeyCopy> {
  terminal.title('5 of 5  Copy of the master key');
  terminal.note(
    'Every recording is encrypted, and only the master key opens it. If this disk dies without a copy of the key elsewhere, every backup is worthless.',
  );
  terminal.say();
  terminal.row('a folder', 'a USB stick or a share of another machine, mounted here');
  terminal.row('print', 'shown once, to be printed and locked away');
  terminal.row('none', 'no copy: a warning stays in "tapedeck doctor"');
  if (before) terminal.row('keep', `as it is: ${before}`);
  terminal.say();
  for (;;) {
    const typed = await terminal.ask('Copy to', before ? 'keep' : 'print');
    if (before && typed === 'keep') return { to: 'kept' };
    if (typed === 'print') return { to: 'print' };
    if (typed === 'none') {
      const sentence = await terminal.ask(`To go without a copy, type "${NO_COPY}"`);
      if (sentence === NO_COPY) return { to: 'none' };
      terminal.note('That is something else. Choose again.');
      continue;
    }
    if (!isAbsolute(typed)) {
      terminal.note('Write an absolute path, "print" or "none".');
      continue;
    }
    const problem = copyProblem(typed, { key, dataDir });
    if (problem === null) return { to: 'folder', folder: typed };
    terminal.note(problem);
  }
}

const NONE = 'none';
const AS_IT_IS = 'as it is';

/** Why checkpoints cannot go to this file, or null. */
function checkpointProblem(file: string, about: { key: string; dataDir: string }): string | null {
  if (!isAbsolute(file) || /[\s"'\\%:]/.test(file))
    return 'Write an absolute path without spaces, quotes, "%", ":" and "\\".';
  return copyProblem(dirname(file), about);
}

async function offerCheckpoints(
  terminal: Terminal,
  before: string,
  about: { key: string; dataDir: string },
): Promise<string> {
  terminal.title('Offer  Audit log checkpoints on another machine');
  terminal.note(
    'The audit log is signed every hour. While no signature leaves this machine, whoever has root here can cut off the end of the log unnoticed. Name a file on a share of another machine that is mounted here, in a folder to which the user "tapedeck" can write. Mail, syslog and webhooks are in [audit] of tapedeck.toml.',
  );
  terminal.say();
  for (;;) {
    const typed = await terminal.ask('Checkpoints to', before || NONE);
    if (typed === NONE || typed === before) return typed === NONE ? '' : before;
    const problem = checkpointProblem(typed, about);
    if (problem === null) return typed;
    terminal.note(problem);
  }
}

async function offerNames(terminal: Terminal): Promise<number | null> {
  terminal.title('Offer  Names and numbers');
  terminal.note(
    'A call stays in the list when its recording is erased. Its names and numbers go so many days after there is no audio of it, or are kept for ever. The page Policy changes that later.',
  );
  return askDays(terminal, 'Remove names and numbers after how many days', MOST_NAME_DAYS);
}

async function offerRefused(terminal: Terminal): Promise<number | null> {
  terminal.title('Offer  Callers who refuse');
  terminal.note(
    'A caller who refuses to be recorded is told and recorded again with the next call, unless they refuse again. Tapedeck can put the number on a list instead and leave its calls alone, without a recording, for so many days. The pages Lists and Policy change that later.',
  );
  return askDays(terminal, 'Leave a number that refused alone for how many days', MOST_REFUSED_DAYS);
}

/** Asks for days; null for what the policy has. */
async function askDays(terminal: Terminal, question: string, most: number): Promise<number | null> {
  terminal.say();
  for (;;) {
    const typed = await terminal.ask(question, AS_IT_IS);
    if (typed === AS_IT_IS) return null;
    const days = Number(typed);
    if (Number.isInteger(days) && days >= 1 && days <= most) return days;
    terminal.note(`Write a whole number from 1 to ${most}, or press Enter.`);
  }
}

/** The same from a file: what it leaves out is what would be offered. Returns what is wrong with it, all at once. */
export function answersOf(
  given: AnswerFile,
  before: Before,
  key: string,
): { answers: AllAnswers; faults: string[] } {
  const own = addresses();
  const first = before.address ?? own[0]?.address ?? LOOPBACK;
  const faults: string[] = [];
  const where = addressOf(given.address ?? first, own, first);
  if (typeof where === 'string') faults.push(`"address": ${where}`);
  const dataDir = given.data ?? before.dataDir ?? folderOn(disks()[0]?.point ?? '/');
  if (before.dataDir !== undefined && dataDir !== before.dataDir && existsSync(catalogueFile(before.dataDir)))
    faults.push(`"data": recordings are in ${before.dataDir} already, and setup moves none.`);
  if (/[\s"'\\%:]/.test(dataDir))
    faults.push('"data": write a path without spaces, quotes, "%", ":" and "\\".');
  const zone = given.time_zone ?? before.timeZone ?? timeZone();
  const region = given.country ?? (before.region || regionOfZone(zone));
  if (region === '')
    faults.push('"country" is needed, as two letters (ISO 3166-1) such as "GB": the time zone names none.');
  let keyCopy: KeyCopy = { to: 'kept' };
  if (given.key_copy === 'none') keyCopy = { to: 'none' };
  else if (given.key_copy !== undefined) {
    const problem = copyProblem(given.key_copy, { key, dataDir });
    if (problem !== null) faults.push(`"key_copy": ${problem}`);
    keyCopy = { to: 'folder', folder: given.key_copy };
  } else if (before.keyCopy === undefined)
    faults.push('"key_copy" is needed: a folder on another disk, or "none".');
  const checkpointFile = given.checkpoint_file ?? before.checkpointFile ?? '';
  if (given.checkpoint_file !== undefined) {
    const problem = checkpointProblem(checkpointFile, { key, dataDir });
    if (problem !== null) faults.push(`"checkpoint_file": ${problem}`);
  }
  const at = typeof where === 'string' ? { address: first, hosts: [] } : where;
  return {
    answers: {
      ...at,
      hosts: [...at.hosts, ...(given.hosts ?? [])],
      timeZone: zone,
      ...{ region, dataDir, keyCopy, checkpointFile },
      ...{ nameDays: given.metadata_days ?? null, refusedDays: given.refused_days ?? null },
    },
    faults,
  };
}
