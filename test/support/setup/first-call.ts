import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { bootMachine, type Machine } from '../booted/machine.js';
import { NotHere, type Suite } from '../booted/root.js';
import { builtPackage, installPackage, withVersion } from '../package/built.js';
import { olderPackage } from '../package/older.js';
import { atATerminal } from './at-a-terminal.js';
import {
  isDestroyed,
  isExtended,
  isKilled,
  isPurged,
  isRemovedAndReturns,
  isTried,
  isUpgraded,
  reboots,
  setUp,
  textsOf,
  typedFrom,
} from './live-on.js';
import { createOffice, isRecorded } from './office.js';
import { isRestored } from './restored.js';
import { asteriskTree, installStockAsterisk, stockBinds } from './stock-asterisk.js';
import { treeOf } from './tree.js';

/** From a bare Debian with a stock Asterisk to the first recorded call, as an admin does it. Run by first-call.test.ts. */

const OFFICE = '192.168.77.1';
/** A copy of the configuration of the PBX from before Tapedeck came. */
const ASTERISK = '/root/asterisk-before';

/** Another machine of the office: a network of its own, behind a cable. Returns how a program is run there. */
function anotherMachine(): string[] {
  const holder = spawn('unshare', ['--net', 'sleep', '3600'], { stdio: 'ignore' });
  // It keeps the network, and must not keep this process.
  holder.unref();
  process.once('exit', () => holder.kill());
  const ip = (...args: string[]) => execFileSync('ip', args);
  const there = ['nsenter', '--target', String(holder.pid), '--net', '--'];
  for (let tries = 0; ; tries++)
    try {
      ip('link', 'add', 'office0', 'type', 'veth', 'peer', 'name', 'desk0', 'netns', String(holder.pid));
      execFileSync(there[0]!, [...there.slice(1), 'ip', 'link', 'set', 'desk0', 'up']);
      break;
    } catch (e) {
      // It may not have left our network yet.
      if (tries > 50) throw e;
      execFileSync('sleep', ['0.1']);
      spawnSyncQuiet('ip', ['link', 'del', 'office0']);
    }
  ip('addr', 'add', `${OFFICE}/24`, 'dev', 'office0');
  ip('link', 'set', 'office0', 'up');
  execFileSync(there[0]!, [...there.slice(1), 'ip', 'addr', 'add', '192.168.77.50/24', 'dev', 'desk0']);
  return there;
}

function spawnSyncQuiet(program: string, args: string[]): void {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
  } catch {
    // It was not there.
  }
}

/** Asks as a browser there would, which has been told to trust this authority. */
const FETCH = `
const { request } = require('node:https');
const { ca, url, method, body, cookie = '' } = JSON.parse(process.argv[1]);
const asking = request(url, { method, ca, rejectUnauthorized: ca !== null, headers: { 'x-tapedeck': '1', cookie, ...(body && { 'content-type': 'application/json' }) } }, (answer) => {
  let text = ''; answer.on('data', (part) => (text += part)); answer.on('end', () => process.stdout.write(JSON.stringify({ status: answer.statusCode, text, cookie: (answer.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ') })));
});
asking.end(body && JSON.stringify(body));
`;

type Seen = { status: number; text: string; cookie: string };

const fromThere = (
  there: string[],
  asked: { ca: string | null; url: string; method: string; body?: object; cookie?: string },
): Seen =>
  JSON.parse(
    execFileSync(there[0]!, [...there.slice(1), process.execPath, '-e', FETCH, JSON.stringify(asked)], {
      encoding: 'utf8',
      env: {},
    }),
  ) as Seen;

const there = anotherMachine();

