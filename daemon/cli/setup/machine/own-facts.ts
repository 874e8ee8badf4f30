import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fail } from '../../../domain/error.js';
import { loadConfig, siteRegion } from '../../../ops/config.js';
import { programFile } from '../../../ops/process/program-files.js';
import type { Run } from '../../../ops/process/run-program.js';
import { KEY_COPY_NOTE } from '../../doctor/key-copy.js';
import type { Owner } from '../plan/change.js';
import { cdrDropIn } from '../plan/plan-cdrs.js';
import { OUTSIDE, outsideFile } from '../plan/plan-outside.js';
import type { OwnFacts } from '../plan/plan-own.js';
import type { Before } from '../talk/questions.js';

const SYSTEMD = '/etc/systemd/system';

/** Bytes as latin1, so that a file is written again as it was. */
const textOf = (file: string): string | null => (existsSync(file) ? readFileSync(file, 'latin1') : null);

/** Returns what there is of Tapedeck on this machine. Throws `setup_conflict` where its users are missing. */
export async function ownFacts(run: Run, configFile: string): Promise<OwnFacts> {
  const etc = dirname(resolve(configFile));
  const root = { uid: process.getuid!(), gid: process.getgid!() };
  const secret = (name: string) => textOf(join(etc, name))?.trim() || null;
  const dropIns = [
    ...['tapedeck', 'tapedeck-web'].map((service) => `${SYSTEMD}/${service}.service.d/setup.conf`),
    ...OUTSIDE.map((section) => outsideFile(SYSTEMD, section)),
    cdrDropIn(SYSTEMD),
  ];
  return {
    etc,
    config: textOf(configFile),
    siteRegion: existsSync(configFile) ? loadConfig(configFile).site.region || null : null,
    example: readFileSync(programFile('tapedeck.toml.example'), 'latin1'),
    secrets: { ari: secret('ari-password'), ami: secret('ami-secret') },
    recorder: await userOf(run, 'tapedeck'),
    dashboard: await userOf(run, 'tapedeck-web'),
    ...{ root, systemd: SYSTEMD },
    asteriskGroup: (await run('getent', ['group', 'asterisk'])).code === 0,
    hasFolder(path, mode, { uid, gid }) {
      const found = lstatSync(path, { throwIfNoEntry: false });
      return (
        found?.isDirectory() === true &&
        (found.mode & 0o7777) === mode &&
        found.uid === uid &&
        found.gid === gid
      );
    },
    dropIns: Object.fromEntries(
      dropIns.flatMap((file) => {
        const text = textOf(file);
        return text === null ? [] : [[file, text]];
      }),
    ),
  };
}

async function userOf(run: Run, name: string): Promise<Owner> {
  const ask = async (flag: string) => Number((await run('id', [flag, name])).out.trim() || Number.NaN);
  const [uid, gid] = [await ask('-u'), await ask('-g')];
  if (!Number.isInteger(uid) || !Number.isInteger(gid))
    throw fail(
      'setup_conflict',
      `The user "${name}" does not exist. Install the package first ("apt install ./tapedeck.deb"), or run "systemd-sysusers".`,
    );
  return { uid, gid };
}

/** Returns what was answered before, from the configuration that is there. Throws `config_invalid`. */
export function answeredBefore(own: OwnFacts, configFile: string): Before {
  const keyCopy = textOf(join(own.etc, KEY_COPY_NOTE))?.trim();
  const noted = keyCopy ? { keyCopy } : {};
  if (own.config === null) return noted;
  const { site, data, web, audit } = loadConfig(configFile);
  return {
    ...noted,
    ...{ address: web.address, hosts: [...web.hosts], timeZone: site.time_zone, dataDir: data.dir },
    region: siteRegion({ site }),
    checkpointFile: audit.checkpoint_file,
  };
}

/** The master key's file, as a configuration would name it. */
export function masterKeyFile(own: OwnFacts, configFile: string): string {
  return own.config === null ? join(own.etc, 'master.key') : loadConfig(configFile).keys.master_key_file;
}
