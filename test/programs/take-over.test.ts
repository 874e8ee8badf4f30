import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { catalogueFile, catalogueFolder, keysFile, keysFolder } from '../../daemon/domain/paths.js';
import { takeLock } from '../../daemon/ops/lock.js';
import { openDataFolder } from '../../daemon/vault/data-folder.js';
import { refuseAbsent, refuseUnmoved } from '../../daemon/vault/installation/refuse.js';
import {
  forgetWitness,
  keepWitness,
  readWitness,
  witnessFile,
} from '../../daemon/vault/installation/witness.js';
import { asBefore } from '../support/as-before.js';
import { createDisk, fingerprint, type Outage, readContents, writeContents } from '../support/power/disk.js';
import { judge } from '../support/power/take-over.js';
import { traceProgram } from '../support/power/trace.js';
import { programOf } from '../support/program-of.js';
import { dice, newSeed } from '../support/search/dice.js';

const PROGRAM = join(import.meta.dirname, '../support/power/take-over.ts');
const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tapedeck-'));
t.teardown(() => rmSync(base, { recursive: true, force: true }));
const root = process.getuid?.() === 0;

/** What an earlier version left when it was killed: made once, copied for each test. */
const killed = join(base, 'killed');
spawnSync(process.execPath, [...programOf(PROGRAM), 'furnish', killed], {
  env: { ...process.env, NODE_OPTIONS: '' },
});

function earlier(_t: Test, how: Parameters<typeof asBefore>[1] = {}): string {
  const dir = mkdtempSync(join(base, 'data-'));
  cpSync(killed, dir, { recursive: true });
  asBefore(dir, how);
  return dir;
}

t.test('what an earlier version left is taken over, with the log that a kill left', async (t) => {
  for (const how of [{}, { keys: true }, { half: true }]) {
    const dir = earlier(t, how);
    t.ok(
      statSync(how.half ? `${catalogueFile(dir)}-wal` : join(dir, 'catalogue.db-wal')).size > 4096,
      'there is a log',
    );
    t.throws(
      () => refuseUnmoved(dir),
      { code: 'data_unmoved' },
      'until then nobody opens it in its new place',
    );
    t.same(await judge(dir), []);
    t.same(
      readdirSync(dir).sort(),
      [
        'catalogue',
        'control',
        'documents',
        'keys',
        'master.bin',
        'owner',
        'prompts',
        'recorder',
        'recordings',
        'signing',
      ],
      'nothing is left where it was',
    );
    t.equal(statSync(dir).mode & 0o022, 0, 'only the recorder adds names there');
    t.same(
      [catalogueFolder(dir), keysFolder(dir)].map((folder) => statSync(folder).mode & 0o1777),
      [0o750, 0o700],
    );
    t.same(
      [catalogueFile(dir), keysFile(dir)].map((file) => statSync(file).mode & 0o777),
      [0o640, 0o600],
    );
    refuseUnmoved(dir);
    t.same(await judge(dir), [], 'and once more');
  }
});

t.test(
  'what another user could write is taken from them, and said',
  { skip: !root && 'only root can give a file away' },
  async (t) => {
    const dir = earlier(t);
    openDataFolder(dir).release();
    // As the version before left it, killed: the dashboard, another user, made the log and has put something there.
    chmodSync(catalogueFolder(dir), 0o3770);
    chmodSync(keysFolder(dir), 0o2750);
    for (const file of [catalogueFile(dir), `${catalogueFile(dir)}-wal`]) chmodSync(file, 0o660);
    chmodSync(keysFile(dir), 0o640);
    chownSync(`${catalogueFile(dir)}-wal`, 4712, 0);
    writeFileSync(join(catalogueFolder(dir), 'theirs'), 'x');
    writeFileSync(`${catalogueFile(dir)}-journal`, '');
    for (const name of ['control.sock', 'signing/sock'])
      execFileSync('python3', [
        ...['-c', 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])'],
        join(dir, name),
      ]);
    const log = statSync(`${catalogueFile(dir)}-wal`);
    t.ok(log.size > 4096);
    const { strange, keysWereOpen, release } = openDataFolder(dir);
    release(); // before anybody could be told
    t.match(strange, [/catalogue\/theirs \(now .*aside/]);
    t.equal(keysWereOpen, true);
    t.same(
      readdirSync(catalogueFolder(dir)).sort(),
      ['', '-shm', '-wal'].map((ending) => `catalogue.db${ending}`),
    );
    const now = statSync(`${catalogueFile(dir)}-wal`);
    t.match(now, { uid: 0, size: log.size }, 'what they may have open is not the log any more');
    t.not(now.ino, log.ino);
    t.equal(now.mode & 0o777, 0o640);
    t.notOk(existsSync(join(dir, 'control.sock')) || existsSync(join(dir, 'signing/sock')));
    const again = openDataFolder(dir);
    t.match(again, { strange: [], keysWereOpen: true }, 'who was killed before it was told tells it');
    again.keysTold();
    again.release();
    const later = openDataFolder(dir);
    later.release();
    t.match(later, { strange: [], keysWereOpen: false }, 'it is said once');
    t.same(await judge(dir), [], 'and every call and key is there');

    chownSync(catalogueFile(dir), 4712, 0);
    t.throws(() => openDataFolder(dir), { code: 'data_foreign', message: /belongs to user id 4712/ });
  },
);

