import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { createRemoteFfmpeg } from '../../../daemon/encode/apart/remote.js';
import { opusPlan } from '../../../daemon/encode/opus.js';
import { bootMachine, type Machine } from '../../support/booted/machine.js';
import { NotHere, type Suite } from '../../support/booted/root.js';
import { bringPackage, builtPackage, installPackage, withVersion } from '../../support/package/built.js';
import { importsMonitor } from '../../support/package/importing.js';
import { keptOf, processesOf, replaceCommand, setUpWithoutPbx } from '../../support/package/site.js';
import { toneWav } from '../../support/recordings/preserve-lab.js';

/** The package as an admin handles it, on Debian 12 and 13 that a systemd of their own has booted. Nothing in there is replaced. */
const LOAD_ALL = join(import.meta.dirname, '../../support/package/load-all.mjs');
const OLDER = '0.0.1';
const NEWER = '99.0';

const work = mkdtempSync(join(tmpdir(), 'tapedeck-package-'));
t.teardown(() => rmSync(work, { recursive: true, force: true }));

/** The package, and the same as a release before and after it: to repack it takes seconds, which both systems share. */
let made: Promise<Record<'deb' | 'version' | 'older' | 'newer', string>> | null = null;
const packages = () => {
  made ??= builtPackage().then(async (built) => ({
    ...built,
    older: await withVersion(built.deb, OLDER, work),
    newer: await withVersion(built.deb, NEWER, work),
  }));
  return made;
};

const dpkg = (machine: Machine, ...args: string[]) =>
  machine.inside('env', 'DEBIAN_FRONTEND=noninteractive', 'dpkg', ...args);
const installedVersion = async ({ inside }: Machine) =>
  /^Version: (.*)$/m.exec((await inside('dpkg', '--status', 'tapedeck')).out)?.[1] ?? 'none';
const isActive = async ({ inside }: Machine, unit: string) =>
  (await inside('systemctl', 'is-active', unit)).out.trim();

/** What the installation put where, on a machine that was never set up. */
async function purgeUnused(t: Test, machine: Machine): Promise<void> {
  const { out } = await machine.inside('apt-get', 'purge', '--yes', 'tapedeck');
  t.notMatch(out, /still there|rm: |rmdir: |cannot/, 'nothing is left to speak of');
  for (const gone of ['/usr/lib/tapedeck', '/var/lib/tapedeck', '/etc/tapedeck', '/usr/bin/tapedeck'])
    t.notOk(existsSync(machine.path(gone)), `${gone} is gone`);
  const links = readdirSync(machine.path('/etc/systemd/system'), { recursive: true, encoding: 'utf8' });
  t.same(
    links.filter((name) => /tapedeck/.test(name)),
    [],
    'no unit is left enabled',
  );
}

/** Its own Node.js loads every package; ffmpeg encodes for the encoder's user; the recorder opens its databases. */
async function works(t: Test, machine: Machine, version: string): Promise<void> {
  const { must, path } = machine;
  t.equal((await must('tapedeck', '--version')).trim(), version);
  copyFileSync(LOAD_ALL, path('/usr/lib/tapedeck/load-all.mjs'));
  const tried = JSON.parse(await must('/usr/lib/tapedeck/bin/node', '/usr/lib/tapedeck/load-all.mjs'));
  rmSync(path('/usr/lib/tapedeck/load-all.mjs'));
  t.same(tried.faults, []);
  t.ok(tried.loaded > 35, `${tried.loaded} packages load`);
  const status = await machine.inside('tapedeck', 'status');
  t.match(status.out, /ffmpeg runs as a user of its own/, 'the command reads what the recorder has written');
  const doctor = await machine.inside('tapedeck', 'doctor');
  t.match(doctor.out, /run by the encoder at/);
  t.match(doctor.out, /systemd restarts the dashboard/);

  const wav = join(work, `tone-${version}.wav`);
  writeFileSync(wav, toneWav(3_000));
  const segment = { offsetMs: 0, inFile: wav, outFile: null, rate: 8000, inMs: 3_000, outMs: 0, inLost: [] };
  const tags = { title: 'a call', date: '2026-01-01T10:00:00Z', callId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };
  const plan = opusPlan({ segments: [segment as never], tags, bitrate: 24_000, complexity: 5 });
  const ffmpeg = createRemoteFfmpeg({ socket: path('/run/tapedeck-encoder/sock') });
  const { version: its } = await ffmpeg.version();
  const run = ffmpeg.encode(plan, 60_000);
  const [sound] = await Promise.all([buffer(run.stdout), run.done]);
  t.equal(sound.subarray(0, 4).toString(), 'OggS', `ffmpeg ${its} encodes`);
}

