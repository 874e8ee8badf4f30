import t, { type Test } from 'tap';
import { createAnnouncer, type Told } from '../../../daemon/calls/record/announce.js';
import { fail } from '../../../daemon/domain/error.js';
import { createLog } from '../../../daemon/ops/log.js';

const CALL = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const id = (n: number) => `tapedeck-${CALL}-${n}-tell`;
const PROMPT = { media: 'recording:x', durationMs: 3_000 };

/** An announcer on a PBX that keeps a list of what was asked of it, and answers when the test says so. */
function lab(t: Test) {
  const asked: string[] = [];
  const told: Told[] = [];
  const broken = { play: false };
  let now = 1_000;
  const announcer = createAnnouncer({
    clock: () => now,
    log: createLog('silent', 'test'),
    onTold: (one) => told.push(one),
    onGivenUp: (_, why) => asked.push(`given up: ${why.code}`),
    pbx: {
      whisper: async (leg, snoop) => void asked.push(`whisper ${leg} ${snoop.slice(-6)}`),
      play: async (snoop) => {
        asked.push(`play ${snoop.slice(-6)}`);
        if (broken.play) throw fail('pbx_failed', 'no such channel');
      },
      keepFromCdrs: async () => {},
      hangup: async (snoop) => void asked.push(`hangup ${snoop.slice(-6)}`),
    },
  });
  t.teardown(() => announcer.stop());
  const up = (n: number) => announcer.hear({ kind: 'snoop-up', at: now, id: id(n) });
  const started = (n: number) => announcer.hear({ kind: 'prompt-started', at: now, id: id(n) });
  return {
    ...{ announcer, asked, told, broken, up, started },
    /** So much later it is over. */
    finished(n: number, ms: number, ok = true): void {
      now += ms;
      announcer.hear({ kind: 'prompt-finished', at: now, id: id(n), ok });
    },
  };
}

t.test('both are told, and it is known from when to when', async (t) => {
  const l = lab(t);
  const telling = l.announcer.tell(CALL, PROMPT, { captured: 'ann', others: ['bob'] });
  t.ok(l.announcer.isPlaying(CALL));
  l.up(0);
  l.started(0);
  l.finished(0, 2_990);
  t.match(await telling, { told: ['ann', 'bob'], owed: [], missed: [], failed: null });
  t.match(l.told, [{ startedAt: 1_000, endedAt: 3_990, whole: true, leg: 'bob', captured: 'ann' }]);
  t.same(l.asked, ['whisper bob 0-tell', 'play 0-tell']);
  t.notOk(l.announcer.isPlaying(CALL));
});

t.test('one that Asterisk calls done too soon was cut off, and comes again', async (t) => {
  const l = lab(t);
  const telling = l.announcer.tell(CALL, PROMPT, { captured: 'ann', others: ['bob'] });
  l.up(0);
  l.started(0);
  l.finished(0, 1_200);
  t.match(l.told, [{ whole: false, heardBy: [] }]);
  while (!l.asked.includes('whisper bob 1-tell')) await new Promise(setImmediate);
  l.up(1);
  l.started(1);
  l.finished(1, 3_010);
  t.match(await telling, { told: ['ann', 'bob'] });
});

t.test('what cannot be played is given up with its reason, and the promise says so', async (t) => {
  const l = lab(t);
  l.broken.play = true;
  const telling = l.announcer.tell(CALL, PROMPT, { captured: 'ann', others: ['bob'] });
  for (const n of [0, 1, 2]) {
    while (!l.asked.includes(`whisper bob ${n}-tell`)) await new Promise(setImmediate);
    l.up(n);
  }
  t.match(await telling, { told: [], failed: { code: 'error', params: { error: 'pbx_failed' } } });
  t.equal(l.asked.at(-1), 'given up: error');
});

t.test('a call that ends in the middle is told of, and nothing plays on', async (t) => {
  const l = lab(t);
  const telling = l.announcer.tell(CALL, PROMPT, { captured: 'ann', others: ['bob'] });
  l.up(0);
  l.started(0);
  l.announcer.end(CALL);
  t.match(await telling, { told: [], failed: null });
  t.match(l.told, [{ whole: false, startedAt: 1_000 }]);
  t.equal(l.asked.at(-1), 'hangup 0-tell');
  t.equal(l.announcer.standing(CALL), null);
});

t.test('after a restart leftovers are removed, and their names are not used again', async (t) => {
  const l = lab(t);
  await l.announcer.takeUp({ at: 1, snoops: [id(4), `tapedeck-${CALL}-0-in`] });
  t.same(l.asked, ['hangup 4-tell']);
  void l.announcer.tell(CALL, PROMPT, { captured: 'ann', others: ['bob'], told: ['ann'] });
  t.equal(l.asked.at(-1), 'whisper bob 5-tell');
  l.up(5);
  l.started(5);
  await l.announcer.takeUp({ at: 2_000, snoops: [id(5)] });
  t.notOk(l.asked.includes('hangup 5-tell'), 'one that is followed stays');
  await l.announcer.takeUp({ at: 2_000, snoops: [] });
  t.match(l.told, [{ n: 5, whole: false }], 'one that is no longer there was cut off');
});
