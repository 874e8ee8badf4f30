import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { createBox, give, makeFolders, NEEDS_ROOT, RECORDER } from '../../support/box/box.js';
import { spawnTapedeck } from '../../support/recorder.js';
import { type MadeOriginal, makeOriginals } from '../../support/recordings/originals.js';

/** The PBX's user: nobody has this id. */
const ASTERISK = 48_103;
const DAYS = 13;

/** Makes the user of the PBX, who owns its recordings, the owner of a folder and of everything in it. */
function giveAll(dir: string): void {
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true }))
    if (!entry.isSymbolicLink())
      give(join(entry.parentPath, entry.name), ASTERISK, entry.isDirectory() ? 0o755 : 0o644, ASTERISK);
  give(dir, ASTERISK, 0o755, ASTERISK);
}

t.test(
  "root removes originals from the PBX's folder: only what is verified, and nothing behind a link",
  { skip: NEEDS_ROOT },
  async (t) => {
    const base = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    const box = createBox(base);
    t.teardown(async () => {
      await box.stop();
      rmSync(base, { recursive: true, force: true });
    });
    chmodSync(base, 0o755);
    makeFolders(box.dataDir);
    const [monitor, csv, elsewhere] = ['monitor', 'Master.csv', 'elsewhere'].map((name) =>
      join(base, name),
    ) as [string, string, string];
    // A call a day: each is in a folder of its own.
    const made = makeOriginals(monitor, csv, {
      count: DAYS,
      from: Date.parse('2026-03-01T10:00:00Z'),
      everyMs: 86_400_000,
    });
    giveAll(monitor);
    await box.start('run');
    const imported = box.command('import', '--time-zone', 'UTC', '--cdr', csv, '--wait', monitor);
    t.equal(imported.status, 0, imported.err);
    const at = ({ path }: MadeOriginal) => join(monitor, path);
    const [swapped, linked, hard, folder, damaged, grown, gone] = made as MadeOriginal[] & {
      6: MadeOriginal;
    };

    // Another sound of the same name, size and time.
    const bytes = readFileSync(at(swapped!));
    const { atime, mtime } = statSync(at(swapped!));
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    writeFileSync(at(swapped!), bytes);
    utimesSync(at(swapped!), atime, mtime);
    cpSync(monitor, elsewhere, { recursive: true, preserveTimestamps: true });
    rmSync(at(linked!));
    symlinkSync(join(elsewhere, linked!.path), at(linked!));
    linkSync(at(hard!), join(base, 'second-name.wav'));
    renameSync(dirname(at(folder!)), join(base, 'day'));
    symlinkSync(join(elsewhere, dirname(folder!.path)), dirname(at(folder!)));
    appendFileSync(at(grown!), 'x');
    rmSync(at(gone!));
    const call = JSON.parse(
      box
        .command('import', 'report', '--json')
        .out.split('\n')
        .find((line) => line.includes(damaged!.path))!,
    ).call;
    const { recording } = JSON.parse(box.command('calls', '--limit', '99', '--json').out).find(
      ({ id }: { id: string }) => id === call,
    );
    const sealed = readdirSync(join(box.dataDir, 'recordings'), {
      recursive: true,
      withFileTypes: true,
    }).find(({ name }) => name.includes(recording.id))!;
    const fd = openSync(join(sealed.parentPath, sealed.name), 'r+');
    writeSync(fd, Buffer.from([0xff, 0x00, 0xff]), 0, 3, 2_000);
    const stays = [swapped!, linked!, hard!, folder!, damaged!, grown!];
    const outside = () => readdirSync(elsewhere, { recursive: true }).sort();
    const before = outside();
    copyFileSync(at(made[9]!), join(dirname(at(made[9]!)), 'new-since.wav'));

    const args = ['import', 'remove-originals', monitor];
    const dry = box.command(...args, '--dry-run');
    t.equal(dry.status, 1, dry.err);
    t.match(dry.out, /^6 originals would be removed\. Nothing was removed\.\n1 were no longer there/);
    t.match(dry.out, /5 stay: they are not as they were imported/);
    t.match(dry.out, /1 stay: their recordings do not verify/);
    for (const one of made.slice(7)) t.ok(existsSync(at(one)), 'a dry run removes nothing');

    const refused = spawnTapedeck(['--config', box.config, ...args, '--yes'], {}, RECORDER);
    let said = '';
    refused.stdout.on('data', (data) => (said += data));
    await new Promise((resolve) => refused.once('close', resolve));
    t.match(
      said,
      /^0 originals removed.*6 stay: permission denied\. Run this as root/s,
      'another user cannot',
    );

    const removed = box.command(...args, '--yes');
    t.equal(removed.status, 1, removed.err);
    t.match(removed.out, /^6 originals removed/);
    for (const one of made.slice(7)) t.notOk(existsSync(at(one)), one.path);
    for (const one of stays) t.ok(lstatSync(at(one)), `${one.path} stays`);
    t.same(outside(), before, 'nothing that a link leads to');
    t.ok(existsSync(join(base, 'second-name.wav')));
    t.ok(existsSync(join(dirname(at(made[9]!)), 'new-since.wav')), 'nor what was never imported');

    const log = box.command('audit', 'list', '--json').out;
    t.match(log, /"what":\s*"remove"/, 'the log has that it was begun');
    t.match(log, /"removed":\s*6/, 'and what came of it');
    const again = box.command(...args, '--yes');
    t.match(again.out, /^0 originals removed\.\n7 were no longer there/);
  },
);
