import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import t, { type Test } from 'tap';
import { catalogueFile, catalogueFolder, keysFile, keysFolder } from '../../../daemon/domain/paths.js';
import { check } from '../../../web/ui/verify/check.js';
import {
  callOf,
  PASSWORD,
  packBefore,
  TOTP_SECRET,
  unpackBefore,
} from '../../support/box/before-one-writer.js';
import { type Box, createBox, makeFolders, RECORDER } from '../../support/box/box.js';
import { createApiClient, until } from '../../support/recorder.js';

/** The data of the version whose dashboard wrote the catalogue, and what runs on it now. */
function upgraded(t: Test, how: Parameters<typeof createBox>[1] = {}): Box {
  const base = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  const box = createBox(base, how);
  unpackBefore(box.dataDir);
  makeFolders(box.dataDir); // as "systemd-tmpfiles --create" does before the new version starts
  t.teardown(async () => {
    await box.stop();
    rmSync(base, { recursive: true, force: true });
  });
  return box;
}

const codeNow = () =>
  new TOTP({ secret: new Secret({ buffer: new Uint8Array(TOTP_SECRET).buffer }) }).generate();
const modes = (...paths: string[]) => paths.map((path) => statSync(path).mode & 0o1777);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** What is wrong with the data once the recorder has run on it: nothing, when all of it is there and as it was signed. */
async function faultsOf(box: Box): Promise<string[]> {
  const { dataDir } = box;
  const faults: string[] = [];
  const closed = modes(
    catalogueFolder(dataDir),
    keysFolder(dataDir),
    catalogueFile(dataDir),
    keysFile(dataDir),
  );
  if (String(closed) !== String([0o750, 0o700, 0o640, 0o600]))
    faults.push(`modes: ${closed.map((mode) => mode.toString(8))}`);
  for (const ending of ['-wal', '-shm', '']) {
    const path = `${catalogueFile(dataDir)}${ending}`;
    const { uid } = statSync(path, { throwIfNoEntry: false }) ?? { uid: RECORDER };
    if (process.getuid?.() === 0 && uid !== RECORDER) faults.push(`${path} belongs to user id ${uid}`);
  }
  for (const name of ['control.sock', 'signing/sock', 'catalogue/catalogue.db-journal'])
    if (existsSync(join(dataDir, name))) faults.push(`${name} is still there`);
  for (const args of [
    ['verify', '--all'],
    ['audit', 'verify'],
  ]) {
    const { status, out, err } = box.command(...args);
    if (status !== 0) faults.push(`${args.join(' ')}: ${out}${err}`);
  }
  const { out } = box.command('calls', '--json');
  const calls = (JSON.parse(out) as { id: string; coverage: { status: string } }[]).map(
    ({ id, coverage }) => `${id.at(-1)} ${coverage.status}`,
  );
  const expected = [
    '6 none',
    '5 not_recorded',
    '4 excluded',
    '3 recorded',
    '2 recorded',
    '1 recorded',
    '0 recorded',
  ];
  if (String(calls) !== String(expected)) faults.push(`calls: ${calls}`);
  return faults;
}

t.test(
  'the recorder takes over what the version before left, whose dashboard wrote the catalogue',
  async (t) => {
    const box = upgraded(t, { openKey: true });
    await box.start('run');
    t.same(await faultsOf(box), []);
    const open = (await box.alarms()).filter(({ message }) => /could read the keys/.test(message));
    t.match(
      open,
      [{ severity: 'warning', hint: /keys rotate/ }],
      'an alarm says what the dashboard could do until now',
    );
    t.match(box.said('run'), /Until now the dashboard could read the keys/);
    if (process.getuid?.() === 0)
      t.match(
        box.said('run'),
        /master\.key.*The group of the dashboard can read this file/,
        'this is for an admin to close',
      );

    const address = await box.start('web');
    for (const who of ['anna', 'carla']) {
      const before = await fetch(`${address}/api/v1/calls`, {
        headers: { cookie: `tapedeck_session=${encodeURIComponent(`cookie of ${who}`)}` },
      });
      t.equal(before.status, 401, 'everybody signs in anew');
    }
    const anna = createApiClient(address);
    await anna.signIn('Anna Berg', PASSWORD);
    t.equal((await anna.ask('GET', '/calls')).status, 403, 'the password is not enough for an admin');
    await anna.json('POST', '/session/second-factor', { code: codeNow() });
    t.equal((await anna.calls()).length, 7);
    for (const n of [0, 1, 2]) {
      const { recording } = await anna.call(callOf(n));
      t.equal(
        sha256(await anna.audio(callOf(n))),
        recording?.sha256,
        'each recording plays as it was sealed',
      );
    }
    t.match(await anna.call(callOf(3)), { recording: { state: 'erased' } });
    t.match(await anna.json('GET', '/account/factors'), {
      passkeys: [{ name: 'Laptop' }],
      recovery_codes: 1,
    });
    t.match(await anna.json('GET', '/policy'), {
      version: 2,
      policy: { record: [{ name: 'Works council' }] },
    });
    const carla = createApiClient(address);
    await carla.signIn('Carla Reyes', PASSWORD);
    t.same(
      (await carla.calls()).map(({ id }) => id),
      [callOf(2)],
      'no more than they reach',
    );
    const bearer = (token: string) =>
      fetch(`${address}/api/v1/status`, { headers: { authorization: `Bearer ${token}` } });
    t.equal((await bearer('td_monitoring')).status, 200, 'an API token goes on');
    t.equal((await bearer('td_guessed')).status, 401);

    await box.end('web', 'SIGTERM');
    await box.end('run', 'SIGTERM');
    await box.start('run');
    t.notMatch(box.said('run'), /Until now the dashboard could read/, 'it is said once');
    t.same(await faultsOf(box), []);
  },
);

t.test('a recorder that is killed while it takes the data over goes on at its next start', async (t) => {
  const box = upgraded(t);
  const before = performance.now();
  const whole = upgraded(t);
  await whole.start('run');
  const took = performance.now() - before;
  await whole.stop();
  const tries = 6;
  for (let n = 1; n <= tries; n++) await box.startAndKill(Math.round((took * n) / tries));
  await box.start('run');
  t.same(await faultsOf(box), []);
  await until('it to be said', () => /Until now the dashboard could read the keys/.test(box.log('run')));
});

t.test('the verifier finds an evidence pack of the version before as it was given out', async (t) => {
  const report = await check(packBefore(), () => {});
  t.same(report.faults, []);
  t.ok(report.whole);
  t.equal(report.call, callOf(0));
});
