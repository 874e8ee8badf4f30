import { lstatSync, type Stats } from 'node:fs';
import {
  catalogueFile,
  catalogueFolder,
  controlFolder,
  keysFile,
  keysFolder,
  ownerFolder,
  recorderFolder,
  recordingsFolder,
  signingFolder,
  signingKeyFile,
  tlsFolder,
  webFolder,
} from '../../domain/paths.js';
import type { Config } from '../../ops/config-schema.js';
import { bad, type Finding, ok, warn } from './finding.js';

const GROUP_OR_OTHERS = 0o077;
const WRITE_OR_OTHERS = 0o027;
const RESTART = 'Restart the recorder, which closes it: systemctl restart tapedeck';

/** Whether the dashboard's user, who is of the recorder's group, can do no more in the data directory than read what it shows. */
export async function access({ data: { dir } }: Config): Promise<Finding[]> {
  const root = look(dir);
  if (!root) return [];
  const found: Finding[] = [];
  const closed = (path: string, over: number, risk: string) => {
    const stats = look(path);
    if (!stats) return;
    if (stats.uid !== root.uid && stats.uid !== 0)
      found.push(
        bad(
          'access',
          `${path} belongs to user id ${stats.uid}, who is not the recorder (${root.uid}) and can change it.`,
          `Stop both services. As root: chown ${root.uid}:${root.gid} ${path}. Then start the recorder.`,
        ),
      );
    else if ((stats.mode & over) !== 0)
      found.push(bad('access', `${path} has the mode ${octal(stats)}: ${risk}`, RESTART));
  };

  const replaced = "the dashboard's user can put files there that the recorder opens.";
  for (const path of [
    dir,
    ...[catalogueFolder, recordingsFolder, signingFolder, controlFolder].map((of) => of(dir)),
  ])
    closed(path, 0o022, replaced);
  for (const ending of ['', '-wal', '-shm'])
    closed(
      `${catalogueFile(dir)}${ending}`,
      WRITE_OR_OTHERS,
      "only the recorder may write it, and only its group read it (0640). The dashboard's user could change calls, rules and rights.",
    );
  for (const path of [keysFolder(dir), keysFile(dir), signingKeyFile(dir)])
    closed(path, GROUP_OR_OTHERS, 'keys are for the recorder alone (folder 0700, files 0600).');
  for (const path of [ownerFolder(dir), recorderFolder(dir)])
    closed(path, GROUP_OR_OTHERS, 'this folder is for the recorder alone (0700).');
  found.push(...web(dir, root));
  return found.length > 0
    ? found
    : [ok('access', 'Only the recorder can write the catalogue and read the keys.')];
}

/** The dashboard's own folder, which only it opens. */
function web(dir: string, root: Stats): Finding[] {
  const path = webFolder(dir);
  const stats = look(path);
  if (!stats)
    return [
      warn(
        'access',
        `${path} does not exist: the dashboard keeps its sessions there, and cannot make it where it is another user than the recorder.`,
        'systemd-tmpfiles --create tapedeck.conf',
      ),
    ];
  if ((stats.mode & WRITE_OR_OTHERS) !== 0)
    return [
      bad(
        'access',
        `${path} has the mode ${octal(stats)}: the dashboard's user can make files in it, and others read its sessions.`,
        `As root: chmod 0750 ${path}`,
      ),
    ];
  return [path, tlsFolder(dir)].flatMap((folder) => {
    const uid = look(folder)?.uid ?? root.uid;
    return uid === root.uid || uid === 0
      ? []
      : [
          warn(
            'access',
            `${folder} belongs to user id ${uid}: a dashboard that was taken over could fill the disk with files there.`,
            'systemd-tmpfiles --create tapedeck.conf (for a data directory elsewhere, first add the new lines of /usr/lib/tmpfiles.d/tapedeck.conf to your own file). Then restart both services.',
          ),
        ];
  });
}

const look = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });
const octal = ({ mode }: Stats): string => (mode & 0o7777).toString(8).padStart(4, '0');
