import child from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import Database from 'better-sqlite3';
import { programOf } from '../program-of.js';

/** Which process counts its steps: the recorder, or the one that it starts. */
export type Who = 'recorder' | 'upgrade';
/** A step of a process, by what it is called and how often it has come by then. */
export type Step = { who: Who; what: string; nth: number };
/**
 * `dir`: where steps count. `end`: before which step the process ends itself, once. `steps`: the file to note them in. `go`: until
 * this file is there, the process that upgrades takes no migration.
 */
export type Order = { dir: string; end: Step | null; steps: string; go: string };

/** Has a process note its steps, where its environment says which. */
export const HOOK = ['--import', programOf(import.meta.filename).at(-1)!];

const { appendFileSync, existsSync, writeFileSync } = fs;

/**
 * Has this process note each step that it takes in a folder, a change of a file or of a database, and end itself as kill -9 does
 * before one of them. Processes that it forks do the same.
 */
export function failpoint(order: Order, me: Who): void {
  const { end } = order;
  let left = end?.who === me && !existsSync(`${order.steps}.ended`) ? end.nth : 0;
  let waits = me === 'upgrade';
  const names = new Map<number, string>();
  const ours = (path: unknown): path is string => typeof path === 'string' && path.startsWith(order.dir);
  const plain = (path: string) =>
    basename(path)
      .replaceAll(/\d{8}T\d{6}Z/g, '(copy)')
      .replaceAll(/[0-9a-f]{8,12}/g, 'x');
  function step(what: string): void {
    appendFileSync(order.steps, `${me} ${what}\n`);
    if (left === 0 || what !== end?.what) return;
    left -= 1;
    if (left > 0) return;
    writeFileSync(`${order.steps}.ended`, '');
    process.kill(process.pid, 'SIGKILL');
    for (;;);
  }
  const watch = (name: keyof typeof fs, at: (...given: unknown[]) => string | undefined) => {
    const real = fs[name] as (...given: unknown[]) => unknown;
    (fs as unknown as Record<string, unknown>)[name] = (...given: unknown[]) => {
      const path = at(...given);
      if (path !== undefined && ours(path)) step(`${name} ${plain(path)}`);
      const done = real(...given);
      if (name === 'openSync') names.set(done as number, String(given[0]));
      return done;
    };
  };
  for (const name of ['mkdirSync', 'rmSync', 'unlinkSync', 'chmodSync', 'chownSync'] as const)
    watch(name, (path) => path as string);
  for (const name of ['renameSync', 'linkSync', 'copyFileSync'] as const)
    watch(name, (_, to) => to as string);
  watch('openSync', (path, flags) =>
    flags === 'r' || flags === undefined || flags === fs.constants.O_RDONLY ? undefined : (path as string),
  );
  for (const name of ['writeSync', 'fsyncSync'] as const) watch(name, (fd) => names.get(fd as number));

  const { exec, pragma, close, backup } = Database.prototype;
  const memory = new Database(':memory:');
  const statement = Object.getPrototypeOf(memory.prepare('SELECT 1')) as Database.Statement;
  close.call(memory);
  const { run } = statement;
  const sql = (text: string) => text.replaceAll(/\s+/g, ' ').trim().split(/[ (]/).slice(0, 3).join(' ');
  const held = () => {
    if (!waits) return;
    while (!existsSync(order.go)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    waits = false;
  };
  statement.run = function (this: Database.Statement, ...values: unknown[]) {
    if (ours(this.database.name) && !this.readonly) step(`${plain(this.database.name)}: ${sql(this.source)}`);
    else if (/^(COMMIT|VACUUM)/.test(this.source)) step(sql(this.source));
    return run.apply(this, values);
  };
  Object.assign(Database.prototype, {
    exec(this: Database.Database, source: string) {
      held();
      if (ours(this.name)) step(`${plain(this.name)}: migration`);
      return exec.call(this, source);
    },
    pragma(this: Database.Database, source: string, options: Database.PragmaOptions) {
      if (ours(this.name) && /checkpoint|user_version =|journal_mode/.test(source))
        step(`${plain(this.name)}: ${source.replaceAll(/\d+/g, 'n')}`);
      return pragma.call(this, source, options);
    },
    close(this: Database.Database) {
      if (this.open && ours(this.name)) step(`${plain(this.name)}: close`);
      return close.call(this);
    },
    backup(this: Database.Database, to: string, options?: Database.BackupOptions) {
      step(`backup ${plain(to)}`);
      return backup.call(this, to, options);
    },
  });
  if (me === 'recorder') {
    const { fork } = child;
    (child as { fork: unknown }).fork = (file: string, args: string[], how: child.ForkOptions) => {
      const env = { TAPEDECK_FAILPOINT: JSON.stringify(order) };
      // As this process runs: what was compiled beforehand, or the sources.
      const program = programOf(file);
      const heap = how.execArgv!.filter((arg) => arg.startsWith('--max-old-space-size='));
      const execArgv = [...program.slice(0, -1), ...HOOK, ...heap];
      return fork(program.at(-1)!, args, { ...how, execArgv, env });
    };
  }
  syncBuiltinESMExports();
}

const { TAPEDECK_FAILPOINT: given } = process.env;
if (given) failpoint(JSON.parse(given) as Order, 'upgrade');