t.test('power may fail, or a kill come, after any system call of the take-over', async (t) => {
  const dir = earlier(t, { keys: true });
  const start = readContents(dir);
  const ops = await traceProgram(dir, [...programOf(PROGRAM), 'take-over', dir], join(base, 'trace'));
  t.ok(ops.filter((op) => op.kind === 'rename').length >= 3, 'catalogue, its log and the keys are moved');
  const seed = newSeed();
  const disk = createDisk(dir, start);
  const seen = new Set<string>();
  const faults: string[] = [];
  for (const [n, op] of ops.entries()) {
    disk.apply(op);
    const chances = Array.from({ length: 3 }, (_, i) => dice(seed + 31 * n + i));
    for (const outage of ['nothing', 'journal', 'everything', ...chances] as Outage[]) {
      const left = disk.after(outage);
      if (seen.has(fingerprint(left))) continue;
      seen.add(fingerprint(left));
      const house = join(base, `cut-${seen.size}`);
      writeContents(house, left);
      faults.push(...(await judge(house)).map((what) => `call ${n} (${op.kind}): ${what}`));
      rmSync(house, { recursive: true });
    }
  }
  t.comment(`seed ${seed}: ${ops.length} system calls, ${seen.size} different disks`);
  t.ok(seen.size >= 8, 'enough to mean something');
  t.same(faults, []);
});

