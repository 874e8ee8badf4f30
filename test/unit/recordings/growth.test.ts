import fc from 'fast-check';
import t from 'tap';
import {
  type Growth,
  grown,
  LEAST_LOSS,
  lostMs,
  onTimeline,
  unseen,
} from '../../../daemon/domain/recording/lost.js';
import { written } from '../../support/recordings/stalls.js';
import { runs } from '../../support/search/share-of-search.js';

const FRAME = 20;
/** What Asterisk writes at a time, in ms of audio. */
const BUFFER = { 8000: 2_048, 16000: 1_024 } as const;

const exact = ({ ms, at }: { ms: number; at: number }) => ({ ms, earliest: at, latest: at });
const watched = (writes: { ms: number; at: number }[], from: Growth = unseen) =>
  writes.reduce((growth, write) => grown(growth, exact(write)), from);

const stallsOf = (frames: fc.Arbitrary<number>) =>
  fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 12_000 }), frames }), { maxLength: 25 });
const long = fc.integer({ min: LEAST_LOSS / FRAME, max: 200 });
const any = fc.integer({ min: 1, max: 200 });
const buffers = fc.constantFrom(BUFFER[8000], BUFFER[16000]);

t.test(
  'whatever stalls there are, each is placed between two writes of Asterisk, and the sum is exact',
  (t) => {
    fc.assert(
      fc.property(stallsOf(long), fc.integer({ min: 1, max: 5_000 }), buffers, (stalls, frames, bufferMs) => {
        const { writes, places } = written(stalls, frames, bufferMs);
        const { losses } = watched(writes);
        const total = places.reduce((sum, place) => sum + place.ms, 0);
        if (Math.abs(lostMs(losses) - total) > FRAME) return false;
        // A frame that is in Asterisk's hand when it writes belongs to what it writes next.
        return places.every(({ positionMs }) =>
          losses.some((l) => l.fromMs - FRAME <= positionMs && positionMs <= l.toMs + FRAME),
        );
      }),
      { numRuns: runs(500) },
    );
    t.end();
  },
);

t.test('what stands at any time of the timeline was said at that time, but for the resolution', (t) => {
  fc.assert(
    fc.property(stallsOf(any), fc.integer({ min: 1, max: 5_000 }), buffers, (stalls, frames, bufferMs) => {
      const { writes, places, audioMs } = written(stalls, frames, bufferMs);
      const { losses } = watched(writes);
      const truth = (position: number) =>
        position + places.filter((p) => p.positionMs < position).reduce((sum, p) => sum + p.ms, 0);
      // Between the two writes of a loss its place is not known; everywhere else only little ones are left out.
      const isOpen = (position: number) =>
        losses.some(({ fromMs, toMs }) => fromMs - FRAME <= position && position <= toMs + FRAME);
      for (let position = 1; position < audioMs; position += 97)
        if (
          !isOpen(position) &&
          Math.abs(truth(position) - onTimeline(position, losses)) > LEAST_LOSS + FRAME
        )
          return false;
      return true;
    }),
    { numRuns: runs(300) },
  );
  t.end();
});

t.test('jitter is no loss: a late start, frames that slip, a coarse clock of the file system', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 0, max: 3 }),
      fc.array(fc.integer({ min: -10, max: 20 }), { minLength: 5, maxLength: 160 }),
      (late, slips, jitters) => {
        const writes = jitters.map((jitter, i) => {
          const slipped = Math.floor((slips * i) / jitters.length) * FRAME;
          return { ms: (i + 1) * 2_048, at: (i + 1) * 2_048 + late + slipped + jitter };
        });
        return watched(writes).losses.length === 0;
      },
    ),
  );
  t.end();
});

t.test('a time that is known only between two looks adds no silence that is not due', (t) => {
  fc.assert(
    fc.property(
      stallsOf(long),
      fc.array(fc.integer({ min: 0, max: 1_500 }), { minLength: 200, maxLength: 200 }),
      (stalls, early) => {
        const { writes, places } = written(stalls, 4_000, BUFFER[8000]);
        const growth = writes.reduce(
          (g, { ms, at }, i) => grown(g, { ms, earliest: at - (early[i] ?? 0), latest: at }),
          unseen,
        );
        return lostMs(growth.losses) <= places.reduce((sum, p) => sum + p.ms, 0) + FRAME;
      },
    ),
  );
  t.end();
});

t.test('a clock that is set back in mid-call is no loss, and what is missing after that is found', (t) => {
  const { writes } = written([{ afterMs: 30_000, frames: 25 }], 3_000, BUFFER[8000]);
  const moved = writes.map((w) => (w.at > 20_000 ? { ...w, at: w.at - 3_600_000 } : w));
  const { losses } = watched(moved);
  t.equal(losses.length, 1);
  t.equal(lostMs(losses), 500);
  t.end();
});

t.test('a call of ten hours on a PBX without processor time keeps a list that ffmpeg can take', (t) => {
  const stalls = Array.from({ length: 15_000 }, () => ({ afterMs: 2_000, frames: 25 }));
  const { writes, places } = written(stalls, 1_800_000, BUFFER[8000]);
  const { losses } = watched(writes);
  t.ok(losses.length <= 400, `${losses.length} places`);
  t.ok(
    Math.abs(lostMs(losses) - places.reduce((sum, p) => sum + p.ms, 0)) <= LEAST_LOSS,
    'nothing of the sum is lost',
  );
  t.end();
});
