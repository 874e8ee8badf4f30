import { Type } from 'typebox';
import { writeWhy } from '../../domain/reason/reason.js';
import type { CallId, Lost, Segment, SegmentState } from '../../domain/recording/recording.js';
import { Flag, noun, oneOf, orNull, type Reader, Text, Time, timeOrNull, whyIn } from './checked.js';
import type { Db } from './db.js';

/** What its number may be: it stands in the names of files with four digits at most. */
const MAX_SEQ = 9_999;

const segment = noun({
  table: 'segments',
  key: (row) => `${row.named_call} ${row.seq}`,
  shape: Type.Object({
    named_call: Text,
    seq: Type.Integer({ minimum: 0, maximum: MAX_SEQ }),
    spool_token: Type.String({ pattern: '^([0-9a-f]{32})?$' }),
    leg_id: Text,
    in_started_at: orNull(Time),
    out_started_at: orNull(Time),
    state: oneOf<SegmentState>({
      ...{ capturing: true, captured: true, preserved: true, damaged: true, dropped: true },
    }),
    because: Text,
    in_muted_from: orNull(Time),
    out_muted_from: orNull(Time),
    swapped: Flag,
    fed: Text,
    lost: orNull(Text),
  }),
  make: (row): Segment => ({
    callId: row.named_call,
    seq: row.seq,
    token: row.spool_token,
    legId: row.leg_id,
    inStartedAt: row.in_started_at,
    outStartedAt: row.out_started_at,
    state: row.state,
    because: whyIn('because', row.because),
    mutedFrom: { in: row.in_muted_from, out: row.out_muted_from },
    swapped: row.swapped === 1,
    fed: row.fed,
    ...lostOf(row.lost),
  }),
});

export function createSegments(db: Db, reader: Reader, current: (id: CallId) => CallId) {
  const save = db.prepare(`
    INSERT INTO segments (named_call, seq, call_id, leg_id, in_started_at, out_started_at, state, because, in_muted_from,
      out_muted_from, swapped, spool_token, fed)
    VALUES ($callId, $seq, $belongsTo, $legId, $inStartedAt, $outStartedAt, $state, $because, $inMutedFrom,
      $outMutedFrom, $swapped, $token, $fed)
    ON CONFLICT (named_call, seq) DO UPDATE SET
      leg_id = excluded.leg_id, in_started_at = excluded.in_started_at,
      out_started_at = excluded.out_started_at, state = excluded.state,
      because = excluded.because, fed = excluded.fed, in_muted_from = excluded.in_muted_from, out_muted_from = excluded.out_muted_from`);
  const list = db.prepare(`
    SELECT segments.*, lost FROM segments LEFT JOIN segment_losses USING (named_call, seq) WHERE call_id = ?
    ORDER BY coalesce(in_started_at, out_started_at, 9223372036854775807), named_call, seq`);
  const saveLost = db.prepare(`
    INSERT INTO segment_losses VALUES ($callId, $seq, $lost)
    ON CONFLICT (named_call, seq) DO UPDATE SET lost = excluded.lost`);
  const waiting = db
    .prepare(`
    SELECT DISTINCT segments.call_id FROM segments JOIN calls ON calls.id = segments.call_id
    WHERE segments.state IN ('capturing', 'captured') AND calls.ended_at IS NOT NULL
    ORDER BY calls.ended_at, calls.id`)
    .pluck();
  const queue = db.prepare(`
    SELECT count(*) AS waiting, min(ended_at) AS oldestEndedAt FROM calls
    WHERE ended_at IS NOT NULL
      AND id IN (SELECT call_id FROM segments WHERE state IN ('capturing', 'captured'))`);
  const preserved = db.prepare(
    "UPDATE segments SET state = 'preserved' WHERE call_id = ? AND state IN ('capturing', 'captured')",
  );

  return {
    save(segment: Segment): void {
      save.run({
        ...segment,
        because: writeWhy(segment.because),
        belongsTo: current(segment.callId),
        inMutedFrom: segment.mutedFrom.in,
        outMutedFrom: segment.mutedFrom.out,
        swapped: segment.swapped ? 1 : 0,
      });
    },
    saveLost(callId: CallId, seq: number, lost: Lost): void {
      saveLost.run({ callId, seq, lost: JSON.stringify(lost) });
    },
    /** In the order in which they began; `callId` and `seq` are those that name the spool files. */
    list: (id: CallId): Segment[] => reader.all(segment, list.all(current(id))),
    callsToPreserve: (): CallId[] => waiting.all() as CallId[],
    preserveQueue() {
      const { waiting, oldestEndedAt } = queue.get() as { waiting: number; oldestEndedAt: unknown };
      return { waiting, oldestEndedAt: timeOrNull(oldestEndedAt) };
    },
    preserved(id: CallId): void {
      preserved.run(current(id));
    },
  };
}

/** What cannot be read is left out: the call is worth more than the places where time is missing in it. */
function lostOf(text: string | null): Pick<Segment, 'lost'> {
  try {
    const lost = JSON.parse(text ?? 'null') as Lost | null;
    const whole = [lost?.in, lost?.out].every(
      (side) => Array.isArray(side) && side.every((l) => [l?.fromMs, l?.toMs, l?.ms].every(Number.isFinite)),
    );
    return whole ? { lost: lost! } : {};
  } catch {
    return {};
  }
}
