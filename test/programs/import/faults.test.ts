import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { type RecorderLab, spawnTapedeck, until } from '../../support/recorder.js';
import { importRows, importSite } from '../../support/recordings/import-site.js';
import { type MadeOriginal, makeOriginals } from '../../support/recordings/originals.js';
import { fill, mountSmall, unfill } from '../../support/small-disk.js';

const FROM = Date.parse('2026-03-28T20:00:00Z');
const DAY = '2026/03/28';

type JobSeen = { id: string; state: string; done: number; error: string | null };
/** The newest import, as the catalogue has it. */
function jobOf(lab: RecorderLab): JobSeen | undefined {
  const db = new Database(catalogueFile(lab.dataDir), { readonly: true });
  try {
    const newest =
      "SELECT id, state, done, error FROM jobs WHERE kind = 'import' ORDER BY asked_at DESC LIMIT 1";
    return db.prepare(newest).get() as JobSeen | undefined;
  } finally {
    db.close();
  }
}

/** A recorder, and so many originals. `args` imports them. */
async function begun(t: Test, count: number, more: Parameters<typeof importSite>[1] = {}, mb = 0) {
  const dir = t.testdir();
  const [monitor, csv] = [join(dir, 'monitor'), join(dir, 'Master.csv')];
  const made = makeOriginals(monitor, csv, { count, from: FROM, everyMs: 60_000 });
  // The path of a socket is short, and the logs of the test have room where the data has none.
  const base = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(base, { recursive: true, force: true }));
  const disk = mb > 0 ? mountSmall(t, { mb, at: join(base, 'house/data') }) : null;
  const lab = importSite(base, more);
  t.teardown(lab.stop);
  if (!disk?.refused) await lab.startDaemon(/is ready/);
  return { dir, monitor, made, lab, disk, args: ['import', '--time-zone', 'UTC', '--cdr', csv, monitor] };
}

