import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { migrations } from '../../../daemon/catalogue/sqlite/migrations.js';
import { catalogueFile, lockFile, ownerSocket } from '../../../daemon/domain/paths.js';
import { type Lock, takeLock } from '../../../daemon/ops/lock.js';
import { verifyPassword } from '../../../daemon/ops/secrets/password.js';
import { tablesOf } from '../../support/catalogue/tables.js';
import { startRecorder } from '../../support/cli-recorder.js';
import { site } from '../../support/cli-site.js';

const FIRST = 'correct staple mule';
const NEXT = 'another staple mule';

/** A site with an admin, `ada`, and a file with the next password. Nothing runs there, and nothing has it open. */
async function withAda(t: Test) {
  const house = site(t, { short: true });
  const data = join(house.dir, 'data');
  const file = (name: string, password: string): string => {
    const path = join(house.dir, name);
    writeFileSync(path, password);
    return path;
  };
  await house.tapedeck('user', 'add', 'ada', '--password-file', file('first', FIRST));
  const next = ['--password-file', file('next', NEXT)];
  return { ...house, data, next, lock: lockFile(data) };
}

/** Reads the catalogue of a site, and closes it again. */
async function stored<T>(data: string, read: (c: ReturnType<typeof createSqliteCatalogue>) => Promise<T>) {
  const catalogue = createSqliteCatalogue({ path: catalogueFile(data) });
  await catalogue.start();
  try {
    return await read(catalogue);
  } finally {
    await catalogue.stop();
  }
}
const entriesOf = (data: string) => stored(data, (c) => c.audit.entries({ limit: 50 }));
const everything = (data: string) => {
  const db = new Database(catalogueFile(data), { readonly: true });
  try {
    return tablesOf(db);
  } finally {
    db.close();
  }
};
const isFree = (lock: string): boolean => {
  try {
    takeLock(lock).release();
    return true;
  } catch {
    return false;
  }
};

/** A way back in for somebody who has lost everything, and what each writes. */
const recovery = (next: string[]) => [
  { argv: ['user', 'password', 'ada', ...next], asks: 'set_password', action: 'password_change' },
  {
    argv: ['user', 'factors', 'ada', '--since', '2026-11-25'],
    asks: 'remove_factors',
    action: 'person_change',
  },
  { argv: ['user', 'factors', 'ada', '--reset'], asks: 'reset_factors', action: 'person_change' },
  { argv: ['user', 'add', 'bea', '--role', 'admin', ...next], asks: 'add_user', action: 'person_add' },
  { argv: ['user', 'disable', 'bea'], asks: 'change_person', action: 'person_change' },
  { argv: ['user', 'remove', 'bea'], asks: 'remove_person', action: 'person_remove' },
];

t.test('a recorder that runs is asked, and it alone writes: one entry, by the console', async (t) => {
  const { tapedeck, data, next, lock } = await withAda(t);
  const recorder = await startRecorder(data);
  t.teardown(recorder.stop);
  for (const { argv, asks, action } of recovery(next)) {
    const { size } = await recorder.catalogue.audit.head();
    recorder.asked.length = 0;
    await tapedeck(...argv);
    t.strictSame(recorder.asked, [asks], argv.slice(0, 2).join(' '));
    t.equal((await recorder.catalogue.audit.head()).size, size + 1, 'one entry');
    const [entry] = await recorder.catalogue.audit.entries({ limit: 1 });
    t.match(entry, { actor: 'console', actor_id: '', action });
    t.ok(entry!.actor_name, 'whoever sat there is named');
    t.notOk(isFree(lock), 'the lock is still the recorder\u2019s');
  }
  const ada = await recorder.catalogue.people.byName('ada');
  t.ok(await verifyPassword(ada!.passwordHash, NEXT));
});

