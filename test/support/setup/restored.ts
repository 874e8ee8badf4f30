import { existsSync, readFileSync } from 'node:fs';
import type { Test } from 'tap';
import type { Machine } from '../booted/machine.js';
import { linesOf } from '../box/runbook.js';
import { installPackage } from '../package/built.js';
import { isRecorded, type Office } from './office.js';
import { treeOf } from './tree.js';

/** The machine is lost, and another one takes its place with what docs/runbooks/restore.md says, typed as it is written. */

const PAGE = 'runbooks/restore.md';
const NAS = '/mnt/nas/tapedeck';
const KEYS = '/mnt/keys/tapedeck';
const CONFIG = '/etc/tapedeck/tapedeck.toml';
const DROP_INS = '/etc/systemd/system/tapedeck.service.d';
/** A test call says so where the machine has too little processor time. */
const BUSY = /The machine (is|became) too busy|short of processor time/;
const UNITS = ['tapedeck', 'tapedeck-web', 'tapedeck-encoder', 'tapedeck-web-restart.path'];

type Held = { name: string; recordings: number };

/** What of the data directory is made by the recorder while it runs, and says nothing of what was restored. */
const OF_A_RUN = /^(owner|control|work|recorder|upgrade|web)\/|\.db-(wal|shm)$|^signing\/(head|checkpoints)$/;

/** Folders and files with owner and mode, those of recordings without their names. */
const rightsOf = async ({ must }: Machine, root: string): Promise<string[]> => {
  const out = await must('find', root, '-printf', '%P %U:%G %m\n');
  return [...new Set(out.split('\n').filter((line) => !OF_A_RUN.test(line.split(' ')[0]!)))]
    .map((line) =>
      line.replace(/^(recordings|tls)\/\S*/, '$1/…').replace(/^signing\/\S+\.pem/, 'signing/….pem'),
    )
    .toSorted();
};
const unique = (lines: string[]) => [...new Set(lines)];

/**
 * Has the recorder make backups at another disk, to a recipient whose identity is on the USB stick. A folder that the sandbox of the
 * recorder hides from it is refused by the recorder alone, and everything becomes what it was.
 */
async function backsUp(t: Test, { must, inside, path }: Machine): Promise<void> {
  if ((await inside('mountpoint', '--quiet', '/media/usb')).code !== 0)
    await must('mount', '-t', 'tmpfs', 'none', '/media/usb');
  const hidden = '/home/nas';
  for (const folder of [NAS, KEYS, hidden]) {
    await must('mkdir', '-p', folder);
    await must('chown', 'tapedeck:tapedeck', folder);
  }
  const setUp = (folder: string, keys: string) =>
    inside(
      ...['tapedeck', 'backup', 'setup', '--path', folder, '--key-path', keys],
      ...['--new-identity', '/media/usb', '--yes'],
    );
  const before = readFileSync(path(CONFIG), 'utf8');
  const refused = await setUp(hidden, 'none');
  t.equal(refused.code, 1, refused.out);
  t.match(
    refused.out,
    /Place tried +\/home\/nas[\s\S]*Backup made: failed[\s\S]*\/home\/nas[\s\S]*Nothing was changed/,
  );
  t.equal(readFileSync(path(CONFIG), 'utf8'), before);
  t.notOk(existsSync(path(`${DROP_INS}/setup-backup.conf`)));
  t.match(await must('systemctl', 'is-active', 'tapedeck'), 'active');
  t.notMatch((await inside('tapedeck', 'status')).out, /backup/i, 'no alarm is left of it');
  const done = await setUp(NAS, KEYS);
  t.equal(done.code, 0, done.out);
  t.match(done.out, /Place tried[\s\S]*Backup made +Done[\s\S]*Backup read again +Done/);
  t.match(readFileSync(path(`${DROP_INS}/setup-backup.conf`), 'utf8'), `ReadWritePaths=-${NAS} -${KEYS}`);
}