/** The dashboard's folders as earlier versions had them, and with what somebody who has taken it over puts there. */
async function leaveAsBefore({ must, path }: Machine): Promise<void> {
  const [web, tls] = ['/var/lib/tapedeck/web', '/var/lib/tapedeck/tls'] as const;
  rmSync(path(`${web}/web.db-wal`), { force: true });
  symlinkSync('/etc/passwd', path(`${web}/web.db-wal`));
  writeFileSync(path(`${web}/web.db.2026-01-01`), 'x');
  mkdirSync(path(`${tls}/more/deep`), { recursive: true });
  await must('chown', '--no-dereference', '--recursive', 'tapedeck-web:tapedeck', web, tls);
}

async function upgrade(t: Test, machine: Machine, deb: string, version: string): Promise<void> {
  const kept = await keptOf(machine);
  await machine.must('systemctl', 'stop', 'tapedeck-web');
  await leaveAsBefore(machine);
  const users = await machine.must('sha256sum', '/etc/passwd');
  const before = await processesOf(machine);
  const began = Date.now();
  await installPackage(machine, deb);
  t.comment(`the upgrade took ${Date.now() - began} ms`);
  t.equal(await installedVersion(machine), version);
  const after = await processesOf(machine);
  t.ok(after.tapedeck! > 0 && after.tapedeck !== before.tapedeck, 'the recorder runs the new version');
  t.ok(after['tapedeck-encoder']! > 0 && after['tapedeck-encoder'] !== before['tapedeck-encoder']);
  t.equal(after['tapedeck-web'], 0, 'what was stopped stays stopped');
  t.equal(await keptOf(machine), kept, 'keys, secrets and configuration are as they were');
  const folders = ['/var/lib/tapedeck/web', '/var/lib/tapedeck/tls'];
  const left = (await machine.must('find', ...folders, '-printf', '%y %u %P\n')).trim().split('\n');
  t.equal(left.filter((line) => line.startsWith('f tapedeck-web ')).length, 11, 'its files');
  t.same(
    left.filter((line) => !line.startsWith('f tapedeck-web ')).map((line) => line.trim()),
    ['d tapedeck', 'd tapedeck'],
    'and nothing else, in folders that are not its own',
  );
  t.equal(await machine.must('sha256sum', '/etc/passwd'), users);
  await machine.must('systemctl', 'start', 'tapedeck-web');
}

async function refuseOlder(t: Test, machine: Machine, deb: string): Promise<void> {
  const [version, before] = [await installedVersion(machine), await processesOf(machine)];
  const { code, out } = await dpkg(machine, '--install', bringPackage(machine, deb));
  t.not(code, 0);
  t.match(out, new RegExp(`version ${version.replace(/[+.]/g, '\\$&')} is installed, and ${OLDER} is older`));
  t.match(out, /docs\/operate\/upgrade\.md/, 'it says how to go back');
  t.equal(await installedVersion(machine), version);
  t.same(await processesOf(machine), before, 'nothing was stopped');
  t.match((await machine.inside('dpkg', '--audit')).out, /^$/, 'dpkg has nothing to finish');
}

