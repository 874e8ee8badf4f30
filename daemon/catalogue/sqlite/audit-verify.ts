import Database from 'better-sqlite3';
import {
  digestOfWords,
  EMPTY,
  type Fault,
  follow,
  type Head,
  isFault,
  type Row,
} from '../../domain/assurance/audit.js';
import { fail } from '../../domain/error.js';
import { migrations } from './migrations.js';
import { schemaFaults } from './schema.js';

/** A checkpoint whose signature was verified, with the words for where it came from. */
export type Known = { size: number; hash: string; at: string; from: string };

/** Somebody said that a log which does not go on from the last checkpoint is the right one. */
export type Acceptance = { seq: number; at: string; by: string; reason: string };

export type Verdict = {
  /** How far the chain is whole, and what it comes to there. */
  head: Head;
  fault: Fault | null;
  /**
   * What makes the log look other than it is to those who read it by its columns and indexes, which is everybody else:
   * in words, empty where all is as Tapedeck makes it.
   */
  disguised: string[];
  /** The checkpoint that shows the fault, where it is not the chain itself. */
  by: Known | null;
  /** The checkpoints with which the log was compared and that agree. */
  agreed: Known[];
  /** Those that do not agree, and were made before somebody accepted that. */
  excused: Known[];
  /** Those that a checkpoint that agrees has signed: anybody can write such an entry into a log that they make up. */
  acceptances: Acceptance[];
  /** Time of the first and of the last entry; empty without entries. */
  first: string;
  last: string;
};

type Raw = [seq: number, entry: Uint8Array | null, hash: Uint8Array | null];

/**
 * Reads the whole audit log of a catalogue, which it does not change, one row after the other, and finds the first that is
 * not what was written. `given` are checkpoints from elsewhere, `kept` those of this machine; `told` is called now and then
 * with the number of entries that were read. Throws when the file is no catalogue with an audit log.
 */
export function verifyAudit(
  path: string,
  { given, kept, told = () => {} }: { given: Known[]; kept: Known[]; told?: (entries: number) => void },
): Verdict {
  const db = openReadOnly(path);
  try {
    const verdict: Verdict = {
      ...{ head: EMPTY, fault: null, disguised: [], by: null, agreed: [], excused: [], acceptances: [] },
      ...{ first: '', last: '' },
    };
    const wanted = new Map<number, { hash: string; known: Known }[]>();
    for (const known of [...given, ...kept])
      wanted.set(known.size, [...(wanted.get(known.size) ?? []), { hash: known.hash, known }]);
    const differs: Known[] = [];

    const step = (row: Row, after: Row | undefined): boolean => {
      const next = follow(verdict.head, row, after);
      if (isFault(next)) {
        verdict.fault = next;
        return false;
      }
      verdict.head = next;
      for (const { hash, known } of wanted.get(next.size) ?? [])
        (hash === next.hash ? verdict.agreed : differs).push(known);
      if (next.size % 100_000 === 0) told(next.size);
      return true;
    };
    walk(db, step, verdict);
    // Columns are worked out of the entries, and lists go by indexes: another definition of one hides entries.
    const version = db.pragma('user_version', { simple: true }) as number;
    const otherSchema = schemaFaults(db, { version, tables: ['audit', 'audit_words'] });
    verdict.disguised = [...otherSchema, ...brokenIndexes(db), ...otherWords(db)];
    const signedTo = Math.max(0, ...verdict.agreed.map(({ size }) => size));
    verdict.acceptances = verdict.acceptances.filter(({ seq }) => seq <= signedTo);
    if (verdict.fault) return verdict;
    for (const known of [...given, ...kept]) if (known.size > verdict.head.size) differs.push(known);
    judge(verdict, differs, given);
    return verdict;
  } finally {
    db.close();
  }
}

/** Gives each row with the one behind it to `step`, until that gives false. What SQLite cannot read is a fault too. */
function walk(
  db: Database.Database,
  step: (row: Row, after: Row | undefined) => boolean,
  verdict: Verdict,
): void {
  const rows = db.prepare('SELECT seq, CAST(entry AS BLOB), hash FROM audit ORDER BY seq').raw();
  let held: Row | undefined;
  try {
    for (const [seq, entry, hash] of rows.iterate() as IterableIterator<Raw>) {
      const row = { seq, text: entry ?? Buffer.alloc(0), hash: hexOf(hash) };
      if (held && !step(held, row)) return;
      verdict.first ||= atOf(row);
      look(verdict, row);
      held = row;
    }
    if (held && step(held, undefined)) verdict.last = atOf(held);
  } catch (e) {
    if (!(e instanceof Database.SqliteError)) throw e;
    if (held && !step(held, undefined)) return;
    verdict.fault = { seq: verdict.head.size + 1, kind: 'unreadable' };
  }
}

