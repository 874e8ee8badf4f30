import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Test } from 'tap';
import type { Machine } from '../booted/machine.js';
import { until } from '../recorder.js';
import { makeOriginals } from '../recordings/originals.js';

const MONITOR = '/var/spool/asterisk/monitor';
const CDRS = '/var/log/asterisk/cdr-csv/Master.csv';
const COUNT = 13;
/** Root's alone: a home directory, which the units don't see, and which no other user may enter. */
const HOME = '/root/calls';

/**
 * Imports the folder of the PBX, which the recorder's unit hides from the recorder, with the words of docs/start/import.md. The dry run
 * says what the import does then, also of a folder that the recorder's user may not read.
 */
export async function importsMonitor(t: Test, machine: Machine): Promise<void> {
  const { inside, must, path } = machine;
  mkdirSync(dirname(path(CDRS)), { recursive: true });
  const made = makeOriginals(path(MONITOR), path(CDRS), {
    ...{ count: COUNT, from: Date.parse('2026-03-01T10:00:00Z'), everyMs: 3_600_000 },
  });
  // As the PBX has it, and one folder that its group may not enter.
  await must('chgrp', 'asterisk', '/var/spool/asterisk');
  for (const one of [MONITOR, '/var/log/asterisk']) {
    await must('chown', '-R', 'root:asterisk', one);
    await must('chmod', '-R', 'u=rwX,g=rX,o=', one);
  }
  await must('mkdir', '-p', `${MONITOR}/closed`, HOME);
  await must('chmod', '0700', `${MONITOR}/closed`, HOME);

  // Its unit hides what is there when it starts, which this restarts.
  await readsPassword(t, machine);
  const dry = await inside('tapedeck', 'import', '--dry-run', '--cdr', CDRS, MONITOR);
  t.equal(dry.code, 0, dry.out);
  t.match(dry.out, new RegExp(`${COUNT} +would be imported`), 'the dry run reads it');
  t.match(dry.out, /1 +unreadable/, 'but for the folder that the recorder may not enter');
  const done = await inside('tapedeck', 'import', '--wait', '--cdr', CDRS, MONITOR);
  t.match(done.out, new RegExp(`${COUNT} +imported`), done.out);
  t.match(done.out, /1 +unreadable/, 'and the import the same');
  for (const { out } of [dry, done]) t.notMatch(out, new RegExp(`${COUNT} +no CDR`), 'with their CDRs');
  const hidden = await inside('tapedeck', 'import', '--dry-run', '--cdr', '/tmp/Master.csv', MONITOR);
  t.match(hidden.out, /the sandbox of the recorder hides \/tmp/, 'CDRs that the recorder cannot read');
  for (const options of [['--dry-run'], ['--wait']])
    t.match(
      (await inside('tapedeck', 'import', ...options, HOME)).out,
      /cannot be read/,
      `${options} ${HOME}`,
    );

  const left = ['systemctl', 'list-units', '--all', '--plain', '--no-legend', 'tapedeck-originals-*'];
  await until('nothing opens originals any more', async () => (await must(...left)).trim() === '');
  const recorder = (await must('systemctl', 'show', 'tapedeck', '-p', 'MainPID', '--value')).trim();
  const seen = await inside('nsenter', '--target', recorder, '--mount', '--', 'ls', MONITOR);
  t.notMatch(seen.out, /\d{4}/, 'the recorder itself never sees the folder');
  // The newest import of the folder has imported nothing: it knew all of it.
  t.match((await inside('tapedeck', 'import', '--wait', MONITOR)).out, new RegExp(`${COUNT} +already`));
  await must('tapedeck', 'import', 'remove-originals', '--yes', MONITOR);
  t.same(
    made.filter((one) => existsSync(path(`${MONITOR}/${one.path}`))),
    [],
    'the originals are removed',
  );
}

/**
 * The password of the CDRs' database is root's alone, and systemd hands it to the recorder: the dry run, as root, has it too. No
 * database answers here, which is what it says then.
 */
async function readsPassword(t: Test, { inside, must, path }: Machine): Promise<void> {
  const toml = path('/etc/tapedeck/tapedeck.toml');
  const before = readFileSync(toml, 'utf8');
  const dropIn = path('/run/systemd/system/tapedeck.service.d/cdr.conf');
  const source = 'cdr_mysql = { socket = "/run/no-database.sock" }';
  writeFileSync(toml, before.replace(/^\[pbx\]$/m, `[pbx]\n${source}`));
  writeFileSync(path('/etc/tapedeck/cdr-password'), 'secret\n', { mode: 0o600 });
  const dry = () => inside('tapedeck', 'import', '--dry-run', MONITOR);
  t.match((await dry()).out, /cdr-password/, 'not handed to the recorder, it is not read for it');
  mkdirSync(dirname(dropIn), { recursive: true });
  writeFileSync(dropIn, '[Service]\nLoadCredential=cdr-password:/etc/tapedeck/cdr-password\n');
  await must('systemctl', 'daemon-reload');
  await must('systemctl', 'restart', 'tapedeck');
  const { out } = await dry();
  t.match(out, /no-database\.sock/, 'handed to it, the database is asked');
  t.notMatch(out, /cdr-password/);
  await must(
    'rm',
    '-r',
    dirname('/run/systemd/system/tapedeck.service.d/cdr.conf'),
    '/etc/tapedeck/cdr-password',
  );
  writeFileSync(toml, before);
  await must('systemctl', 'daemon-reload');
  await must('systemctl', 'restart', 'tapedeck');
}
