import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { aStore, entry, session } from '../../support/dashboard-store.js';

t.test('in a folder where no file can be made it works with those that are there', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tapedeck-web-'));
  const lab = aStore(t, join(folder, 'web.db'));
  const somebody = 48_102;
  for (const end of ['', '-wal', '-shm']) {
    writeFileSync(`${lab.path}${end}`, '', { mode: 0o600 });
    if (process.getuid?.() === 0) chownSync(`${lab.path}${end}`, somebody, somebody);
  }
  chmodSync(folder, 0o555);
  const names = readdirSync(folder);
  // Root could make one all the same.
  if (process.getuid?.() === 0) process.seteuid?.(somebody);
  t.teardown(() => {
    lab.close();
    if (process.getuid?.() === 0) process.seteuid?.(0);
    chmodSync(folder, 0o755);
    rmSync(folder, { recursive: true });
  });
  t.throws(() => writeFileSync(join(folder, 'another'), ''), { code: 'EACCES' });
  lab.open().sessions.add(session, null);
  const { telling } = lab.open();
  telling.add([{ ...entry(1), words: 'Ada Caller' }]);
  telling.remove(1);
  lab.close();
  t.equal(statSync(`${lab.path}-wal`).size, 0, 'what was searched for is not left in the log');
  writeFileSync(lab.path, 'This is not a database, '.repeat(500));
  lab.open().telling.add([entry(2)]);
  t.equal(lab.open().telling.waiting(), 1, 'begun anew in place');
  t.same(readdirSync(folder), names);
});

t.test('it never grows larger than its bound, and what finds no room says so', async (t) => {
  const lab = aStore(t);
  const { telling } = lab.open();
  const many = Array.from({ length: 1_000 }, (_, n) => ({ ...entry(n), words: 'x'.repeat(1_000) }));
  t.throws(
    () => {
      for (let n = 0; n < 40; n++) telling.add(many);
    },
    { code: 'disk_full' },
  );
  for (const end of ['', '-wal']) t.ok(statSync(`${lab.path}${end}`).size <= 32 * 1024 ** 2, end);
  telling.remove(telling.newest());
  telling.add([entry(1)]);
  t.equal(telling.waiting(), 1, 'once the recorder has the rest');
});
