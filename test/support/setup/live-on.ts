import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { NEWEST_VERSION } from '../../../daemon/catalogue/sqlite/upgrade/older.js';
import { ask } from '../../../daemon/ops/control-client.js';
import type { Machine } from '../booted/machine.js';
import { installPackage } from '../package/built.js';
import { keptOf, processesOf } from '../package/site.js';
import { until } from '../recorder.js';
import { atATerminal } from './at-a-terminal.js';
import { isRecorded, type Listed, type Office } from './office.js';
import { treeOf } from './tree.js';

/** What happens to a machine that records: see first-call.ts, which has set it up. */

const BOOT_MS = 120_000;
const DATA = '/var/lib/tapedeck';
const ANSWERS = `time_zone = "Europe/London"
key_copy = "none"
no_key_copy = "recordings are lost with this disk"
`;

type Status = { daemon: string; pbxes: { ari: boolean; ami: boolean }[]; blind: object[] };
/** It ends with 1 while there is anything to tell an admin. */
async function statusOf({ inside }: Machine): Promise<Status | { daemon: 'none'; pbxes: []; blind: [] }> {
  const { out } = await inside('tapedeck', 'status', '--json');
  return out.startsWith('{') ? (JSON.parse(out) as Status) : { daemon: 'none', pbxes: [], blind: [] };
}

/** Whether the recorder says of itself that it hears the PBX. Asked without a command, which takes longer than the answer. */
const hears = ({ path }: Machine): Promise<boolean> =>
  ask(path(DATA), 'status').then(
    ({ pbxes }) => pbxes.every(({ ari, ami }) => ari && ami),
    () => false,
  );

/** Waits until all services run, and the recorder hears the PBX. */
const recording = (machine: Machine): Promise<boolean> =>
  until(
    'all services run, and the recorder hears the PBX',
    async () => {
      if (!(await hears(machine))) return false;
      const pids = Object.values(await processesOf(machine));
      const { daemon, pbxes } = await statusOf(machine);
      return !pids.includes(0) && daemon === 'up' && pbxes.every(({ ari, ami }) => ari && ami);
    },
    BOOT_MS,
  );

const recorded = (t: Test, call: Listed, which: string): boolean =>
  t.ok(isRecorded(call), `${which}: ${JSON.stringify(call.coverage)}`);

/** Runs setup with a file of answers. On a machine with too little processor time it may refuse a test call, and says so. */
export async function setUp(t: Test, { inside }: Machine, answers: string): Promise<string> {
  const { code, out } = await inside('tapedeck', 'setup', '--answers', answers);
  t.ok(code === 0 || /Test call +not made: The machine (is|became) too busy/.test(out), out);
  return out;
}

/** Files that a running system or Asterisk writes by itself. */
const OTHERS = /^(systemd|dpkg|apt|dbus|asterisk\/astdb)\b/;

/** When each file of a large tree was last changed in any way: nothing but the kernel sets that. */
const changesOf = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => `${name} ${lstatSync(join(dir, name)).ctimeMs}`)
    .toSorted();

/** `tapedeck setup --dry-run` on a machine where the package was just installed. */
export async function isTried(t: Test, { inside, path }: Machine): Promise<void> {
  writeFileSync(path('/root/answers.toml'), ANSWERS);
  const whole = () => ({
    ...Object.fromEntries(
      ['/etc', '/var/lib', '/var/spool', '/root'].map((dir) => [
        dir,
        Object.entries(treeOf(path(dir))).filter(([name]) => dir !== '/var/lib' || !OTHERS.test(name)),
      ]),
    ),
    '/usr': changesOf(path('/usr')),
  });
  const before = whole();
  t.ok(before['/usr'].length > 5_000, `${before['/usr'].length} files and folders in /usr`);
  const { code, out } = await inside('tapedeck', 'setup', '--dry-run', '--answers', '/root/answers.toml');
  t.equal(code, 0, out);
  t.match(out, /\/etc\/asterisk\/ari\.conf[\s\S]*Nothing was changed/);
  const after = whole();
  for (const [dir, files] of Object.entries(before)) t.same(after[dir as keyof typeof after], files, dir);
}

/** Returns the key that somebody types from the sheet on the screen. */
export const typedFrom = (screen: string): string =>
  /TAPEDECK MASTER KEY of[^\n]*\n\n((?: {6,}\S[^\n]*\n)+)/.exec(screen)?.[1]?.replace(/\s+/g, '') ?? '';