for (const [suite, major] of [
  ['trixie', 22],
  ['bookworm', 16],
] as [Suite, 22 | 16][])
  t.test(`Debian ${suite} with a stock Asterisk ${major}`, async (t) => {
    // What becomes of a machine that records does not depend on its Asterisk. Packages of Debian 12 are in lifecycle.test.ts.
    const whole = suite === 'trixie';
    let machine: Machine;
    const tree = await asteriskTree(major);
    try {
      machine = await bootMachine({ suite, lasting: true, readOnly: stockBinds(tree) });
    } catch (e) {
      if (!(e instanceof NotHere)) throw e;
      t.plan(0, e.message);
      return;
    }
    t.teardown(() => machine.stop());
    const { must, inside, path } = machine;
    await installStockAsterisk(machine, tree);
    await must('mkdir', '-p', '/media/usb');
    await must('mount', '-t', 'tmpfs', 'none', '/media/usb');
    await must('cp', '-a', '/etc/asterisk', ASTERISK);
    const before = treeOf(path('/etc/asterisk'));
    const pristine = textsOf(path('/etc/asterisk'));
    const { deb } = await builtPackage();

    const begun = Date.now();
    await installPackage(machine, deb);
    const installed = Date.now();
    if (whole) await t.test('a dry run changes nothing', (t) => isTried(t, machine));
    const copy: [RegExp, string][] = whole
      ? [[/Copy to \[.*\]: /, '/media/usb']]
      : [
          [/Copy to \[.*\]: /, 'print'],
          [/Then press Enter: it is not shown again: /, ''],
        ];
    const asked: [RegExp, string][] = [
      [/Address \[.*\]: /, ''],
      [/Time zone \[.*\]: /, 'Europe/London'],
      [/Country, as two letters such as GB \[GB\]: /, ''],
      [/Folder \[.*\]: /, ''],
      copy[0]!,
      [/Checkpoints to \[none\]: /, ''],
      [/after how many days \[as it is\]: /, '90'],
      [/refused alone for how many days \[as it is\]: /, '365'],
      [/Apply these changes\? yes or no \[yes\]: /, ''],
      ...copy.slice(1),
    ];
    const { screen, code } = await atATerminal(machine.enter('TERM=xterm'), 'tapedeck setup', asked);
    t.equal(code, 0, screen);
    t.match(screen, /Test call +good/);
    t.match(screen, /Names and numbers +go 90 days after there is no audio/);
    t.match(
      screen,
      /Policy: a number that refused is left alone for 365 days[\s\S]*Numbers that refuse +are left alone for 365/,
    );
    const seconds = Math.round((Date.now() - begun) / 1000);
    t.comment(screen.slice(screen.indexOf('Setting up')));

    const url = `https://${OFFICE}:8090`;
    t.match(screen, new RegExp(`Open +${url}`));
    const setupCode = /Set-up code +(\S+)/.exec(screen)?.[1];
    t.ok(setupCode, 'the set-up code is on the screen');
    const { text: ca } = fromThere(there, { ca: null, url: `${url}/ca.crt`, method: 'GET' });
    t.match(ca, /BEGIN CERTIFICATE/, 'another machine of the office gets the authority');
    const fingerprint = execFileSync('openssl', ['x509', '-noout', '-fingerprint', '-sha256'], {
      input: ca,
      encoding: 'utf8',
    });
    t.ok(screen.includes(fingerprint.trim().split('=')[1]!), 'with the fingerprint on the screen');
    const first = {
      code: setupCode,
      name: 'Anna Berg',
      password: 'a long enough passphrase 77',
      hears_calls: true,
    };
    const claimed = fromThere(there, { ca, url: `${url}/api/v1/setup`, method: 'POST', body: first });
    t.ok(claimed.status < 300, `the first account is made from there: ${claimed.status} ${claimed.text}`);

    await t.test('its words are spoken by the encoder, which may reach next to nothing', async (t) => {
      const { cookie } = claimed;
      const said = { language: 'en', text: 'The joiners record this call to train their staff.' };
      const asked = { ca, url: `${url}/api/v1/prompts/speech`, method: 'POST', body: said, cookie };
      const { status, text } = fromThere(there, asked);
      t.equal(status, 200, text);
      const { audio, duration_ms: ms } = JSON.parse(text) as { audio: string; duration_ms: number };
      t.ok(ms > 2_000 && ms < 6_000, `spoken in ${ms} ms`);
      t.equal(Buffer.from(audio, 'base64').toString('latin1', 0, 4), 'RIFF');
    });

    const office = await createOffice(machine);
    t.teardown(office.stop);
    await t.test('the first call from the outside is recorded', async (t) => {
      const call = await office.recorded('+442079460100');
      t.ok(isRecorded(call), JSON.stringify(call.coverage));
    });
    const recordedAfter = Math.round((Date.now() - begun) / 1000);
    t.comment(
      `${suite}: 3 steps (copy the package, apt install, tapedeck setup), 4 answers and one confirmation, package ${Math.round((installed - begun) / 1000)} s, set up after ${seconds} s, first call from the outside recorded after ${recordedAfter} s`,
    );

    await t.test('the copy of the key opens what is recorded', async (t) => {
      const key = readFileSync(path('/etc/tapedeck/master.key'), 'utf8');
      const name = (await must('sh', '-c', 'ls /media/usb')).trim();
      if (copy.length === 1) t.equal(readFileSync(path(`/media/usb/${name}`), 'utf8'), key);
      else t.equal(typedFrom(screen), key.trim(), 'typed from the sheet that was shown');
    });

    await t.test('run again it changes nothing', async (t) => {
      t.match(await setUp(t, machine, '/dev/null'), /Nothing has to change/);
    });

    await t.test('after a reboot it records by itself', (t) => reboots(t, machine, office));
    if (whole)
      await t.test('recorder and dashboard that are killed are there again', (t) =>
        isKilled(t, machine, office),
      );

    await t.test('undo leaves the PBX as it was, and keeps key and recordings', async (t) => {
      const undone = await inside('tapedeck', 'setup', '--undo');
      t.equal(undone.code, 0, undone.out);
      t.same(treeOf(path('/etc/asterisk')), before);
      t.ok(existsSync(path('/etc/tapedeck/master.key')));
      t.match((await inside('systemctl', 'is-active', 'tapedeck')).out, /inactive/);
    });

    if (!whole) return;
    await t.test('a further PBX is added at a terminal', (t) => isExtended(t, machine));
    await t.test('destroyed and purged it leaves nothing', (t) => isDestroyed(t, machine));
    await t.test('it is upgraded while a call goes on', async (t) => {
      const older = await olderPackage();
      const converts = older !== null;
      if (!converts)
        t.comment('the sources have no history: the older version is this one with another number');
      const from = older ?? (await withVersion(deb, '0.0.1', t.testdir({})));
      await isUpgraded(t, machine, office, { deb, older: from, converts });
    });
    await t.test('removed it keeps what is yours, and installed again it records', (t) =>
      isRemovedAndReturns(t, machine, office, deb),
    );
    await t.test('lost, it is restored to a machine with the package alone, and records', (t) =>
      isRestored(t, machine, office, { deb, asterisk: ASTERISK }),
    );
    await t.test('purged it keeps what is yours, and names what the PBX still has', (t) =>
      isPurged(t, machine, office, pristine),
    );
  });
