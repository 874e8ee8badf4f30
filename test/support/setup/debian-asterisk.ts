import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLACES, type Places } from '../../../daemon/cli/setup/machine/find-pbx.js';
import { runProgram } from '../../../daemon/ops/process/run-program.js';
import { freePort } from '../peers/free-port.js';
import { until } from '../recorder.js';

const START_MS = 60_000;

/**
 * An Asterisk with the configuration that Debian's package installs, in a folder of its own and on ports of its own: of what
 * Debian ships only asterisk.conf's folders and the two ports are changed. `major` is 22 or 16.
 */
export async function startDebianAsterisk(major: 22 | 16) {
  // The module has no types.
  const { getTree } = (await import('../../../scripts/lib/pbx-tree.mjs' as string)) as {
    getTree(
      home: string,
      major: number,
      say: (line: string) => void,
    ): Promise<{
      root: string;
      command: string;
      prefix: string[];
      modules: string;
      data: string;
    }>;
  };
  const tree = await getTree(join(import.meta.dirname, '../../../.pbx'), major, () => {});
  // A path with a short name: that of the console's socket is limited.
  const dir = join(tmpdir(), `tapedeck-debian-${process.pid}-${major}`);
  rmSync(dir, { recursive: true, force: true });
  const etc = join(dir, 'etc');
  cpSync(join(tree.root, 'etc/asterisk'), etc, { recursive: true });
  for (const name of ['spool', 'run', 'log/cdr-csv', 'lib/keys', 'db', 'cache'])
    mkdirSync(join(dir, name), { recursive: true });
  const folders = {
    ...{
      astetcdir: etc,
      astmoddir: tree.modules,
      astdatadir: tree.data,
      astagidir: join(tree.data, 'agi-bin'),
    },
    ...{ astvarlibdir: join(dir, 'lib'), astdbdir: join(dir, 'db'), astkeydir: join(dir, 'lib') },
    ...{ astspooldir: join(dir, 'spool'), astcachedir: join(dir, 'cache') },
    ...{ astrundir: join(dir, 'run'), astlogdir: join(dir, 'log') },
  };
  const edit = (name: string, what: RegExp, to: string) => {
    const text = readFileSync(join(etc, name), 'latin1');
    if (!what.test(text)) throw new Error(`Debian's ${name} has nothing like ${what}`);
    writeFileSync(
      join(etc, name),
      text.replace(what, () => to),
      'latin1',
    );
  };
  const lines = Object.entries(folders).map(([key, value]) => `${key} => ${value}\n`);
  edit('asterisk.conf', /^\[directories\]\(!\)\n(?:.*=>.*\n)+/m, `[directories]\n${lines.join('')}`);
  // As Debian has it, Asterisk listens at neither until set-up has enabled both and reloads it.
  const [http, ami] = [await freePort(), await freePort()];
  edit('http.conf', /^;bindport=8088$/m, `bindport=${http}`);
  edit('manager.conf', /^port = 5038$/m, `port = ${ami}`);

  const places: Places = { ...PLACES, etc, asterisk: join(dir, 'asterisk') };
  const command = [tree.command, ...tree.prefix];
  writeFileSync(places.asterisk, `#!/bin/sh\nexec ${command.join(' ')} "$@"\n`, { mode: 0o755 });
  const child: ChildProcess = spawn(tree.command, [...tree.prefix, '-C', join(etc, 'asterisk.conf'), '-f'], {
    cwd: dir,
    stdio: 'ignore',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: dir, LANG: 'C.UTF-8' },
  });
  const cli = async (line: string) =>
    (await runProgram(places.asterisk, ['-C', join(etc, 'asterisk.conf'), '-rx', line])).out;
  const booted = async () => {
    if (child.exitCode !== null)
      throw new Error(`Asterisk ${major} does not start with Debian's configuration; see ${dir}/log`);
    return /fully booted/i.test(await cli('core waitfullybooted'));
  };
  await until(`Asterisk ${major}`, booted, START_MS);
  return {
    ...{ dir, etc, places, cli, ports: { http, ami } },
    recordings: join(dir, 'spool/recording'),
    async stop(): Promise<void> {
      const gone = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await gone;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
