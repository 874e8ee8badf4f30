import { Type } from 'typebox';
import { fail } from '../../../domain/error.js';
import type { MadeReport } from '../../../domain/report/signed.js';
import { Length, noun, type Reader, Text, Time } from '../checked.js';
import type { Db } from '../db.js';

const made = noun({
  table: 'reports',
  key: (row) => row.entry,
  shape: Type.Object({
    entry: Length,
    statement: Text,
    signature: Text,
    key_id: Text,
    made_at: Time,
  }),
  make: ({ entry, statement: text, signature, key_id: keyId, made_at: madeAt }): MadeReport => ({
    ...{ entry, text, signature, keyId, madeAt },
  }),
});

/** Reports that were given out. */
export function createMadeReports(db: Db, reader: Reader) {
  const keep = db.prepare(
    'INSERT INTO reports VALUES ($entry, $text, $signature, $keyId, $madeAt) ON CONFLICT DO NOTHING',
  );
  const get = db.prepare('SELECT * FROM reports WHERE entry = ?');
  const list = db.prepare('SELECT * FROM reports WHERE entry < $before ORDER BY entry DESC LIMIT $limit');
  return {
    keep(report: MadeReport): void {
      if (keep.run(report).changes === 0)
        throw fail('internal', `A report of entry ${report.entry} is kept already.`);
    },
    get: (entry: number): MadeReport | null => reader.one(made, get.get(entry)),
    list: ({ before = Number.MAX_SAFE_INTEGER, limit }: { before?: number; limit: number }): MadeReport[] =>
      reader.fill(made, limit, (rows) => list.all({ before, limit: rows })),
  };
}
