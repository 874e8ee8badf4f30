import { accessSync, constants, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../../domain/error.js';
import { atPlace, ifThere, isOpen } from '../../../ops/files/others-folder.js';
import { programEnvironment } from '../../../ops/process/environment.js';
import type { Ran, Run } from '../../../ops/process/run-program.js';
import type { Places } from './find-pbx.js';

/** FreePBX's program. Throws `path_untrusted`. */
export type Fwconsole = (args: readonly string[], timeoutMs?: number) => Promise<Ran>;

/**
 * Runs FreePBX's program. It belongs to Asterisk's user, and so does most of what it loads: root would run whatever that user has put
 * there. It is therefore run as the user who can change it, as FreePBX's own pages do, and away from root's terminal, into which that
 * user could otherwise type.
 */
export const fwconsoleOf =
  (run: Run, places: Pick<Places, 'fwconsole' | 'freepbxConf' | 'webRoot'>): Fwconsole =>
  async (args, timeoutMs) => {
    const program = pathOf(places.fwconsole);
    const uid = [program, places.freepbxConf, join(places.webRoot, 'admin')]
      .map(whoChanges)
      .find((one) => one !== 0);
    if (process.getuid?.() !== 0 || uid === undefined) return run(program, args, timeoutMs);
    const { out } = await run('getent', ['passwd', String(uid)]);
    const [name, , , gid, , home] = out.trim().split(':');
    if (!name || !gid || !home)
      throw fail('path_untrusted', `${program} belongs to user id ${uid}, which has no name.`);
    const as = ['--reuid', String(uid), '--regid', gid, '--init-groups', '--'];
    const who = [`HOME=${home}`, `USER=${name}`, `LOGNAME=${name}`];
    return run('setsid', ['--wait', 'setpriv', ...as, 'env', ...who, program, ...args], timeoutMs);
  };

/** Returns where a program is; its name, where it is nowhere. */
function pathOf(program: string): string {
  if (program.includes('/')) return program;
  const folders = programEnvironment()
    .PATH!.split(':')
    .filter((folder) => folder.startsWith('/'));
  return folders.map((folder) => join(folder, program)).find(canRun) ?? program;
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Returns the user id of whom, beside root, can change what is at a path; 0 for nobody. Throws `path_untrusted` where that is a whole group. */
function whoChanges(path: string): number {
  const found = ifThere(() =>
    atPlace(
      path,
      (place) => {
        const stats = lstatSync(place.path);
        const uid = [...place.through, ...(place.closed ? [] : [place.folder.uid]), stats.uid].find(
          (one) => one !== 0,
        );
        if (uid === undefined && (!place.closed || isOpen(stats)))
          throw fail('path_untrusted', `${place.shown} would be run as root, and others can change it.`);
        return uid ?? 0;
      },
      { follow: true },
    ),
  );
  return found ?? 0;
}
