import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createSqliteCatalogue } from '../daemon/catalogue/sqlite/catalogue.js';
import { createBallast, probeDisk } from '../daemon/ops/disk.js';
import { readPlain } from '../daemon/ops/read-plain.js';
import { craftedJournal } from './support/crafted-journal.js';

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
