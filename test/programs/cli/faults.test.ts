import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t, { type Test } from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { lines, table } from '../../../daemon/cli/common/table.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { aCall } from '../../support/recordings/a-call.js';
import { addRecording } from '../../support/web/dashboard.js';

const MAIN = resolve('dist/daemon/main.js');

/** A site with one recorded call, and the real command on it. */
async function site(t: Test) {
  const dir = t.testdir({
    'tapedeck.toml': '[data]\ndir = "data"\n[keys]\nmaster_key_file = "master.key"\n',
  });
  const dataDir = join(dir, 'data');
  mkdirSync(dataDir, { mode: 0o750 });
  const masterKey = randomBytes(32);
  writeFileSync(join(dir, 'master.key'), masterKey.toString('base64'), { mode: 0o600 });
  const path = catalogueFile(dataDir);
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  const keys = createKeys({ path: keysFile(dataDir), masterKey });
  keys.start();
  const made = await addRecording({ catalogue, keys, dataDir }, randomBytes(9_000));
  keys.stop();
  await catalogue.stop();
  const tapedeck = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [MAIN, '--config', 'tapedeck.toml', ...args],
      {
        cwd: dir,
        encoding: 'utf8',
        input: '',
        env: { ...process.env, NODE_OPTIONS: '' }, // the test runner's own loader is slow, and no admin has it
        timeout: 60_000,
      },
    );
    return { code: status, out: stdout, err: stderr };
  };
  return { dir, dataDir, call: made.call.id, catalogue: path, tapedeck };
}

/** An error for people: what happened and what to do, with the name of the thing, and nothing of our own code. */
function isClear(t: Test, got: { code: number | null; err: string }, named: RegExp, what: string): void {
  t.ok([1, 2, 65, 77, 78].includes(got.code ?? 0), `${what}: ends with a code of an error, not ${got.code}`);
  t.match(got.err, named, what);
  t.match(got.err, /^tapedeck: .+\n {2}\S/, `${what}: says what to do`);
  t.notMatch(got.err, /^\s+at .*:\d+|node:|Error:/m, `${what}: no stack trace`);
}

