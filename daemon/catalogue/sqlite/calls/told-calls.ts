import { Type } from 'typebox';
import { PbxId } from '../../../domain/pbx.js';
import type { CallId } from '../../../domain/recording/recording.js';
import type { LedgerCall, ToldCursor, ToldFilter } from '../../notices.js';
import { noun, orNull, type Reader, Text, Time } from '../checked.js';
import type { Db } from '../db.js';
import { directive } from '../directives.js';
import { CoverageShape, directions, LegShape, MarkShape, PartyShape, wentOn } from '../rows.js';
import { notice, played } from './notices.js';

const call = noun({
  table: 'calls',
  key: (row) => row.id,
  json: ['them', 'us', 'legs', 'marks'],
  shape: Type.Object({
    id: Text,
    pbx: PbxId,
    direction: directions,
    started_at: Time,
    answered_at: orNull(Time),
    ended_at: orNull(Time),
    them: PartyShape,
    us: PartyShape,
    legs: Type.Array(LegShape),
    marks: Type.Array(MarkShape),
    coverage_status: CoverageShape.coverage_status,
  }),
  make: (row): Omit<LedgerCall, 'notice' | 'played' | 'directives'> => ({
    ...{ id: row.id, pbx: row.pbx, direction: row.direction, them: row.them, us: row.us },
    ...{ startedAt: row.started_at, answeredAt: row.answered_at, endedAt: row.ended_at },
    ...wentOn(row),
    coverage: row.coverage_status,
  }),
});
/** A call whose decision is there and cannot be read is left out, as one that cannot be read itself. */
const told = {
  table: 'calls',
  key: (row: Record<string, unknown>) => row.id,
  read: (row: Record<string, unknown>) => ({
    ...call.read(row),
    notice: row.decision === null ? null : notice.read(row),
  }),
};

/** Among so many calls at once is looked for those that were answered: a few ms. */
const LOOKED_AT = 5_000;

/** The answered calls and the ledger of consent of each, for a report: a few statements for each page of it. `between` gives all of a time. */
export function createToldCalls(db: Db, reader: Reader) {
  const AMONG = 'WHERE call_id IN (SELECT value FROM json_each(?)) ORDER BY seq';
  // Coverage counts a call as answered, too, of which only the PBX's own account says so.
  const page = db.prepare(`
    SELECT c.id, c.pbx, c.direction, c.started_at, c.answered_at, c.ended_at, c.them, c.us, c.legs, c.marks,
      c.coverage_status, n.call_id, n.at, n.decision
    FROM calls c INDEXED BY calls_by_start LEFT JOIN notices n ON n.call_id = c.id
    WHERE (c.started_at, c.id) < ($to, $id) AND (c.started_at, c.id) >= ($since, $sinceId)
      AND c.ended_at IS NOT NULL AND c.test = 0 AND c.coverage_status <> 'imported' AND ($pbx IS NULL OR c.pbx = $pbx)
      AND (c.answered_at IS NOT NULL
        OR (SELECT answered_at FROM accounts WHERE call_id = c.id ORDER BY started_at LIMIT 1) IS NOT NULL)
    ORDER BY c.started_at DESC, c.id DESC LIMIT $limit`);
  const oldest = db.prepare(`
    SELECT started_at AS startedAt, id FROM calls INDEXED BY calls_by_start
    WHERE started_at >= $from AND (started_at, id) < ($to, $id)
    ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET ${LOOKED_AT - 1}`);
  const tellings = db.prepare(`SELECT * FROM tellings ${AMONG}`);
  const directives = db.prepare(`SELECT * FROM directives ${AMONG}`);
  function read(rows: Record<string, unknown>[]): LedgerCall[] {
    const ids = JSON.stringify(rows.map(({ id }) => id));
    const playings = byCall(reader.all(played, tellings.all(ids)));
    const said = byCall(reader.all(directive, directives.all(ids)));
    return reader.all(told, rows).map((one) => ({
      ...one,
      played: playings.get(one.id) ?? [],
      directives: said.get(one.id) ?? [],
    }));
  }
  return {
    page({ from, to, pbx, before, limit }: ToldFilter): { calls: LedgerCall[]; next: ToldCursor | null } {
      // No id is before ''.
      const end = before ? { to: before.startedAt, id: before.id } : { to, id: '' };
      const least = oldest.get({ from, ...end }) as ToldCursor | undefined;
      const since = { since: least?.startedAt ?? from, sinceId: least?.id ?? '' };
      const rows = page.all({ pbx: pbx ?? null, limit, ...end, ...since }) as Record<string, unknown>[];
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return {
        calls: read(rows),
        next: last ? { startedAt: last.started_at as number, id: last.id as CallId } : (least ?? null),
      };
    },
    between: (from: number, to: number): LedgerCall[] =>
      read(
        page.all({ pbx: null, limit: -1, to, id: '', since: from, sinceId: '' }) as Record<string, unknown>[],
      ),
  };
}

function byCall<T extends { callId: CallId }>(all: readonly T[]): Map<CallId, T[]> {
  const grouped = new Map<CallId, T[]>();
  for (const one of all) {
    const its = grouped.get(one.callId);
    if (its) its.push(one);
    else grouped.set(one.callId, [one]);
  }
  return grouped;
}