export async function isExtended(t: Test, { enter, path }: Machine): Promise<void> {
  const add = 'tapedeck setup --add-pbx warehouse --host 192.0.2.10 --name Warehouse';
  const before = treeOf(path('/etc'));
  const question = /Apply these changes\? yes or no \[yes\]: /;
  const refused = await atATerminal(enter('TERM=xterm'), add, [[question, 'no']]);
  t.equal(refused.code, 1, refused.screen);
  t.same(treeOf(path('/etc')), before, 'nothing changes without consent');
  const { screen, code } = await atATerminal(enter('TERM=xterm'), add, [[question, '']]);
  t.equal(code, 0, screen);
  t.match(screen, /LoadCredential=ari-password-warehouse[\s\S]*Warehouse was added/);
  for (const name of ['ari-password-warehouse', 'ami-secret-warehouse']) {
    const secret = readFileSync(path(`/etc/tapedeck/${name}`), 'utf8').trim();
    t.ok(secret.length > 20 && !screen.includes(secret), `${name} is not on the screen`);
  }
  t.ok(existsSync(path('/etc/tapedeck/pbx-warehouse/manager.conf')));
}

export async function reboots(t: Test, machine: Machine, office: Office): Promise<void> {
  const boot = () => machine.must('cat', '/proc/sys/kernel/random/boot_id');
  const before = await boot();
  await machine.reboot();
  t.not(await boot(), before);
  await recording(machine);
  recorded(t, await office.recorded('+442079460101'), 'the next call');
}

export async function isKilled(t: Test, machine: Machine, office: Office): Promise<void> {
  const before = await processesOf(machine);
  await machine.must('systemctl', 'kill', '--signal=KILL', 'tapedeck', 'tapedeck-web');
  await until(
    'systemd has started both again',
    async () => {
      const now = await processesOf(machine);
      return ['tapedeck', 'tapedeck-web'].every((unit) => now[unit]! > 0 && now[unit] !== before[unit]);
    },
    BOOT_MS,
  );
  await recording(machine);
  recorded(t, await office.recorded('+442079460102'), 'the next call');
}

/** Runs apt, whose output is a terminal's. */
async function apt({ inside }: Machine, ...args: string[]): Promise<{ code: number; out: string }> {
  const { code, out } = await inside('apt-get', '--yes', ...args);
  return { code, out: out.replaceAll('\r', '') };
}

/** After that the machine is as it was before Tapedeck came. */
export async function isDestroyed(t: Test, machine: Machine): Promise<void> {
  const { inside, must, path } = machine;
  const sentence = `destroy everything on ${(await must('uname', '--nodename')).trim()}`;
  const destroyed = await inside('tapedeck', 'destroy', '--everything', '--confirm', sentence);
  t.equal(destroyed.code, 0, destroyed.out);
  const { code, out } = await apt(machine, 'purge', 'tapedeck');
  t.equal(code, 0, out);
  t.notMatch(out, /still/, 'there is nothing to speak of');
  for (const gone of [DATA, '/etc/tapedeck', '/etc/systemd/system/tapedeck.service.d'])
    t.notOk(existsSync(path(gone)), `${gone} is gone`);
}

/** From `older`, of an earlier catalogue, while a call goes on. Null: the sources have no history, and it is as this one. */
export async function isUpgraded(
  t: Test,
  machine: Machine,
  office: Office,
  { deb, older, converts }: { deb: string; older: string; converts: boolean },
): Promise<void> {
  const { must } = machine;
  await installPackage(machine, older);
  await setUp(t, machine, '/root/answers.toml');
  recorded(t, await office.recorded('+442079460103'), 'a call of the older version');
  const version = async () =>
    JSON.parse(await must('tapedeck', 'upgrade', 'status', '--json')) as {
      catalogue: { version: number };
      copies: { upgraded_to: number }[];
    };
  const from = (await version()).catalogue.version;
  if (converts) t.ok(from < NEWEST_VERSION, `its catalogue is of version ${from}`);

  const during = await office.begin('+442079460104');
  await office.captured('+442079460104');
  const begun = Date.now();
  await installPackage(machine, deb);
  await recording(machine);
  t.comment(
    `the upgrade took ${Date.now() - begun} ms; not watched: ${JSON.stringify((await statusOf(machine)).blind)}`,
  );
  const next = await office.recorded('+442079460105');
  await during.hangup();
  recorded(t, next, 'a call right after the upgrade');
  recorded(t, await office.sealed('+442079460104'), 'the call that went on during the upgrade');
  const after = await version();
  t.equal(after.catalogue.version, NEWEST_VERSION);
  if (converts) t.match(after.copies, [{ upgraded_to: NEWEST_VERSION }]);
  t.match(
    await must('tapedeck', 'verify', '--all'),
    /^\d+ verified: all as sealed and signed/m,
    'all recordings verify',
  );
}

