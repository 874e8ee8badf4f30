import Database from 'better-sqlite3';
import type { ListLine, ListLines } from '../../../domain/backup/backup.js';
import { diskError } from '../../../domain/error.js';

export type Applied = {
  /** Recordings that the catalogue had as kept, and that are erased. */
  erased: number;
  /** Recordings that it did not have held, and that are. */
  held: number;
  /** Matters that it did not have. */
  matters: number;
  consents: number;
};

/** Rows in one transaction. */
const BATCH = 500;

/**
 * Makes a restored catalogue agree with a list of erasures and holds: what was erased since is erased here too, what was put on hold is
 * held. A hold that ended since stays, until it is released again; only what was erased after its release is not held any more.
 * `gone` is told the id of every recording and document on the list whose key has to go, whether the catalogue knows it or not. May
 * be repeated. No recorder may have the file.
 */
export async function applyStanding(
  path: string,
  lines: AsyncIterable<ListLine>,
  { gone }: { gone: (what: { recording: string } | { document: string }) => void },
): Promise<Applied> {
  const db = new Database(path, { fileMustExist: true, timeout: 5_000 });
  const done: Applied = { erased: 0, held: 0, matters: 0, consents: 0 };
  try {
    db.pragma('foreign_keys = ON');
    db.pragma('secure_delete = ON');
    const apply = statements(db);
    const all = db.transaction((some: ListLine[]) => {
      for (const line of some) {
        if ('erased' in line) {
          gone({ recording: line.erased });
          done.erased += apply.erase(line);
        } else if ('held' in line) done.held += apply.hold(line);
        else if ('opened_by' in line) done.matters += apply.matter(line);
        else {
          const { changed, document } = apply.consent(line);
          if (document) gone({ document });
          done.consents += changed;
        }
      }
    });
    const whole = unguarded(db, all);
    let some: ListLine[] = [];
    for await (const line of lines) {
      some.push(line);
      if (some.length < BATCH) continue;
      whole(some);
      some = [];
    }
    whole(some);
    return done;
  } catch (e) {
    throw diskError(e);
  } finally {
    db.close();
  }
}

/**
 * Runs `work` in one transaction without the triggers that keep what is held: a recording that was erased after its release is still
 * held in an older catalogue. They are put back in the same transaction, as they were.
 */
function unguarded<T>(db: Database.Database, work: (given: T) => void): (given: T) => void {
  const triggers = db.prepare<[], { name: string; sql: string }>(
    "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name IN ('held_not_erased', 'held_until_released')",
  );
  return db.transaction((given: T) => {
    const found = triggers.all();
    for (const { name } of found) db.exec(`DROP TRIGGER ${name}`);
    work(given);
    for (const { sql } of found) db.exec(sql);
  }).immediate;
}

