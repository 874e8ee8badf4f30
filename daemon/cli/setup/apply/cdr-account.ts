import type { Admin, CdrTable } from '../machine/cdr-database.js';

/** The user that reads CDRs, from this machine alone. */
export const CDR_USER = 'tapedeck';
const ACCOUNT = `'${CDR_USER}'@'localhost'`;

/** Whether the database has the table of CDRs, and a user of that name. */
export type Found = { hasTable: boolean; hasAccount: boolean };
/** Whoever changes FreePBX's settings names the table: no other one gets a user that may read it. */
const CDR_COLUMNS = ['calldate', 'uniqueid', 'disposition'];

export async function lookAt(admin: Admin, { database, table }: CdrTable): Promise<Found> {
  const columns = await admin.run(
    `SELECT 1 FROM information_schema.columns WHERE table_schema = ? AND table_name = ?
      AND column_name IN (${CDR_COLUMNS.map(() => '?').join(', ')})`,
    [database, table, ...CDR_COLUMNS],
  );
  return { hasTable: columns.length === CDR_COLUMNS.length, hasAccount: await hasAccount(admin) };
}

const hasAccount = async (admin: Admin): Promise<boolean> =>
  (await admin.run('SELECT 1 FROM mysql.user WHERE user = ? AND host = ?', [CDR_USER, 'localhost'])).length >
  0;

/** Makes the user anew, with this password and the right to read that table and nothing else. */
export async function makeAccount(
  admin: Admin,
  { database, table }: CdrTable,
  password: string,
): Promise<void> {
  await dropAccount(admin);
  await admin.run(`CREATE USER ${ACCOUNT} IDENTIFIED BY ?`, [password]);
  await admin.run(`GRANT SELECT ON \`${database}\`.\`${table}\` TO ${ACCOUNT}`);
}

/** Returns whether there was one. */
export async function dropAccount(admin: Admin): Promise<boolean> {
  if (!(await hasAccount(admin))) return false;
  await admin.run(`DROP USER ${ACCOUNT}`);
  return true;
}
