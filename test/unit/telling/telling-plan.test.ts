import fc from 'fast-check';
import t from 'tap';
import {
  nobodyTold,
  owed,
  step,
  type Telling,
  type TellingEvent,
} from '../../../daemon/domain/telling/plan.js';
import { orphanedWhispers, parseWhisper, whisperId } from '../../../daemon/domain/telling/whisper.js';
import { translateAri } from '../../../daemon/pbx/translate.js';
import { runs } from '../../support/search/share-of-search.js';

const present = (captured: string, ...others: string[]): TellingEvent => ({
  ...{ kind: 'present', at: 0, captured, others },
});
const finished = (n: number, whole = true): TellingEvent => ({ kind: 'finished', at: 9, n, whole });

/** What is done, in short, after each event. */
function run(...events: TellingEvent[]) {
  let state = nobodyTold('ann');
  const done = events.map((event) => {
    const next = step(state, event);
    state = next.state;
    return next.effects
      .map((effect) => {
        if (effect.do === 'play') return `${effect.what} ${effect.n} ${effect.leg}`;
        if (effect.do === 'tell')
          return `${effect.played.n} heard by ${effect.heardBy.join('+') || 'nobody'}`;
        return effect.do === 'stop' ? `stop ${effect.n}` : effect.do;
      })
      .join(', ');
  });
  return { done, state };
}

t.test('it is played into the leg that is not captured, once somebody is there', async (t) => {
  const { done, state } = run(present('ann'), present('ann', 'bob'), finished(0));
  t.same(done, ['', 'prompt 0 bob', '0 heard by ann+bob']);
  t.same([...state.told], ['ann', 'bob']);
});

t.test('it begins anew when that leg leaves, and goes on when another does', async (t) => {
  const both = present('ann', 'bob', 'cy');
  t.same(run(both, present('ann', 'cy'), finished(1)).done, [
    'prompt 0 bob',
    'stop 0, 0 heard by nobody, prompt 1 cy',
    '1 heard by ann+cy',
  ]);
  t.same(run(both, present('ann', 'bob'), finished(0)).done, ['prompt 0 bob', '', '0 heard by ann+bob']);
});

t.test('who joins in the middle, or later, is told too, into their own leg', async (t) => {
  t.same(run(present('ann', 'bob'), present('ann', 'bob', 'cy'), finished(0)).done, [
    'prompt 0 bob',
    '',
    '0 heard by ann+bob, prompt 1 cy',
  ]);
  t.same(run(present('ann', 'bob'), finished(0), present('ann', 'dee')).done.at(-1), 'prompt 1 dee');
});

t.test(
  'nothing is played to those on hold, and who left untold is on record until they return',
  async (t) => {
    const { done, state } = run(present('ann', 'bob'), present('ann'));
    t.same(done, ['prompt 0 bob', 'stop 0, 0 heard by nobody']);
    t.same([...state.missed], ['ann', 'bob']);
    const back = step(state, present('ann', 'bob'));
    t.same(back.effects, [{ do: 'play', n: 1, what: 'prompt', leg: 'bob' }]);
    t.same([...back.state.missed], []);
  },
);

t.test('when the capture moves to the leg that it is played into, it begins anew in another', async (t) => {
  t.same(
    run(present('ann', 'bob', 'cy'), present('bob', 'ann', 'cy')).done[1],
    'stop 0, 0 heard by nobody, prompt 1 ann',
  );
});

t.test('after three failures it is given up until somebody else is there', async (t) => {
  const failed = (n: number): TellingEvent => ({ kind: 'failed', at: 5, n });
  const retry: TellingEvent = { kind: 'retry', at: 6 };
  const events = [present('ann', 'bob'), failed(0), retry, failed(1), retry, finished(2, false)];
  const { done, state } = run(...events);
  t.same(done, [
    'prompt 0 bob',
    'stop 0, 0 heard by nobody, wait',
    'prompt 1 bob',
    'stop 1, 1 heard by nobody, wait',
    'prompt 2 bob',
    '2 heard by nobody, give-up',
  ]);
  t.same(step(state, retry).effects, []);
  t.match(step(state, present('ann', 'bob', 'cy')).effects, [{ do: 'play', n: 3 }]);
});

