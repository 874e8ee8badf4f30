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
  'Without them, Tapedeck does not learn of calls that take place while it is stopped. See "An independent witness" in docs/start/asterisk-configuration.md.';

/** Returns where the CDRs of this FreePBX are, or a sentence that says why setup does not support it. */
export function cdrTable(
  settings: Readonly<Record<string, string>>,
  sockets: readonly string[],
): CdrTable | string {
  const set = (key: string, otherwise: string) => settings[key]?.trim() || otherwise;
  const [type, host] = [set('CDRDBTYPE', 'mysql'), set('CDRDBHOST', 'localhost')];
  const [database, table] = [set('CDRDBNAME', 'asteriskcdrdb'), set('CDRDBTABLENAME', 'cdr')];
  if (!/^(mysql|mariadb)$/i.test(type))
    return `FreePBX keeps its CDRs in a database of the kind "${type}", which setup does not support. ${BY_HAND}`;
  if (!/^(localhost|127\.0\.0\.1|::1)$/.test(host))
    return `FreePBX keeps its CDRs on another machine, ${host}, where setup creates no user. ${BY_HAND}`;
  if (!NAME.test(database) || !NAME.test(table))
    return `FreePBX's table of CDRs has the name "${database}.${table}". Setup supports letters, digits and "_". ${BY_HAND}`;
  const socket = sockets.find((one) => existsSync(one));
  if (socket === undefined)
    return `The database of FreePBX's CDRs was not found: there is no ${sockets.join(' and no ')}. ${BY_HAND}`;
  return { socket, database, table };
}

/** A database user that may create others. */
export type AdminName = { user: string; password: string };
/** Debian's MariaDB lets the system's root in as its own, without a password. */
export const ROOT: AdminName = { user: 'root', password: '' };

/** A connection to a database server as its administrator. */
export type Admin = {
  /** Values stand for each "?". Throws `setup_database`. */
  run(sql: string, values?: string[]): Promise<Record<string, unknown>[]>;
  end(): void;
};

/** Throws `setup_database` if the server refuses this user. */
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
