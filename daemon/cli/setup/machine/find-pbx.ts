import { existsSync, lstatSync, type Stats } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fail, TapedeckError } from '../../../domain/error.js';
import {
  atPlace,
  entriesAt,
  folderAt,
  ifThere,
  isOpen,
  type Place,
  readAt,
} from '../../../ops/files/others-folder.js';
import type { Run } from '../../../ops/process/run-program.js';
import { readConf, sectionOf } from '../conf/asterisk-conf.js';
import { includedBy, includeOf } from '../conf/included.js';
import type { Owner } from '../plan/change.js';
import { SOCKETS } from './cdr-database.js';
import { confOf } from './conf-of.js';
import { backendsIn, type ConfFile, contextsIn, type PbxFacts } from './facts.js';
import { type Fwconsole, fwconsoleOf } from './fwconsole.js';

/** Where things are, where that is not where packages put them. */
export type Places = {
  /** Folder of Asterisk's configuration. */
  etc: string;
  /** The programs. */
  asterisk: string;
  fwconsole: string;
  /** FreePBX's own configuration, and its web folder. */
  freepbxConf: string;
  webRoot: string;
  /** Sockets at which its database may listen. */
  sockets: readonly string[];
};
export const PLACES: Places = {
  etc: '/etc/asterisk',
  asterisk: 'asterisk',
  fwconsole: 'fwconsole',
  freepbxConf: '/etc/freepbx.conf',
  webRoot: '/var/www/html',
  sockets: SOCKETS,
};

/** FreePBX's Advanced Settings that setup reads. */
const SETTINGS = [
  ...['HTTPENABLED', 'HTTPBINDADDRESS', 'HTTPBINDPORT'],
  ...['ENABLE_ARI', 'ARI_ALLOWED_ORIGINS', 'ASTMANAGERPORT'],
];
const LARGEST_FILE = 4e6;

/**
 * Returns what there is of a PBX on this machine, or null. `version` and `contexts` are of one that runs. Throws `path_untrusted` where
 * somebody else may have put something in the way of root.
 */
export async function findPbx(run: Run, places: Places = PLACES): Promise<PbxFacts | null> {
  const main = readMain(join(places.etc, 'asterisk.conf'));
  if (!main) return null;
  const directories = sectionOf(readConf('asterisk.conf', main.text), 'directories');
  const directory = (key: string, otherwise: string) => {
    const named = directories?.values.findLast((one) => one.key === key)?.value || otherwise;
    if (named !== otherwise) main.refuse(key, named);
    return named;
  };
  const etc = directory('astetcdir', places.etc);
  const spool = directory('astspooldir', '/var/spool/asterisk');
  const ask = async (command: string) => {
    const { code, out } = await run(places.asterisk, asteriskArgs(places, command), 10_000);
    return code === 0 ? out : '';
  };
  const version =
    /^Asterisk (?:certified[/-])?(\d[\w.~+-]*)/m.exec(await ask('core show version'))?.[1] ?? '';
  const running = version !== '';
  const freepbx = existsSync(places.freepbxConf);
  const files = confFiles(etc);
  return {
    kind: freepbx ? 'freepbx' : 'asterisk',
    version,
    freepbx: freepbx ? freepbxVersion(places.webRoot) : '',
    running,
    ...{ etc, spool, logs: directory('astlogdir', '/var/log/asterisk') },
    owner: ownerOf(spool, etc),
    files,
    beginsIn: contextsOfChannels({ files, etc }),
    recordings: existsSync(join(spool, 'recording')),
    contexts: running ? contextsIn(await ask('dialplan show')) : [],
    cdrBackends: running ? backendsIn(await ask('cdr show status')) : [],
    settings: freepbx ? await settingsOf(fwconsoleOf(run, places), SETTINGS) : {},
  };
}

/** The arguments that have an Asterisk's console run one command. */
export const asteriskArgs = (places: Places, command: string): string[] =>
  places.etc === PLACES.etc ? ['-rx', command] : ['-C', join(places.etc, 'asterisk.conf'), '-rx', command];

/**
 * Reads asterisk.conf, which names the folders in which setup writes. `refuse`: throws where somebody else can write that file, and the
 * folder that it names is not theirs.
 */
