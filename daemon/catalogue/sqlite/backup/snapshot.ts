import Database from 'better-sqlite3';
import type { BackupCounts, ListLine, ListLines, SealedLine } from '../../../domain/backup/backup.js';
import { databaseError, diskError } from '../../../domain/error.js';
import type { Tier } from '../../../domain/recording/tier.js';
import { LAST_CERTIFICATE } from '../recordings/certificates.js';

/** A file of sealed audio that a catalogue lists. `id`: of its recording. */
export type SealedRow = Pick<SealedLine, 'file' | 'bytes' | 'sha256'> & { id: string; tier: Tier };

const reading = (path: string) => new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 });

/**
 * Copies the catalogue as it is at one moment into a new file, without what was deleted from it. The one who writes the catalogue is
 * not kept from it; its log grows meanwhile. For a process of its own: it takes as long as reading the whole file.
 */
export function copyCatalogue(path: string, to: string): void {
  const db = reading(path);
  try {
    db.prepare('VACUUM INTO ?').run(to);
  } catch (e) {
    throw diskError(databaseError(e, path));
  } finally {
    db.close();
  }
}

/** A copy of a catalogue, or the catalogue itself, for backups to read. */
export function openForBackup(path: string) {
  const db = reading(path);
  const one = <T>(sql: string): T => db.prepare(sql).pluck().get() as T;
  // By the id and a page at a time, so that no transaction stays open.
  const hasCertificates = () =>
    one<number>("SELECT count(*) FROM sqlite_schema WHERE name = 'certificates'") > 0;
  // Prepared when it is asked for: a way back reads catalogues that do not have all of these columns yet.
  const sealed = () =>
    db.prepare<[string, number], SealedRow>(`
    SELECT id, file, tier, sealed_bytes AS bytes, sealed_sha256 AS sha256 FROM recordings
    WHERE id > ? AND state = 'sealed' ORDER BY id LIMIT ?`);
  const state = db.prepare<[string], string>('SELECT state FROM recordings WHERE id = ?').pluck();
  const sums = db.prepare<[string], { plain: string; sealed: string }>(
    'SELECT plain_sha256 AS plain, sealed_sha256 AS sealed FROM recordings WHERE id = ?',
  );

  return {
    close: (): void => void db.close(),
    /** Throws `database_damaged` where the file is not whole. */
    check(): void {
      const found = db.pragma('quick_check(1)', { simple: true });
      if (found !== 'ok')
        throw databaseError(Object.assign(new Error(String(found)), { code: 'SQLITE_CORRUPT' }), path);
    },
    counts: (): Omit<BackupCounts, 'keys'> => ({
      calls: one('SELECT count(*) FROM calls'),
      recordings: one("SELECT count(*) FROM recordings WHERE state = 'sealed'"),
      erased: one("SELECT count(*) FROM recordings WHERE state = 'erased'"),
      matters: one('SELECT count(*) FROM matters'),
      certificates: one('SELECT count(*) FROM certificates'),
    }),
    /** 0 where the catalogue is of a version without certificates. */
    lastCertificate: () => (hasCertificates() ? one<number>(LAST_CERTIFICATE) : 0),
    /** Calls with captured audio that is not sealed yet. */
    unsealed: (): number =>
      one("SELECT count(DISTINCT call_id) FROM segments WHERE state IN ('capturing', 'captured')"),
    audit(): { id: string; size: number; hash: string } {
      const head = db
        .prepare<[], { seq: number; hash: Buffer }>('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1')
        .get();
      return {
        id: one<string | undefined>("SELECT entry ->> '$.detail.log' FROM audit WHERE seq = 1") ?? '',
        size: head?.seq ?? 0,
        hash: head?.hash.toString('hex') ?? '',
      };
    },
    sealed: (after: string, limit: number): SealedRow[] => sealed().all(after, limit),
    state: (id: string): string | null => state.get(id) ?? null,
    hashes: (id: string) => sums.get(id) ?? null,
    standing: () => standingLines(db),
  };
}
export type BackupReader = ReturnType<typeof openForBackup>;

const PAGE = 1_000;

/**
 * What must hold in any copy of this catalogue that is restored: which recordings are erased, what open matters hold, and which
 * standing consents were erased. Each page is a transaction of its own: what is added meanwhile is on the next list.
 */
function* standingLines(db: Database.Database): Generator<ListLine> {
  yield* paged<ListLines['erased']>(
    db,
    "SELECT id AS erased, erased_at AS at, erase_reason AS why FROM recordings WHERE state = 'erased' AND id > ? ORDER BY id LIMIT ?",
    ({ erased }) => erased,
    '',
  );
  // Somebody may have made a tombstone look like a recording; the audit log cannot be changed unseen.
  for (const { seq: _, ...line } of paged<ListLines['erased'] & { seq: number }>(
    db,
    `SELECT a.seq, r.id AS erased, CAST(unixepoch(a.entry ->> '$.at', 'subsec') * 1000 AS INTEGER) AS at, r.erase_reason AS why
      FROM audit a JOIN recordings r ON r.id = a.entry ->> '$.detail.recording' AND r.state <> 'erased'
      WHERE a.action = 'erased' AND a.actor = 'tapedeck' AND a.seq > ? ORDER BY a.seq LIMIT ?`,
    ({ seq }) => seq,
    0,
  ))
    yield line;
  yield* paged<ListLines['matter']>(
    db,
    `SELECT id AS matter, name, reason, query, opened_by, opened_at FROM matters
      WHERE released_at IS NULL AND id > ? ORDER BY id LIMIT ?`,
    ({ matter }) => matter,
    '',
  );
  for (const row of paged<ListLines['held'] & { seq: number }>(
    db,
    `SELECT i.seq, i.recording_id AS held, i.matter, i.why, i.at, i.by FROM hold_items i
      JOIN matters m ON m.id = i.matter AND m.released_at IS NULL WHERE i.seq > ? ORDER BY i.seq LIMIT ?`,
    ({ seq }) => seq,
    0,
  )) {
    const { seq: _, ...line } = row;
    yield line;
  }
  yield* paged<ListLines['consent']>(
    db,
    `SELECT id AS consent, erased_at AS at, erased_by AS by, erased_why AS why,
        document ->> '$.erasedAt' AS document_at, coalesce(document ->> '$.erasedBy', '') AS document_by FROM consents
      WHERE (erased_at IS NOT NULL OR document ->> '$.erasedAt' IS NOT NULL) AND id > ? ORDER BY id LIMIT ?`,
    ({ consent }) => consent,
    0,
  );
}

function* paged<Row>(
  db: Database.Database,
  sql: string,
  place: (row: Row) => string | number,
  first: string | number,
): Generator<Row> {
  const some = db.prepare<[string | number, number], Row>(sql);
  for (let after = first; ; ) {
    const rows = some.all(after, PAGE);
    yield* rows;
    if (rows.length < PAGE) return;
    after = place(rows.at(-1)!);
  }
}
