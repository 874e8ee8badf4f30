import {
  type EarTrend,
  flagsOf,
  type Quality,
  type QualityFlag,
  qualityFlags,
} from '../../../domain/recording/quality.js';
import type { Recording } from '../../../domain/recording/recording.js';
import type { Db } from '../db.js';

/** SQL: whether the words in this column have that flag (a parameter). */
export const hasFlag = (column: string) => `instr(' ' || ${column} || ' ', ' ' || ? || ' ') > 0`;

type Row = { kind: 'extension' | 'line'; name: string; calls: number; flagged: number } & Record<
  QualityFlag,
  number
>;

export function createEars(db: Db) {
  const add = db.prepare(`
    INSERT INTO ears SELECT $recordingId, $side, $kind, $name, started_at, $flags FROM calls
    WHERE id = $callId AND test = 0`);
  const replace = db.prepare(
    'DELETE FROM ears WHERE recording_id IN (SELECT id FROM recordings WHERE of_id = ?)',
  );
  const counts = qualityFlags.map(
    (flag) => `total(${hasFlag('flags').replace('?', `'${flag}'`)}) AS ${flag}`,
  );
  const trends = db.prepare(`
    SELECT kind, name, count(*) AS calls, total(flags <> '') AS flagged, ${counts.join(', ')}
    FROM ears WHERE started_at >= ? AND started_at < ? AND name <> '' GROUP BY kind, name`);

  return {
    /** A new version takes the place of those before it, so that a call counts once. */
    add({ id: recordingId, of, callId }: Recording, quality: Quality): void {
      replace.run(of);
      for (const side of ['them', 'us'] as const) {
        const flags = flagsOf(quality, side).join(' ');
        add.run({ recordingId, callId, side, flags, ...quality.ears[side] });
      }
    },
    trends: (from: number, to: number): EarTrend[] =>
      (trends.all(from, to) as Row[]).map(({ kind, name, calls, flagged, ...flags }) => ({
        ...{ kind, name, calls, flagged },
        flags,
      })),
  };
}
