import t from 'tap';
import { bandLimit, correlate, rmsDb, toneStretches } from './support/audio.js';
import { createLab, type Lab, type Pbx, startPbx } from './support/pbx.js';
import { readPrompt, tone, wavSource } from './support/sources.js';

/** How much of a spoken prompt is in what was heard, 0 to 1. */
const likeness = (file: string, heard: Int16Array): number =>
  correlate(bandLimit(readPrompt(file).subarray(0, heard.length), 8000), bandLimit(heard, 8000)).peak;

const prepare = async (test: Tap.Test, version: 22 | 16): Promise<{ pbx: Pbx; lab: Lab } | undefined> => {
  let pbx: Pbx;
  try {
    pbx = await startPbx({ version, name: `lab-test-${version}` });
  } catch (error) {
    test.plan(0, `no Asterisk ${version}: ${(error as Error).message}`);
    return undefined;
  }
  test.teardown(() => pbx.stop());
  return { pbx, lab: createLab(pbx) };
};

for (const version of [22, 16] as const) {
  t.test(`a lab with Asterisk ${version}`, async (t) => {
    const ready = await prepare(t, version);
    if (!ready) return;
    const { pbx, lab } = ready;
    t.afterEach(() => lab.stop());

    t.test('is the version that was asked for', async (t) => {
      t.equal(pbx.major, version);
      t.match(await pbx.cli('core show version'), `Asterisk ${pbx.version}`);
    });

    t.test('two phones hear each other speak', async (t) => {
      const [mine, theirs] = [lab.prompt('demo-abouttotry'), lab.prompt('vm-options')];
      const caller = await lab.phone('100', { source: () => wavSource(mine) });
      const callee = await lab.phone('101', { source: () => wavSource(theirs) });
      const out = await caller.call('101');
      const incoming = await callee.incoming();
      t.equal(await out.answered, true);
      await out.listen(5);
      await out.hangup();
      t.same(await incoming.ended, { by: 'them', status: undefined });
      t.equal(incoming.caller.number, '100');
      t.ok(likeness(theirs, out.heard()) >= 0.9, 'the caller heard the callee');
      t.ok(likeness(mine, incoming.heard()) >= 0.9, 'the callee heard the caller');
      t.ok(likeness(mine, out.heard()) < 0.5, 'the caller did not hear itself');
    });
  });
}
