import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createConnection } from 'mysql2/promise';
import { until } from '../recorder.js';

const SHARE = '/usr/share/mariadb';
const SMALL = ['--no-defaults', '--innodb-buffer-pool-size=8M', '--innodb-log-file-size=4M', '--user=root'];

/**
 * A MariaDB of one's own in a temporary folder, reached by a socket there and by nothing else. Its `root` needs no password.
 * `stop` waits until it is gone.
 */
export async function startMariadb() {
  // Short, for the path of a socket may have 107 bytes.
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-db-'));
  const data = join(dir, 'data');
  const socket = join(dir, 's');
  mkdirSync(data, { recursive: true });
  await bootstrap(data, join(dir, 'bootstrap.log'));
  const server = spawn(
    'mariadbd',
    [...SMALL, `--datadir=${data}`, `--socket=${socket}`, '--skip-networking'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  server.stderr.pipe(createWriteStream(join(dir, 'mariadb.log')));
  const ended = once(server, 'exit');
  const connect = (database?: string) =>
    createConnection({
      socketPath: socket,
      user: 'root',
      multipleStatements: true,
      ...(database && { database }),
    });
  await until('MariaDB answers', async () => {
    if (server.exitCode !== null)
      throw new Error(`MariaDB ended with ${server.exitCode}: see ${dir}/mariadb.log`);
    const db = await connect().catch(() => null);
    await db?.end();
    return db !== null;
  });
  return {
    socket,
    async run(sql: string, values: unknown[] = [], database?: string): Promise<unknown> {
      const db = await connect(database);
      try {
        return (await db.query(sql, values))[0];
      } finally {
        await db.end();
      }
    },
    async stop(): Promise<void> {
      server.kill('SIGTERM');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Makes the system tables as mariadb-install-db does, which needs packages that are of no other use here. */
async function bootstrap(data: string, log: string): Promise<void> {
  const child = spawn('mariadbd', [...SMALL, '--bootstrap', `--datadir=${data}`], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  child.stderr.pipe(createWriteStream(log));
  const ended = once(child, 'exit');
  async function* statements() {
    yield 'create database mysql;\nuse mysql;\nSET @auth_root_socket=NULL;\n';
    yield* createReadStream(`${SHARE}/mariadb_system_tables.sql`);
    yield* createReadStream(`${SHARE}/mariadb_system_tables_data.sql`);
  }
  Readable.from(statements()).pipe(child.stdin);
  const [code] = await ended;
  if (code !== 0) throw new Error(`MariaDB could not make its tables (${code}): see ${log}`);
}
