import fc from 'fast-check';
import t from 'tap';
import { createMasking } from '../../../daemon/capture/masking.js';
import { fail } from '../../../daemon/domain/error.js';
import { runs } from '../../support/search/share-of-search.js';

/**
 * A recording as Asterisk has it: measured on 16.28 (`once`) and 22.10.1. `sounds` is what the file would hold of this moment.
 */
function asterisk(once: boolean) {
  const asked: string[] = [];
  const it = { flag: false, silent: false, paused: false, there: true, lose: 0, loud: 0 };
  const answer = (what: string, does: () => void) => {
    asked.push(what);
    if (!it.there) return false;
    const [before, after] = it.lose === 1 ? [true, false] : it.lose === 2 ? [false, true] : [false, false];
    it.lose = 0;
    if (before) throw fail('pbx_timeout', what);
    does();
    if (!it.paused && !it.silent) it.loud++;
    if (after) throw fail('pbx_timeout', what);
    return true;
  };
  const turn = () => {
    it.silent = !it.silent;
  };
  const pbx = {
    mute: async (_: string, muted: boolean) =>
      answer(muted ? 'mute' : 'unmute', () => {
        if (muted) {
          if (once && it.flag) return;
          it.flag = true;
          turn();
        } else if (it.flag) {
          if (!once) it.flag = false;
          turn();
        }
      }),
    pause: async (_: string, paused: boolean) =>
      answer(paused ? 'pause' : 'unpause', () => {
        it.paused = paused;
      }),
  };
  const sounds = () => it.there && !it.paused && !it.silent;
  return { pbx, asked, it, sounds };
}

const begun = (once: boolean) => {
  const a = asterisk(once);
  const masking = createMasking({ pbx: a.pbx, mutesOnce: () => once });
  masking.begun('a');
  return { ...a, masking };
};

t.test('a recording is muted and heard again, however often either is asked', async (t) => {
  const { masking, sounds, asked } = begun(false);
  t.ok(await masking.unmute('a'));
  t.same(asked, [], 'nothing needs doing');
  for (const _ of [1, 2, 3]) {
    await masking.mute('a');
    await masking.mute('a');
    t.notOk(sounds());
    t.ok(await masking.unmute('a'));
    t.ok(await masking.unmute('a'));
    t.ok(sounds());
  }
  t.same(asked, ['mute', 'unmute', 'mute', 'unmute', 'mute', 'unmute']);
});

t.test('requests for one recording wait for each other', async (t) => {
  const { masking, sounds, asked } = begun(false);
  await Promise.all([masking.mute('a'), masking.mute('a'), masking.unmute('a'), masking.mute('a')]);
  t.notOk(sounds());
  t.same(asked, ['mute', 'unmute', 'mute']);
});

t.test('where a recording can be muted once only, it is begun anew to be heard', async (t) => {
  const { masking, sounds, asked } = begun(true);
  t.ok(await masking.unmute('a'), 'it is heard already');
  await masking.mute('a');
  await masking.mute('a');
  t.notOk(sounds());
  t.notOk(await masking.unmute('a'));
  t.notOk(sounds(), 'and stays silent until then');
  t.same(asked, ['mute']);
});

t.test('after a restart a recording is silent, whatever was asked of it before', async (t) => {
  for (const once of [true, false])
    for (const before of ['nothing', 'muted'] as const) {
      const { masking, pbx, it, sounds } = begun(once);
      if (before === 'muted') await masking.mute('a');
      const after = createMasking({ pbx, mutesOnce: () => once });
      const loud = it.loud;
      await after.mute('a');
      t.notOk(sounds(), `${once ? 16 : 22}, ${before}`);
      t.equal(it.loud, loud, 'and nothing was heard meanwhile');
      t.notOk(it.paused, 'its time goes on');
      t.equal(await after.unmute('a'), !once);
      if (!once) t.ok(sounds());
    }
});

t.test('a recording that is not there is neither muted nor waited for', async (t) => {
  for (const once of [true, false]) {
    const { masking, it } = begun(once);
    it.there = false;
    await masking.mute('a');
    await masking.mute('a');
    masking.over('a');
    await masking.mute('a');
    t.pass();
  }
});

t.test('whatever answers are lost, a mask that was confirmed is one', async () => {
  const step = fc.record({
    want: fc.constantFrom('mute', 'unmute', 'restart'),
    lose: fc.constantFrom(0, 0, 0, 1, 2),
  });
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(step, { maxLength: 12 }), async (once, steps) => {
      const { pbx, it, sounds } = asterisk(once);
      let masking = createMasking({ pbx, mutesOnce: () => once });
      masking.begun('a');
      for (const { want, lose } of steps) {
        if (want === 'restart') {
          masking = createMasking({ pbx, mutesOnce: () => once });
          continue;
        }
        it.lose = lose;
        const done = await masking[want]('a').catch(() => 'failed' as const);
        it.lose = 0;
        if (done === 'failed') continue;
        if (want === 'mute' && sounds()) return false;
        if (want === 'unmute' && done === true && !sounds()) return false;
      }
      return true;
    }),
    { numRuns: runs(3_000) },
  );
});