function statements(db: Database.Database) {
  const kept = db.prepare("SELECT 1 FROM recordings WHERE id = ? AND state <> 'erased'").pluck();
  const letGo = db.prepare('DELETE FROM hold_items WHERE recording_id = ? RETURNING matter, why');
  const counted = db.prepare(`
    UPDATE matters SET held_query = held_query + $query, held_picked = held_picked + $picked, revision = revision + 1
    WHERE id = $id`);
  const purge = ['peaks', 'manifest_texts'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE recording_id = ?`),
  );
  const erase = db.prepare(`
    UPDATE recordings SET state = 'erased', erased_at = $at, erase_reason = coalesce($why, erase_reason),
      erase_intended_at = coalesce(erase_intended_at, $at) WHERE id = $id`);
  const count = (id: string, why: string, by: 1 | -1) =>
    counted.run({ id, query: why === 'query' ? by : 0, picked: why === 'picked' ? by : 0 });

  const matter = db.prepare<[string], { query: string | null }>('SELECT query FROM matters WHERE id = ?');
  const named = db.prepare('SELECT 1 FROM matters WHERE name = ?').pluck();
  // Its query is worked out by the recorder at its next start; until then nothing is erased.
  const open = db.prepare(`
    INSERT INTO matters (id, name, reason, query, opened_by, opened_at, applied_at, applied_id, revision)
    VALUES ($matter, $name, $reason, $query, $opened_by, $opened_at, $from, iif($from IS NULL, NULL, ''), 1)`);
  const widen = db.prepare(`
    UPDATE matters SET query = $query, applied_at = $from, applied_id = '', revision = revision + 1
    WHERE id = $matter`);
  const hold = db.prepare(`
    INSERT INTO hold_items (matter, recording_id, why, at, by)
    SELECT $matter, id, $why, $at, $by FROM recordings WHERE id = $held AND state = 'sealed'
      AND EXISTS (SELECT 1 FROM matters WHERE id = $matter)
    ON CONFLICT (recording_id, matter) DO NOTHING`);

  const documentOf = db
    .prepare<[number], string>("SELECT document ->> '$.id' FROM consents WHERE id = ?")
    .pluck();
  const eraseDocument = db.prepare(`
    UPDATE consents SET document = json_set(document, '$.erasedAt', $document_at, '$.erasedBy', $document_by)
    WHERE id = $consent AND document IS NOT NULL AND document ->> '$.erasedAt' IS NULL`);
  const eraseConsent = db.prepare(`
    UPDATE consents SET number = '', contact = '', extensions = '[]', queues = '[]', how = '', digits = '',
      withdrawn_by = iif(withdrawn_at IS NULL, $by, withdrawn_by), withdrawn_at = coalesce(withdrawn_at, $at),
      erased_at = $at, erased_by = $by, erased_why = $why
    WHERE id = $consent AND erased_at IS NULL`);

  const fromOf = (query: string | null): number | null => {
    if (query === null) return null;
    const from: unknown = (JSON.parse(query) as { from?: unknown }).from;
    return typeof from === 'number' ? from : 0;
  };

  return {
    erase({ erased: id, at, why }: ListLines['erased']): number {
      if (kept.get(id) === undefined) return 0;
      for (const row of letGo.all(id) as { matter: string; why: string }[]) count(row.matter, row.why, -1);
      for (const one of purge) one.run(id);
      return erase.run({ id, at, why }).changes;
    },
    matter(line: ListLines['matter']): number {
      const known = matter.get(line.matter);
      const from = fromOf(line.query);
      if (known) {
        if (line.query !== null && known.query !== line.query) widen.run({ ...line, from });
        return 0;
      }
      const name = named.get(line.name) === undefined ? line.name : `${line.name} (${line.matter})`;
      return open.run({ ...line, name, from }).changes;
    },
    hold(line: ListLines['held']): number {
      const { changes } = hold.run(line);
      if (changes > 0) count(line.matter, line.why, 1);
      return changes;
    },
    consent(line: ListLines['consent']): { changed: number; document: string | null } {
      const document = line.document_at === null ? null : (documentOf.get(line.consent) ?? null);
      let changed = line.document_at === null ? 0 : eraseDocument.run(line).changes;
      if (line.at !== null) changed = Math.max(changed, eraseConsent.run(line).changes);
      return { changed, document };
    },
  };
}

/**
 * Ends what ran when the copy was made and must not go on elsewhere: backups. `audio`: all files are put in the data directory, also
 * those that were in an archive.
 */
export function settleRestored(path: string, { at, audio }: { at: number; audio: boolean }): void {
  const db = new Database(path, { fileMustExist: true, timeout: 5_000 });
  try {
    db.prepare(
      "UPDATE jobs SET state = 'cancelled', ended_at = ? WHERE kind IN ('backup', 'backup_drill') AND state IN ('waiting', 'running')",
    ).run(at);
    if (audio) db.exec("UPDATE recordings SET tier = 'hot' WHERE state = 'sealed' AND tier <> 'hot'");
  } finally {
    db.close();
  }
}

/** Leaves one file of a database, without a log beside it. */
export function settleFile(path: string): void {
  const db = new Database(path, { fileMustExist: true, timeout: 5_000 });
  try {
    db.pragma('journal_mode = DELETE');
  } finally {
    db.close();
  }
}
