import { type Static, Type } from 'typebox';
import { type CoverageRow, startOf } from '../../../domain/assurance/coverage.js';
import { PbxId } from '../../../domain/pbx.js';
import type { CallId, Party } from '../../../domain/recording/recording.js';
import type { CoverageRange, CoverageSlice } from '../../ledger.js';
import { Flag, Length, noun, orNull, type Reader, Text, Time } from '../checked.js';
import type { Db } from '../db.js';
import { CoverageShape, directions, PartyShape, toCoverage } from '../rows.js';

const PbxShape = Type.Object({
  account_pbx: PbxId,
  account_id: Text,
  linkedid: Text,
  pbx_started_at: Time,
  pbx_answered_at: orNull(Time),
  pbx_ended_at: Time,
  src: Text,
  dst: Text,
  name: Text,
  alone: Flag,
});
const CallShape = Type.Object({
  id: Text,
  pbx: PbxId,
  direction: directions,
  started_at: Time,
  answered_at: orNull(Time),
  ended_at: Time,
  them: Text,
  us: Text,
  duration_ms: orNull(Length),
  blind: Flag,
  ...CoverageShape,
});

const pbx = noun({
  table: 'accounts',
  key: (row) => row.account_id,
  shape: PbxShape,
  make: (row): CoverageRow['pbx'] => ({
    id: row.account_id,
    linkedid: row.linkedid,
    startedAt: row.pbx_started_at,
    answeredAt: row.pbx_answered_at,
    endedAt: row.pbx_ended_at,
    src: row.src,
    dst: row.dst,
    name: row.name,
    alone: row.alone === 1,
  }),
});
const call = noun({ table: 'calls', key: (row) => row.id, shape: CallShape, make: (row) => row });
const party = noun({
  table: 'calls',
  key: (row) => row.id,
  json: ['party'],
  shape: Type.Object({ party: PartyShape }),
  make: (row): Party => row.party,
});
const NOBODY: Party = { number: '', name: '', ours: false };

const PBX = `a.id AS account_id, a.pbx AS account_pbx, a.linkedid, a.started_at AS pbx_started_at, a.answered_at AS pbx_answered_at,
  a.ended_at AS pbx_ended_at, a.src, a.dst, a.name, a.alone`;
const CALL = `c.id, c.pbx, c.direction, c.started_at, c.answered_at, c.ended_at, c.them, c.us, c.coverage_status,
  c.coverage_reason, c.coverage_rule, c.missing_ms,
  (SELECT max(r.duration_ms) FROM recordings r WHERE r.call_id = c.id) AS duration_ms,
  EXISTS (SELECT 1 FROM blind_windows b WHERE b.pbx = c.pbx AND b.from_at <= c.ended_at + 2000
    AND coalesce(b.to_at, c.ended_at) >= c.ended_at - 2000)
  OR EXISTS (SELECT 1 FROM witness_gaps g WHERE g.pbx = c.pbx AND g.from_at <= c.ended_at + 2000
    AND coalesce(g.to_at, c.ended_at) >= c.ended_at - 2000) AS blind`;
/** An absorbed call's account may bear the old name for a moment. */
const OURS = `SELECT ${PBX}, ${CALL} FROM calls c LEFT JOIN accounts a ON a.id = (
    SELECT id FROM accounts WHERE call_id = c.id ORDER BY started_at LIMIT 1)
  WHERE c.ended_at IS NOT NULL AND c.test = 0 AND (c.answered_at IS NOT NULL OR a.answered_at IS NOT NULL)`;
const STRANGERS = `FROM accounts a INDEXED BY accounts_strange
  WHERE a.call_id IS NULL AND a.answered_at IS NOT NULL AND a.started_at >= $from AND a.started_at < $to AND ($pbx IS NULL OR a.pbx = $pbx)`;

/** How many calls of ours, and how many that only the PBX knows, are read at once: about 10 ms. */
const SLICE = 300;

export function createCoverageRows(db: Db, reader: Reader) {
  const ours = db.prepare(`${OURS} AND c.started_at >= $from AND c.started_at < $to
    AND ($pbx IS NULL OR c.pbx = $pbx)`);
  const ourEnd = db
    .prepare(`SELECT started_at FROM calls INDEXED BY calls_by_start WHERE started_at >= $from AND started_at < $to
      ORDER BY started_at DESC LIMIT 1 OFFSET ${SLICE - 1}`)
    .pluck();
  const strangeEnd = db
    .prepare(`SELECT started_at FROM accounts INDEXED BY accounts_strange
      WHERE call_id IS NULL AND started_at >= $from AND started_at < $to
      ORDER BY started_at DESC LIMIT 1 OFFSET ${SLICE - 1}`)
    .pluck();
  const one = db.prepare(`${OURS} AND c.id = ?`);
  const strange = db.prepare(`SELECT ${PBX} ${STRANGERS}`);
  const strangers = db.prepare(`SELECT count(*) ${STRANGERS}`).pluck();

  const callOf = (row: Static<typeof CallShape>): CoverageRow['call'] => ({
    id: row.id,
    direction: row.direction,
    startedAt: row.started_at,
    answeredAt: row.answered_at,
    endedAt: row.ended_at,
    // Of most rows nobody asks who spoke.
    get them(): Party {
      return reader.orNull(party, { id: row.id, party: row.them }) ?? NOBODY;
    },
    get us(): Party {
      return reader.orNull(party, { id: row.id, party: row.us }) ?? NOBODY;
    },
    coverage: toCoverage(row),
    recordingMs: row.duration_ms,
    blind: row.blind === 1,
  });
  const compared = {
    table: 'calls',
    key: (row: Record<string, unknown>) => row.id ?? row.account_id,
    read(row: Record<string, unknown>): CoverageRow {
      const told = row.account_id === null ? null : pbx.read(row);
      // A row of an account alone has none of these columns.
      const ours = row.id ? call.read(row) : null;
      return {
        on: ours?.pbx ?? (row.account_pbx as PbxId),
        pbx: told,
        call: ours && callOf(ours),
      };
    },
  };

  const between = (from: number, to: number, pbx: PbxId | null = null): CoverageRow[] =>
    reader.all(compared, [...ours.all({ from, to, pbx }), ...strange.all({ from, to, pbx })]);

  return {
    rows({ from, to, pbx }: CoverageRange): CoverageSlice {
      const ends = [ourEnd, strangeEnd].flatMap((end) => (end.get({ from, to }) as number | undefined) ?? []);
      const begin = Math.max(from, ...ends);
      const items = between(begin, to, pbx);
      return { items: items.sort((a, b) => startOf(b) - startOf(a)), next: begin > from ? begin : null };
    },
    strangers: ({ from, to, pbx }: CoverageRange) => strangers.get({ from, to, pbx: pbx ?? null }) as number,
    between,
    row: (id: CallId): CoverageRow | null => reader.orNull(compared, one.get(id)),
  };
}
