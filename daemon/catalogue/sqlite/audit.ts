import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import { ulid } from 'ulid';
import {
  type ActorKind,
  type AuditAction,
  type AuditEntry,
  type AuditEvent,
  type AuditOutcome,
  digestOfText,
  digestOfWords,
  EMPTY,
  entryText,
  type Head,
  linked,
  type NewEntry,
  type Row,
} from '../../domain/assurance/audit.js';
import { fail } from '../../domain/error.js';
import type { KeptCheckpoint, ReadEntry } from '../audit.js';
import { createEntries } from './audit/entries.js';
import { noun, oneOf, orNull, type Reader, Text, Time } from './checked.js';
import type { Db } from './db.js';

const entryRow = noun({
  table: 'audit',
  key: (row) => row.seq,
  json: ['entry'],
  shape: Type.Object({
    entry: Type.Object({
      seq: Type.Integer({ minimum: 1 }),
      at: Text,
      actor: oneOf<ActorKind>({ person: true, token: true, console: true, tapedeck: true }),
      // Those of later versions are shown too.
      action: Type.Unsafe<AuditAction>(Text),
      ...{ actor_id: Text, actor_name: Text, address: Text, object: Text, object_id: Text, reason: Text },
      outcome: oneOf<AuditOutcome>({ ok: true, refused: true, failed: true }),
      detail: Type.Unsafe<AuditEntry['detail']>(
        Type.Record(
          Type.String(),
          Type.Union([Text, Type.Number(), Type.Boolean(), Type.Null(), Type.Array(Text)]),
        ),
      ),
    }),
    hash: Type.Unsafe<Buffer>(Type.Any()),
    words: orNull(Text),
  }),
  make: ({ entry, hash, words }): ReadEntry => ({ ...entry, hash: inHex(hash), words }),
});

const checkpoint = noun({
  table: 'checkpoints',
  key: (row) => row.size,
  shape: Type.Object({ size: Type.Integer({ minimum: 0 }), at: Time, note: Text }),
  make: (row): KeptCheckpoint => row,
});

const inHex = (hash: unknown): string => (hash instanceof Buffer ? hash.toString('hex') : String(hash));

/** How many databases of dashboards are remembered. */
const MOST_SOURCES = 20;
/** What is kept of the words, and of any text, at most; and of a list. */
const CAP = { words: 200, text: 1_000, list: 100 };

