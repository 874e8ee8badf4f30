import type { PbxConfig } from '../ops/config-schema.js';
import { readSecret } from '../ops/secrets/secret.js';
import { createCsvReader } from './csv.js';
import { createMysqlReader } from './mysql.js';
import type { CdrReader, ToCdr } from './source.js';
import { createSqliteReader } from './sqlite.js';

/**
 * The records of one PBX, wherever the configuration says that they are. `credential` has the password of its database,
 * `csvRow` names the columns of cdr_csv; `held` returns the password where it was read before.
 */
export function cdrSources(
  { cdr_csv: csv, cdr_sqlite: sqlite, cdr_mysql: mysql }: PbxConfig,
  credential: string,
  csvRow: (fields: string[]) => unknown,
  toCdr: ToCdr,
  held?: () => string,
): CdrReader[] {
  const sources: CdrReader[] = [];
  if (csv) sources.push(createCsvReader({ path: csv, toCdr: (fields) => toCdr(csvRow(fields)) }));
  if (sqlite) sources.push(createSqliteReader({ path: sqlite, toCdr }));
  if (mysql) {
    const password = held ?? (() => readSecret(mysql.password_file, credential));
    sources.push(createMysqlReader({ ...mysql, password, toCdr }));
  }
  return sources;
}
