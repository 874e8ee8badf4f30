import type Database from 'better-sqlite3';

type Tables = Record<string, unknown[]>;

/** Everything in a catalogue, table by table. */
export function tablesOf(
  db: Database.Database,
  { without = [] }: { without?: readonly string[] } = {},
): Tables {
  const names = db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all() as string[];
  return Object.fromEntries(
    names
      .filter((name) => !without.includes(name))
      .map((name) => [name, db.prepare(`SELECT * FROM ${name}`).all()]),
  );
}

/** From now on no entry can be written into the log of this catalogue; gives what mends it. */
export function breakLog(db: Database.Database): () => void {
  db.exec("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'broken'); END");
  return () => void db.exec('DROP TRIGGER broken');
}