/** `asterisk` is a copy of the configuration of the PBX from before Tapedeck came. */
export async function isRestored(
  t: Test,
  machine: Machine,
  office: Office,
  { deb, asterisk }: { deb: string; asterisk: string },
): Promise<void> {
  const { inside, must, path } = machine;
  const type = async (command: string) => {
    const ran = await inside('sh', '-c', command);
    t.ok(
      ran.code === 0 || (/restore|test-call|setup/.test(command) && BUSY.test(ran.out)),
      `${command}\n${ran.out}`,
    );
    return ran.out;
  };
  await backsUp(t, machine);
  await must('cp', '/etc/tapedeck/master.key', '/media/usb/master.key');
  const [held, erased] = ['+442079460110', '+442079460111'];
  for (const number of [held, erased]) t.ok(isRecorded(await office.recorded(number)), number);
  await type('tapedeck backup create --wait');
  const idOf = async (number: string) =>
    (
      JSON.parse(await must('tapedeck', 'calls', '--json')) as { id: string; them: { number: string } }[]
    ).find(({ them }) => them.number === number)!.id;
  await type(`tapedeck holds open Dispute --reason Letter --number ${held}`);
  await type(`tapedeck erase ${await idOf(erased)} --reason "On request" --confirm "erase 1"`);
  const calls = async () =>
    (
      JSON.parse(await must('tapedeck', 'calls', '--json')) as {
        id: string;
        recording: { state: string } | null;
      }[]
    )
      .map(({ id, recording }) => `${id} ${recording?.state ?? ''}`)
      .toSorted();
  const matters = async () => JSON.parse(await must('tapedeck', 'holds', '--json')) as Held[];
  const before = {
    ...{ calls: await calls(), matters: await matters() },
    toml: readFileSync(path(CONFIG), 'utf8'),
    dropIns: treeOf(path(DROP_INS)),
    rights: {
      data: await rightsOf(machine, '/var/lib/tapedeck'),
      etc: await rightsOf(machine, '/etc/tapedeck'),
    },
  };

  // Nothing is left of the machine but what was kept elsewhere.
  await must('systemctl', 'stop', 'tapedeck-web', 'tapedeck');
  await must('apt-get', '--yes', 'purge', 'tapedeck');
  await must(
    'rm',
    '-rf',
    '/var/lib/tapedeck',
    '/etc/tapedeck',
    DROP_INS,
    '/etc/systemd/system/tapedeck-web.service.d',
  );
  await must('sh', '-c', `rm -rf /etc/asterisk && cp -a ${asterisk} /etc/asterisk`);
  await must('sh', '-c', 'rm -rf /var/spool/asterisk/recording');
  for (const user of ['tapedeck-encoder', 'tapedeck-web', 'tapedeck']) await must('userdel', user);
  // The users of the new machine have other numbers.
  await must('useradd', '--system', 'somebody');
  await must('systemctl', 'daemon-reload');
  await must('systemctl', 'restart', 'asterisk');
  await installPackage(machine, deb);
  t.notOk(existsSync(path(CONFIG)));

  const said = new Map<string, string>();
  for (const command of linesOf(PAGE, 'What to do')) said.set(command, await type(command));
  const [dry, done] = [...said]
    .filter(([command]) => command.startsWith('tapedeck restore'))
    .map(([, out]) => out);
  t.match(dry, /\+\[tapedeck\][\s\S]*Nothing was changed/, 'the dry run shows the users of the PBX');
  t.match(done, /Test call +(good|not made|FAILED)/, 'a test call was made');
  t.ok(/Tapedeck records/.test(done!) || BUSY.test(done!), done!);
  for (const unit of UNITS) t.match(await must('systemctl', 'is-active', unit), 'active', unit);
  t.match(await must('systemctl', 'is-enabled', 'tapedeck', 'tapedeck-web'), 'enabled');

  t.equal(
    readFileSync(path(CONFIG), 'utf8'),
    before.toml,
    'the configuration is the one of the lost machine',
  );
  t.same(treeOf(path(DROP_INS)), before.dropIns, 'and so is what its unit may reach');
  t.same(
    await calls(),
    before.calls,
    'every call is there, and what was erased after the backup stays erased',
  );
  t.same(await matters(), before.matters, 'what was held after the backup is held');
  const numbers = (lines: string[]) => unique(lines.map((line) => line.replace(/ \d+:\d+ /, ' ')));
  t.same(
    numbers(await rightsOf(machine, '/var/lib/tapedeck')),
    numbers(before.rights.data),
    'modes of the data',
  );
  t.same(
    numbers(await rightsOf(machine, '/etc/tapedeck')),
    numbers(before.rights.etc),
    'modes of /etc/tapedeck',
  );
  for (const command of linesOf(PAGE, 'How you know that it worked')) await type(command);
  t.ok(isRecorded(await office.recorded('+442079460112')), 'the first call from the outside is recorded');
  t.match(await type('tapedeck setup --answers /dev/null'), /Nothing has to change/);
}
