import type { Statement } from 'better-sqlite3';

/** Statements that are made when they are first needed and kept ready, up to so many. */
export function createReady(most: number, prepare: (sql: string) => Statement): (sql: string) => Statement {
  const ready = new Map<string, Statement>();
  return (sql) => {
    const found = ready.get(sql);
    if (found) return found;
    if (ready.size >= most) ready.clear();
    const made = prepare(sql);
    ready.set(sql, made);
    return made;
  };
}
