import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { createDevices } from '../../../web/auth/devices.js';
import { createTries } from '../../../web/auth/tries.js';
import type { KeptSession } from '../../../web/store/sessions.js';
import { createTelling } from '../../../web/store/telling.js';
import { aStore, entry, NOW, session } from '../../support/dashboard-store.js';

const every = { most: 1_000, chars: 1e9 };

t.test('nobody else reads it', async (t) => {
  const lab = aStore(t);
  lab.open().sessions.add(session, null);
  t.equal(statSync(dirname(lab.path)).mode & 0o777, 0o700);
  for (const end of ['', '-wal', '-shm']) t.equal(statSync(`${lab.path}${end}`).mode & 0o777, 0o600, end);
});

t.test('sessions outlive a restart, and an old token works on for a while', async (t) => {
  const lab = aStore(t);
  let { sessions } = lab.open();
  t.ok(sessions.add(session, null));
  ({ sessions } = lab.open());
  t.same(sessions.byToken('one', NOW), session);
  t.equal(sessions.byToken('other', NOW), null);

  t.ok(sessions.renew('one', 'two', { gains: 3, at: NOW, until: NOW + 30_000 }));
  t.notOk(sessions.renew('one', 'three', { gains: 3, at: NOW, until: NOW + 30_000 }), 'another was quicker');
  t.match(sessions.byToken('two', NOW), { id: 'S', gains: 3 });
  t.match(sessions.byToken('one', NOW + 29_999), { id: 'S', tokenHash: 'one' });
  t.equal(sessions.byToken('one', NOW + 30_000), null);
  t.match(sessions.byId('S'), { tokenHash: 'two' });
  t.equal(sessions.of('ada').length, 1, 'both are of one session');

  sessions.touch('S', NOW + 59_999);
  t.equal(sessions.byId('S')!.seenAt, NOW, 'kept to the minute');
  sessions.touch('S', NOW + 60_000);
  t.equal(sessions.byId('S')!.seenAt, NOW + 60_000);

  t.ok(sessions.remove('S'));
  t.notOk(sessions.remove('S'));
  t.equal(sessions.byToken('two', NOW), null, 'both tokens end with it');
  t.equal(sessions.byToken('one', NOW), null);
});

t.test('a session goes on with a further proof only while it is there', async (t) => {
  const { sessions } = aStore(t).open();
  const next: KeptSession = {
    ...session,
    tokenHash: 'two',
    proofs: ['password', 'totp'],
    seenAt: NOW + 1_000,
  };
  t.notOk(sessions.add(next, 'one'), 'it never was');
  sessions.add(session, null);
  t.notOk(sessions.add({ ...next, id: 'other' }, 'one'), 'under its own id');
  t.notOk(sessions.add({ ...next, userId: 'bob' }, 'one'), 'as its own person');
  t.notOk(sessions.add({ ...next, epoch: 1 }, 'one'), 'all of theirs were ended meanwhile');
  t.notOk(sessions.add({ ...next, seenAt: session.expiresAt }, 'one'), 'for no longer than it lasts');
  t.match(sessions.byToken('one', NOW), { proofs: ['password'] });
  t.ok(sessions.add(next, 'one'));
  t.same(sessions.byToken('two', NOW), next);
  t.equal(sessions.byToken('one', NOW), null, 'with a token of its own');
});

t.test('sessions end one by one, all but one, all, and by their time', async (t) => {
  const { sessions } = aStore(t).open();
  for (const id of ['a', 'b', 'c', 'd']) sessions.add({ ...session, id, tokenHash: `token ${id}` }, null);
  sessions.add({ ...session, id: 'x', tokenHash: 'token x', userId: 'bob', expiresAt: NOW + 5 }, null);
  t.equal(sessions.end('bob', { id: 'a' }), 0, 'not one of another person');
  t.equal(sessions.end('ada', { id: 'a' }), 1);
  t.equal(sessions.end('ada', { keep: 'b' }), 2);
  t.same(
    sessions.of('ada').map(({ id }) => id),
    ['b'],
  );
  t.same(sessions.removeExpired(NOW + 4), []);
  t.same(sessions.removeExpired(NOW + 5), [{ userId: 'bob', createdAt: NOW }]);
  t.equal(sessions.end('ada', { keep: null }), 1);
});

