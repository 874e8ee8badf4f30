import { stat } from 'node:fs/promises';
import { ffmpeg } from '../cli/doctor/ffmpeg.js';
import { broken, type Finding } from '../cli/doctor/finding.js';
import { spoolAbsent } from '../cli/doctor/folders.js';
import { isHere } from '../cli/doctor/machine.js';
import { modules } from '../cli/doctor/pbx.js';
import { createNeeds, type Lack, type Need } from '../operations/needs.js';
import { readDisk } from '../ops/disk.js';
import { checkMasterKey } from '../vault/master-key.js';
import type { Base, Parts } from './parts.js';

/**
 * What of `tapedeck doctor` the recorder looks at by itself, in the same words. All five minutes that is one request to each PBX,
 * which has to be answered within five seconds, ffmpeg run twice (0.15 s of processor time), and two files looked at.
 */
export function createNeedsOf({ config, log }: Base, { alarming: { alert }, pbxes }: Parts) {
  const ofEach = pbxes.flatMap(({ section, alarms, links }): Need[] => [
    {
      ...{ check: 'modules', alarms },
      async look() {
        // While the link is down its own alarm says so, and nothing more can be known.
        if (!links.ari.status().up) return undefined;
        const found = await modules(section).catch(() => undefined);
        return found && lackIn(found);
      },
    },
    {
      ...{ check: 'spool', alarms },
      async look() {
        // That of a PBX elsewhere need not be here.
        if (!isHere(section) || (await readDisk(section.spool)) !== null) return null;
        return lackIn(spoolAbsent(section));
      },
    },
  ]);
  return createNeeds({
    needs: [
      ...ofEach,
      { check: 'ffmpeg', alarms: alert, look: () => ffmpegLack(config) },
      { check: 'keys', alarms: alert, look: () => keyLack(config.keys.master_key_file) },
    ],
    log: log.child({ part: 'needs' }),
  });
}

const lackIn = ({ state, says, todo }: Finding): Lack | null =>
  state === 'ok' ? null : { severity: state === 'fail' ? 'critical' : 'warning', says, todo };

async function ffmpegLack(config: Base['config']): Promise<Lack | null> {
  const found = await ffmpeg(config).catch((e) => broken('ffmpeg', e));
  // That it has no user of its own is advice: calls become recordings all the same.
  return found.state === 'fail' ? lackIn(found) : null;
}

async function keyLack(file: string): Promise<Lack | null> {
  // A disk that does not answer is waited for here, and not by the thread that follows calls.
  await stat(file).catch(() => {});
  try {
    checkMasterKey(file);
    return null;
  } catch (e) {
    const lack = lackIn(broken('keys', e))!;
    return { ...lack, says: `${lack.says} The recorder still has it in memory, and would not start again.` };
  }
}
