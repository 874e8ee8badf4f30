import Database from 'better-sqlite3';
import { migrations } from './migrations.js';

type Part = { type: string; name: string; tbl_name: string; sql: string | null };
/** What SQLite keeps for itself (statistics, internal indexes) has names of its own and no definition. */
const PARTS =
  "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name";
const made = new Map<number, Part[]>();

/** Tables, indexes, triggers and views as the first so many migrations make them. */
function partsAt(version: number): Part[] {
  const known = made.get(version);
  if (known) return known;
  const db = new Database(':memory:');
  try {
    for (const sql of migrations.slice(0, version)) db.exec(sql);
    const parts = db.prepare(PARTS).all() as Part[];
    made.set(version, parts);
    return parts;
  } finally {
    db.close();
  }
}

/**
 * What of the schema is not as the migrations make it, one sentence each; empty when all of it is. A trigger that was put
 * in or taken out, or an index or column with another definition, makes the catalogue keep or show other rows than were
 * written. The rows of sqlite_schema are compared, not a number that says whether they changed: anyone who can write to the
 * file can set that number. `tables` narrows it to what belongs to these.
 */
export function schemaFaults(
  db: Database.Database,
  { version = migrations.length, tables }: { version?: number; tables?: readonly string[] } = {},
): string[] {
  const among = ({ tbl_name }: Part) => !tables || tables.includes(tbl_name);
  const found = new Map((db.prepare(PARTS).all() as Part[]).filter(among).map((part) => [part.name, part]));
  const faults = partsAt(version)
    .filter(among)
    .flatMap(({ type, name, sql }) => {
      const part = found.get(name);
      found.delete(name);
      if (!part) return [`The ${type} ${name} is missing.`];
      return part.type === type && part.sql === sql
        ? []
        : [`The ${type} ${name} is not what Tapedeck makes.`];
    });
  return [...faults, ...[...found.values()].map(({ type, name }) => `The ${type} ${name} was put in.`)];
}
