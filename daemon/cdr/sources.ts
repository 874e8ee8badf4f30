import type { Config } from '../ops/config-schema.js';
import { readSecret } from '../ops/secrets/secret.js';
import { createCsvReader } from './csv.js';
import { createMysqlReader } from './mysql.js';
import type { CdrReader, ToCdr } from './source.js';
import { createSqliteReader } from './sqlite.js';

/** The PBX's own records, wherever the configuration says that they are. `csvRow` names the columns of cdr_csv. */
export function cdrSources(
  { cdr_csv: csv, cdr_sqlite: sqlite, cdr_mysql: mysql }: Config['coverage'],
  csvRow: (fields: string[]) => unknown,
  toCdr: ToCdr,
): CdrReader[] {
  const sources: CdrReader[] = [];
  if (csv) sources.push(createCsvReader({ path: csv, toCdr: (fields) => toCdr(csvRow(fields)) }));
  if (sqlite) sources.push(createSqliteReader({ path: sqlite, toCdr }));
  if (mysql) {
    const password = () => readSecret(mysql.password_file, 'cdr-password');
    sources.push(createMysqlReader({ ...mysql, password, toCdr }));
  }
  return sources;
}
