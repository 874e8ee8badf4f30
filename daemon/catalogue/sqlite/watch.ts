import { Type } from 'typebox';
import { FIRST } from '../../domain/pbx.js';
import { type Why, writeWhy } from '../../domain/reason/reason.js';
import type { BlindWindow } from '../../domain/recording/recording.js';
import { noun, orNull, type Reader, Text, Time, whyIn } from './checked.js';
import type { Db } from './db.js';

const blindWindow = noun({
  table: 'blind_windows',
  key: (row) => row.id,
  shape: Type.Object({ from_at: Time, to_at: orNull(Time), reason: Text }),
  make: (row): BlindWindow => ({
    pbx: FIRST,
    from: row.from_at,
    to: row.to_at,
    why: whyIn('reason', row.reason),
  }),
});

const watch = noun({
  table: 'watch',
  key: () => 1,
  shape: Type.Object({ seen_at: Time }),
  make: (row) => row.seen_at,
});

/** The tables of what is watched: the PBX's calls, or its CDRs. */
const TABLES = {
  calls: { seen: 'watch', gaps: 'blind_windows' },
  cdrs: { seen: 'witness_seen', gaps: 'witness_gaps' },
} as const;

export function createWatch(db: Db, reader: Reader, what: keyof typeof TABLES) {
  const table = TABLES[what];
  const see = db.prepare(
    `INSERT INTO ${table.seen} VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET seen_at = excluded.seen_at`,
  );
  const seen = db.prepare(`SELECT seen_at FROM ${table.seen}`);
  const standing = db.prepare(`SELECT * FROM ${table.gaps} WHERE to_at IS NULL`);
  const open = db.prepare(`INSERT INTO ${table.gaps} (from_at, to_at, reason) VALUES (?, NULL, ?)`);
  const close = db.prepare(`UPDATE ${table.gaps} SET to_at = max(from_at, ?) WHERE to_at IS NULL`);
  const list = db.prepare(`
    SELECT * FROM ${table.gaps} WHERE from_at < $to AND (to_at IS NULL OR to_at > $from)
    ORDER BY from_at DESC, id DESC`);

  return {
    watched: (at: number): void => void see.run(at),
    lastWatched: (): number | null => reader.orNull(watch, seen.get()),
    openWindow(from: number, why: Why): boolean {
      if (standing.get()) return false;
      open.run(from, writeWhy(why));
      return true;
    },
    closeWindow(at: number): BlindWindow | null {
      const row = standing.get();
      if (!row) return null;
      close.run(at);
      const window = reader.orNull(blindWindow, row);
      return window && { ...window, to: Math.max(window.from, at) };
    },
    windows: ({ from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER } = {}): BlindWindow[] =>
      reader.all(blindWindow, list.all({ from, to })),
  };
}
