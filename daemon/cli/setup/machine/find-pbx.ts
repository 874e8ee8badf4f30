import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../../../ops/process/run-program.js';
import { readConf, sectionOf } from '../conf/asterisk-conf.js';
import type { Owner } from '../plan/change.js';
import { backendsIn, type ConfFile, contextsIn, type PbxFacts } from './facts.js';

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
};
export const PLACES: Places = {
  etc: '/etc/asterisk',
  asterisk: 'asterisk',
  fwconsole: 'fwconsole',
  freepbxConf: '/etc/freepbx.conf',
  webRoot: '/var/www/html',
};

/** FreePBX's Advanced Settings that setup reads. */
const SETTINGS = [
  ...['HTTPENABLED', 'HTTPBINDADDRESS', 'HTTPBINDPORT'],
  ...['ENABLE_ARI', 'ARI_ALLOWED_ORIGINS', 'ASTMANAGERPORT'],
];
const LARGEST_FILE = 4e6;

/** Returns what there is of a PBX on this machine, or null. `version` and `contexts` are of one that runs. */
export async function findPbx(run: Run, places: Places = PLACES): Promise<PbxFacts | null> {
  const main = join(places.etc, 'asterisk.conf');
  if (!existsSync(main)) return null;
  const directories = sectionOf(readConf('asterisk.conf', readFileSync(main, 'latin1')), 'directories');
  const directory = (key: string, otherwise: string) =>
    directories?.values.findLast((one) => one.key === key)?.value || otherwise;
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
    beginsIn: contextsOfChannels(files),
    recordings: existsSync(join(spool, 'recording')),
    contexts: running ? contextsIn(await ask('dialplan show')) : [],
    cdrBackends: running ? backendsIn(await ask('cdr show status')) : [],
    settings: freepbx ? await settingsOf(run, places.fwconsole) : {},
  };
}

/** The arguments that have an Asterisk's console run one command. */
export const asteriskArgs = (places: Places, command: string): string[] =>
  places.etc === PLACES.etc ? ['-rx', command] : ['-C', join(places.etc, 'asterisk.conf'), '-rx', command];

/** Asterisk's user owns its spool, even where root owns its configuration. */
function ownerOf(...folders: string[]): Owner {
  const found = folders.find((folder) => existsSync(folder));
  const { uid, gid } = found ? statSync(found) : { uid: 0, gid: 0 };
  return { uid, gid };
}

/** Every .conf file of the folder and of the folders in it. Links are followed: Asterisk does. */
function confFiles(etc: string): Record<string, ConfFile> {
  const files: Record<string, ConfFile> = {};
  const read = (name: string) => {
    const found = statSync(join(etc, name), { throwIfNoEntry: false });
    if (!found?.isFile() || found.size > LARGEST_FILE) return;
    const { uid, gid, mode } = found;
    files[name] = { text: readFileSync(join(etc, name), 'latin1'), uid, gid, mode: mode & 0o7777 };
  };
  for (const entry of readdirSync(etc, { withFileTypes: true })) {
    if (entry.name.endsWith('.conf')) read(entry.name);
    else if (entry.isDirectory())
      for (const inside of readdirSync(join(etc, entry.name)))
        if (inside.endsWith('.conf')) read(`${entry.name}/${inside}`);
  }
  return files;
}

/** Configuration of what channels are made of. */
const CHANNELS = /^(pjsip|sip|iax|chan_dahdi|dahdi|misdn|ooh323|unistim)[\w.-]*\.conf$/;

function contextsOfChannels(files: Record<string, ConfFile>): string[] {
  const named = Object.entries(files)
    .filter(([name]) => CHANNELS.test(name))
    .flatMap(([name, { text }]) => readConf(name, text).sections)
    .flatMap(({ values }) => values.filter(({ key }) => key === 'context').map(({ value }) => value));
  return [...new Set(named)];
}

function freepbxVersion(webRoot: string): string {
  const file = join(webRoot, 'admin/modules/framework/module.xml');
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) return '';
  return /<version>\s*([\d.]+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
}

/** Returns the value in what `fwconsole setting KEY` prints: `Setting of "KEY" is (bool)[true]`. */
export const settingIn = (out: string, key: string): string | undefined =>
  new RegExp(`^Setting of "${key}" is \\(\\w*\\)\\[(.*)\\]\\s*$`, 'm').exec(out)?.[1];

async function settingsOf(run: Run, fwconsole: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const key of SETTINGS) {
    const value = settingIn((await run(fwconsole, ['setting', key])).out, key);
    if (value !== undefined) found[key] = value;
  }
  return found;
}