t.test('without a recorder the way back in is open, and nobody else writes meanwhile', async (t) => {
  const { tapedeck, context, data, next, lock } = await withAda(t);
  for (const { argv, action } of recovery(next)) {
    const before = (await entriesOf(data)).length;
    await tapedeck(...argv);
    t.ok(isFree(lock), `${argv.slice(0, 2).join(' ')}: the lock is free again`);
    const entries = await entriesOf(data);
    t.equal(entries.length, before + 1, 'one entry');
    t.match(entries[0], { actor: 'console', action });
  }
  t.ok(await stored(data, async (c) => verifyPassword((await c.people.byName('ada'))!.passwordHash, NEXT)));
  const toTell = await stored(data, (c) => c.alarms.open());
  t.same(toTell.map(({ why }) => why.code).sort(), ['approver_new', 'factors_changed', 'factors_changed']);
  t.ok(
    toTell.every(({ toldAt }) => toldAt === null),
    'the recorder tells it at its next start',
  );

  const about = { object: '', object_id: '', reason: '', detail: {} };
  await context.ask('write_entry', { by: { console: 'me' }, action: 'export', outcome: 'ok', ...about });
  t.throws(() => takeLock(lock), { code: 'already_running' }, 'a recorder cannot start beside it');
  await context.close();
  t.ok(isFree(lock));
});

t.test('what fails without a recorder gives the lock back too', async (t) => {
  const { tapedeck, next, lock } = await withAda(t);
  await t.rejects(tapedeck('user', 'remove', 'ada'), { code: 'last_admin' });
  t.ok(isFree(lock));
  await t.rejects(tapedeck('user', 'add', 'ADA', '--role', 'admin', ...next), { code: 'user_exists' });
  t.ok(isFree(lock));
});

t.test('a recorder that has the lock and does not answer: nothing is done, and that is said', async (t) => {
  const { tapedeck, data, next, lock } = await withAda(t);
  const held: Lock = takeLock(lock);
  const before = everything(data);
  const refused = async (what: string) => {
    for (const { argv } of recovery(next).slice(0, 3))
      await t.rejects(
        tapedeck(...argv),
        { code: 'already_running', detail: /does not answer.*nothing was changed/ },
        `${argv.slice(0, 2).join(' ')}: ${what}`,
      );
    t.strictSame(everything(data), before, `${what}: nothing was done`);
    t.notOk(isFree(lock), 'nor was the lock taken away');
  };
  await refused('it has no socket yet');

  const waiting: Socket[] = [];
  const mute = createServer((socket) => void waiting.push(socket.on('error', () => {})));
  mkdirSync(dirname(ownerSocket(data)), { recursive: true, mode: 0o700 });
  await new Promise<void>((resolve) => mute.listen(ownerSocket(data), resolve));
  await refused('it hangs');
  t.ok(waiting.length >= 3, 'it was asked');
  for (const socket of waiting) socket.destroy();
  await new Promise((resolve) => mute.close(resolve));

  held.release();
  await tapedeck(...recovery(next)[0]!.argv);
  t.equal((await entriesOf(data))[0]?.action, 'password_change', 'and it is done once the recorder is gone');
});

t.test('a catalogue of an earlier version is left as it is while a recorder has it', async (t) => {
  const { tapedeck, dir, next } = await (async () => {
    const house = site(t, { short: true, recorded: false });
    writeFileSync(join(house.dir, 'next'), NEXT);
    return { ...house, next: ['--password-file', join(house.dir, 'next')] };
  })();
  const data = join(dir, 'data');
  const path = catalogueFile(data);
  for (const folder of [dirname(path), dirname(lockFile(data))]) mkdirSync(folder, { recursive: true });
  const old = new Database(path);
  t.teardown(() => old.close());
  old.pragma('journal_mode = WAL');
  for (const sql of migrations.slice(0, -1)) old.exec(sql);
  old.pragma(`user_version = ${migrations.length - 1}`);
  const version = () => old.pragma('user_version', { simple: true });

  const held = takeLock(lockFile(data));
  for (const argv of [['user', 'list'], ['user', 'add', 'ada', ...next], ['calls']])
    await t.rejects(tapedeck(...argv), { code: 'catalogue_older' }, argv.slice(0, 2).join(' '));
  await t.rejects(tapedeck('jobs', 'cancel', '01JDK3V7Q8ZM5T4R2XW9YB6C1E'), { code: 'already_running' });
  t.equal(version(), migrations.length - 1);
  held.release();
  await t.rejects(tapedeck('jobs', 'cancel', '01JDK3V7Q8ZM5T4R2XW9YB6C1E'), { code: 'job_unknown' });
  t.equal(version(), migrations.length, 'whoever has the lock may convert it');
});
