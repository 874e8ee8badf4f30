import type { Recording, RecordingId } from '../../../domain/recording/recording.js';
import type { Tier } from '../../../domain/recording/tier.js';
import { FIRST_SEAL, type SealPlace, type TierSlice } from '../../retention/tiers.js';
import { type Reader, totalOrNone } from '../checked.js';
import type { Db } from '../db.js';
import { recording as noun } from '../rows.js';

/** So many rows are counted in one transaction: few milliseconds, in which nothing else is done. */
const SLICE = 20_000;
const LAST: SealPlace = { sealedAt: Number.MAX_SAFE_INTEGER, id: '\u{10ffff}' };
const COUNTED: readonly Tier[] = ['hot', 'moving', 'archive'];

/** Where the files of recordings are kept. What is asked of all of them is answered by an index, in slices. */
export function createTiers(db: Db, reader: Reader) {
  const FROM = `FROM recordings INDEXED BY recordings_by_tier
    WHERE state = 'sealed' AND tier = $tier AND (sealed_at, id) > ($sealedAt, $id)`;
  const page = db.prepare(`SELECT * ${FROM} AND sealed_at < $before ORDER BY sealed_at, id LIMIT $rows`);
  const end = db.prepare(
    `SELECT sealed_at AS sealedAt, id ${FROM} AND sealed_at < $before ORDER BY sealed_at, id LIMIT 1 OFFSET ${SLICE - 1}`,
  );
  const count = db.prepare(`SELECT count(*) AS recordings, total(sealed_bytes) AS bytes ${FROM}
    AND (sealed_at, id) <= ($lastAt, $lastId)`);
  const left = db.prepare(`SELECT * FROM recordings INDEXED BY recordings_left
    WHERE state = 'erased' AND tier IN ('moving', 'archive') AND id > $after ORDER BY id LIMIT $rows`);
  const turn = (to: Tier, where: string) => {
    const update = db.prepare(`UPDATE recordings SET tier = '${to}' WHERE id = ? AND ${where}`);
    return (id: RecordingId): boolean => update.run(id).changes > 0;
  };
  const list = (tier: Tier, before: number, after: SealPlace, limit: number): Recording[] =>
    reader.fill(noun, limit, (rows) => page.all({ tier, before, ...after, rows }));

  return {
    begin: turn('moving', "state = 'sealed' AND tier IN ('hot', 'moving')"),
    moved: turn('archive', "state = 'sealed' AND tier = 'moving'"),
    back: turn('hot', "state = 'sealed' AND tier = 'moving'"),
    removed: turn('gone', "state = 'erased' AND tier IN ('moving', 'archive')"),
    due: (before: number, after: SealPlace, limit: number) => list('hot', before, after, limit),
    moving: (after: SealPlace, limit: number) => list('moving', LAST.sealedAt, after, limit),
    left: (after: RecordingId, limit: number): Recording[] =>
      reader.fill(noun, limit, (rows) => left.all({ after, rows })),
    slice(place: (SealPlace & { tier: Tier }) | null, before = LAST.sealedAt): TierSlice {
      const at = place ?? { tier: COUNTED[0]!, ...FIRST_SEAL };
      const last = end.get({ ...at, before }) as SealPlace | undefined;
      const { sealedAt: lastAt, id: lastId } = last ?? { sealedAt: before, id: '' };
      const counted = count.get({ ...at, lastAt, lastId }) as { recordings: number; bytes: unknown };
      const tier = COUNTED[COUNTED.indexOf(at.tier) + 1];
      const next = last ? { tier: at.tier, ...last } : tier ? { tier, ...FIRST_SEAL } : null;
      return { tier: at.tier, recordings: counted.recordings, bytes: totalOrNone(counted.bytes), next };
    },
  };
}