export function createAudit(db: Db, reader: Reader) {
  const head = db.prepare('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1');
  const add = db.prepare('INSERT INTO audit (seq, entry, hash) VALUES (?, ?, ?)');
  const written = db.prepare('SELECT entry, hash FROM audit WHERE seq = ?');
  const addWords = db.prepare('INSERT INTO audit_words VALUES (?, ?, ?, ?)');
  const forget = db.prepare('DELETE FROM audit_words WHERE at < ?');
  const rows = db.prepare('SELECT seq, entry, hash FROM audit WHERE seq >= ? ORDER BY seq LIMIT ?').raw();
  const first = db.prepare("SELECT entry ->> '$.detail.log' FROM audit WHERE seq = 1").pluck();
  // From one to the next by the index: there are few of them, and many entries.
  const actors = db.prepare(`
    WITH RECURSIVE keys (key) AS (
      SELECT min(actor_key) FROM audit WHERE actor_key > ''
      UNION ALL SELECT (SELECT min(actor_key) FROM audit WHERE actor_key > key) FROM keys WHERE key IS NOT NULL)
    SELECT actor_id AS id, actor_name AS name, actor AS kind
    FROM keys JOIN audit ON seq = (SELECT max(seq) FROM audit WHERE actor_key = key)
    ORDER BY name`);
  const count = (table: 'calls' | 'users') => db.prepare(`SELECT count(*) FROM ${table}`).pluck();
  const [calls, users] = [count('calls'), count('users')];
  const keep = db.prepare('INSERT OR IGNORE INTO checkpoints (size, at, note) VALUES ($size, $at, $note)');
  const told = db.prepare('SELECT seq FROM told WHERE source = ?').pluck();
  const saveTold = db.prepare('INSERT OR REPLACE INTO told VALUES (?, ?, ?)');
  const forgetTold = db.prepare(
    'DELETE FROM told WHERE source IN (SELECT source FROM told ORDER BY at DESC, source LIMIT -1 OFFSET ?)',
  );
  const kept = db.prepare('SELECT size, at, note FROM checkpoints ORDER BY size DESC, at DESC LIMIT ?');

  const entries = createEntries(db, reader, entryRow);

  const headNow = (): Head => {
    const last = head.get() as { seq: number; hash: Buffer } | undefined;
    return last ? { size: last.seq, hash: last.hash.toString('hex') } : EMPTY;
  };

  /** What a log begins with: its id, and what was there before it. */
  function begin(at: string): Head {
    const there = { calls: calls.get() as number, users: users.get() as number };
    const older = there.calls > 0 || there.users > 0;
    append({
      ...{ at, actor: 'tapedeck', actor_id: '', actor_name: '', address: '', action: 'begin' },
      ...{ object: 'audit', object_id: '', reason: '', outcome: 'ok' },
      detail: { log: ulid(), of: older ? 'an existing catalogue' : 'a new catalogue', ...there },
    });
    return headNow();
  }

  /** To be called in a transaction that has begun IMMEDIATE: nobody else adds an entry between the two. */
  function append({ words, ...given }: NewEntry): number {
    const event = tidy(given);
    let before = headNow();
    if (before.size === 0 && event.action !== 'begin') before = begin(event.at);
    const seq = before.size + 1;
    let { detail } = event;
    if (words !== undefined) {
      const kept = text(words, CAP.words);
      const salt = randomBytes(16).toString('hex');
      detail = { ...detail, words: digestOfWords(salt, kept) };
      addWords.run(seq, Date.parse(event.at), salt, kept);
    }
    const entry = entryText({ ...event, detail, seq });
    const hash = Buffer.from(linked(before.hash, digestOfText(entry)), 'hex');
    const { changes } = add.run(seq, entry, hash);
    // A trigger may drop a row, or put another in its place, without an error.
    const row = written.get(seq) as { entry: unknown; hash: unknown } | undefined;
    if (changes !== 1 || row?.entry !== entry || !(row.hash instanceof Buffer) || !hash.equals(row.hash))
      throw fail('audit_unwritable', `Entry ${seq} was not kept as it was written.`);
    return seq;
  }

  function tell(source: string, entries: readonly { seq: number; entry: NewEntry }[], at: number): number {
    const before = (told.get(source) as number | undefined) ?? 0;
    let last = before;
    for (const { seq, entry } of entries) {
      if (seq <= last) continue;
      append(entry);
      last = seq;
    }
    if (last === before) return last;
    saveTold.run(source, last, at);
    forgetTold.run(MOST_SOURCES);
    return last;
  }

  return {
    append,
    tell,
    head: headNow,
    entries,
    rows: (from: number, limit: number): Row[] =>
      (rows.all(from, limit) as [number, unknown, unknown][]).map(([seq, entry, hash]) => ({
        seq,
        text: typeof entry === 'string' || entry instanceof Uint8Array ? entry : '',
        hash: inHex(hash),
      })),
    id: (): string => (first.get() as string | null | undefined) ?? '',
    actors: () => actors.all() as { id: string; name: string; kind: string }[],
    forgetWords: (before: number): number => forget.run(before).changes,
    keepCheckpoint: (checkpoint: KeptCheckpoint): void => void keep.run(checkpoint),
    checkpoints: (limit: number) => reader.fill(checkpoint, limit, (rows) => kept.all(rows)),
  };
}

const text = (value: string, cap = CAP.text): string => value.slice(0, cap).toWellFormed();

/** What anybody gave, fit to be written: no text is endless, and each can be written as UTF-8. */
function tidy(event: AuditEvent): AuditEvent {
  const fit = (value: unknown): unknown =>
    typeof value === 'string'
      ? text(value)
      : Array.isArray(value)
        ? value.slice(0, CAP.list).map(fit)
        : typeof value === 'number' && !Number.isFinite(value)
          ? null
          : value;
  const all = (object: object) => Object.fromEntries(Object.entries(object).map(([k, v]) => [k, fit(v)]));
  return { ...(all(event) as AuditEvent), detail: all(event.detail) as AuditEvent['detail'] };
}