t.test('a restart gives a guesser no fresh tries', async (t) => {
  const lab = aStore(t);
  const clock = { ms: NOW };
  const restarted = () => createTries({ store: lab.open(), now: () => clock.ms });
  for (let n = 0; n < 10; n++) t.match(restarted().take('10.0.0.7', 'Adalyn'), { known: false });
  t.same(restarted().take('10.0.0.7', 'adalyn'), { waitSeconds: 360 });
  t.match(restarted().take('10.0.0.7', 'bob'), { known: false }, 'another name has its own');
  t.same(restarted().take('10.0.0.8', 'adalyn'), { waitSeconds: 360 }, 'from wherever');
  for (let n = 0; n < 9; n++) t.match(restarted().takeFrom('10.0.0.7'), {});
  t.same(restarted().takeFrom('10.0.0.7'), { waitSeconds: 60 }, 'twenty from one address');
  t.same(restarted().takeFrom('::ffff:10.0.0.7'), { waitSeconds: 60 });
  clock.ms -= 3_600_000;
  t.match(
    restarted().take('10.0.0.8', 'adalyn'),
    { waitSeconds: 360 },
    'a clock that is set back gives none',
  );
  clock.ms += 360_000;
  t.match(restarted().take('10.0.0.8', 'adalyn'), { known: false });
  t.match(restarted().take('10.0.0.8', 'adalyn'), { waitSeconds: 360 });
  lab.close();
  t.notMatch(
    readFileSync(lab.path, 'latin1'),
    /10\.0\.0\.|adalyn/i,
    'neither names nor addresses stand in it',
  );
});

t.test(
  'one address of an IPv6 network that guesses does not shut out the others, nor do all of them guess more',
  async (t) => {
    const tries = createTries({ store: aStore(t).open(), now: () => NOW });
    const from = (n: number) => tries.takeFrom(`2001:db8:1:2::${n}`);
    for (let n = 0; n < 20; n++) t.match(from(1), { succeeded: Function });
    t.match(from(1), { waitSeconds: 60 });
    t.match(from(2), { succeeded: Function }, 'a neighbour');
    for (let n = 3; n < 82; n++) t.match(from(n), { succeeded: Function });
    t.match(from(99), { waitSeconds: 12 }, 'a hundred from one network');
    t.match(tries.takeFrom('2001:db8:1:3::1'), { succeeded: Function }, 'another network');
  },
);

t.test('who has signed in from an address or in a browser is not locked out by guessing', async (t) => {
  const lab = aStore(t);
  const restarted = () => createTries({ store: lab.open(), now: () => NOW });
  const first = restarted().take('10.0.0.7', 'ada');
  if ('waitSeconds' in first) throw new Error('she has tries');
  first.succeeded();
  for (let n = 0; n < 10; n++) restarted().take('10.9.9.9', 'ada');
  t.match(restarted().take('10.9.9.9', 'ada'), { waitSeconds: 360 });
  t.match(restarted().take('10.0.0.7', 'ada'), { known: true });
  t.match(restarted().take('10.8.8.8', 'ada', 'the hash of a cookie'), { known: true });
  for (let n = 0; n < 9; n++) restarted().take('10.0.0.7', 'ada');
  t.match(restarted().take('10.0.0.7', 'ada'), { waitSeconds: 360 }, 'but is measured too');
});

