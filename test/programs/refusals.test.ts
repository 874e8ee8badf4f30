import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile, catalogueFolder, keysFile, keysFolder } from '../../daemon/domain/paths.js';
import { witnessFile } from '../../daemon/vault/installation/witness.js';
import type { Pbx } from '../support/pbx/pbx.js';
import { createRecorderLab, spawnTapedeck, until } from '../support/recorder.js';
import { aCall } from '../support/recordings/a-call.js';

/** A site whose PBX is away, and a recorder that is started on it and ends by itself. */
function site(t: Test) {
  const dir = t.testdir({ spool: {} });
  const secret = join(dir, 'secret');
  writeFileSync(secret, 'away\n', { mode: 0o644 });
  const pbx = {
    ari: { url: 'http://127.0.0.1:9/ari', passwordFile: secret },
    ami: { port: 9, secretFile: secret },
    recordingDir: join(dir, 'spool'),
  } as Pbx;
  const lab = createRecorderLab({ dir: join(dir, 'house'), pbx });
  const started: ChildProcess[] = [];
  t.teardown(async () => {
    for (const child of started) child.kill('SIGKILL');
    await lab.stop();
  });
  return {
    data: lab.dataDir,
    house: join(dir, 'house'),
    configure: (change: (text: string) => string) =>
      writeFileSync(lab.config, change(readFileSync(lab.config, 'utf8'))),
    key: join(dir, 'house/master.key'),
    command: lab.command,
    /** Runs it, as this user, until it is ready (and is stopped then), or ends by itself. */
    async run(name: 'run' | 'web' = 'run', user?: number): Promise<{ code: number | null; said: string }> {
      const child = spawnTapedeck(['--config', lab.config, name], {}, user);
      started.push(child);
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (part) => {
          said += part;
        });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      child.once('error', () => {});
      await until('it to be ready or to end', () => /is ready/.test(said) || child.exitCode !== null);
      if (child.exitCode === null) child.kill('SIGTERM');
      return { code: await ended, said };
    },
  };
}

function chownTree(at: string, user: number): void {
  chownSync(at, user, user);
  for (const file of readdirSync(at, { recursive: true, encoding: 'utf8' }))
    chownSync(join(at, file), user, user);
}

/** A catalogue of another installation, with a call. */
async function withOneCall(dataDir: string): Promise<void> {
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dataDir) });
  await catalogue.start();
  await catalogue.calls.save(aCall('01JDK3V7Q8ZM5T4R2XW9YB6C1E'));
  await catalogue.stop();
}

/** What it says where nothing but the reason is to be said. */
const clean = (said: string) =>
  said.split('\n').filter((line) => /"level":(50|60)|checkpoint|\n\s+at /.test(line));

t.test(
  'a catalogue or keys.db of a newer version end the start with 65, and with nothing but the reason',
  async (t) => {
    const s = site(t);
    t.equal((await s.run()).code, 0, 'a first start');
    for (const [file, version, reason] of [
      [catalogueFile(s.data), 999, /catalogue was written by a newer Tapedeck.*version 999/],
      [keysFile(s.data), 9, /keys\.db was written by a newer Tapedeck.*version 9/],
    ] as const) {
      const set = (to: number) => {
        const db = new Database(file);
        const was = db.pragma('user_version', { simple: true }) as number;
        db.pragma(`user_version = ${to}`);
        db.close();
        return was;
      };
      const was = set(version);
      const { code, said } = await s.run();
      t.equal(code, 65, file);
      t.match(said, reason);
      t.same(clean(said), [], 'and no word of checkpoints that could not be signed');
      set(was);
    }
    t.equal((await s.run()).code, 0);
  },
);

