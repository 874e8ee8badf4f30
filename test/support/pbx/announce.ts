import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { createPromptFinder } from '../../../daemon/encode/find-prompt.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createPromptServer } from '../../../daemon/pbx/prompt-server.js';
import { createPrompts } from '../../../daemon/pbx/prompts.js';
import { programOf } from '../program-of.js';
import { until } from '../recorder.js';
import { hear, toFloat } from '../recordings/audio.js';
import { type Announced, createAnnouncing, inSpool, lengthOf, promptFiles } from './announcing.js';
import { createLab, emptySpool, startPbxOrSkip } from './pbx.js';
import type { Call } from './phone.js';
import { readPrompt } from './sources.js';

const PROGRAM = fileURLToPath(new URL('announcing-program.ts', import.meta.url));

/** Prompts that are played into real calls on one version of Asterisk: what phones hear, and what is recorded of it. */
export async function announceAll(t: Test, version: 22 | 16): Promise<void> {
  const started = await startPbxOrSkip(t, { version, name: `announce-${version}` });
  if (!started) return;
  const pbx = started;
  t.teardown(() => pbx.stop());
  emptySpool(pbx);
  const lab = createLab(pbx);
  t.afterEach(() => lab.stop());
  const file = lab.prompt('tt-weasels');
  const said = readPrompt(file);

  const find = (left: Float32Array | Float64Array, right: Float32Array | Float64Array) => {
    const finder = createPromptFinder({ rate: 8000, prompt: said });
    const stereo = Buffer.alloc(4 * Math.max(left.length, right.length));
    for (const [side, samples] of [left, right].entries())
      for (const [n, sample] of samples.entries())
        stereo.writeInt16LE(Math.round(sample * 32_767), 4 * n + 2 * side);
    finder.write(stereo);
    return finder.result();
  };

  /** Whether a phone or a recording has the whole prompt. The median of its stretches shows whether it is the same sound. */
  function hears(t: Test, who: string, what: Int16Array | Float32Array): void {
    const { correlation, share, atMs, slipMs } = hear(said, what, 8000);
    const most = find(toFloat(what), new Float64Array(0)).left.sort((a, b) => b.share - a.share)[0];
    t.comment(`${who}: median ${correlation.toFixed(3)} at ${Math.round(atMs)} ms, slip ${slipMs}`);
    t.comment(JSON.stringify(most));
    t.ok(correlation >= 0.9, `${who} hears it`);
    // A PBX that is short of processor time drops some audio, or adds silence: what follows is not where it should be, so that the
    // stretches count, each for itself.
    const whole = slipMs === 0 ? most && most.share >= 0.95 && most.correlation >= 0.85 : share >= 0.75;
    t.ok(most && whole, `${who} hears it whole`);
  }

  const connect = async (t: Test) => {
    const announcing = await createAnnouncing(pbx, (parts) => inSpool(pbx, parts, file));
    t.teardown(() => announcing.stop());
    return announcing;
  };
  const late = ({ call, told }: Announced) => Math.round(told[0]!.startedAt! - call.answeredAt!);

  for (const codec of ['ulaw', 'g722'] as const)
    t.test(`a prompt is heard whole by both phones, and is in the recording (${codec})`, async (t) => {
      const announcing = await connect(t);
      const ann = await lab.phone('100', { codecs: [codec] });
      const bob = await lab.phone('101');
      const out = await ann.call('101');
      const atBob = await bob.incoming();
      const done = await announcing.told(1);
      await out.listen(0.3);
      await out.hangup();
      await atBob.ended;
      t.match(done.told, [{ what: 'prompt', whole: true, failed: null }]);
      t.equal(done.told[0]!.heardBy.length, 2, 'both are on record');
      t.comment(`it began ${late(done)} ms after the answer`);
      hears(t, 'the caller', out.heard());
      hears(t, 'the callee', atBob.heard());
      if (codec !== 'ulaw') return;
      const [own, theirs] = await Promise.all(
        (['in', 'out'] as const).map((side) => announcing.recorded(pbx.recordingDir, done.segment!, side)),
      );
      hears(t, "the captured leg's recording", theirs!);
      t.same(find(own!, theirs!).left, [], 'and not on the other side');
      const cdrs = () => announcing.cdrs.filter((channel) => channel.startsWith('PJSIP/')).length > 0;
      await until('the CDR of the call', cdrs);
      t.notOk(
        announcing.cdrs.some((channel) => channel.startsWith('Snoop/')),
        'a whisper leaves no CDR',
      );
    });

  t.test('when who hears it is transferred away in the middle, it begins anew for the others', async (t) => {
    const announcing = await connect(t);
    const [ann, bob, cy] = [await lab.phone('100'), await lab.phone('101'), await lab.phone('102')];
    const out = await ann.call('101');
    const atBob = await bob.incoming();
    await until('the prompt', () => announcing.heard.some((e) => e.kind === 'prompt-started'));
    await atBob.listen(1);
    t.equal(await atBob.refer('102'), 200);
    const atCy = await cy.incoming();
    await atCy.answered;
    const { told } = await announcing.told(2);
    await out.listen(0.3);
    await out.hangup();
    t.match(told, [{ whole: false, heardBy: [] }, { whole: true }]);
    t.not(told[0]!.leg, told[1]!.leg, 'into another leg');
    hears(t, 'the caller', out.heard());
    hears(t, 'who came by the transfer', atCy.heard());
  });

  t.test('whoever joins later is told, and a beep comes at its interval', async (t) => {
    const announcing = await connect(t);
    const [ann, bob, cy] = [await lab.phone('100'), await lab.phone('101'), await lab.phone('102')];
    const out = await ann.call('101');
    const atBob = await bob.incoming();
    await announcing.told(1);
    t.equal(await atBob.refer('102'), 200);
    const atCy = await cy.incoming();
    const { call, told } = await announcing.told(2);
    await out.listen(0.3);
    t.match(told[1], { whole: true, what: 'prompt' });
    hears(t, 'who came later', atCy.heard());
    const beep = { media: 'sound:beep', durationMs: lengthOf(`${pbx.soundsDir}/beep.wav`) };
    announcing.announcer.beep(call.id, beep, 1_000);
    const beeps = (await announcing.told(5)).told.slice(2);
    await out.hangup();
    t.ok(beeps.every(({ what, whole }) => what === 'beep' && whole));
  });

  t.test('in a conference everybody hears it, and who comes third is told', async (t) => {
    const announcing = await connect(t);
    const [ann, bob, cy] = [await lab.phone('100'), await lab.phone('101'), await lab.phone('102')];
    const one = await ann.call('300');
    await one.answered;
    const two = await bob.call('300');
    await until('two told', () => announcing.call()?.told.some((told) => told.whole));
    const three = await cy.call('300');
    await until('three told', () => announcing.call().told.some(({ heardBy }) => heardBy.length === 3));
    await three.listen(0.3);
    for (const [who, call] of Object.entries({ 'the first': one, 'the second': two, 'the third': three })) {
      hears(t, who, call.heard());
      await call.hangup();
    }
  });

  t.test('a prompt that is not there is given up soon, and the call goes on', async (t) => {
    const announcing = await connect(t);
    announcing.say({ media: 'sound:tapedeck/there-is-none', durationMs: 3_000 });
    const [ann, bob] = [await lab.phone('100'), await lab.phone('101')];
    const out = await ann.call('101');
    const atBob = await bob.incoming();
    const { call, told } = await announcing.told(3);
    t.ok(told.every(({ whole, failed }) => !whole && failed?.code === 'error'));
    t.match(announcing.announcer.standing(call.id), { told: [], failed: { code: 'error' } });
    await out.listen(0.5);
    await atBob.hangup();
    await out.ended;
  });

  t.test('a PBX that shares no folder fetches it', async (t) => {
    const announcing = await connect(t);
    const server = createPromptServer({ host: '127.0.0.1', port: 0, base: 'http://127.0.0.1' });
    await server.start();
    t.teardown(() => server.stop());
    const log = createLog('warn', 'test');
    const prompts = createPrompts({ spool: null, hasStored: announcing.ari.hasStored, server, log });
    // Whatever an earlier run has left in the PBX's cache has another name.
    const hash = Date.now().toString(16);
    const media = await prompts.offer(promptFiles(file, hash));
    announcing.say({ media, durationMs: lengthOf(file) });
    const [ann, bob] = [await lab.phone('100'), await lab.phone('101')];
    const out = await ann.call('101');
    const atBob = await bob.incoming();
    const done = await announcing.told(1);
    await out.listen(0.3);
    await out.hangup();
    t.comment(`it began ${late(done)} ms after the answer`);
    hears(t, 'the caller', out.heard());
    hears(t, 'the callee', atBob.heard());
  });

  t.test('a whisper of a process that was killed is removed by the next one', async (t) => {
    const [ann, bob] = [await lab.phone('100'), await lab.phone('101')];
    const args = JSON.stringify({ pbx, recordingDir: pbx.recordingDir, file: lab.prompt('demo-instruct') });
    const child = spawn(process.execPath, [...programOf(PROGRAM), args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    t.teardown(() => child.kill('SIGKILL'));
    const calls: Call[] = [];
    for await (const line of child.stdout) {
      if (/playing/.test(String(line))) break;
      if (calls.length > 0) continue;
      calls.push(await ann.call('101'));
      calls.push(await bob.incoming());
    }
    child.kill('SIGKILL');
    await exited;
    const whispers = async () =>
      (await pbx.ask<{ id: string }[]>('/channels')).filter(({ id }) => id.endsWith('-tell'));
    t.equal((await whispers()).length, 1, 'it plays on without us');
    const announcing = await createAnnouncing(pbx, async () => null);
    t.teardown(() => announcing.stop());
    // Asterisk hangs a channel up a moment after it was told to.
    t.ok(await until('the whisper is gone', async () => (await whispers()).length === 0));
    await calls[0]!.hangup();
    await calls[1]!.ended;
  });
}