t.test('a try that was right is given back', async (t) => {
  const lab = aStore(t);
  const tries = createTries({ store: lab.open(), now: () => NOW });
  for (let n = 0; n < 30; n++) {
    const taken = tries.takeFrom('10.0.0.7');
    if ('waitSeconds' in taken) t.fail('it is used up');
    else taken.succeeded();
  }
  t.match(tries.takeFrom('10.0.0.7'), {});
});

t.test('many guessers fill no disk, and give none of them fresh tries', async (t) => {
  const { tries } = aStore(t).open();
  const limit = { burst: 10, hourly: 10 };
  const guessed = [{ key: 'guessed', limit }];
  for (let n = 0; n < 10; n++) tries.take(guessed, NOW);
  const many = Array.from({ length: 50_050 }, (_, n) => ({ key: `key ${n}`, limit }));
  for (let n = 0; n < many.length; n += 1_001) tries.take(many.slice(n, n + 1_001), NOW);
  t.ok(tries.take(guessed, NOW) > 0, 'those go that are nearest to being full');
  const db = new Database(aPath(t), { readonly: true });
  t.equal(db.prepare('SELECT count(*) FROM tries').pluck().get(), 50_000);
  tries.take([{ key: 'one more', limit }], NOW + 3_600_000);
  t.equal(db.prepare('SELECT count(*) FROM tries').pluck().get(), 1, 'all others have come back');
  db.close();
});
const aPath = (t: { testdirName: string }) => `${t.testdirName}/web/web.db`;

t.test('browsers are known again, the newest twenty of each person', async (t) => {
  const lab = aStore(t);
  const clock = { ms: NOW };
  const cookies: string[] = [];
  const reply = { setCookie: (_: string, value: string) => void cookies.push(value) } as never;
  const devices = () => createDevices({ store: lab.open(), now: () => clock.ms, secure: true });
  const request = (value?: string) => ({
    cookies: value === undefined ? {} : { '__Host-tapedeck_device': value },
  });
  for (let n = 0; n < 21; n++) {
    clock.ms += 1;
    await devices().remember(request(), reply, 'ada');
  }
  t.equal(await devices().known(request(cookies[0]), 'ada'), null, 'the oldest is forgotten');
  t.match(await devices().known(request(cookies[1]), 'ada'), /^[0-9a-f]{64}$/);
  t.equal(await devices().known(request(cookies[1]), 'bob'), null);
  t.equal(await devices().known(request(), 'ada'), null);
  await devices().remember(request(cookies[1]), reply, 'bob');
  t.equal(cookies.at(-1), cookies[1], 'a browser keeps its cookie');
  clock.ms += 181 * 86_400_000;
  await devices().remember(request(), reply, 'carl');
  t.equal(await devices().known(request(cookies[1]), 'ada'), null, 'as long as the cookie lasts');
});

t.test('what is to be told keeps its order and its numbers over restarts', async (t) => {
  const lab = aStore(t);
  let { telling } = lab.open();
  const source = telling.source();
  t.match(source, /^[0-9a-f]{32}$/);
  telling.add([entry(1), entry(2)]);
  ({ telling } = lab.open());
  t.equal(telling.source(), source);
  t.equal(telling.waiting(), 2);
  telling.add([entry(3)]);
  t.same(
    telling.next(every).map(({ seq, detail }) => [seq, detail.n]),
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
  );
  t.same(
    telling.next({ most: 2, chars: 1e9 }).map(({ seq }) => seq),
    [1, 2],
  );
  t.same(
    telling.next({ most: 9, chars: 10 }).map(({ seq }) => seq),
    [1],
    'one at least',
  );
  telling.remove(3);
  ({ telling } = lab.open());
  telling.add([entry(4)]);
  t.same(
    telling.next(every).map(({ seq }) => seq),
    [4],
    'a number is never given twice',
  );
  t.equal(telling.newest(), 4);
});