t.test('a data disk that is not mounted ends the start with 78, and nothing is made there', async (t) => {
  const s = site(t);
  t.equal((await s.run()).code, 0);
  const [aside, old] = [`${s.data}.disk`, new Date(Date.now() - 40 * 86_400_000)];
  const empty = () => {
    rmSync(s.data, { recursive: true, force: true });
    mkdirSync(s.data, { mode: 0o750 });
  };
  const heard: string[] = [];
  const receiver = createHttpServer((request, answer) => {
    request.on('data', (part) => heard.push(String(part)));
    request.on('end', () => answer.end());
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  t.teardown(() => receiver.close());
  const { port } = receiver.address() as { port: number };
  const alerts = `[alerts]\nwebhook_url = "http://127.0.0.1:${port}/"\nwebhook_secret_file = "hook"\n`;
  writeFileSync(join(s.house, 'hook'), 'hook-secret-0815-long-enough\n', { mode: 0o600 });
  s.configure((text) => `${text}\n${alerts}`);

  // What is there is the empty mount point, an hour after the installation.
  renameSync(s.data, aside);
  t.teardown(() => rmSync(aside, { recursive: true, force: true }));
  empty();
  const { code, said } = await s.run();
  t.equal(code, 78);
  t.match(
    said,
    /data directory is empty, but this machine has recorded before.*witness\/data\.json.*mount it.*touch/s,
  );
  t.same(clean(said), []);
  t.same(readdirSync(s.data), [], 'nothing is made there');
  t.match(heard.join(''), /"code":"recorder_not_started"/, 'and who receives alerts hears of it');
  utimesSync(s.key, old, old);
  rmSync(witnessFile(join(s.house, 'tapedeck.toml')));
  const byKey = await s.run();
  t.match(
    byKey,
    { code: 78, said: /master\.key is 40 days old/ },
    'a machine from before there was a witness',
  );

  rmSync(s.data, { recursive: true });
  renameSync(aside, s.data);
  t.equal((await s.run()).code, 0, 'the disk comes back');

  // The disk of another machine: it has calls.
  const ours = readFileSync(witnessFile(join(s.house, 'tapedeck.toml')), 'utf8');
  renameSync(s.data, aside);
  empty();
  await withOneCall(s.data);
  const other = await s.run();
  t.equal(other.code, 78, other.said);
  t.match(other.said, /belongs to another installation.*witness\/data\.json.*findmnt/s);
  t.same(clean(other.said), []);
  t.equal(
    readFileSync(witnessFile(join(s.house, 'tapedeck.toml')), 'utf8'),
    ours,
    'what is known of our own data stays',
  );

  rmSync(witnessFile(join(s.house, 'tapedeck.toml')));
  spawnSync('touch', [s.key]);
  empty();
  t.equal((await s.run()).code, 0, 'the way to begin anew is the one that it says');
});

t.test(
  'a master key that is lost ends the start with 78, a folder in the place of a file with 65',
  async (t) => {
    const s = site(t);
    t.equal((await s.run()).code, 0);
    const key = readFileSync(s.key);
    rmSync(s.key);
    const lost = await s.run();
    t.equal(lost.code, 78);
    t.match(lost.said, /master key cannot be read.*master\.key is gone.*Restore the file/s);
    t.notOk(existsSync(s.key), 'no other is made');
    writeFileSync(s.key, key, { mode: 0o600 });

    rmSync(catalogueFile(s.data));
    mkdirSync(catalogueFile(s.data));
    const strange = await s.run();
    t.equal(strange.code, 65);
    t.match(strange.said, /something that Tapedeck did not put there.*catalogue\.db is not a plain file/s);
    t.same(clean(strange.said), []);
  },
);

t.test('the dashboard makes no catalogue, and no folder but its own', async (t) => {
  const s = site(t);
  const { code, said } = await s.run('web');
  t.equal(code, 1, 'its unit tries again');
  t.match(said, /The catalogue is missing.*systemctl start tapedeck/s);
  t.notOk(existsSync(s.data));
  mkdirSync(s.data);
  const waits = await s.run('web');
  t.equal(waits.code, 0, 'it waits');
  t.match(waits.said, /The catalogue cannot be read; waiting for it/);
  t.strictSame(readdirSync(s.data), ['web']);
  t.equal((await s.run()).code, 0);
  const after = await s.run('web');
  t.equal(after.code, 0);
  t.notMatch(after.said, /cannot be read/, 'also while the recorder is stopped');
});

t.test(
  'a folder of root ends the start with 77, and so does a port that needs rights; a busy port does not',
  { skip: process.getuid?.() !== 0 && 'root' },
  async (t) => {
    const s = site(t);
    t.equal((await s.run()).code, 0);
    chownTree(s.house, 4242);
    chownTree(s.data, 4242);
    const cases = [
      ['run', 'keys'],
      ['run', 'catalogue'],
      ['web', 'web'],
    ] as const;
    mkdirSync(join(s.data, 'web'), { recursive: true });
    for (const [name, folder] of cases) {
      const path = join(s.data, folder);
      chownSync(path, 0, 0);
      chmodSync(path, 0o700);
      const { code, said } = await s.run(name, 4242);
      t.equal(code, 77, `${name}: ${said.slice(-500)}`);
      t.match(
        said,
        new RegExp(`${path}\\b.*(chown|permissions)`, 's'),
        'it names the folder and the way out',
      );
      t.notMatch(said, /\n\s+at /);
      chownSync(path, 4242, 4242);
    }
    t.equal((await s.run('run', 4242)).code, 0);

    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    s.configure((text) => text.replace(/^port = 0$/m, `port = ${port}`));
    const busy = await s.run('web', 4242);
    t.equal(busy.code, 1, 'its unit tries again');
    t.match(
      busy.said,
      new RegExp(`cannot listen on its address\\. 127\\.0\\.0\\.1, port ${port}: EADDRINUSE`),
    );
    server.close();
  },
);

t.test('an emptied catalogue beside keys of recordings is told of', async (t) => {
  const s = site(t);
  t.equal((await s.run()).code, 0);
  chmodSync(keysFolder(s.data), 0o750);
  const keys = new Database(keysFile(s.data));
  keys.prepare("INSERT INTO key (recording_id, wrapped) VALUES ('R1', x'01')").run();
  keys.close();
  for (const name of readdirSync(catalogueFolder(s.data)))
    writeFileSync(join(catalogueFolder(s.data), name), '');
  const { code, said } = await s.run();
  t.equal(code, 0, 'calls are recorded all the same');
  t.match(said, /catalogue\.db has no calls, but .*keys\.db has the keys of 1 recordings/);
});
