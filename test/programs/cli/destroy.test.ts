import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { wipeData } from '../../../daemon/cli/destroy/wipe.js';
import { openBox, siteIn } from '../../support/backup/box.js';

/** `tapedeck destroy --everything`, as the built program, on a data directory with recordings. */
const MAIN = join(import.meta.dirname, '../../../dist/daemon/main.js');
const SENTENCE = `destroy everything on ${hostname()}`;
const run = promisify(execFile);

/** A site with three recordings, one of which is erased, and a spool with speech in the clear beside what is not ours. */
async function recordedSite(t: Test, { held = false } = {}) {
  const dir = t.testdir({ spool: { 'someone-else.wav': 'theirs' } });
  const site = await siteIn(dir);
  const spool = join(dir, 'spool');
  const ours = 'tapedeck-01ARZ3NDEKTSV4RRFFQ69G5FAV-0-in.wav';
  writeFileSync(join(spool, ours), 'speech');
  const toml = readFileSync(site.configFile, 'utf8');
  writeFileSync(site.configFile, `${toml}[pbx]\nspool = ${JSON.stringify(spool)}\n`);
  const box = await openBox(site);
  for (const n of [1, 2, 3]) await box.record(n);
  await box.erase(2);
  if (held) await box.hold('Miller against Berg', 1);
  await box.close();

  const tapedeck = (...args: string[]) =>
    run(process.execPath, [MAIN, '--config', site.configFile, 'destroy', ...args], {
      env: { ...process.env, NODE_OPTIONS: '' },
    }).then(
      ({ stdout, stderr }) => ({ code: 0, out: stdout + stderr }),
      (e: { code: number; stdout: string; stderr: string }) => ({ code: e.code, out: e.stdout + e.stderr }),
    );
  const files = () => readdirSync(site.dataDir, { recursive: true, encoding: 'utf8' }).sort();
  return { ...site, spool, ours, tapedeck, files };
}

t.test(
  'it destroys keys, recordings, catalogue, captured audio and configuration, and says what it cannot',
  async (t) => {
    const { tapedeck, dataDir, masterKeyFile, configFile, spool, dir } = await recordedSite(t);
    const outside = join(dir, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'precious'), 'not of Tapedeck');
    symlinkSync(outside, join(dataDir, 'recordings/link'));

    const { code, out } = await tapedeck('--everything', '--confirm', SENTENCE);
    t.equal(code, 0, out);
    t.match(out, /2 recordings \(140.4 KB\), of 2026-01-05 to 2026-01-05/);
    t.match(out, /No legal hold is open/);
    t.match(out, /Keys: destroyed[\s\S]*Recordings, catalogue and audit log: destroyed/, 'keys go first');
    t.match(out, /Not reached from here:[\s\S]*backups[\s\S]*Copies of the master key/);
    for (const gone of [dataDir, masterKeyFile, configFile]) t.notOk(existsSync(gone), `${gone} is gone`);
    t.same(
      readdirSync(spool),
      ['someone-else.wav'],
      'speech in the clear is gone, and what is not ours is there',
    );
    t.same(readdirSync(outside), ['precious'], 'a link is not followed');
  },
);

t.test('without the sentence, or with another, nothing is destroyed', async (t) => {
  const { tapedeck, files } = await recordedSite(t);
  const before = files();
  for (const args of [[], ['--everything'], ['--everything', '--confirm', 'yes'], ['--confirm', SENTENCE]]) {
    const { code, out } = await tapedeck(...args);
    t.equal(code, 2, args.join(' '));
    t.match(out, /Nothing was destroyed/);
  }
  t.same(files(), before);
});

t.test('while a legal hold is open it refuses, and names the matter', async (t) => {
  const { tapedeck, files, masterKeyFile } = await recordedSite(t, { held: true });
  const before = files();
  const { code, out } = await tapedeck('--everything', '--confirm', SENTENCE);
  t.equal(code, 1);
  t.match(out, /under a legal hold\. "Miller against Berg" \(1 recording\)/);
  t.match(out, /tapedeck holds release/);
  t.same(files(), before);
  t.ok(existsSync(masterKeyFile));
});

t.test('where holds cannot be read it refuses', async (t) => {
  const { tapedeck, dataDir, masterKeyFile } = await recordedSite(t);
  writeFileSync(join(dataDir, 'catalogue/catalogue.db'), 'no database');
  const { code, out } = await tapedeck('--everything', '--confirm', SENTENCE);
  t.not(code, 0);
  t.match(out, /whether recordings are under a legal hold cannot be read/);
  t.ok(existsSync(masterKeyFile));
});

t.test('an interrupted run is finished by the next one', async (t) => {
  const { tapedeck, dataDir, configFile, dir } = await recordedSite(t);
  // As it is after a power cut: keys and catalogue are gone, and the rest is not.
  writeFileSync(join(dir, 'destroying'), '');
  for (const name of ['keys/keys.db', 'catalogue/catalogue.db']) await run('rm', [join(dataDir, name)]);
  const { code, out } = await tapedeck('--everything', '--confirm', SENTENCE);
  t.equal(code, 0, out);
  t.match(out, /what an interrupted run has left/);
  for (const gone of [dataDir, configFile, join(dir, 'destroying')]) t.notOk(existsSync(gone));
});

t.test(
  'folders of several users go, also one that the owner of the data directory cannot read',
  { skip: process.getuid?.() !== 0 && 'only root can give a folder away' },
  async (t) => {
    const [recorder, dashboard] = [48_103, 48_104];
    // Where every user gets to.
    const dir = mkdtempSync(join(tmpdir(), 'tapedeck-destroy-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    chmodSync(dir, 0o755);
    const data = join(dir, 'data');
    for (const [path, owner] of [
      [data, recorder],
      [join(data, 'keys'), recorder],
      [join(data, 'web'), dashboard],
    ] as const) {
      mkdirSync(path, { mode: 0o700 });
      writeFileSync(join(path, 'file'), 'x', { mode: 0o600 });
      for (const one of [path, join(path, 'file')]) chownSync(one, owner, recorder);
    }
    chmodSync(data, 0o2750);
    // As the recorder's user alone could not do it.
    chownSync(dir, recorder, recorder);
    t.same(await wipeData(data), []);
    t.notOk(existsSync(data));
  },
);
