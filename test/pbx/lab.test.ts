import { readdirSync, readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { createLab, type Lab, startPbxOrSkip } from '../support/pbx/pbx.js';
import type { Call } from '../support/pbx/phone.js';
import type { CodecName } from '../support/pbx/sip/codecs.js';
import { readPrompt, tone, wavSource } from '../support/pbx/sources.js';
import { until } from '../support/recorder.js';
import { bandLimit, correlate, hear, toneStretches } from '../support/recordings/audio.js';

/** How much of a spoken prompt is in what was heard, 0 to 1. */
const likeness = (file: string, heard: Int16Array): number =>
  correlate(bandLimit(readPrompt(file).subarray(0, heard.length), 8000), bandLimit(heard, 8000)).peak;

/** The same by stretches: on a busy machine a frame comes late, and what follows is 20 ms later. */
const stretches = (file: string, heard: Int16Array): number =>
  hear(readPrompt(file).subarray(0, heard.length), heard, 8000).correlation;

/** Who is heard, in order; stretches of under a second, where one tone ends and the next begins, are left out. */
const voices = (call: Call, tones: Record<string, number>): string[] =>
  toneStretches(call.heard(), 8000, tones, 0.25)
    .filter((stretch) => stretch.seconds >= 1)
    .map((stretch) => stretch.what);

const TONES = { ann: 500, bob: 700, cy: 900, out: 1300 };

const codecTests = (t: Test, lab: Lab): void => {
  for (const codec of ['ulaw', 'alaw', 'g722'] satisfies CodecName[]) {
    t.test(`two phones hear each other speak, one of them in ${codec}`, async (t) => {
      const [mine, theirs] = [lab.prompt('demo-abouttotry'), lab.prompt('vm-options')];
      const caller = await lab.phone('100', { source: () => wavSource(mine), codecs: [codec] });
      const callee = await lab.phone('101', { source: () => wavSource(theirs) });
      const out = await caller.call('101');
      const incoming = await callee.incoming();
      t.equal(await out.answered, true);
      await out.listen(3);
      await out.hangup();
      t.same(await incoming.ended, { by: 'them', status: undefined });
      t.same(incoming.caller, { number: '100', name: 'Ext 100' });
      t.ok(stretches(theirs, out.heard()) >= 0.9, 'the caller heard the callee');
      t.ok(stretches(mine, incoming.heard()) >= 0.9, 'the callee heard the caller');
      t.ok(likeness(mine, out.heard()) < 0.5, 'the caller did not hear itself');
    });
  }
};

const outsideTests = (t: Test, lab: Lab): void => {
  t.test('the outside calls a DID and is known by its number and name', async (t) => {
    const carrier = await lab.carrier({ source: () => tone(TONES.out) });
    const ann = await lab.phone('100', { source: () => tone(TONES.ann) });
    const out = await carrier.call('5551000', { caller: { number: '+12125550142', name: 'Olga Outside' } });
    const incoming = await ann.incoming();
    t.equal(await out.answered, true);
    t.same(incoming.caller, { number: '+12125550142', name: 'Olga Outside' });
    await out.listen(1.5);
    await incoming.hangup();
    t.same(await out.ended, { by: 'them', status: undefined });
    t.same(voices(out, TONES), ['ann']);
    t.same(voices(incoming, TONES), ['out']);
  });

  t.test('a phone calls the outside with 9, and emergency numbers without', async (t) => {
    const carrier = await lab.carrier();
    const ann = await lab.phone('100');
    for (const [dialled, reached] of [
      ['912125550142', '12125550142'],
      ['112', '112'],
      ['911', '911'],
    ]) {
      const out = await ann.call(dialled!);
      const incoming = await carrier.incoming();
      t.equal(incoming.called, reached);
      t.equal(await out.answered, true);
      await out.hangup();
      await incoming.ended;
    }
  });

  t.test('the queue and the ring group are reached by their DIDs', async (t) => {
    const carrier = await lab.carrier();
    const bob = await lab.phone('101', { answerAfterMs: null });
    const cy = await lab.phone('102', { answerAfterMs: null });
    for (const did of ['5552000', '5553000']) {
      const out = await carrier.call(did, { caller: { number: '2125550143' } });
      const [atBob, atCy] = await Promise.all([bob.incoming(), cy.incoming()]);
      await atCy.answer();
      t.same(await atBob.ended, { by: 'them', status: 487 }, 'the other phone stops ringing');
      await out.listen(1);
      await out.hangup();
      await atCy.ended;
    }
  });
};

const holdAndTransferTests = (t: Test, lab: Lab): void => {
  t.test('a party on hold hears music, and then the other party again', async (t) => {
    const ann = await lab.phone('100', { source: () => tone(TONES.ann) });
    const bob = await lab.phone('101', { source: () => tone(TONES.bob) });
    const out = await ann.call('101');
    const incoming = await bob.incoming();
    await out.answered;
    await incoming.listen(1.5);
    await out.hold();
    await incoming.listen(1.5);
    await out.unhold();
    await incoming.listen(1.5);
    await out.hangup();
    await incoming.ended;
    t.same(voices(incoming, TONES), ['ann', '~', 'ann']);
  });

  t.test('a blind transfer by REFER joins the other two', async (t) => {
    const ann = await lab.phone('100', { source: () => tone(TONES.ann) });
    const bob = await lab.phone('101', { source: () => tone(TONES.bob) });
    const cy = await lab.phone('102', { source: () => tone(TONES.cy) });
    const out = await ann.call('101');
    const atBob = await bob.incoming();
    await out.answered;
    await out.listen(1.5);
    t.equal(await atBob.refer('102'), 200);
    const atCy = await cy.incoming();
    await atCy.answered;
    await out.listen(1.5);
    await out.hangup();
    await atCy.ended;
    t.same(
      voices(out, TONES).filter((voice) => voice !== '~'),
      ['bob', 'cy'],
    );
    t.same(voices(atCy, TONES), ['ann']);
  });

  t.test('an attended transfer by REFER with Replaces joins the other two', async (t) => {
    const ann = await lab.phone('100', { source: () => tone(TONES.ann) });
    const bob = await lab.phone('101', { source: () => tone(TONES.bob) });
    const cy = await lab.phone('102', { source: () => tone(TONES.cy) });
    const out = await ann.call('101');
    const atBob = await bob.incoming();
    await out.answered;
    await atBob.hold();
    const consult = await bob.call('102');
    const atCy = await cy.incoming();
    await consult.answered;
    await atCy.listen(1.5);
    t.equal(await atBob.referReplaces(consult), 200);
    await atCy.listen(1.5);
    await out.hangup();
    await atCy.ended;
    t.same(voices(atCy, TONES), ['bob', 'ann']);
  });

  t.test('keys reach the PBX: ## transfers, and 700 parks for another phone to fetch', async (t) => {
    const ann = await lab.phone('100', { source: () => tone(TONES.ann) });
    const bob = await lab.phone('101', { source: () => tone(TONES.bob) });
    const cy = await lab.phone('102', { source: () => tone(TONES.cy) });
    const out = await ann.call('101');
    const atBob = await bob.incoming();
    await out.answered;
    await out.listen(1);
    await atBob.dtmf('##');
    await atBob.listen(1.5);
    await atBob.dtmf('700');
    await atBob.ended;
    await out.listen(1.5);
    const fetch = await cy.call('701');
    t.equal(await fetch.answered, true);
    await fetch.listen(1.5);
    await fetch.hangup();
    await out.ended;
    t.same(voices(fetch, TONES), ['ann']);
  });

  t.test('*8 picks up a call that rings elsewhere', async (t) => {
    const ann = await lab.phone('100');
    const bob = await lab.phone('101', { answerAfterMs: null });
    const cy = await lab.phone('102', { source: () => tone(TONES.cy) });
    const out = await ann.call('101');
    const atBob = await bob.incoming();
    await out.ringing;
    const pickup = await cy.call('*8');
    t.equal(await pickup.answered, true);
    t.equal(await out.answered, true);
    await atBob.ended;
    await out.listen(1.5);
    await out.hangup();
    t.same(voices(out, TONES), ['cy']);
  });
};

const unansweredTests = (t: Test, lab: Lab): void => {
  t.test('a call that is refused, and one that is cancelled, are never answered', async (t) => {
    const ann = await lab.phone('100');
    const bob = await lab.phone('101', { answerAfterMs: null });
    bob.setBusy(true);
    const refused = await ann.call('101');
    t.same(await refused.ended, { by: 'them', status: 486 });
    t.equal(await refused.answered, false);
    bob.setBusy(false);
    const cancelled = await ann.call('101');
    const atBob = await bob.incoming();
    await cancelled.hangup();
    t.same(await atBob.ended, { by: 'them', status: 487 });
    t.equal(await cancelled.answered, false);
  });

  t.test('an announcement is heard before the answer', async (t) => {
    const ann = await lab.phone('100');
    await lab.phone('101', { answerAfterMs: null });
    const out = await ann.call('830');
    await out.listen(1.5);
    t.equal(out.state(), 'ringing');
    await out.hangup();
    t.ok(stretches(lab.prompt('tt-weasels'), out.heard()) >= 0.9);
  });
};

const upsetTests = (t: Test, lab: Lab): void => {
  t.test('a phone can upset its media: sequence numbers, another stream, loss, silence', async (t) => {
    const ann = await lab.phone('100', { source: () => tone(TONES.ann), rtp: { firstSeq: 65_500, ssrc: 7 } });
    await lab.phone('101', { source: () => tone(TONES.bob) });
    const out = await ann.call('950', {});
    await out.answered;
    await out.listen(1);
    t.ok(out.rtp.counters.sent >= 50);
    t.ok(out.rtp.nextSeq() < 1_000, 'the sequence number went through 65535');
    out.rtp.restart({ seq: 10, ssrc: 8 });
    await out.listen(1);
    t.ok(out.rtp.nextSeq() >= 50 && out.rtp.nextSeq() < 1_000);
    out.rtp.drop(0.5);
    await out.listen(0.5);
    t.ok(out.rtp.counters.dropped > 0);
    out.rtp.drop(0);
    out.rtp.pause();
    const { sent } = out.rtp.counters;
    await t.rejects(out.listen(0.5, { withinMs: 1000 }), /heard only/);
    t.equal(out.rtp.counters.sent, sent);
    out.rtp.resume();
    await out.listen(1);
    await out.hangup();
  });
};

t.jobs = 2;
for (const version of [22, 16] as const)
  t.test(`a lab with Asterisk ${version}`, { buffered: true }, async (t) => {
    const pbx = await startPbxOrSkip(t, { version, name: `lab-test-${version}` });
    if (!pbx) return;
    t.teardown(() => pbx.stop());
    const lab = createLab(pbx);
    t.afterEach(() => lab.stop());

    t.test('is the version that was asked for', async (t) => {
      t.equal(pbx.major, version);
      t.match(await pbx.cli('core show version'), `Asterisk ${pbx.version}`);
    });
    t.test(
      'it goes before all else, and keeps its canary, without which it would not for long',
      async (t) => {
        const fields = (pid: string) =>
          readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
        const policy = Number(fields(String(pbx.pid))[38]);
        if (policy === 0) return t.pass('this user may not have it go first');
        const canaries = readdirSync('/proc').filter((pid) => {
          if (!/^\d+$/.test(pid)) return false;
          try {
            const child = fields(pid)[1] === String(pbx.pid);
            return child && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('astcanary');
          } catch {
            return false; // it has ended meanwhile
          }
        });
        t.equal(canaries.length, 1);
      },
    );
    codecTests(t, lab);
    outsideTests(t, lab);
    holdAndTransferTests(t, lab);
    unansweredTests(t, lab);
    upsetTests(t, lab);

    t.test('nothing is left behind, and a crash can be provoked', async (t) => {
      // Asterisk takes a channel away a moment after the phone has hung up.
      await until('no channel', async () =>
        (await pbx.cli('core show channels')).includes('0 active channels'),
      );
      await pbx.kill();
      await t.rejects(pbx.cli('core show version'), /not running/);
      await pbx.start();
      t.match(await pbx.cli('core show version'), `Asterisk ${pbx.version}`);
    });
  });