/** `tapedeck upgrade prepare` of the installed version has the last word. */
async function refuseUnprepared(t: Test, machine: Machine, deb: string): Promise<void> {
  const [version, before] = [await installedVersion(machine), await processesOf(machine)];
  const putBack = replaceCommand(
    machine,
    `#!/bin/sh
[ "$*" = "upgrade prepare --help" ] && echo "Usage: tapedeck upgrade prepare [options]" && exit 0
[ "$*" = "upgrade prepare" ] && echo "No room for a copy of the catalogue." >&2 && exit 1
exec /usr/lib/tapedeck/bin/node /usr/lib/tapedeck/dist/daemon/main.js "$@"
`,
  );
  const { code, out } = await dpkg(machine, '--install', bringPackage(machine, deb));
  putBack();
  t.not(code, 0);
  t.match(out, /No room for a copy of the catalogue[\s\S]*the upgrade is refused for the reason above/);
  t.equal(await installedVersion(machine), version);
  t.same(await processesOf(machine), before, 'nothing was stopped');
}

async function removeAndReturn(t: Test, machine: Machine, deb: string): Promise<void> {
  const { path, inside, must } = machine;
  const kept = await keptOf(machine);
  const removed = await inside('apt-get', 'remove', '--yes', 'tapedeck');
  t.equal(removed.code, 0, removed.out);
  t.match(removed.out, /still there[\s\S]*\/var\/lib\/tapedeck[\s\S]*tapedeck destroy --everything/);
  t.notOk(existsSync(path('/usr/lib/tapedeck')), 'the program is gone');
  t.not(await isActive(machine, 'tapedeck'), 'active');
  t.ok(existsSync(path('/var/lib/tapedeck/catalogue/catalogue.db')), 'what it recorded is still there');
  await installPackage(machine, deb);
  for (const unit of ['tapedeck', 'tapedeck-web', 'tapedeck-encoder', 'tapedeck-web-restart.path'])
    t.equal(await isActive(machine, unit), 'active', `${unit} runs again`);
  t.equal(await keptOf(machine), kept);
  await must('systemctl', 'disable', '--now', 'tapedeck-web');

  const catalogue = path('/var/lib/tapedeck/catalogue/catalogue.db');
  const purged = await inside('apt-get', 'purge', '--yes', 'tapedeck');
  t.equal(purged.code, 0, purged.out);
  t.match(purged.out, /\/var\/lib\/tapedeck {2}recordings, catalogue/);
  t.match(purged.out, /\/etc\/tapedeck\/master\.key {2}the master key/);
  t.ok(existsSync(catalogue), 'a purge destroys no recording');
  t.equal(await keptOf(machine), kept, 'and no key and no configuration');
}

/** With three users' folders, while all services run: after that a purge has nothing to speak of. */
async function destroyAll(t: Test, machine: Machine, deb: string): Promise<void> {
  const { inside, must, path } = machine;
  await installPackage(machine, deb);
  t.equal(await isActive(machine, 'tapedeck'), 'active', 'it records again with what a purge has left');
  const refused = await inside('tapedeck', 'destroy', '--everything');
  t.equal(refused.code, 2, refused.out);
  t.equal(await isActive(machine, 'tapedeck'), 'active', 'and goes on while nobody has typed the sentence');
  // As an import leaves it that was given up.
  const originals = 'tapedeck-originals-0123456789abcdef';
  await must('systemd-run', `--unit=${originals}`, '--collect', '--quiet', 'sleep', 'infinity');
  t.match((await inside('tapedeck', 'doctor')).out, new RegExp(`${originals}\\.service \\(active\\)`));
  t.match(
    await must('tapedeck', 'support', '--show'),
    /"tapedeck-originals-1": \{[^}]*"ActiveState": "active"/,
  );
  const sentence = `destroy everything on ${(await must('uname', '--nodename')).trim()}`;
  const { code, out } = await inside('tapedeck', 'destroy', '--everything', '--confirm', sentence);
  t.equal(code, 0, out);
  t.comment(out);
  for (const gone of ['/var/lib/tapedeck', '/etc/tapedeck'])
    t.notOk(existsSync(path(gone)), `${gone} is gone`);
  t.not(await isActive(machine, 'tapedeck'), 'active');
  t.not(await isActive(machine, originals), 'active', 'nothing opens originals any more');
  await purgeUnused(t, machine);
}

