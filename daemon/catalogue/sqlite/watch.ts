import type { BlindWindow } from '../../domain/recording.js';
import type { Db } from './db.js';

type Row = { id: number; from_at: number; to_at: number | null; reason: string };
const toWindow = (row: Row): BlindWindow => ({ from: row.from_at, to: row.to_at, reason: row.reason });

export function createWatch(db: Db) {
  const see = db.prepare(
    'INSERT INTO watch VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET seen_at = excluded.seen_at',
  );
  const seen = db.prepare('SELECT seen_at FROM watch').pluck();
  const standing = db.prepare('SELECT * FROM blind_windows WHERE to_at IS NULL');
  const open = db.prepare('INSERT INTO blind_windows (from_at, to_at, reason) VALUES (?, NULL, ?)');
  const close = db.prepare('UPDATE blind_windows SET to_at = max(from_at, ?) WHERE to_at IS NULL');
  const list = db.prepare(`
    SELECT * FROM blind_windows WHERE from_at < $to AND (to_at IS NULL OR to_at > $from)
    ORDER BY from_at DESC, id DESC`);

  return {
    watched: (at: number): void => void see.run(at),
    lastWatched: (): number | null => (seen.get() as number | undefined) ?? null,
    openWindow(from: number, reason: string): boolean {
      if (standing.get()) return false;
      open.run(from, reason);
      return true;
    },
    closeWindow(at: number): BlindWindow | null {
      const row = standing.get() as Row | undefined;
      if (!row) return null;
      close.run(at);
      return toWindow({ ...row, to_at: Math.max(row.from_at, at) });
    },
    windows: ({ from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER } = {}): BlindWindow[] =>
      (list.all({ from, to }) as Row[]).map(toWindow),
  };
}
