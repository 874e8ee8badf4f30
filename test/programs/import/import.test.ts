import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  linkSync,
  readdirSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { until } from '../../support/recorder.js';
import { importRows as rowsOf, importSite as site } from '../../support/recordings/import-site.js';
import { type MadeOriginal, makeOriginals } from '../../support/recordings/originals.js';
import { FAINTEST, tones } from '../../support/recordings/tones.js';

/** Calls of a spring night, a call every five minutes, with the hour in it that Berlin left out. */
const FROM = Date.parse('2026-03-28T20:00:00Z');
const EACH_FORM = 13;

/** What is in a folder besides recordings, and must come to no harm. */
function addOddities(t: Test, dir: string): string[] {
  const odd = (name: string) => join(dir, `in-0301-0171-20260329-100000-177477480${name}`);
  const old = (file: string) => utimesSync(file, FROM / 1000, FROM / 1000);
  const wav = execFileSync('sox', [
    '-n',
    '-t',
    'wav',
    '-r',
    '8000',
    '-b',
    '16',
    '-c',
    '1',
    '-',
    'synth',
    '1',
    'sine',
    '440',
  ]);
  const put = (file: string, bytes: Uint8Array) => {
    writeFileSync(file, bytes);
    old(file);
    return file;
  };
  put(odd('0.1.wav'), Buffer.alloc(0));
  put(odd('0.2.wav'), wav.subarray(0, 44));
  put(odd('0.3.wav'), Buffer.from('<html>not found</html>'));
  put(odd('0.4.mp3'), Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\0\0'), Buffer.alloc(5_000, 0xab)]));
  put(odd('0.5.wav'), wav.subarray(0, wav.length - 4_000)); // cut off: imported, and said so
  const grows = odd('0.6.wav');
  writeFileSync(grows, wav);
  // It is written to for as long as the test goes on, however late somebody looks at it.
  const writing = setInterval(() => utimesSync(grows, new Date(), new Date()), 1_000);
  t.teardown(() => clearInterval(writing));
  symlinkSync('/etc/passwd', odd('0.7.wav'));
  const twice = put(odd('0.8.wav'), wav);
  linkSync(twice, odd('0.9.wav'));
  spawnSync('mkfifo', [odd('1.1.wav')]);
  put(join(dir, 'notes.txt'), Buffer.from('nobody imports this'));
  const bytes = Buffer.concat([
    Buffer.from(`${dir}/in-gr\xfc\xdfe-0171-20260329-100000-1774774812.1.wav`, 'latin1'),
  ]);
  writeFileSync(bytes, Buffer.concat([wav, Buffer.from([0, 0])]));
  utimesSync(bytes, FROM / 1000, FROM / 1000);
  return ['0.1', '0.2', '0.3', '0.4', '0.6', '0.7', '0.8', '0.9', '1.1'];
}

t.test('recordings of every kind are imported, found and heard, and say where they came from', async (t) => {
  const dir = t.testdir();
  const [monitor, csv] = [join(dir, 'monitor'), join(dir, 'Master.csv')];
  const made = makeOriginals(monitor, csv, { count: EACH_FORM * 3, from: FROM, everyMs: 300_000 });
  const lab = site(dir);
  t.teardown(lab.stop);
  await lab.startDaemon(/is ready/);
  const args = ['import', '--time-zone', 'UTC', '--cdr', csv, monitor];

  const dry = await lab.command([...args, '--dry-run', '--json']);
  t.match(JSON.parse(dry.out), { files: made.length, outcomes: { imported: made.length } }, dry.err);
  const odd = addOddities(t, join(monitor, '2026/03/28'));

  const first = await lab.command([...args, '--wait']);
  t.equal(first.code, 1, `some are unreadable, and that is said: ${first.err}`);
  const rows = await rowsOf(lab);
  const of = (path: string) => rows.find(({ file }) => file === path);
  for (const one of made) {
    const row = of(one.path);
    t.equal(row?.outcome, 'imported', `${one.form}: ${row?.detail}`);
    t.equal(row?.notes.includes('no_cdr'), !one.cdr, `${one.path} has its CDR`);
    t.equal(row?.notes.includes('mixed'), one.form !== 'stereo', `${one.form}: its sides`);
  }
  const refused = Object.fromEntries(
    odd.map((name) => [name, rows.find(({ file }) => file.includes(`-177477480${name}`))]),
  );
  t.match(refused, {
    '0.1': { outcome: 'unreadable', detail: 'empty' },
    '0.2': { outcome: 'unreadable', detail: 'header_only' },
    '0.3': { outcome: 'unreadable', detail: 'no_audio' },
    '0.4': { outcome: 'unreadable' },
    '0.6': { outcome: 'growing' },
    '0.7': { outcome: 'link' },
    '0.8': { outcome: 'link' },
    '0.9': { outcome: 'link' },
    '1.1': { outcome: 'link' },
  });
  const cut = rows.find(({ file }) => file.includes('-1774774800.5.'));
  t.ok(
    cut?.outcome === 'imported' && cut.notes.includes('truncated'),
    'what there is of a file that was cut off',
  );
  t.match(
    rows.find(({ file }) => file.includes('gr\\xfc\\xdfe')),
    { outcome: 'imported' },
  );
  t.equal(rows.length, made.length + odd.length + 2, 'and nothing else');

  const { out } = await lab.command(['calls', '--limit', '1000', '--json']);
  const calls = JSON.parse(out) as { id: string; started_at: string; coverage: { status: string } }[];
  for (const one of made) {
    const call = calls.find(({ id }) => id === of(one.path)?.call);
    t.equal(Date.parse(call?.started_at ?? ''), one.startedAt, `${one.path} began then`);
    t.equal(call?.coverage.status, 'imported');
  }

  for (const one of made.slice(0, EACH_FORM)) {
    const file = join(dir, `${one.form}.opus`);
    const exported = await lab.command(['export', of(one.path)!.call!, '--output', file]);
    t.equal(exported.code, 0, exported.err);
    const heard = tones(file);
    t.ok(Math.abs(heard.seconds - 3) < 0.2, `${one.form}: ${heard.seconds} s`);
    if (one.form === 'g729') continue; // noise
    const both = one.form !== 'stereo';
    if (both)
      t.ok(
        Math.min(...heard.left, ...heard.right) > FAINTEST,
        `${one.form}: both tones on both sides, ${JSON.stringify(heard)}`,
      );
    else t.ok(Math.max(heard.left[0]!, heard.left[1]!) > 0.9, 'one tone on each side');
  }

  t.test('again, nothing is imported twice', async (t) => {
    const again = await lab.command([...args, '--wait', '--json']);
    t.match(JSON.parse(again.out), { state: 'done' });
    const second = await rowsOf(lab);
    for (const { path } of made) t.equal(second.find(({ file }) => file === path)?.outcome, 'already', path);
    const moved = join(dir, 'moved');
    cpSync(join(monitor, made[0]!.path), join(moved, 'renamed.wav'), { preserveTimestamps: true });
    await lab.command(['import', '--cdr', 'none', '--wait', moved]);
    t.match(await rowsOf(lab), [{ outcome: 'already' }], 'known by its hash under another name');
  });

  t.test('every recording verifies, and says that it was imported', async (t) => {
    const verified = await lab.command(['verify', '--all']);
    t.equal(verified.code, 0, verified.out + verified.err);
    const { out } = await lab.command(['coverage', '--from', '2026-03-28', '--to', '2026-03-30']);
    t.match(out, /0 answered: 0 recorded/);
    t.match(out, /41 imported from another recorder: not counted/);
  });

  t.test('originals go only on request, and only as they were imported', async (t) => {
    const changed = made[1]!;
    appendFileSync(join(monitor, changed.path), 'x');
    const swapped = join(monitor, '2026/03/28');
    const { out } = await lab.command(['jobs', '--json']);
    const jobs = (JSON.parse(out) as { id: string; kind: string }[]).filter(({ kind }) => kind === 'import');
    const args = ['import', 'remove-originals', monitor, '--yes'];
    const removed = await lab.command([...args, '--job', jobs[1]!.id]);
    t.equal(removed.code, 0, removed.err);
    t.match(removed.out, /^0 originals removed/, 'the newest import brought none of them');
    const said = await lab.command(args);
    t.match(said.out, /^40 originals removed/, said.out + said.err);
    t.ok(existsSync(join(monitor, changed.path)));
    t.match(
      readdirSync(swapped).filter((name) => name.endsWith('.txt')),
      ['notes.txt'],
    );
  });
});

t.test('killed in the middle, an import is finished by the next start', async (t) => {
  const dir = t.testdir();
  const [monitor, csv] = [join(dir, 'monitor'), join(dir, 'Master.csv')];
  const made: MadeOriginal[] = makeOriginals(monitor, csv, { count: 39, from: FROM, everyMs: 300_000 });
  const lab = site(dir);
  t.teardown(lab.stop);
  await lab.startDaemon(/is ready/);
  await lab.command(['import', '--time-zone', 'UTC', '--cdr', csv, monitor]);
  const sealed = () =>
    readdirSync(join(lab.dataDir, 'recordings'), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    ).length;
  for (let kill = 0; kill < 3; kill++) {
    const then = sealed();
    await until('some of it', () => sealed() >= then + 2 + kill);
    await lab.stopDaemon('SIGKILL');
    await lab.startDaemon(/is ready/);
  }
  const done = await lab.command(['import', '--time-zone', 'UTC', '--cdr', csv, '--wait', '--json', monitor]);
  t.match(JSON.parse(done.out), { state: 'done' }, done.err);
  const { out } = await lab.command(['calls', '--limit', '1000', '--json']);
  t.equal((JSON.parse(out) as unknown[]).length, made.length, 'each call is there once');
  t.equal((await lab.command(['verify', '--all'])).code, 0);
  t.equal(sealed(), made.length, 'and no file is left over');
});

t.test('what your rules do not keep is not imported', async (t) => {
  const dir = t.testdir();
  const [monitor, csv] = [join(dir, 'monitor'), join(dir, 'Master.csv')];
  makeOriginals(monitor, csv, { count: 13, from: FROM });
  const lab = site(dir);
  t.teardown(lab.stop);
  await lab.startDaemon(/is ready/);
  const policy = {
    record: [{ name: 'Internal', reason: 'Private', when: { direction: ['internal'] }, outcome: 'skip' }],
    retention: [{ name: 'Short', reason: 'Law', when: { direction: ['out'] }, keep_days: 30 }],
    emergency_numbers: ['112'],
  };
  const file = join(dir, 'policy.json');
  writeFileSync(file, JSON.stringify(policy));
  const saved = await lab.command(['policy', 'import', file]);
  t.equal(saved.code, 0, saved.err);
  const args = ['import', '--time-zone', 'UTC', '--cdr', 'none', monitor];
  const dry = await lab.command([...args, '--dry-run']);
  t.match(dry.out, /past their retention: not imported/);
  await lab.command([...args, '--wait']);
  const rows = await rowsOf(lab);
  for (const { file, outcome } of rows) {
    const name = file.slice(file.lastIndexOf('/') + 1);
    const wanted = name.startsWith('internal') ? 'rules' : /^(out|force|OUT)/.test(name) ? 'due' : 'imported';
    t.equal(outcome, wanted, name);
  }
  await lab.command([...args, '--wait', '--with-due']);
  t.equal((await rowsOf(lab)).filter(({ outcome }) => outcome === 'due').length, 0);
  renameSync(monitor, `${monitor}-away`);
  const absent = await lab.command(args);
  t.match(absent, { code: 2, err: /cannot be read/ });
});
