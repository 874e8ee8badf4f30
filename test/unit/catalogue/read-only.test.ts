import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { migrations } from '../../../daemon/catalogue/sqlite/migrations.js';
import { createSides, RECORDER } from '../../support/catalogue/sides.js';
import { until } from '../../support/recorder.js';

if (process.getuid?.() !== 0) {
  t.pass('a catalogue that another user reads', { skip: 'only root can be somebody else' });
  process.exit(0);
}

t.test('the dashboard may be started before the recorder, and stay after it', async (t) => {
  const sides = createSides(t);
  const reader = sides.reader();
  await reader.tell('start');
  t.same(await reader.tell('calls'), { error: 'catalogue_missing' }, 'before the first start');

  let writer = sides.writer();
  await writer.tell('start');
  await writer.tell('save A');
  const files = readdirSync(dirname(sides.path)).map((name) => [
    name,
    (statSync(join(dirname(sides.path), name)).mode & 0o777).toString(8),
  ]);
  t.same(Object.fromEntries(files), {
    'catalogue.db': '640',
    'catalogue.db-shm': '640',
    'catalogue.db-wal': '640',
  });
  await until('the dashboard to see it', async () => (await reader.tell('call A')) === 'A');
  // While the recorder makes it, it has the shape of an earlier version for a moment.
  const changes = (await reader.tell('changes')) as string[];
  t.same(
    changes.filter((change) => change !== 'catalogue_older'),
    ['catalogue_missing', 'readable'],
  );
  await writer.tell('save B');
  t.equal(await reader.tell('call B'), 'B', 'what was written is there at once');

  await writer.tell('stop');
  t.equal(await reader.tell('calls'), 2, 'the recorder stops: it goes on reading');
  await writer.tell('start');
  await writer.tell('save C');
  t.equal(await reader.tell('call C'), 'C');
  await writer.kill();
  t.equal(await reader.tell('calls'), 3, 'the recorder is killed: the same');
  writer = sides.writer();
  await writer.tell('start');
  await writer.tell('save D');
  t.equal(await reader.tell('call D'), 'D');

  await reader.tell('stop');
  await writer.tell('stop');
  await reader.tell('start');
  t.equal(await reader.tell('calls'), 4, 'both were stopped: it reads what the recorder has left');
  t.equal(await reader.tell('call D'), 'D');
  await writer.tell('start');
  await writer.tell('save E');
  t.equal(await reader.tell('call E'), 'E', 'and follows it again');
  await reader.tell('stop');
  await writer.tell('stop');
  for (const ending of ['-wal', '-shm']) rmSync(`${sides.path}${ending}`);
  await reader.tell('start');
  t.same(await reader.tell('calls'), { error: 'catalogue_away' }, 'without the log it waits');
  t.same(readdirSync(dirname(sides.path)), ['catalogue.db'], 'and makes nothing there');
  await writer.tell('start');
  await until('the dashboard to come back', async () => (await reader.tell('calls')) === 5);
  t.same(await reader.tell('changes'), ['catalogue_away', 'readable']);
  t.same(await reader.tell('save E'), { error: 'internal' }, 'it writes nothing');
  t.equal(await writer.tell('integrity'), 'ok');
});

t.test('a catalogue of another version is said to be so, until it fits again', async (t) => {
  const sides = createSides(t);
  const [reader, writer] = [sides.reader(), sides.writer()];
  await writer.tell('start');
  await writer.tell('save A');
  await reader.tell('start');
  t.equal(await reader.tell('calls'), 1);
  const now = migrations.length;
  for (const [version, error] of [
    [now + 1, 'catalogue_newer'],
    [now - 1, 'catalogue_older'],
  ] as const) {
    t.equal(await writer.tell(`version ${version}`), now);
    t.same(await reader.tell('calls'), { error }, 'with the next read');
    await writer.tell(`version ${now}`);
    await until('the dashboard to come back', async () => (await reader.tell('calls')) === 1);
  }
  t.same(await reader.tell('changes'), ['catalogue_newer', 'readable', 'catalogue_older', 'readable']);
});

t.test('a backup in the place of the catalogue is what is read from then on', async (t) => {
  const sides = createSides(t);
  const [reader, writer] = [sides.reader(), sides.writer()];
  await writer.tell('start');
  await writer.tell('save A');
  await reader.tell('start');
  await writer.tell('stop');
  const backup = join(dirname(sides.path), 'backup');
  execFileSync('sqlite3', ['-readonly', sides.path, `.backup ${backup}`]);
  execFileSync('chown', [`${RECORDER}:${RECORDER}`, backup]);
  copyFileSync(backup, `${sides.dir}/kept`);
  await writer.tell('start');
  await writer.tell('save B');
  t.equal(await reader.tell('calls'), 2);
  await writer.tell('stop');
  await writer.tell(`restore ${backup}`);
  t.same(await reader.tell('calls'), { error: 'catalogue_away' });
  await writer.tell('start');
  await until('the backup to be read', async () => (await reader.tell('calls')) === 1);
  await writer.tell('save C');
  t.equal(await reader.tell('call C'), 'C', 'and followed');
});

/** Whoever has taken the dashboard over: it may read SQLite's shared memory, and so take shared locks on it. */
const INTRUDER = `
import fcntl, json, os, sys
path, fd = sys.argv[1], None
for line in sys.stdin:
    said = None
    if line.strip() == 'lock':
        fd = os.open(path + '-shm', os.O_RDONLY)
        fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB, 3, 120)
    elif line.strip() == 'release':
        os.close(fd)
    else:
        try:
            os.open(path + line.strip(), os.O_RDWR)
        except PermissionError:
            said = 'denied'
    print(json.dumps(said), flush=True)
`;

t.test('a lock that the dashboard takes keeps rows waiting, and costs none', async (t) => {
  const sides = createSides(t);
  const [reader, writer, intruder] = [sides.reader(), sides.writer(), sides.intruder(INTRUDER)];
  await writer.tell('start');
  await writer.tell('save A');
  await reader.tell('start');
  for (const ending of ['', '-wal', '-shm'])
    t.equal(await intruder.tell(ending), 'denied', `it cannot write catalogue.db${ending}`);
  await intruder.tell('lock');
  let kept = 0;
  for (; kept < 100; kept += 1) {
    await writer.tell(`keep K${kept}`);
    if (kept === 0) t.same(await writer.tell('changes'), ['catalogue_locked'], 'it is known at once');
  }
  t.equal(await writer.tell('calls'), 1, 'what is there can be read');
  t.equal(await reader.tell('calls'), 1, 'by the dashboard too');
  await intruder.tell('release');
  await until('all that waited', async () => (await writer.tell('calls')) === kept + 1);
  t.equal(await reader.tell('calls'), kept + 1);
  t.equal(((await writer.tell('changes')) as string[]).at(-1), 'written');
  t.equal(await writer.tell('integrity'), 'ok');
});

t.test('a dashboard that stands still keeps the recorder from nothing', async (t) => {
  const sides = createSides(t);
  const [reader, writer] = [sides.reader(), sides.writer()];
  await writer.tell('start');
  await writer.tell('save A');
  await reader.tell('start');
  t.equal(await reader.tell('calls'), 1);
  process.kill(reader.pid, 'SIGSTOP');
  await writer.tell('save B');
  await writer.tell('stop');
  await writer.tell('start');
  t.equal(await writer.tell('calls'), 2, 'while it stands still');
  await reader.kill();
  await writer.tell('save C');
  t.equal(await writer.tell('calls'), 3);
});