t.test('too few open files are told as that, and not as a missing package or a wrong path', async (t) => {
  const { dir } = await site(t);
  for (const limit of [30, 58, 255]) {
    const { status, stderr } = spawnSync(
      'sh',
      [
        '-c',
        `ulimit -n ${limit}; exec "$0" "$@"`,
        process.execPath,
        MAIN,
        '--config',
        'tapedeck.toml',
        'run',
      ],
      { cwd: dir, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' }, timeout: 60_000 },
    );
    const named = new RegExp(`limit of open files is too low\\. It is ${limit}, .*\\n.*ulimit -n`);
    isClear(t, { code: status, err: stderr }, named, `${limit}`);
  }
});

t.test('before setup every command says to run it', async (t) => {
  const { dir, tapedeck } = await site(t);
  rmSync(join(dir, 'tapedeck.toml'));
  for (const words of ['doctor', 'status', 'calls', 'backup list', 'alert setup', 'keys status', 'run']) {
    const got = tapedeck(...words.split(' '));
    isClear(t, got, /The configuration file cannot be read[\s\S]*Run "tapedeck setup" as root/, words);
    t.equal(got.code, 78, words);
  }
});

t.test('a configuration that may not be read is no reason to set up', async (t) => {
  if (process.getuid!() !== 0) return void t.pass('root', { skip: 'root gives a file away' });
  const dir = t.testdir({ 'tapedeck.toml': '' });
  chmodSync(join(dir, 'tapedeck.toml'), 0o600);
  const as = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, MAIN];
  const run = (config: string, command: string) =>
    spawnSync('setpriv', [...as, '--config', config, command], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
  const { status, stderr } = run(join(dir, 'tapedeck.toml'), 'status');
  t.equal(status, 77, stderr);
  t.match(
    stderr,
    /A file or folder cannot be used\. .*tapedeck\.toml: EACCES.* as root, such as with sudo\.\n/,
  );
  t.notMatch(stderr, /tapedeck setup/);
  // As the package leaves it: closed, and with nothing in it yet.
  const closed = join(dir, 'etc');
  mkdirSync(closed, { mode: 0o750 });
  const before = run(join(closed, 'tapedeck.toml'), 'doctor');
  t.equal(before.status, 77, before.stderr);
  t.match(before.stderr, /EACCES.* as root, such as with sudo\. .*"tapedeck setup" comes first/);
});

t.test('a file or folder that is not as it should be is named, and nobody sees a stack trace', async (t) => {
  const { dir, call, tapedeck } = await site(t);
  mkdirSync(join(dir, 'folder'));
  writeFileSync(join(dir, 'file'), '');
  symlinkSync('nowhere/at-all', join(dir, 'dangling'));
  for (const [args, named] of [
    [['export', call, '-o', 'no/such/x.opus'], /\/no does not exist/],
    [['evidence', call, '--output', 'no/such/x.zip'], /\/no does not exist/],
    [['evidence', call, '--out', 'no/such/x.zip'], /\/no does not exist/],
    [['export', call, '-o', 'folder', '--force'], /folder is a folder/],
    [['export', call, '-o', 'file/x.opus'], /a part of this path is a file/],
    [['export', call, '-o', 'dangling', '--force'], /dangling|nowhere/],
    [['export', call, '-o', 'x'.repeat(300)], /too long/],
    [['policy', 'import', 'nothing.toml'], /nothing\.toml/],
    [['policy', 'import', 'folder'], /folder/],
    [['policy', 'test', '--direction', 'in', '--file', 'nothing.toml'], /nothing\.toml/],
    [['user', 'add', 'ada', '--role', 'auditor', '--password-file', 'nothing'], /nothing/],
    [['verify', call, '--public-key', 'nothing.pem'], /nothing\.pem/],
    [['audit', 'verify', '--checkpoint', 'nothing'], /nothing/],
  ] as const)
    isClear(t, tapedeck(...args), named, args.join(' ').slice(0, 60));
});

t.test('a database that is damaged is named, whatever command meets it', async (t) => {
  const { dir, dataDir, call, catalogue, tapedeck } = await site(t);
  const commands = [
    ['calls'],
    ['coverage'],
    ['consent-report'],
    ['export', call, '-o', '-'],
    ['policy', 'export'],
    ['retention', 'plan'],
    ['user', 'list'],
    ['verify', '--all'],
    ['audit', 'verify'],
  ];
  const keysDb = keysFile(dataDir);
  const whole = readFileSync(keysDb);
  for (const damaged of [Buffer.from('not a database at all'.repeat(400)), whole.subarray(0, 700)]) {
    writeFileSync(keysDb, damaged);
    for (const args of [
      ['export', call, '-o', '-'],
      ['keys', 'status'],
      ['retention', 'run'],
    ])
      isClear(t, tapedeck(...args), /keys\.db/, `keys.db is damaged: ${args[0]}`);
  }
  writeFileSync(keysDb, whole);
  t.equal(tapedeck('export', call, '-o', join(dir, 'whole.opus')).code, 0, 'and it was only the file');
  for (const ending of ['-wal', '-shm']) rmSync(`${catalogue}${ending}`, { force: true });
  const was = readFileSync(catalogue);
  writeFileSync(catalogue, 'not a database at all'.repeat(400));
  for (const args of commands)
    isClear(
      t,
      tapedeck(...args),
      /catalogue\.db/,
      `the catalogue is damaged: ${args.join(' ').slice(0, 30)}`,
    );
  writeFileSync(catalogue, was);
  t.equal(tapedeck('calls').code, 0);
});

t.test('where the configuration or the master key cannot be used', async (t) => {
  const { dir, call, tapedeck } = await site(t);
  const key = join(dir, 'master.key');
  const was = readFileSync(key);
  rmSync(key);
  isClear(t, tapedeck('export', call, '-o', 'x.opus'), /master\.key/, 'the master key is missing');
  mkdirSync(key);
  isClear(t, tapedeck('export', call, '-o', 'x.opus'), /master\.key/, 'the master key is a folder');
  rmSync(key, { recursive: true });
  writeFileSync(key, was, { mode: 0o600 });
  const config = join(dir, 'tapedeck.toml');
  rmSync(config);
  for (const args of [['calls'], ['run'], ['web'], ['doctor']])
    isClear(t, tapedeck(...args), /tapedeck\.toml/, `${args[0]} without a configuration`);
  mkdirSync(config);
  isClear(t, tapedeck('calls'), /tapedeck\.toml/, 'the configuration is a folder');
});

t.test('a reader that has seen enough ends the command quietly', async (t) => {
  const { dir, catalogue: path } = await site(t);
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  for (let n = 0; n < 2_000; n++) await catalogue.calls.save(aCall(`01A${String(n).padStart(23, '0')}`));
  await catalogue.stop();
  const head = spawnSync(
    process.execPath,
    [
      '-e',
      `const { spawn } = require('node:child_process');
       const c = spawn(process.execPath, [${JSON.stringify(MAIN)}, '--config', 'tapedeck.toml', 'calls', '--json', '--limit', '2000']);
       c.stdout.once('data', () => c.stdout.destroy());
       c.stderr.pipe(process.stderr);
       c.once('close', (code) => { process.exitCode = code; });`,
    ],
    { cwd: dir, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  );
  t.equal(head.stderr, '');
  t.equal(head.status, 0);
});

t.test('no line is longer than the terminal, and what one copies stays whole', (t) => {
  const id = '01JDK3V7Q8ZM5T4R2XW9YB6C1E';
  const head = ['began', 'way', 'with', 'at', 'talk', 'recording', 'call'];
  const row = (name: string) => [
    '2026-11-26 19:25',
    'internal',
    name,
    'Anna Field 100',
    '1:00:09',
    'not recorded',
    id,
  ];
  const rows = [row('Ines "Acme" Okafor +442079460123'), row('9'.repeat(64)), row('')];
  for (const width of [80, 100, 120, 200]) {
    const text = table(head, rows, { wrap: [2, 3], width });
    for (const line of text.split('\n')) t.ok([...line].length <= width, `${width}: ${line}`);
    t.equal(text.split(id).length, 4, 'the ids are whole');
    t.match(text.replace(/\s+/g, ' '), /Okafor/);
    t.match(text.replace(/\s+/g, ''), '9'.repeat(64), 'and so is every character of a long number');
  }
  const wide = table(head, rows, { wrap: [2, 3] });
  t.equal(wide.split('\n').length, 4, 'in a file a row is a line');
  t.equal(lines([['Names', 'a b c d e f g h i j']], { width: 20 }).split('\n')[1], '       h i j');
  t.end();
});
