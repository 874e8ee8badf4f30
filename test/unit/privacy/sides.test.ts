import t from 'tap';
import { ownSides } from '../../../daemon/domain/privacy/sides.js';
import type { Leg, Segment } from '../../../daemon/domain/recording/recording.js';

const ZERO = 1_000_000;
const ANN = '0301234567';
const theirs = ({ number }: Leg['party']) => number === ANN;
const leg = (number: string, from: number | null, until: number | null): Leg => ({
  ...{ id: `leg-${number}-${from}`, party: { number, name: '', ours: number.length < 5 }, endpoint: 'x' },
  ...{ seenAt: ZERO, upAt: from === null ? null : ZERO + from, goneAt: until === null ? null : ZERO + until },
});
const captured = (of: Leg, began: number, more: Partial<Segment> = {}) => ({
  ...{ legId: of.id, inStartedAt: ZERO + began, outStartedAt: ZERO + began + 20, swapped: false },
  ...{ state: 'preserved' as const, ...more },
});
const sides = (legs: Leg[], segments: ReturnType<typeof captured>[], durationMs = 60_000) => {
  const call = { startedAt: ZERO - 5_000, answeredAt: ZERO, endedAt: ZERO + durationMs, legs };
  const { them, us } = ownSides(call, segments, theirs, durationMs);
  const short = (all: typeof them) => all.map(({ fromMs, untilMs }) => [fromMs, untilMs]);
  return { them: short(them), us: short(us) };
};

t.test('a caller is their own side, from the beginning of the capture to the end', async (t) => {
  const [ann, agent] = [leg(ANN, 0, 60_000), leg('101', 0, 60_000)];
  t.same(sides([ann, agent], [captured(ann, 100)]), { them: [[100, 60_000]], us: [] });
  t.same(sides([ann, agent], [captured(agent, 0)]), { them: [], us: [[0, 60_000]] }, 'captured at the agent');
  t.same(sides([agent], [captured(agent, 0)]), { them: [], us: [] }, 'not on the call');
});

t.test('of a side that others share, only what nobody else can be heard in', async (t) => {
  const [caller, first] = [leg('0407777777', 0, 60_000), leg('101', 0, 20_000)];
  const ann = leg(ANN, 19_000, 60_000);
  t.same(
    sides([caller, first, ann], [captured(caller, 0)]),
    { them: [], us: [[20_500, 60_000]] },
    'transferred to them: from half a second after the one before has left',
  );
  const joins = leg('103', 30_000, 40_000);
  t.same(
    sides([caller, ann, joins], [captured(caller, 0)]).us,
    [
      [19_000, 29_500],
      [40_500, 60_000],
    ],
    'while a third one is on, who of them speaks is not known',
  );
  t.same(sides([caller, ann, leg('104', null, 30_000)], [captured(caller, 0)]).us, [[19_000, 60_000]]);
});

t.test('where another leg is captured the side is another voice', async (t) => {
  const [ann, agent, next] = [leg(ANN, 0, 30_000), leg('101', 0, 60_000), leg('0407777777', 30_000, 60_000)];
  t.same(
    sides([ann, agent, next], [captured(ann, 0), captured(next, 30_000)]),
    { them: [[0, 29_500]], us: [] },
    'the one who takes their place is not heard',
  );
  t.same(
    sides([ann, agent], [captured(ann, 0), captured(ann, 10_000, { swapped: true })]),
    {
      them: [[0, 9_500]],
      us: [[10_500, 60_000]],
    },
    'captured the other way round',
  );
  t.same(sides([ann, agent], [captured(ann, 0, { state: 'dropped' })]), { them: [], us: [] });
  t.same(sides([ann, agent], [captured(ann, 0, { legId: 'gone' })]), { them: [], us: [] });
});

t.test('several numbers of the same person are the person', async (t) => {
  const [mobile, desk] = [leg(ANN, 0, 60_000), { ...leg(ANN, 0, 60_000), id: 'other' }];
  t.same(sides([mobile, desk], [captured(mobile, 0)]), { them: [[0, 60_000]], us: [[0, 60_000]] });
});