t.test('a beep tells nobody anything, and never stands in the way of a prompt', async (t) => {
  const beep: TellingEvent = { kind: 'beep', at: 3 };
  t.same(run(beep, present('ann', 'bob'), beep, finished(0), beep, finished(1)).done, [
    '',
    'prompt 0 bob',
    '',
    '0 heard by ann+bob',
    'beep 1 bob',
    '1 heard by ann+bob',
  ]);
});

t.test(
  'whatever happens: one at a time, never into the captured leg, and told is who heard it whole',
  async (t) => {
    const legs = fc.uniqueArray(fc.constantFrom('ann', 'bob', 'cy', 'dee'), { maxLength: 4 });
    const n = fc.nat({ max: 8 });
    const event: fc.Arbitrary<TellingEvent> = fc.oneof(
      legs.map((all) => present(all[0] ?? 'ann', ...all.slice(1))),
      n.map((n): TellingEvent => ({ kind: 'started', at: 1, n })),
      fc.tuple(n, fc.boolean()).map(([n, whole]) => finished(n, whole)),
      n.map((n): TellingEvent => ({ kind: 'failed', at: 1, n })),
      fc.constantFrom<TellingEvent>({ kind: 'retry', at: 1 }, { kind: 'beep', at: 1 }),
    );
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.array(event, { maxLength: 40 }), (events) => {
          let state: Telling = nobodyTold('ann');
          let playing: number | null = null;
          const heard = new Set<string>();
          for (const one of events) {
            const next = step(state, one);
            for (const effect of next.effects) {
              if (effect.do === 'play') {
                if (playing !== null || effect.leg === next.state.captured) return false;
                playing = effect.n;
              }
              if (effect.do === 'tell') {
                playing = null;
                if (effect.played.what === 'prompt') for (const leg of effect.heardBy) heard.add(leg);
              }
            }
            state = next.state;
            if ((state.playing?.n ?? null) !== playing) return false;
            if ([...state.told].some((leg) => !heard.has(leg))) return false;
            if (state.playing && !state.others.includes(state.playing.leg)) return false;
            // Somebody waits only while something is played, after a failure, or alone.
            if (owed(state).length > 0 && playing === null && state.failures === 0) return false;
          }
          return true;
        }),
        { numRuns: runs(2_000) },
      ),
    );
  },
);

const CALL = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

t.test('a whisper is known by its name, and one that nobody follows is found', async (t) => {
  const id = whisperId({ callId: CALL, n: 12 });
  t.same(parseWhisper(id), { callId: CALL, n: 12 });
  for (const other of [`tapedeck-${CALL}-1-in`, `tapedeck-${CALL}-x-tell`, `x${id}`, `${id}/..`, ''])
    t.equal(parseWhisper(other), null, other);
  const another = whisperId({ callId: CALL, n: 13 });
  t.same(orphanedWhispers([id, another, `tapedeck-${CALL}-1-in`], new Set([id.toLowerCase()])), [another]);
});

t.test('what ARI says of prompts and consent is translated, and nothing of others', async (t) => {
  const id = whisperId({ callId: CALL, n: 0 });
  const playback = (type: string, state: string, of = id) =>
    translateAri({ type, playback: { id: of, state } }, 5);
  t.same(playback('PlaybackStarted', 'playing'), { kind: 'prompt-started', at: 5, id });
  t.same(playback('PlaybackFinished', 'done'), { kind: 'prompt-finished', at: 5, id, ok: true });
  t.same(playback('PlaybackFinished', 'failed'), { kind: 'prompt-finished', at: 5, id, ok: false });
  t.equal(playback('PlaybackFinished', 'done', 'another'), null);

  const said = (
    userevent: object,
    eventname = 'TapedeckConsent',
    channel: unknown = { id: '1.2', name: 'PJSIP/1-0' },
  ) => translateAri({ type: 'ChannelUserevent', eventname, userevent, channel }, 5);
  const all = { Answer: 'yes', Prompt: 'tapedeck/ask', Language: 'en', Digit: '1' };
  const consent = {
    kind: 'consent',
    at: 5,
    legId: '1.2',
    answer: 'yes',
    prompt: 'tapedeck/ask',
    language: 'en',
    digit: '1',
  };
  t.same(said(all), consent);
  t.same(said({ ...all, Prompt: '"><script>', Digit: '4111111111111111', Language: 7 }), {
    ...consent,
    ...{ prompt: '', language: '', digit: '' },
  });
  t.equal(said({ ...all, Answer: 'maybe' }), null);
  t.equal(said(all, 'Other'), null);
  t.equal(said(all, 'TapedeckConsent', null), null);
});
