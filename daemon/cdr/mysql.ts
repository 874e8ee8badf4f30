import type { Connection } from 'mysql2/promise';
import { fail } from '../domain/error.js';
import { type CdrReader, endedIn, localRange, type ToCdr } from './source.js';

export type MysqlDeps = {
  host: string;
  port: number;
  /** A socket on this machine, used instead of host and port. */
  socket?: string | undefined;
  database: string;
  /** Letters, digits and _ only: the schema of the configuration sees to it. */
  table: string;
  user: string;
  /** Asked for at each reading. */
  password: () => string;
  toCdr: ToCdr;
};

/** For connecting, and for one query, in ms. */
const PATIENCE = 5_000;
const QUERY_MS = 30_000;
/** At most so many rows are taken at a time. */
const PAGE = 10_000;

type At = { host: string; port: number } | { socketPath: string };

/** Connects to a server of MySQL or MariaDB, on which one statement is run at a time. Throws what the server or the network says. */
export async function connectMysql(
  at: At,
  who: { user: string; password: string; database?: string },
): Promise<Connection> {
  const { createConnection } = await import('mysql2/promise');
  return createConnection({
    ...at,
    ...who,
    connectTimeout: PATIENCE,
    dateStrings: true,
    supportBigNumbers: true,
    multipleStatements: false,
  });
}

/** The table `cdr` of MySQL or MariaDB, as FreePBX and cdr_adaptive_odbc keep it. Connects for each reading. */
export function createMysqlReader(deps: MysqlDeps): CdrReader {
  return {
    name: 'cdr_mysql',
    async read(range) {
      const place = deps.socket ?? `${deps.host}:${deps.port}`;
      try {
        const at = deps.socket ? { socketPath: deps.socket } : { host: deps.host, port: deps.port };
        const { user, database } = deps;
        const db = await connectMysql(at, { user, password: deps.password(), database });
        try {
          return await rows(db, range);
        } finally {
          db.destroy();
        }
      } catch (e) {
        throw fail('cdr_unreadable', `${place}, ${deps.database}.${deps.table}: ${(e as Error).message}`, e);
      }
    },
  };

  async function rows(db: Connection, range: { from: number; to: number }) {
    const local = localRange(range);
    const wanted = endedIn(range);
    const found = [];
    for (let offset = 0; ; offset += PAGE) {
      const sql = `SELECT * FROM \`${deps.table}\` WHERE calldate >= ? AND calldate <= ?
        ORDER BY calldate, uniqueid LIMIT ${PAGE} OFFSET ${offset}`;
      const [page] = await db.query({ sql, timeout: QUERY_MS }, [local.from, local.to]);
      for (const row of page as object[]) {
        const cdr = deps.toCdr(row);
        if (cdr && wanted(cdr)) found.push(cdr);
      }
      if ((page as object[]).length < PAGE) return found;
    }
  }
}
