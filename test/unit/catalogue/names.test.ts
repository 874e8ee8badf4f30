import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { createBallast, probeDisk } from '../../../daemon/ops/disk.js';
import { readPlain } from '../../../daemon/ops/read-plain.js';
import { craftedJournal } from '../../support/catalogue/crafted-journal.js';

const precious = (dir: string): string => {
  const file = join(dir, 'precious');
  writeFileSync(file, 'every key');
  return file;
};

t.test('a probe of the disk follows no link', async (t) => {
  const dir = t.testdir({});
  const file = precious(dir);
  symlinkSync(file, join(dir, '.tapedeck-probe'));
  t.equal(await probeDisk(dir, true), null);
  t.equal(readFileSync(file, 'utf8'), 'every key');
});

t.test('the ballast does not grow over what a link points to, nor is that cut', async (t) => {
  const dir = t.testdir({});
  const file = precious(dir);
  symlinkSync(file, join(dir, 'ballast'));
  const ballast = createBallast({ path: join(dir, 'ballast'), bytes: 1 << 20 });
  await ballast.make().catch(() => {});
  ballast.release();
  t.equal(readFileSync(file).subarray(0, 40).toString('latin1'), 'every key');
});

t.test('a catalogue that is a symbolic link is not opened', async (t) => {
  const dir = t.testdir({});
  mkdirSync(join(dir, 'catalogue'));
  const elsewhere = join(dir, 'elsewhere');
  writeFileSync(elsewhere, '');
  symlinkSync(elsewhere, join(dir, 'catalogue/catalogue.db'));
  const catalogue = createSqliteCatalogue({ path: join(dir, 'catalogue/catalogue.db') });
  t.teardown(() => catalogue.stop());
  await t.rejects(catalogue.start());
  t.equal(statSync(elsewhere).size, 0);
});

t.test('what the dashboard wrote down is read without following a link or waiting for a pipe', async (t) => {
  const dir = t.testdir({});
  const file = precious(dir);
  t.equal(readPlain(file).toString(), 'every key');
  symlinkSync(file, join(dir, 'link'));
  t.throws(() => readPlain(join(dir, 'link')), { code: 'ELOOP' });
  execFileSync('mkfifo', [join(dir, 'fifo')]);
  t.throws(() => readPlain(join(dir, 'fifo')), /not a plain file/);
  t.throws(() => readPlain(dir), /not a plain file/);
});

t.test('a crafted journal beside the catalogue does not have a file deleted', async (t) => {
  const dir = t.testdir({});
  const file = precious(dir);
  const path = join(dir, 'catalogue.db');
  const first = createSqliteCatalogue({ path });
  await first.start();
  await first.stop();
  writeFileSync(`${path}-journal`, craftedJournal(file, statSync(path).size / 4096));
  const again = createSqliteCatalogue({ path });
  await again.start().catch(() => {});
  await again.stop();
  t.ok(existsSync(file), 'the file that it names is there');
});

/** Opens a catalogue's file with a write-ahead log, adds a row, and says how many there are and whether all is well. */
const WRITER = `
  const [, path, end] = process.argv;
  const db = new (require(${JSON.stringify(createRequire(import.meta.url).resolve('better-sqlite3'))}))(path);
  db.pragma('journal_mode = WAL');
  db.exec('CREATE TABLE IF NOT EXISTS t (x); INSERT INTO t VALUES (1)');
  process.stdout.write(db.prepare('SELECT count(*) FROM t').pluck().get() + ' ' + db.pragma('integrity_check', { simple: true }));
  if (end === 'killed') process.kill(process.pid, 'SIGKILL');
  db.close();
`;

t.test(
  "two users write the catalogue in a folder in which neither can remove what is the other's",
  { skip: process.getuid?.() !== 0 && 'only root can be somebody else' },
  async (t) => {
    const base = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    t.teardown(() => rmSync(base, { recursive: true, force: true }));
    chmodSync(base, 0o755);
    const path = catalogueFile(base);
    const as = (uid: number, ...argv: string[]) =>
      spawnSync('setpriv', [`--reuid=${uid}`, '--regid=48101', '--clear-groups', ...argv], {
        encoding: 'utf8',
      });
    execFileSync('install', ['-d', '-o', '48101', '-g', '48101', '-m', '3770', dirname(path)]);
    execFileSync('install', ['-o', '48101', '-g', '48101', '-m', '0660', '/dev/null', path]);
    const write = (uid: number, end = 'closed') => as(uid, process.execPath, '-e', WRITER, path, end).stdout;
    const [recorder, dashboard] = [48_101, 48_102];
    const ways: [number, string?][] = [
      [recorder],
      [recorder, 'killed'],
      [dashboard],
      [dashboard, 'killed'],
      [recorder],
      [dashboard, 'killed'],
      [dashboard],
      [recorder],
    ];
    for (const [n, [uid, end]] of ways.entries())
      t.equal(write(uid, end), `${n + 1} ok`, `${uid} ${end ?? ''}`);
    for (const argv of [
      ['rm', '-f', path],
      ['mv', path, `${path}-other`],
      ['ln', '-sfn', '/etc/hostname', path],
    ])
      t.not(as(dashboard, ...argv).status, 0, argv.join(' '));
    t.equal(write(recorder), `${ways.length + 1} ok`);
  },
);
