import { existsSync } from 'node:fs';
import { connectMysql } from '../../../cdr/mysql.js';
import { fail } from '../../../domain/error.js';

/** Where FreePBX keeps its CDRs: a table of a server on this machine. */
export type CdrTable = { socket: string; database: string; table: string };

/** FreePBX's Advanced Settings about it. Empty: as it installs them. */
export const CDR_SETTINGS = ['CDRDBTYPE', 'CDRDBHOST', 'CDRDBNAME', 'CDRDBTABLENAME'];
/** Where MariaDB and MySQL listen, as Debian and the distribution of FreePBX have them. */
export const SOCKETS = ['/run/mysqld/mysqld.sock', '/var/lib/mysql/mysql.sock'];

const NAME = /^[A-Za-z0-9_]{1,64}$/;
const BY_HAND =
  'Calls that go on while Tapedeck does not run are then not known. See "An independent witness" in docs/start/asterisk-configuration.md.';

/** Returns where the CDRs of this FreePBX are, or in a sentence why setup cannot have them read. */
export function cdrTable(
  settings: Readonly<Record<string, string>>,
  sockets: readonly string[],
): CdrTable | string {
  const set = (key: string, otherwise: string) => settings[key]?.trim() || otherwise;
  const [type, host] = [set('CDRDBTYPE', 'mysql'), set('CDRDBHOST', 'localhost')];
  const [database, table] = [set('CDRDBNAME', 'asteriskcdrdb'), set('CDRDBTABLENAME', 'cdr')];
  if (!/^(mysql|mariadb)$/i.test(type))
    return `FreePBX keeps its CDRs in a database of the kind "${type}", which setup does not know. ${BY_HAND}`;
  if (!/^(localhost|127\.0\.0\.1|::1)$/.test(host))
    return `FreePBX keeps its CDRs on another machine, ${host}: setup makes no user there. ${BY_HAND}`;
  if (!NAME.test(database) || !NAME.test(table))
    return `The table of CDRs is called "${database}.${table}", which setup does not write into SQL. ${BY_HAND}`;
  const socket = sockets.find((one) => existsSync(one));
  if (socket === undefined)
    return `The database of FreePBX's CDRs was not found: there is no ${sockets.join(' and no ')}. ${BY_HAND}`;
  return { socket, database, table };
}

/** Who may make users at the database. Where no password is known, root is let in for being root, as Debian sets it up. */
export type AdminName = { user: string; password: string };
export const ROOT: AdminName = { user: 'root', password: '' };

/** A connection to a database server as its administrator. */
export type Admin = {
  /** Values stand for each "?". Throws `setup_database`. */
  run(sql: string, values?: string[]): Promise<Record<string, unknown>[]>;
  end(): void;
};

/** Throws `setup_database` when the server does not let this user in. */
export async function openAdmin(socket: string, { user, password }: AdminName): Promise<Admin> {
  const failed = (e: unknown) => fail('setup_database', `${socket}, as ${user}: ${(e as Error).message}`, e);
  const db = await connectMysql({ socketPath: socket }, { user, password }).catch((e: unknown) => {
    throw failed(e);
  });
  return {
    async run(sql, values = []) {
      try {
        const [rows] = await db.query(sql, values);
        return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
      } catch (e) {
        throw failed(e);
      }
    },
    end: () => db.destroy(),
  };
}
