import type { CoverageRow } from '../../domain/coverage.js';
import type { CallId, Party } from '../../domain/recording.js';
import type { Db } from './db.js';
import { toCoverage } from './rows.js';

type Row = {
  account_id: string | null;
  linkedid: string;
  pbx_started_at: number;
  pbx_answered_at: number | null;
  pbx_ended_at: number;
  src: string;
  dst: string;
  name: string;
  alone: number;
  id?: string;
  direction: string;
  started_at: number;
  answered_at: number | null;
  ended_at: number;
  them: string;
  us: string;
  coverage_status: string;
  coverage_reason: string;
  coverage_rule: string | null;
  missing_ms: number;
  duration_ms: number | null;
  blind: number;
};

const PBX = `a.id AS account_id, a.linkedid, a.started_at AS pbx_started_at, a.answered_at AS pbx_answered_at,
  a.ended_at AS pbx_ended_at, a.src, a.dst, a.name, a.alone`;
const CALL = `c.id, c.direction, c.started_at, c.answered_at, c.ended_at, c.them, c.us, c.coverage_status,
  c.coverage_reason, c.coverage_rule, c.missing_ms,
  (SELECT max(r.duration_ms) FROM recordings r WHERE r.call_id = c.id) AS duration_ms,
  EXISTS (SELECT 1 FROM blind_windows b WHERE b.from_at <= c.ended_at + 2000
    AND coalesce(b.to_at, c.ended_at) >= c.ended_at - 2000)
  OR EXISTS (SELECT 1 FROM witness_gaps g WHERE g.from_at <= c.ended_at + 2000
    AND coalesce(g.to_at, c.ended_at) >= c.ended_at - 2000) AS blind`;
/** An absorbed call's account may bear the old name for a moment. */
const OURS = `SELECT ${PBX}, ${CALL} FROM calls c LEFT JOIN accounts a ON a.id = (
    SELECT id FROM accounts WHERE call_id = c.id ORDER BY started_at LIMIT 1)
  WHERE c.ended_at IS NOT NULL AND c.test = 0 AND (c.answered_at IS NOT NULL OR a.answered_at IS NOT NULL)`;
const STRANGE = `SELECT ${PBX} FROM accounts a
  WHERE a.call_id IS NULL AND a.answered_at IS NOT NULL AND a.started_at >= ? AND a.started_at < ?`;

export function createCoverageRows(db: Db) {
  const ours = db.prepare(`${OURS} AND c.started_at >= ? AND c.started_at < ?`);
  const one = db.prepare(`${OURS} AND c.id = ?`);
  const strange = db.prepare(STRANGE);
  return {
    rows: ({ from, to }: { from: number; to: number }): CoverageRow[] =>
      [...(ours.all(from, to) as Row[]), ...(strange.all(from, to) as Row[])].map(toRow),
    row(id: CallId): CoverageRow | null {
      const row = one.get(id) as Row | undefined;
      return row ? toRow(row) : null;
    },
  };
}

function toRow(row: Row): CoverageRow {
  return { pbx: row.account_id === null ? null : pbxOf(row, row.account_id), call: callOf(row) };
}

const pbxOf = (row: Row, id: string): CoverageRow['pbx'] => ({
  id,
  linkedid: row.linkedid,
  startedAt: row.pbx_started_at,
  answeredAt: row.pbx_answered_at,
  endedAt: row.pbx_ended_at,
  src: row.src,
  dst: row.dst,
  name: row.name,
  alone: row.alone === 1,
});

function callOf(row: Row): CoverageRow['call'] {
  // A row of an account alone has none of these columns.
  if (!row.id) return null;
  return {
    id: row.id,
    direction: row.direction as 'in' | 'out' | 'internal',
    startedAt: row.started_at,
    answeredAt: row.answered_at,
    endedAt: row.ended_at,
    // Of most rows nobody asks who spoke.
    get them(): Party {
      return JSON.parse(row.them);
    },
    get us(): Party {
      return JSON.parse(row.us);
    },
    coverage: toCoverage(row),
    recordingMs: row.duration_ms,
    blind: row.blind === 1,
  };
}