const hexOf = (hash: Uint8Array | null): string =>
  hash instanceof Buffer ? hash.toString('hex') : String(hash);

const ACCEPTED = Buffer.from('"accepted":true');

const atOf = ({ text }: Row): string =>
  /"at":"([^"]{1,40})"/.exec(Buffer.from(text as Uint8Array).toString('latin1'))?.[1] ?? '';

/** Finds the entries in which somebody has accepted the log as it was. */
function look(verdict: Verdict, { seq, text }: Row): void {
  const bytes = text as Buffer;
  if (bytes.length > 1_500 || !bytes.includes(ACCEPTED)) return;
  try {
    const entry = JSON.parse(bytes.toString('utf8'));
    if (entry.action === 'checkpoint' && entry.detail?.accepted === true)
      verdict.acceptances.push({ seq, at: entry.at, by: entry.actor_name, reason: entry.reason });
  } catch {
    // It is no entry; the chain says so.
  }
}

/** Whether each index has what the table has, and nothing else. */
function brokenIndexes(db: Database.Database): string[] {
  const found = readable(() =>
    (db.pragma("integrity_check('audit')") as { integrity_check: string }[]).map((r) => r.integrity_check),
  );
  return found.filter((line) => line !== 'ok').map((line) => `SQLite says of it: ${line}.`);
}

/** The words that were looked for stand beside the log; the entry has a digest of them. */
function otherWords(db: Database.Database): string[] {
  const faults: string[] = [];
  const unread = readable(() => {
    const rows = db
      .prepare(
        `SELECT seq, salt, words, entry ->> '$.detail.words'
         FROM audit_words LEFT JOIN audit USING (seq) ORDER BY seq`,
      )
      .raw();
    for (const [seq, salt, words, digest] of rows.iterate() as IterableIterator<[number, ...string[]]>)
      if (digestOfWords(String(salt), String(words)) !== digest)
        faults.push(`The words beside entry ${seq} are not those that were looked for.`);
    return [];
  });
  return [...faults, ...unread];
}

/** What SQLite cannot read is a fault, and no reason to stop. */
function readable(read: () => string[]): string[] {
  try {
    return read();
  } catch (e) {
    if (!(e instanceof Database.SqliteError)) throw e;
    return [`SQLite cannot read it: ${e.message}.`];
  }
}

/** What checkpoints that do not agree mean. Those from before an acceptance are its business, unless brought from elsewhere. */
function judge(verdict: Verdict, differs: Known[], given: Known[]): void {
  const accepted = verdict.acceptances.at(-1)?.at ?? '';
  const counts = (known: Known) => given.includes(known) || known.at > accepted;
  verdict.excused = differs.filter((known) => !counts(known));
  const [worst] = differs.filter(counts).toSorted((a, b) => a.size - b.size);
  if (!worst) return;
  const agrees = Math.max(0, ...verdict.agreed.filter((k) => k.size < worst.size).map((k) => k.size));
  verdict.by = worst;
  verdict.fault =
    worst.size > verdict.head.size
      ? { seq: verdict.head.size + 1, kind: 'cut_off' }
      : { seq: agrees + 1, kind: 'rewritten' };
}

/** Checkpoints that the catalogue has kept, as text. */
export function keptNotes(path: string): string {
  const db = openReadOnly(path);
  try {
    return (db.prepare('SELECT note FROM checkpoints ORDER BY at').pluck().all() as string[]).join('\n');
  } catch {
    return '';
  } finally {
    db.close();
  }
}

function openReadOnly(path: string): Database.Database {
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 });
    const found = db.prepare("SELECT count(*) FROM sqlite_master WHERE name = 'audit'").pluck().get();
    if (found === 0) {
      db.close();
      throw fail('request_invalid', `${path} has no audit log yet: start this version of Tapedeck once.`);
    }
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version > migrations.length) {
      db.close();
      throw fail(
        'catalogue_newer',
        `${path} is at version ${version}; this Tapedeck knows ${migrations.length}.`,
      );
    }
    return db;
  } catch (e) {
    if (!(e instanceof Database.SqliteError)) throw e;
    throw fail('request_invalid', `${path} cannot be read as a catalogue: ${e.message}.`, e);
  }
}
