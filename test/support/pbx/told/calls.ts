import type { Test } from 'tap';
import { seconds, until } from '../../recorder.js';
import { amplitude, rmsDb } from '../../recordings/audio.js';
import { SIGNAL, tellingLab } from './lab.js';

/** People of real calls are told, refuse, agree and join on one version of Asterisk: what they hear, and what becomes of it. */
export async function tellAll(t: Test, version: 22 | 16): Promise<void> {
  const made = await tellingLab(t, version);
  if (!made) return;
  const lab = made;
  const { phones, recorder } = lab;
  let callers = 0;
  /** A number of its own for each call, in Madrid or in New York. */
  const madrid = () => `+34911234${String(callers++).padStart(3, '0')}`;
  const newYork = () => `+1212555${String(1_000 + callers++)}`;
  const toldBy = (id: string, times: number) =>
    until(`${times} playings`, async () => {
      const { played } = await lab.ledger(id);
      return played.filter(({ whole }) => whole).length >= times && played;
    });

  const { talk, ended } = lab;
  /** A prompt is being played, or has been: keys answer it from then on. */
  const playing = (call: string) =>
    until('a prompt', async () => {
      const channels = (await lab.pbx.ask<{ id: string }[]>('/channels')) ?? [];
      const plays = channels.some(({ id }) => id.endsWith('-tell') && id.toUpperCase().includes(call));
      return plays || (await lab.ledger(call)).played.length > 0;
    });
  /** No file has sound but these. A capture that is thrown away goes a moment after it was ended. */
  async function nothingLeft(t: Test, before: ReadonlySet<string>, when: string): Promise<void> {
    const left = async () => (await lab.audioLeft()).filter((file) => !before.has(file));
    await until('nothing left', async () => (await left()).length === 0).catch(() => {}); // told below
    t.same(await left(), [], when);
  }

  t.test(
    'a new box announces: both hear it whole, in the language of the number, and the recording has it',
    async (t) => {
      const number = madrid();
      const { id, out, atAnn } = await talk(number);
      await toldBy(id, 1);
      await out.listen(1);
      await out.hangup();
      const call = await ended(number);
      t.match(call, { recording: { state: 'sealed' } });
      const prompt = { kind: 'announce', language: 'es' } as const;
      lab.hears(t, 'the caller', out.heard(), prompt);
      lab.hears(t, 'the extension', atAnn.heard(), prompt);
      const { notice, played } = await lab.ledger(id);
      t.match(notice, { mode: 'announce', language: 'es', number });
      t.match(played, [{ what: 'prompt', whole: true, prompt: { kind: 'announce', language: 'es' } }]);
      t.match(played[0]!.found, { found: true, in: 'us' }, 'the sealed audio has it');
      t.ok(
        played[0]!.found?.found && played[0]!.found.share >= 0.5,
        'whole, but for what a busy PBX has dropped',
      );
      t.equal(played[0]!.heardBy.length, 2);
    },
  );

  t.test('who waits in a queue is neither recorded nor told before somebody answers', async (t) => {
    const number = newYork();
    const carrier = await phones.carrier();
    const out = await carrier.call('5552000', { caller: { number }, source: lab.speaker() });
    await out.answered;
    const { id } = await lab.call(number, ({ state }) => state !== 'ringing');
    await out.listen(2);
    t.same((await lab.catalogue.segments.of(id)).length, 0, 'nothing is captured while they wait');
    t.same((await lab.ledger(id)).played, []);
    await phones.phone('101');
    await phones.phone('102');
    await toldBy(id, 1);
    await out.listen(0.5);
    await out.hangup();
    const call = await ended(number);
    t.equal(call.coverage.status, 'recorded', 'waiting for somebody is no gap of ours');
    lab.hears(t, 'the caller', out.heard(), { kind: 'announce' });
  });

  t.test(
    'a key refuses in the middle of the prompt: the call goes on, and no byte of it is left',
    async (t) => {
      await lab.policy({ telling: { mode: 'announce_refusal' } });
      const before = new Set(await lab.audioLeft());
      const number = newYork();
      const { id, out, atAnn } = await talk(number);
      await playing(id);
      await seconds(1);
      await out.dtmf('9');
      await until('the refusal', async () => (await lab.catalogue.directives.of(id)).length === 1);
      const heard = out.heard().length;
      await out.listen(2);
      t.ok(out.heard().length - heard > 12_000, 'the call goes on');
      t.ok(
        amplitude(
          Float32Array.from(atAnn.heard().subarray(-8_000), (x) => x / 32_768),
          SIGNAL,
          8_000,
        ) > 0.005,
        'and is heard',
      );
      await nothingLeft(t, before, 'while it lasts');
      await out.hangup();
      const call = await ended(number);
      t.match(call, { coverage: { status: 'declined' }, recording: null });
      await nothingLeft(t, before, 'and after it');
    },
  );

  t.test('who is asked is recorded from their yes on, and not at all without one', async (t) => {
    await lab.policy({ telling: { mode: 'ask' } });
    for (const yes of [true, false]) {
      const before = new Set(await lab.audioLeft());
      const number = newYork();
      const { id, out, atAnn } = await talk(number);
      await toldBy(id, 1);
      if (yes) await out.dtmf('1');
      await out.listen(2);
      await out.hangup();
      const call = await ended(number);
      lab.hears(t, 'the caller', out.heard(), { kind: 'ask' });
      lab.hears(t, 'the extension', atAnn.heard(), { kind: 'ask' });
      if (yes) t.match(call, { coverage: { status: 'recorded' }, recording: { state: 'sealed' } });
      else {
        t.match(call, { coverage: { status: 'excluded' }, recording: null });
        await nothingLeft(t, before, 'nothing is left of it');
      }
    }
  });

  t.test('who comes by a transfer is told', async (t) => {
    await lab.policy({ telling: {} });
    const number = newYork();
    const { id, out, atAnn } = await talk(number);
    await toldBy(id, 1);
    const cy = await phones.phone('102');
    t.equal(await atAnn.refer('102'), 200);
    const atCy = await cy.incoming();
    await atCy.answered;
    await toldBy(id, 2);
    await out.listen(0.5);
    await out.hangup();
    lab.hears(t, 'who came', atCy.heard(), { kind: 'announce' });
    const call = await ended(number);
    t.equal(call.coverage.status, 'recorded');
    const legs = new Set((await lab.ledger(id)).played.flatMap(({ heardBy }) => heardBy));
    t.equal(legs.size, 3, 'all three are in the ledger');
  });

  t.test('killed while a prompt plays: after the start it is played again, whole', async (t) => {
    await lab.policy({ telling: { mode: 'announce_refusal' } });
    const number = newYork();
    const { id, out, atAnn } = await talk(number);
    await playing(id);
    await seconds(1);
    await recorder.stopDaemon('SIGKILL');
    await recorder.startDaemon();
    const played = await toldBy(id, 1);
    t.match(played[0], { whole: false, failed: { code: 'prompt_interrupted' } });
    await out.listen(0.5);
    await out.hangup();
    const prompt = { kind: 'announce_refusal' } as const;
    lab.hears(t, 'the caller', out.heard(), prompt);
    lab.hears(t, 'the extension', atAnn.heard(), prompt);
    const call = await ended(number);
    t.match(call, { recording: { state: 'sealed' } });
  });

  if (version === 22)
    t.test('joined while nobody watched, and has not agreed: nothing is kept of it', async (t) => {
      await lab.policy({ telling: { mode: 'ask' } });
      const number = newYork();
      const { id, carrier, out, atAnn } = await talk(number);
      await playing(id);
      await out.dtmf('1');
      await until('the capture', async () => (await lab.catalogue.segments.of(id))[0]?.inStartedAt);
      await out.listen(1.5);
      await recorder.stopDaemon();
      const asked = (await lab.ledger(id)).played.filter(({ whole }) => whole).length;
      // Ann leaves the caller to somebody outside.
      const [, rings] = await Promise.all([
        atAnn.refer('912125559999'),
        carrier.incoming({ called: '12125559999' }),
      ]);
      await rings.answered;
      await rings.listen(2);
      await recorder.startDaemon();
      const said = await until('the look back', async () => {
        const directives = await lab.catalogue.directives.of(id);
        return directives.some(({ kind }) => kind === 'resume') && directives;
      });
      t.match(said, [{ kind: 'allow' }, { kind: 'mask', how: 'unwatched' }, { kind: 'resume' }]);
      // Their key may have come after the first prompt's end; the newcomer is asked in any case.
      await toldBy(id, asked + 1);
      await out.hangup();
      const call = await ended(number);
      const last = { why: { code: 'consent_awaited' } };
      const of = { state: 'sealed', masks: [{ kind: 'unagreed', side: 'both' }], gaps: [last] };
      t.match(call, { coverage: { status: 'recorded' }, recording: of });
      const { them, us } = await lab.recording(id);
      t.ok(amplitude(them.subarray(0, 8_000), SIGNAL, 8_000) > 0.005, 'the caller is heard before');
      const masks = (call.recording as { masks?: { at_ms: number; until_ms: number }[] } | null)?.masks ?? [];
      const { at_ms, until_ms } = masks[0]!;
      const gap = [them, us].map((side) => side.subarray((at_ms + 100) * 8, (until_ms - 100) * 8));
      t.ok(gap[0]!.length > 16_000 && Math.max(...gap.map(rmsDb)) < -70, 'and nothing of the gap');
    });

  t.test('killed while a refusal is carried out: it holds', async (t) => {
    const before = new Set(await lab.audioLeft());
    const number = newYork();
    const { id, out } = await talk(number);
    await playing(id);
    await seconds(1);
    await out.dtmf('9');
    await until('the refusal', async () => (await lab.catalogue.directives.of(id)).length === 1);
    await recorder.stopDaemon('SIGKILL');
    await out.listen(0.5);
    await recorder.startDaemon();
    await out.listen(1);
    await out.hangup();
    const call = await ended(number);
    t.match(call, { coverage: { status: 'declined' }, recording: null });
    await nothingLeft(t, before, 'nothing is left of it');
  });

  t.test('who called while nobody watched is from outside, wherever the dialplan has led them', async (t) => {
    await lab.policy({ telling: { mode: 'ask' } });
    const number = newYork();
    await phones.stop();
    const carrier = await phones.carrier();
    const bob = await phones.phone('101');
    await recorder.stopDaemon('SIGKILL');
    // The queue is of the phones' own context: the channel is not where it began any more.
    const out = await carrier.call('5552000', { caller: { number }, source: lab.speaker() });
    const atBob = await bob.incoming();
    await atBob.answered;
    await recorder.startDaemon();
    const { id } = await lab.call(number);
    await toldBy(id, 1);
    await out.hangup();
    const call = await ended(number);
    t.match(call, { direction: 'in', them: { number }, us: { number: '101' } });
    t.match((await lab.ledger(id)).notice, { mode: 'ask', number }, 'and asked, as anybody from outside');
    t.match(call, { coverage: { status: 'excluded' }, recording: null });
  });
}