function readMain(path: string): { text: string; refuse(key: string, dir: string): void } | null {
  const found = readConfFile(path, (place, stats) => ({ above: place.folder, stats, closed: place.closed }));
  if (!found) return null;
  const { text, above, stats, closed } = found;
  const roots = closed && stats.uid === 0 && !isOpen(stats);
  const theirs = (of: number, key: 'uid' | 'gid') => of !== 0 && [above[key], stats[key]].includes(of);
  return {
    text,
    refuse(key, dir) {
      if (roots) return;
      const said = `${path}, which others than root can change, has "${key} => ${dir}"`;
      if (!/^\/[^\s"'\\%$]*$/.test(dir)) throw fail('path_untrusted', `${said}, which is no plain path.`);
      const { uid, gid } = ifThere(() => atPlace(dir, folderAt)) ?? { uid: 0, gid: 0 };
      if (!theirs(uid, 'uid') && !theirs(gid, 'gid'))
        throw fail('path_untrusted', `${said}, and that is no folder of Asterisk's user.`);
    },
  };
}

/** Asterisk's user owns its spool, even where root owns its configuration. */
function ownerOf(...folders: string[]): Owner {
  const found = folders.find((folder) => existsSync(folder));
  const { uid, gid } = (found !== undefined && atPlace(found, folderAt)) || { uid: 0, gid: 0 };
  return { uid, gid };
}

/** Null where there is none, or one that is too large to be configuration. Links are followed: Asterisk does. */
function readConfFile<T extends object>(path: string, more: (place: Place, stats: Stats) => T) {
  const read = (place: Place) => {
    if (lstatSync(place.path, { throwIfNoEntry: false })?.isDirectory()) return null;
    const found = readAt(place, LARGEST_FILE);
    return found && { text: found.bytes.toString('latin1'), ...more(place, found.stats) };
  };
  return ifThere(() => atPlace(path, read, { follow: true }));
}

/** Folders in folders of Asterisk's configuration that are looked into. */
const DEEPEST = 8;

/**
 * Every .conf file of the folder and of the folders in it, and what these include, whatever its name ends in: by its path from there, so
 * that one elsewhere begins with "../".
 */
function confFiles(etc: string): Record<string, ConfFile> {
  const files: Record<string, ConfFile> = {};
  const others: string[] = [];
  const read = (name: string) => {
    const found = readConfFile(join(etc, name), (_, { uid, gid, mode }) => ({
      uid,
      gid,
      mode: mode & 0o777,
    }));
    if (found) files[name] = found;
  };
  const walk = (folder: string, depth: number) => {
    for (const entry of entriesOf(join(etc, folder))) {
      const name = join(folder, entry.name);
      if (name.endsWith('.conf')) read(name);
      else if (!entry.isDirectory()) others.push(name);
      else if (depth < DEEPEST) walk(name, depth + 1);
    }
  };
  walk('', 0);
  for (let more = Object.keys(files); more.length > 0; ) {
    const patterns = new Set(
      more.flatMap((name) => files[name]!.text.split('\n').flatMap((line) => includeOf(line) ?? [])),
    );
    const named = [...patterns].flatMap((pattern) => {
      const path = relative(etc, resolve(etc, pattern));
      return path.startsWith('../') ? [path] : others.filter(includedBy(pattern, etc));
    });
    more = named.filter((name) => files[name] === undefined);
    for (const name of more)
      if (!name.startsWith('../')) read(name);
      else elsewhere(() => read(name));
    more = more.filter((name) => files[name] !== undefined);
  }
  return files;
}

/** What is included from elsewhere and not to be trusted is not read. */
function elsewhere(work: () => void): void {
  try {
    work();
  } catch (e) {
    if (!(e instanceof TapedeckError)) throw e;
  }
}

const entriesOf = (dir: string) => atPlace(dir, entriesAt);

/** Configuration of what channels are made of. */
const CHANNELS = /^(pjsip|sip|iax|chan_dahdi|dahdi|misdn|ooh323|unistim)[\w.-]*\.conf$/;

function contextsOfChannels(facts: Pick<PbxFacts, 'files' | 'etc'>): string[] {
  const named = Object.keys(facts.files)
    .filter((name) => CHANNELS.test(name))
    .flatMap((name) => confOf(facts, name).sections)
    .flatMap(({ values }) => values.filter(({ key }) => key === 'context').map(({ value }) => value));
  return [...new Set(named)];
}

function freepbxVersion(webRoot: string): string {
  const file = join(webRoot, 'admin/modules/framework/module.xml');
  const text = readConfFile(file, () => ({}))?.text ?? '';
  return /<version>\s*([\d.]+)/.exec(text)?.[1] ?? '';
}

/** Returns the value in what `fwconsole setting KEY` prints: `Setting of "KEY" is (bool)[true]`. */
export const settingIn = (out: string, key: string): string | undefined =>
  new RegExp(`^Setting of "${key}" is \\(\\w*\\)\\[(.*)\\]\\s*$`, 'm').exec(out)?.[1];

/** Returns those Advanced Settings that this FreePBX has. Asking for one takes it about a second. */
export async function settingsOf(
  fwconsole: Fwconsole,
  keys: readonly string[],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const key of keys) {
    const value = settingIn((await fwconsole(['setting', key])).out, key);
    if (value !== undefined) found[key] = value;
  }
  return found;
}