/** Each original is a call once, each recording verifies, and nothing else is left in the store. */
async function isWhole(t: Test, lab: RecorderLab, made: readonly MadeOriginal[]): Promise<void> {
  const { out } = await lab.command(['calls', '--limit', '1000', '--json']);
  const began = (JSON.parse(out) as { started_at: string }[]).map((call) => Date.parse(call.started_at));
  t.same(began.sort(), made.map(({ startedAt }) => startedAt).sort(), 'each call is there once');
  const verified = await lab.command(['verify', '--all']);
  t.equal(verified.code, 0, verified.out + verified.err);
  t.equal(sealedFiles(lab), made.length, 'no file is left over');
}
const sealedFiles = (lab: RecorderLab): number =>
  readdirSync(join(lab.dataDir, 'recordings'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  ).length;

t.test('on a full disk an import waits, says so, and continues once there is room', async (t) => {
  const { lab, disk, args, made } = await begun(t, 39, {}, 160);
  if (!disk || disk.refused) return t.pass(`no small disk here: ${disk?.refused}`);
  await lab.command(args);
  await until('some files', () => (jobOf(lab)?.done ?? 0) >= 3, 300_000);
  const waiting = await until(
    'the import to wait for room',
    async () => {
      fill(disk.dir); // the recorder gives back its ballast, which is taken up too
      const job = jobOf(lab);
      return job?.error ? job : null;
    },
    300_000,
  );
  t.match(waiting.error, /disk_full/);
  const said = await lab.command(['import', 'report']);
  t.match(said.out, /disk is full.*Free some space/s, 'the report says what to do');
  t.ok(waiting.done < made.length, `after ${waiting.done} of ${made.length}`);
  unfill(disk.dir);
  await until('the end', () => jobOf(lab)?.state === 'done', 300_000);
  await isWhole(t, lab, made);
});

t.test('cancelled in the middle, nothing half-made is left, and a new import does the rest', async (t) => {
  const { lab, args, made } = await begun(t, 26);
  await lab.command(args);
  const job = await until(
    'some files',
    async () => {
      const seen = jobOf(lab);
      return seen && seen.done >= 3 ? seen : null;
    },
    300_000,
  );
  const cancelled = await lab.command(['jobs', 'cancel', job.id]);
  t.equal(cancelled.code, 0, cancelled.err);
  const imported = async () =>
    (await importRows(lab, [job.id])).filter(({ outcome }) => outcome === 'imported').length;
  await until('what was begun to go', async () => sealedFiles(lab) === (await imported()));
  t.ok((await imported()) < made.length, 'it did stop');
  t.match((await lab.command(['import', 'report'])).out, /cancelled/);
  t.equal((await lab.command([...args, '--wait'])).code, 0);
  await isWhole(t, lab, made);
});

t.test('the command may be killed: the recorder imports on', async (t) => {
  const { lab, args, made } = await begun(t, 13);
  const command = spawnTapedeck(['--config', lab.config, ...args, '--wait']);
  await until('the first file', () => (jobOf(lab)?.done ?? 0) >= 1, 300_000);
  const over = once(command, 'exit');
  command.kill('SIGKILL');
  await over;
  await until('the end', () => jobOf(lab)?.state === 'done', 300_000);
  await isWhole(t, lab, made);
});

t.test('what changes between the dry run and the import is imported as it is then', async (t) => {
  const { dir, lab, args, made, monitor } = await begun(t, 13);
  const dry = await lab.command([...args, '--dry-run', '--json']);
  t.match(JSON.parse(dry.out), { outcomes: { imported: 13 } });
  const [removed, swapped, linked, grows] = made as [MadeOriginal, MadeOriginal, MadeOriginal, MadeOriginal];
  rmSync(join(monitor, removed.path));
  copyFileSync(join(monitor, made[10]!.path), join(dir, 'other.wav'));
  rmSync(join(monitor, swapped.path));
  writeFileSync(join(monitor, swapped.path), 'no sound at all');
  utimesSync(join(monitor, swapped.path), FROM / 1000, FROM / 1000);
  renameSync(join(monitor, linked.path), join(dir, 'elsewhere'));
  symlinkSync(join(dir, 'elsewhere'), join(monitor, linked.path));
  const write = () => appendFileSync(join(monitor, grows.path), Buffer.alloc(160));
  write();
  const writing = setInterval(write, 1_000);
  const { code } = await lab.command([...args, '--wait']).finally(() => clearInterval(writing));
  t.equal(code, 1);
  const rows = await importRows(lab);
  const of = ({ path }: MadeOriginal) => rows.find(({ file }) => file === path);
  t.equal(of(removed), undefined, 'what is gone is not told of');
  t.match(of(swapped), { outcome: 'unreadable' });
  t.match(of(linked), { outcome: 'link', detail: 'link' });
  t.match(of(grows), { outcome: 'growing' });
  await isWhole(t, lab, made.slice(4));
});

t.test('a folder that somebody made to do harm does none', async (t) => {
  const { dir, lab, args, made, monitor } = await begun(t, 1);
  const secret = join(dir, 'secret.wav');
  copyFileSync(join(monitor, made[0]!.path), secret);
  const day = join(monitor, DAY);
  const old = (file: string | Buffer) => utimesSync(file, FROM / 1000, FROM / 1000);
  let n = 0;
  /** Sound of its own under each name: a wav file with one sample that no other has. */
  const put = (name: string | Buffer) => {
    const bytes = Buffer.alloc(44 + 16_000);
    bytes.write(
      'RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data',
      0,
      'latin1',
    );
    bytes.writeUInt32LE(16_000, 40);
    bytes.writeUInt16LE(++n, 8_000);
    const file = Buffer.concat([Buffer.from(`${day}/`), Buffer.from(name)]);
    writeFileSync(file, bytes);
    old(file);
  };
  const names = [
    '-rf --yes.wav',
    '; touch pwned; $(touch pwned) `touch pwned`.wav',
    'concat:file:pipe:0|x.wav',
    '%2e%2e%2fetc%2fpasswd.wav',
    '=HYPERLINK("http:x").wav',
    '<img src=x onerror=alert(1)>.wav',
    'real.wav: imported\nfake.wav',
    '\u001b[2J\u001b]0;owned\u0007.wav',
    '\u202egnp.wav',
    `${'n'.repeat(251)}.wav`,
  ];
  for (const name of names) put(name);
  put(Buffer.from('in-\xe4\xf6\xfc-\xff\xfe.wav', 'latin1'));
  symlinkSync(secret, join(day, 'secret.wav'));
  symlinkSync(dir, join(day, 'up'));
  symlinkSync('loop', join(day, 'loop'));
  symlinkSync('/dev/zero', join(day, 'zero.wav'));
  spawnSync('mkfifo', [join(day, 'pipe.wav')]);
  const device = spawnSync('mknod', [join(day, 'null.wav'), 'c', '1', '3']).status === 0;
  mkdirSync(join(day, 'folder.wav'));
  mkdirSync(join(day, `${'d/'.repeat(40)}`), { recursive: true });
  // Somebody writes to it all the time, at the end that a reader comes to last.
  const writes = join(day, 'in-1-2-20260328-200000-1774728000.77.wav');
  const write = `setInterval(() => require('node:fs').appendFileSync(process.argv[1], '0123456789'), 200)`;
  const writer = spawn(process.execPath, ['-e', write, writes]);
  t.teardown(() => writer.kill('SIGKILL'));
  await until('the writer', () => existsSync(writes));

  const { err } = await lab.command([...args, '--wait']);
  const rows = await importRows(lab);
  const outcome = (name: string) => rows.find(({ file }) => file === `${DAY}/${name}`)?.outcome;
  const shown = (name: string) =>
    name.replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  for (const name of names) t.equal(outcome(shown(name)), 'imported', JSON.stringify(name));
  t.equal(outcome('in-\\xe4\\xf6\\xfc-\\xff\\xfe.wav'), 'imported', err);
  const links = ['secret.wav', 'zero.wav', 'pipe.wav', ...(device ? ['null.wav'] : [])];
  for (const name of links) t.equal(outcome(name), 'link', name);
  t.equal(outcome('in-1-2-20260328-200000-1774728000.77.wav'), 'growing');
  t.equal(rows.length, 1 + names.length + 1 + links.length + 1, 'nothing else was read');
  const { out } = await lab.command(['import', 'report', '--all']);
  t.notMatch(out, /^fake\.wav/m, 'a name is one line');
  t.notOk(out.includes('\u001b') || out.includes('\u202e'), 'and nothing that a terminal acts on');
  const csv = await lab.command(['import', 'report', '--csv']);
  t.notMatch(csv.out, /^"?=/m, 'no cell is a formula');
  const over = once(writer, 'exit');
  writer.kill('SIGKILL');
  await over;
  t.notOk(existsSync('pwned') || existsSync(join(dir, 'pwned')) || existsSync(join(day, 'pwned')));
});
