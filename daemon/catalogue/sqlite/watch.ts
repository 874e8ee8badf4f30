import { Type } from 'typebox';
import { PbxId } from '../../domain/pbx.js';
import { type Why, writeWhy } from '../../domain/reason/reason.js';
import type { BlindWindow } from '../../domain/recording/recording.js';
import type { Windows } from '../watch.js';
import { noun, orNull, type Reader, Text, Time, whyIn } from './checked.js';
import type { Db } from './db.js';

const blindWindow = noun({
  table: 'blind_windows',
  key: (row) => row.id,
  shape: Type.Object({ pbx: PbxId, from_at: Time, to_at: orNull(Time), reason: Text }),
  make: (row): BlindWindow => ({
    pbx: row.pbx,
    from: row.from_at,
    to: row.to_at,
    why: whyIn('reason', row.reason),
  }),
});

const watch = noun({
  table: 'watch',
  key: (row) => row.pbx,
  shape: Type.Object({ pbx: PbxId, seen_at: Time }),
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
    `INSERT INTO ${table.seen} VALUES (?, ?) ON CONFLICT (pbx) DO UPDATE SET seen_at = excluded.seen_at`,
  );
  const seen = db.prepare(`SELECT pbx, seen_at FROM ${table.seen} WHERE pbx = ?`);
  const standing = db.prepare(`SELECT * FROM ${table.gaps} WHERE pbx = ? AND to_at IS NULL`);
  const open = db.prepare(`INSERT INTO ${table.gaps} (pbx, from_at, to_at, reason) VALUES (?, ?, NULL, ?)`);
  const close = db.prepare(
    `UPDATE ${table.gaps} SET to_at = max(from_at, ?) WHERE pbx = ? AND to_at IS NULL`,
  );
  const list = db.prepare(`
    SELECT * FROM ${table.gaps} WHERE from_at < $to AND ($pbx IS NULL OR pbx = $pbx) AND (to_at IS NULL OR to_at > $from)
    ORDER BY from_at DESC, id DESC`);

  return {
    watched: (pbx: PbxId, at: number): void => void see.run(pbx, at),
    lastWatched: (pbx: PbxId): number | null => reader.orNull(watch, seen.get(pbx)),
    openWindow(pbx: PbxId, from: number, why: Why): boolean {
      if (standing.get(pbx)) return false;
      open.run(pbx, from, writeWhy(why));
      return true;
    },
    closeWindow(pbx: PbxId, at: number): BlindWindow | null {
      const row = standing.get(pbx);
      if (!row) return null;
      close.run(at, pbx);
      const window = reader.orNull(blindWindow, row);
      return window && { ...window, to: Math.max(window.from, at) };
    },
    windows: ({
      pbx,
      from = Number.MIN_SAFE_INTEGER,
      to = Number.MAX_SAFE_INTEGER,
    }: Windows = {}): BlindWindow[] => reader.all(blindWindow, list.all({ pbx: pbx ?? null, from, to })),
  };
}
