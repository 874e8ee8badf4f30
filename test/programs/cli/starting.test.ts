import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import {
  addCommands,
  commandNames,
  createProgram,
  listCommands,
} from '../../../daemon/cli/common/program.js';
import type { Pbx } from '../../support/pbx/pbx.js';
import { createRecorderLab } from '../../support/recorder.js';

const MAIN = resolve('dist/daemon/main.js');
const LOADED = resolve('test/support/package/loaded.mjs');

/** Runs the built command. Gives its output, the packages that it imported, and how much of our own code it read, in KB. */
function tapedeck(config: string, ...args: string[]) {
  const list = `${config}.loaded`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', LOADED, MAIN, '--config', config, ...args],
    { encoding: 'utf8', env: { ...process.env, LOADED: list, NODE_OPTIONS: '' } },
  );
  const files = existsSync(list) ? readFileSync(list, 'utf8').trim().split('\n') : [];
  rmSync(list, { force: true });
  const packages = files.map((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? '');
  const own = files.filter((url) => url.startsWith('file:') && !url.includes('/node_modules/'));
  return {
    out: stdout,
    err: stderr,
    packages: [...new Set(packages.filter((name) => name !== ''))].sort(),
    ownKb: own.reduce((sum, url) => sum + statSync(fileURLToPath(url)).size, 0) / 1000,
  };
}

t.test('version and help load nothing of what the commands need', async (t) => {
  const config = join(t.testdir(), 'tapedeck.toml');
  for (const [args, said] of [
    [['--version'], /^\d+\.\d+\.\d+/],
    [['--help'], /consent-report/],
    [['help'], /consent-report/],
  ] as const) {
    const got = tapedeck(config, ...args);
    t.match(got.out, said, got.err);
    t.same(got.packages, ['commander', 'smol-toml'], `${args}: packages that it imports`);
    t.ok(got.ownKb > 0 && got.ownKb < 850, `${args} reads ${got.ownKb} KB of Tapedeck`);
  }
});

t.test('the status loads what asks the recorder, or what reads one table where none runs', async (t) => {
  const dir = t.testdir({ secret: 'away\n', spool: {} });
  const secret = join(dir, 'secret');
  const pbx = {
    ari: { url: 'http://127.0.0.1:9/ari', passwordFile: secret },
    ami: { port: 9, secretFile: secret },
    recordingDir: join(dir, 'spool'),
  } as Pbx;
  const lab = createRecorderLab({ dir: join(dir, 'house'), pbx });
  t.teardown(() => lab.stop());
  await lab.startDaemon(/the recorder is ready/);
  const up = tapedeck(lab.config, 'status');
  t.match(up.out, /Recorder +up since/, up.err);
  t.same(up.packages, ['canonicalize', 'commander', 'smol-toml']);
  t.ok(up.ownKb < 1_050, `it reads ${up.ownKb} KB of Tapedeck`);
  await lab.stopDaemon();
  const down = tapedeck(lab.config, 'status');
  t.match(down.out, /Recorder +not responding\nWaiting to be processed +0/, down.err);
  t.same(down.packages, ['better-sqlite3', 'canonicalize', 'commander', 'smol-toml']);
  t.ok(down.ownKb < 1_100, `it reads ${down.ownKb} KB of Tapedeck`);
});

t.test('the help lists each command as the command itself says', async (t) => {
  const listed = createProgram();
  listCommands(listed);
  const loaded = createProgram();
  await addCommands(loaded, commandNames());
  t.equal(listed.program.helpInformation(), loaded.program.helpInformation());
});
