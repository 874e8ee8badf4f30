import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Machine } from '../booted/machine.js';
import { makeOriginals } from '../recordings/originals.js';

const MONITOR = '/var/spool/asterisk/monitor';
const COUNT = 13;
/** Root's alone: a home directory, which the units don't see, and which no other user may enter. */
const HOME = '/root/calls';

/**
 * Imports the folder of the PBX, which the recorder's unit hides from the recorder, with the words of docs/start/import.md. The dry run
 * says what the import does then, also of a folder that the recorder's user may not read.
 */
export async function importsMonitor(t: Test, machine: Machine, work: string): Promise<void> {
  const { inside, must, path } = machine;
  const made = makeOriginals(path(MONITOR), join(work, 'Master.csv'), {
    ...{ count: COUNT, from: Date.parse('2026-03-01T10:00:00Z'), everyMs: 3_600_000 },
  });
  // As FreePBX has it, and one folder that its group may not enter.
  await must('chown', '-R', 'root:asterisk', MONITOR);
  await must('chmod', '-R', 'u=rwX,g=rX,o=', MONITOR);
  await must('mkdir', '-p', `${MONITOR}/closed`, HOME);
  await must('chmod', '0700', `${MONITOR}/closed`, HOME);

  const dry = await inside('tapedeck', 'import', '--dry-run', MONITOR);
  t.equal(dry.code, 0, dry.out);
  t.match(dry.out, new RegExp(`${COUNT} +imported`), 'the dry run reads it');
  t.match(dry.out, /1 +unreadable/, 'but for the folder that the recorder may not enter');
  const done = await inside('tapedeck', 'import', '--wait', MONITOR);
  t.match(done.out, new RegExp(`${COUNT} +imported`), done.out);
  t.match(done.out, /1 +unreadable/, 'and the import the same');
  for (const options of [['--dry-run'], ['--wait']])
    t.match(
      (await inside('tapedeck', 'import', ...options, HOME)).out,
      /cannot be read/,
      `${options} ${HOME}`,
    );

  t.match((await inside('tapedeck', 'import', 'report', '--all')).out, /imported/);
  t.equal(
    (
      await inside('systemctl', 'list-units', '--all', '--plain', '--no-legend', 'tapedeck-originals-*')
    ).out.trim(),
    '',
    'nothing opens originals once the import is over',
  );
  const recorder = (await must('systemctl', 'show', 'tapedeck', '-p', 'MainPID', '--value')).trim();
  const seen = await inside('nsenter', '--target', recorder, '--mount', '--', 'ls', MONITOR);
  t.notMatch(seen.out, /\d{4}/, 'the recorder itself never sees the folder');
  await must('tapedeck', 'import', 'remove-originals', '--yes', MONITOR);
  t.same(
    made.filter((one) => existsSync(path(`${MONITOR}/${one.path}`))),
    [],
    'the originals are removed',
  );
}