t.test('a start is refused while an earlier version runs, and changes nothing', async (t) => {
  const dir = earlier(t);
  const lock = takeLock(join(dir, 'daemon.lock'));
  const out = spawnSync(process.execPath, [...programOf(PROGRAM), 'take-over', dir], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  t.match(out.stderr, /Another Tapedeck daemon/);
  t.ok(existsSync(join(dir, 'catalogue.db')));
  lock.release();
  t.same(await judge(dir), []);
});

t.test('names that somebody has put in the way are put aside and told of', async (t) => {
  const dir = earlier(t);
  const elsewhere = join(base, 'elsewhere');
  writeFileSync(elsewhere, 'precious');
  for (const name of ['ballast', '.tapedeck-probe', 'daemon.lock']) {
    rmSync(join(dir, name));
    symlinkSync(elsewhere, join(dir, name));
  }
  writeFileSync(join(dir, 'catalogue.db-journal'), 'crafted');
  writeFileSync(join(dir, 'daemon.lock-journal'), 'crafted');
  const { strange, release } = openDataFolder(dir);
  release();
  t.same(strange.map((what) => what.split(' ')[0]!.slice(dir.length + 1)).sort(), [
    'catalogue.db-journal',
    'daemon.lock',
    'daemon.lock-journal',
  ]);
  t.equal(readFileSync(elsewhere, 'utf8'), 'precious');
  t.same(await judge(dir), []);

  for (const [ending, put] of [
    ['-wal', (path: string) => symlinkSync(elsewhere, path)],
    ['-shm', (path: string) => mkdirSync(path)],
    ['-journal', (path: string) => writeFileSync(path, 'crafted')],
    ['-shm', (path: string) => execFileSync('mkfifo', [path])],
  ] as const) {
    const path = `${catalogueFile(dir)}${ending}`;
    rmSync(path, { force: true });
    put(path);
    const found = await judge(dir);
    t.match(found, [new RegExp(`catalogue\\.db${ending} \\(now .*recorder/aside`)], ending);
    t.same(await judge(dir), [], `${ending}: and is over`);
  }
  t.equal(readFileSync(elsewhere, 'utf8'), 'precious');
});

t.test('a catalogue that is a link is not taken over, and none is made in its place', async (t) => {
  const dir = earlier(t);
  const elsewhere = join(base, 'catalogue-elsewhere');
  rmSync(join(dir, 'catalogue.db'));
  writeFileSync(elsewhere, 'precious');
  symlinkSync(elsewhere, join(dir, 'catalogue.db'));
  t.throws(() => openDataFolder(dir), { code: 'data_strange', message: /catalogue\.db is not a plain file/ });
  t.notOk(existsSync(catalogueFile(dir)));
  t.equal(readFileSync(elsewhere, 'utf8'), 'precious');
});

t.test('an empty catalogue at the old place is not taken for the catalogue', async (t) => {
  const dir = earlier(t);
  t.same(await judge(dir), []);
  writeFileSync(join(dir, 'catalogue.db'), ''); // by the tmpfiles.d of an earlier version, at each boot
  t.same(await judge(dir), []);
  t.notOk(existsSync(join(dir, 'catalogue.db')));
});

t.test('a catalogue that an earlier version made later is put aside, not lost, and told of', async (t) => {
  const dir = earlier(t);
  t.same(await judge(dir), []);
  cpSync(catalogueFile(dir), join(dir, 'catalogue.db'));
  t.match(await judge(dir), [/catalogue\.db \(now .*aside/]);
});

t.test(
  "folders that are somebody else's are a fault with a way out",
  { skip: !root && 'only root can give a folder away' },
  async (t) => {
    const dir = mkdtempSync(join(base, 'foreign-'));
    chmodSync(base, 0o755);
    const as = (uid: number) =>
      spawnSync(
        'setpriv',
        [
          `--reuid=${uid}`,
          `--regid=${uid}`,
          '--clear-groups',
          process.execPath,
          '--import',
          'tsx',
          PROGRAM,
          'take-over',
          dir,
        ],
        { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
      );
    t.match(as(4711).stderr, /belongs to another user.*belongs to user id 0/s);
    chmodSync(dir, 0o777);
    t.match(as(4711).stderr, /belongs to another user/, 'also where it could be written');
    chmodSync(dir, 0o750);
    chownSync(dir, 4711, 4711);
    t.equal(as(4711).status, 0);
    chownSync(join(dir, 'keys'), 4712, 4711);
    t.match(as(4711).stderr, /keys belongs to user id 4712/);
  },
);

t.test(
  'an empty data directory with a master key that is not new is not taken for a new installation',
  async (t) => {
    const dir = t.testdir({ data: { keys: {}, catalogue: {} } });
    const [data, key] = [join(dir, 'data'), join(dir, 'master.key')];
    const from = { masterKeyFile: key, configFile: join(dir, 'tapedeck.toml') };
    refuseAbsent(data, from);
    writeFileSync(key, 'x');
    refuseAbsent(data, from);
    const old = new Date(Date.now() - 3 * 86_400_000);
    utimesSync(key, old, old);
    t.throws(() => refuseAbsent(data, from), {
      code: 'data_absent',
      message: /master\.key is 3 days old/,
      hint: /mount.*touch/,
    });
    t.throws(() => refuseAbsent(join(dir, 'none'), from), { code: 'data_absent' });
    writeFileSync(catalogueFile(data), 'x');
    refuseAbsent(data, from);
    rmSync(catalogueFile(data));
    writeFileSync(keysFile(data), 'x');
    refuseAbsent(data, from);
  },
);
t.test('the witness beside the configuration tells an empty or foreign data directory at once', async (t) => {
  const dir = t.testdir({ data: { keys: {}, catalogue: {} } });
  const [data, key, configFile] = ['data', 'master.key', 'tapedeck.toml'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  const from = { masterKeyFile: key, configFile };
  const had = { data, now: Date.UTC(2026, 0, 5) };
  writeFileSync(key, 'x');
  keepWitness(configFile, { ...had, catalogue: 'A', hasCalls: false });
  t.throws(() => refuseAbsent(data, from), {
    code: 'data_absent',
    message: /witness\/data\.json there has been data since 2026-01-05T00:00:00\.000Z\./,
    hint: /findmnt.*rm -f .*touch/,
  });
  t.throws(() => refuseAbsent(join(dir, 'larger'), from), { message: /has been data in .*\/data since/ });
  keepWitness(configFile, { ...had, now: 0, catalogue: 'A', hasCalls: true });
  t.match(
    readWitness(configFile),
    { catalogue: 'A', since: '2026-01-05T00:00:00.000Z' },
    'the first day stays',
  );
  t.throws(() => keepWitness(configFile, { ...had, catalogue: 'B', hasCalls: true }), {
    code: 'data_other',
    message: /catalogue B.*had A since 2026-01-05/,
  });
  keepWitness(configFile, { ...had, catalogue: 'B', hasCalls: false });
  t.match(readWitness(configFile), { catalogue: 'B' }, 'one that was made anew is recorded with');
  for (const text of ['', '{', 'null', '{"catalogue":1,"data":"","since":""}']) {
    writeFileSync(witnessFile(configFile), text);
    t.equal(readWitness(configFile), null, `a file with ${JSON.stringify(text)} keeps nobody from recording`);
    refuseAbsent(data, from);
  }
  forgetWitness(configFile);
  forgetWitness(configFile);
  refuseAbsent(data, from);
});