const ELSEWHERE = `time_zone = "Europe/London"
key_copy = "none"
no_key_copy = "recordings are lost with this disk"
[asterisk]
host = "192.0.2.10"
`;

/** On a machine without Asterisk, for a PBX that is on another. */
async function setUpElsewhere(t: Test, machine: Machine, deb: string): Promise<void> {
  const { inside, path } = machine;
  await installPackage(machine, deb);
  const setup = (...args: string[]) => inside('tapedeck', 'setup', ...args);
  writeFileSync(path('/root/nowhere.toml'), ELSEWHERE.replace(/\[asterisk\][\s\S]*/, ''));
  const nowhere = await setup('--answers', '/root/nowhere.toml');
  t.equal(nowhere.code, 2, nowhere.out);
  t.match(nowhere.out, /no Asterisk on this machine[\s\S]*--host ADDRESS/);
  writeFileSync(path('/root/elsewhere.toml'), ELSEWHERE);
  const { code, out } = await setup('--answers', '/root/elsewhere.toml');
  t.equal(code, 0, out);
  t.match(
    out,
    /lasts\s+\d+\s[\s\S]*\sat\s+200\s+calls\s[\s\S]*which\s+is\s+an\s+assumption/,
    'it says what it assumes',
  );
  t.match(out, /Take the files in \/etc\/tapedeck\/pbx to\s+192\.0\.2\.10/);
  for (const unit of ['tapedeck', 'tapedeck-web', 'tapedeck-encoder'])
    t.equal(await isActive(machine, unit), 'active', `${unit} runs`);
  t.match(
    (await inside('tapedeck', 'status')).out,
    /cannot see the calls on the PBX[\s\S]*192\.0\.2\.10/,
    'it waits for that PBX',
  );
  const secret = readFileSync(path('/etc/tapedeck/ari-password'), 'utf8').trim();
  t.ok(readFileSync(path('/etc/tapedeck/pbx/ari.conf'), 'utf8').includes(secret));
  t.notOk(out.includes(secret), 'no secret is shown');
  const again = await setup('--answers', '/root/elsewhere.toml');
  t.match(again.out, /Nothing has to change/);
}

for (const suite of ['bookworm', 'trixie'] satisfies Suite[])
  t.test(`the package on ${suite}: install, upgrade, no way down, remove, purge, destroy`, async (t) => {
    let machine: Machine;
    try {
      machine = await bootMachine({ suite, apart: true });
    } catch (e) {
      if (e instanceof NotHere)
        return void t.pass('on a Debian of its own', { skip: `no Debian can be booted: ${e.message}` });
      throw e;
    }
    t.teardown(machine.stop);
    const { deb, version, older, newer } = await packages();

    const said = await installPackage(machine, older);
    t.match(said, /Tapedeck is installed.*tapedeck setup/);
    t.equal(
      await machine.must('find', '/etc/tapedeck', '!', '-type', 'd'),
      '',
      'it writes no key and no configuration',
    );
    t.not(await isActive(machine, 'tapedeck'), 'active', 'nothing runs before it is set up');
    t.match((await machine.inside('tapedeck', 'doctor')).out, /Run "tapedeck setup" as root/);
    await purgeUnused(t, machine);

    await installPackage(machine, older);
    await setUpWithoutPbx(machine);
    await upgrade(t, machine, deb, version);
    await works(t, machine, version);
    if (suite === 'trixie') await importsMonitor(t, machine);
    await refuseOlder(t, machine, older);
    await refuseUnprepared(t, machine, newer);
    await removeAndReturn(t, machine, deb);
    await destroyAll(t, machine, deb);
    if (suite === 'trixie') await setUpElsewhere(t, machine, deb);
  });