t.test('what finds no room is counted, also over a restart', async (t) => {
  const lab = aStore(t);
  lab.open();
  const again = () => {
    lab.open();
    const db = new Database(lab.path);
    t.teardown(() => db.close());
    return createTelling(db, 3);
  };
  let telling = again();
  telling.add([entry(1), entry(2), entry(3), entry(4)]);
  telling.add([entry(5)]);
  telling = again();
  t.equal(telling.waiting(), 3);
  telling.add([entry(6)], 2);
  telling.remove(1);
  telling.add([entry(7), entry(8)]);
  t.same(telling.next(every).at(-1)!.detail, { n: 7, entries_lost_before: 5 });
  telling = again();
  telling.remove(9);
  telling.add([entry(9), entry(10)]);
  t.same(
    telling.next(every).map(({ detail }) => detail),
    [{ n: 9, entries_lost_before: 1 }, { n: 10 }],
  );
});

t.test('a file that is no database is begun anew', async (t) => {
  const lab = aStore(t);
  lab.open().sessions.add(session, null);
  lab.close();
  writeFileSync(lab.path, 'This is not a database, '.repeat(500));
  const { sessions, telling } = lab.open();
  t.equal(sessions.byToken('one', NOW), null, 'everybody signs in anew');
  telling.add([entry(1)]);
  t.equal(telling.waiting(), 1);
  t.match(lab.logged, [{ level: 50, entries: 0 }]);
});

t.test('what a damaged file had to tell is taken along', async (t) => {
  const lab = aStore(t);
  const { telling, sessions } = lab.open();
  const source = telling.source();
  sessions.add(session, null);
  telling.add(Array.from({ length: 400 }, (_, n) => entry(n)));
  lab.close();
  // A page in the middle of the index of sessions: everything else can be read.
  const db = new Database(lab.path);
  const page = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sessions_by_user'").pluck().get();
  db.close();
  const bytes = readFileSync(lab.path);
  bytes.fill(0xff, (Number(page) - 1) * 4096, Number(page) * 4096);
  writeFileSync(lab.path, bytes);

  const mended = lab.open().telling;
  t.equal(mended.waiting(), 400);
  t.not(mended.source(), source, 'its numbers begin anew');
  t.equal(mended.next(every)[399]!.detail.n, 399);
  t.match(lab.logged, [{ entries: 400 }]);
});

t.test('a file of a later version is begun anew, with what it had to tell', async (t) => {
  const lab = aStore(t);
  lab.open().telling.add([entry(1)]);
  lab.close();
  const db = new Database(lab.path);
  db.pragma('user_version = 99');
  db.exec('ALTER TABLE telling ADD COLUMN later TEXT');
  // As a process that was killed leaves it: all of it is in the log beside the file.
  const left = ['', '-wal'].map((end) => [end, readFileSync(`${lab.path}${end}`)] as const);
  db.close();
  for (const [end, bytes] of left) writeFileSync(`${lab.path}${end}`, bytes);
  t.equal(lab.open().telling.waiting(), 1);
  t.match(lab.logged, [{ entries: 1 }]);
  t.equal(lab.open().telling.waiting(), 1);
  t.equal(lab.logged.length, 1, 'once');
});

t.test('what cannot be read of the queue does not keep the rest', async (t) => {
  const lab = aStore(t);
  const { telling } = lab.open();
  telling.add([entry(1), entry(2)]);
  const db = new Database(lab.path);
  db.exec("UPDATE telling SET entry = 'broken' WHERE seq = 1");
  db.close();
  t.match(telling.next(every), [
    { seq: 1, action: undefined },
    { seq: 2, action: 'view' },
  ]);
});

t.test('what was told leaves the file', async (t) => {
  const lab = aStore(t);
  const { telling } = lab.open();
  telling.add([{ ...entry(1), words: 'Ada Caller' }]);
  telling.remove(1);
  lab.close();
  t.notMatch(readFileSync(lab.path, 'latin1'), /Ada Caller/);
});