export async function isRemovedAndReturns(
  t: Test,
  machine: Machine,
  office: Office,
  deb: string,
): Promise<void> {
  const { path } = machine;
  const before = treeOf(path('/etc/asterisk'));
  const kept = await keptOf(machine);
  const removed = await apt(machine, 'remove', 'tapedeck');
  t.equal(removed.code, 0, removed.out);
  t.match(removed.out, /still there/);
  t.match(
    removed.out,
    /Asterisk still has lines of Tapedeck[\s\S]*\/etc\/asterisk\/ari\.conf\n[\s\S]*setup --undo/,
  );
  t.same(treeOf(path('/etc/asterisk')), before, 'the PBX is as it was');
  const call = await office.begin('+442079460106');
  await call.hangup();
  await installPackage(machine, deb);
  await recording(machine);
  t.equal(await keptOf(machine), kept);
  recorded(t, await office.recorded('+442079460107'), 'the next call, without any set-up');
}

const account = (text: string) => /\btapedeck\b/.test(text);
/** Whether Asterisk lets Tapedeck sign in. */
async function accounts({ must }: Machine): Promise<boolean[]> {
  const ari = await must('asterisk', '-rx', 'ari show users');
  const ami = await must('asterisk', '-rx', 'manager show users');
  return [ari, ami].map(account);
}

/** Returns the text of every file of Asterisk's configuration, without empty lines at its end. */
export const textsOf = (etc: string): Record<string, string> =>
  Object.fromEntries(
    Object.keys(treeOf(etc))
      .filter((name) => lstatSync(join(etc, name)).isFile())
      .map((name) => [name, readFileSync(join(etc, name), 'latin1').trimEnd()]),
  );

/** `pristine` is the configuration of the PBX from before Tapedeck came. */
export async function isPurged(
  t: Test,
  machine: Machine,
  office: Office,
  pristine: Record<string, string>,
): Promise<void> {
  const { inside, must, path } = machine;
  const kept = await keptOf(machine);
  const recordings = treeOf(path(`${DATA}/recordings`));
  const pbx = treeOf(path('/etc/asterisk'));
  const { code, out } = await apt(machine, 'purge', 'tapedeck');
  t.equal(code, 0, out);
  t.match(out, /\/var\/lib\/tapedeck {2}recordings[\s\S]*\/etc\/tapedeck\/master\.key {2}the master key/);
  t.equal(await keptOf(machine), kept, 'no key and no configuration is destroyed');
  t.same(treeOf(path(`${DATA}/recordings`)), recordings, 'and no recording');
  t.same(treeOf(path('/etc/asterisk')), pbx, 'and the PBX is left alone');

  t.match(out, /ari\.conf, lines \d+-\d+: the ARI user "tapedeck"/, 'it names what the PBX still has');
  t.match(out, /manager\.d\/tapedeck\.conf, lines 1-\d+: the AMI account "tapedeck"/);
  t.match(out, /anyone who has the password of the ARI user[\s\S]*can listen to calls/);
  t.same(await accounts(machine), [true, true], 'both accounts still work');
  const commands = out.split('\n').filter((line) => /^ {2}(setpriv|sed|asterisk) /.test(line));
  t.ok(commands.length > 5, commands.join('\n'));
  await must('sh', '-ec', commands.join('\n'));
  t.same(await accounts(machine), [false, false], 'what it says to run takes both away');
  const left = await inside('grep', '-rl', 'apedeck', '/etc/asterisk');
  t.same(left.out, '', 'and every line');
  const { 'manager.d/tapedeck.conf': emptied, ...others } = textsOf(path('/etc/asterisk'));
  t.same([emptied, others], ['', pristine], 'and nothing else');
  const call = await office.begin('+442079460108');
  await call.hangup();
}
