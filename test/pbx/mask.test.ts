import { createConnection } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createCapture } from '../../daemon/capture/snoop.js';
import { type Codes, noKeys, pressed } from '../../daemon/domain/call/codes.js';
import type { PbxEvent } from '../../daemon/domain/call/event.js';
import { type SnoopName, spoolName } from '../../daemon/domain/recording/recording.js';
import { createLog } from '../../daemon/ops/log.js';
import { createAmi } from '../../daemon/pbx/ami.js';
import { createAri } from '../../daemon/pbx/ari.js';
import { faultsOf } from '../../daemon/pbx/known-faults.js';
import { translateAri } from '../../daemon/pbx/translate.js';
import { translateAmi } from '../../daemon/pbx/translate-ami.js';
import { createLab, emptySpool, type Pbx, startPbxOrSkip } from '../support/pbx/pbx.js';
import { tone } from '../support/pbx/sources.js';
import { seconds, until } from '../support/recorder.js';
import { readWav } from '../support/recordings/audio.js';

/** What a mask does to the files of a real Asterisk, and how people and programs ask for one. */
const log = createLog('silent', 'test');
const FRAME = 20;
const CARD = '4929';
const CODES: Codes = { mask: '*61', resume: '', keep: '', decline: '9#', allow: '' };

/** A PBX with both its links, of which everything that they bring is kept. */
async function linked(t: Test, pbx: Pbx) {
  emptySpool(pbx);
  const events: PbxEvent[] = [];
  const raw = { ari: [] as Record<string, unknown>[], ami: [] as Record<string, unknown>[] };
  const up = new Set<string>();
  let digits = false;
  const take = (event: PbxEvent | null) => {
    if (!event) return;
    events.push(event);
    capture.hear(event);
  };
  const ari = createAri({
    ...{ ...pbx.ari, app: 'mask', log, now: Date.now, onDown: () => {} },
    digits: () => digits,
    onUp: () => up.add('ari'),
    onEvent: (event) => {
      raw.ari.push(event as Record<string, unknown>);
      take(translateAri(event, Date.now()));
    },
  });
  const ami = createAmi({
    ...{ ...pbx.ami, log, now: Date.now, onDown: () => {} },
    onUp: () => up.add('ami'),
    onEvent: (event) => {
      raw.ami.push(event as Record<string, unknown>);
      take(translateAmi(event, Date.now()));
    },
  });
  const newCapture = () =>
    createCapture({
      pbx: ari,
      spoolSize: async () => null,
      mutesOnce: () => faultsOf(ari.status()).some((f) => f.id === 'recording-mutes-once'),
      log,
      onSilent: () => {},
    });
  let capture = newCapture();
  t.teardown(async () => {
    capture.stop();
    await Promise.all([ari.stop(), ami.stop()]);
  });
  ari.start();
  ami.start();
  await until('both links', () => up.size === 2);
  const lab = createLab(pbx);
  t.teardown(() => lab.stop());
  return {
    pbx,
    lab,
    ari,
    events,
    raw,
    capture: () => capture,
    /** As after a restart: nothing is known of what was asked before. */
    restart: () => {
      capture.stop();
      capture = newCapture();
    },
    hearKeys: async (on: boolean) => {
      digits = on;
      await ari.filterAgain();
    },
    said: () => events.flatMap((e) => (e.kind === 'said' ? [e] : [])),
    keys: () => events.flatMap((e) => (e.kind === 'digit' ? [e] : [])),
    legOf: (extension: string) => {
      const legs = events.flatMap((e) => (e.kind === 'bridged' ? [e.leg] : []));
      return legs.findLast((leg) => leg.channel.startsWith(`PJSIP/${extension}-`))!;
    },
  };
}
type Linked = Awaited<ReturnType<typeof linked>>;

/** 100 calls a number at which 101 answers. */
async function talking(p: Linked, number: string) {
  const from = p.events.length;
  const call = await ann(p).call(number);
  return { call, from };
}
const phones = new WeakMap<Linked, Awaited<ReturnType<Linked['lab']['phone']>>[]>();
const ann = (p: Linked) => phones.get(p)![0]!;
const bob = (p: Linked) => phones.get(p)![1]!;
const together = (p: Linked, from: number) =>
  until('both are in one bridge', () => p.events.slice(from).filter((e) => e.kind === 'bridged').length >= 2);

/** Says something over AMI as another program does. */
function userEvent(pbx: Pbx, headers: Record<string, string>): Promise<void> {
  const { host, port, user, secret } = pbx.labAmi;
  const lines = (of: Record<string, string>) =>
    `${Object.entries(of).map(([key, value]) => `${key}: ${value}\r\n`).join('')}\r\n`; // biome-ignore format: one line
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, host);
    let heard = '';
    socket.on('error', reject);
    socket.on('data', (data) => {
      heard += data;
      if (!heard.includes('Event Sent')) return;
      socket.destroy();
      resolve();
    });
    socket.write(lines({ Action: 'Login', Username: user, Secret: secret, Events: 'off' }));
    socket.write(lines({ Action: 'UserEvent', ...headers }));
  });
}

/** Stretches of exact zero of 400 ms and more, in ms of the file: a busy machine cuts shorter ones into recordings. */
function silences(samples: Float32Array): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  let from = 0;
  for (let i = 0; i <= samples.length; i++) {
    if (samples[i] === 0) continue;
    if (i - from >= 3_200) found.push({ from: from / 8, to: i / 8 });
    from = i + 1;
  }
  return found;
}

t.jobs = 2;
for (const version of [22, 16] as const)
  t.test(`Asterisk ${version}`, { buffered: true }, async (t) => {
    const pbx = await startPbxOrSkip(t, { version, name: `mask-${version}` });
    if (!pbx) return;
    t.teardown(() => pbx.stop());
    const p = await linked(t, pbx);
    phones.set(p, [
      await p.lab.phone('100', { source: () => tone(500), rtp: { firstSeq: 100 } }),
      await p.lab.phone('101', { source: () => tone(900), rtp: { firstSeq: 100 } }),
    ]);

    await t.test('a feature code, the dialplan and another program ask for it, each once', async (t) => {
      const { call, from } = await talking(p, '811');
      const atBob = await bob(p).incoming();
      await together(p, from);
      await atBob.dtmf('*71');
      await until('the mask', () => p.said().length >= 1);
      await call.dtmf('*72');
      await until('its end', () => p.said().length >= 2);
      const { id, linkedid } = p.legOf('101');
      await userEvent(pbx, { UserEvent: 'Parrot', Uniqueid: id });
      await userEvent(pbx, { UserEvent: 'tapedeckKEEP', Uniqueid: id, Linkedid: linkedid });
      await userEvent(pbx, { UserEvent: 'TapedeckDecline', Linkedid: linkedid });
      await userEvent(pbx, { UserEvent: 'TapedeckAllow' });
      await until('the others', () => p.said().length >= 5);
      await call.hangup();
      const mine = p.legOf('100');
      t.match(p.said(), [
        { what: 'mask', legId: id, linkedid },
        { what: 'resume', legId: mine.id, linkedid },
        { what: 'keep', legId: id, linkedid },
        { what: 'decline', legId: null, linkedid },
        { what: 'allow', legId: null, linkedid: '' },
      ]);
      t.equal(p.said().length, 5);
      const told = p.raw.ami.filter((e) => e.event === 'UserEvent').map((e) => e.userevent);
      t.same(told, ['tapedeckKEEP', 'TapedeckDecline', 'TapedeckAllow'], 'AMI sends nothing but these');
    });

    await t.test("keys are told only where they are wanted, and a menu's never", async (t) => {
      const before = p.said().length;
      const { call, from } = await talking(p, '812');
      await call.answered;
      await call.dtmf(CARD);
      await together(p, from);
      t.match(p.said().slice(before), [{ what: 'mask', legId: p.legOf('100').id }]);
      t.equal(p.said().length, before + 1);
      await call.dtmf('12');
      const { id, linkedid } = p.legOf('100');
      // What was told before this would have come before it.
      await userEvent(pbx, { UserEvent: 'TapedeckAllow', Linkedid: linkedid });
      await until('the last event', () => p.said().length >= before + 2);
      t.same(p.keys(), []);
      const names = new Set([...p.raw.ari.map((e) => e.type), ...p.raw.ami.map((e) => e.event)]);
      for (const name of [
        'ChannelDtmfReceived',
        'ChannelVarset',
        'DTMFBegin',
        'DTMFEnd',
        'VarSet',
        'Newexten',
      ])
        t.notOk(names.has(name), `${name} is not sent`);
      t.notMatch(JSON.stringify(p.raw.ami), `"${CARD}"`);
      t.notMatch(
        JSON.stringify(p.events),
        new RegExp(`\\b${CARD}\\b`),
        'what the dialplan adds to its event is dropped',
      );

      await p.hearKeys(true);
      await call.dtmf('7*61');
      const atBob = bob(p).calls.at(-1)!;
      await atBob.dtmf('9#');
      await until('six keys', () => p.keys().length >= 6);
      let keys = { a: noKeys, b: noKeys };
      const heard = p.keys().map((key) => {
        const leg = key.legId === id ? 'a' : 'b';
        const { keys: next, said } = pressed(keys[leg], key, CODES, leg === 'a');
        keys = { ...keys, [leg]: next };
        return [leg, said];
      });
      t.same(heard, [
        ['a', null],
        ['a', null],
        ['a', null],
        ['a', 'mask'],
        ['b', null],
        ['b', 'decline'],
      ]);
      await p.hearKeys(false);
      await call.dtmf('55');
      await userEvent(pbx, { UserEvent: 'TapedeckAllow', Linkedid: linkedid });
      await until('the last event', () => p.said().length >= before + 3);
      t.equal(p.keys().length, 6, 'and no longer told when they are not wanted any more');
      await call.hangup();
    });

    await t.test('silence is written of both sides at once, and time goes on', async (t) => {
      const { call, from } = await talking(p, '101');
      await together(p, from);
      const named = (seq: number): SnoopName => ({
        callId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
        seq,
        token: '0'.repeat(32),
        swapped: false,
      });
      const leg = p.legOf('100').id;
      const began = await p.capture().begin(named(0), leg);
      /** Asks, and gives between which two times Asterisk was asked. */
      const timed = async (does: () => Promise<unknown>) => {
        const asked = Date.now();
        await does();
        return { asked, done: Date.now() };
      };
      const masks: Record<'muted' | 'heard', { asked: number; done: number }>[] = [];
      const masked = async (mute: () => Promise<unknown>, unmute: () => Promise<unknown>) => {
        await seconds(1);
        const muted = await timed(mute);
        await seconds(1);
        const heard = await timed(unmute);
        masks.push({ muted, heard });
      };
      const mute = () => p.capture().mute(named(0));
      const twice = () => Promise.all([mute(), mute()]);
      let anew = false;
      const unmute = async () => {
        anew = !(await p.capture().unmute(named(0)));
      };
      if (version === 22) {
        await masked(mute, unmute);
        await masked(twice, async () => {
          await unmute();
          await unmute();
        });
        await masked(
          async () => {
            p.restart();
            await mute();
          },
          async () => {
            p.restart();
            await unmute();
          },
        );
        t.notOk(anew);
      } else {
        await masked(twice, async () => {
          p.restart();
          await mute();
          await unmute();
        });
        t.ok(anew, 'it has to be begun anew to be heard');
      }
      await seconds(1);
      const ended = Date.now();
      await p.capture().end(named(0));
      await p.capture().finished(named(0));
      const closed = Date.now();
      if (anew) {
        const next = await p.capture().begin(named(1), leg);
        await seconds(0.5);
        await mute();
        const { asked, done } = await timed(() => p.capture().mute(named(1)));
        await seconds(0.5);
        await p.capture().end(named(1));
        await p.capture().finished(named(1));
        const { channels } = readWav(join(pbx.recordingDir, `${spoolName(named(1), 'in')}.wav`));
        const [silent] = silences(channels[0]!);
        const from = next.inStartedAt + (silent?.from ?? 0);
        t.ok(
          silent && from > asked - 15 * FRAME && from < done + 15 * FRAME,
          'the next is heard, and can be muted',
        );
      }
      await call.hangup();

      const sides = (['in', 'out'] as const).map((side) => {
        const samples = readWav(join(pbx.recordingDir, `${spoolName(named(0), side)}.wav`)).channels[0]!;
        const start = began[`${side}StartedAt`];
        const silent = silences(samples).map(({ from, to }) => ({ from: from + start, to: to + start }));
        return { side, ms: samples.length / 8, silent, start };
      });
      for (const { side, ms, silent, start } of sides) {
        t.comment(side, ms, ended - start, JSON.stringify(silent), JSON.stringify(masks));
        t.equal(silent.length, masks.length, `${side}: silent in the masks alone`);
        // A frame or two on an idle machine; a busy one cuts pieces out of recordings. A pause would take all of a second.
        const off = 15 * FRAME;
        t.ok(ms > ended - start - off && ms < closed - start + off, `${side}: ${ms} of ${ended - start} ms`);
        masks.forEach(({ muted, heard }, i) => {
          const { from = 0, to = 0 } = silent[i] ?? {};
          t.ok(from >= muted.asked - off && from <= muted.done + off, `${side}: silent from ${from} on`);
          const until = anew ? start + ms : heard.asked;
          t.ok(to >= until - off && to <= Math.max(until, heard.done) + off, `${side}: to ${to}`);
        });
      }
      const [one, two] = sides as [(typeof sides)[0], (typeof sides)[0]];
      for (const [i, { from }] of one.silent.entries()) {
        const apart = Math.abs(from - (two.silent[i]?.from ?? 0));
        t.ok(apart <= 5 * FRAME, `both sides at once (${apart} ms apart)`);
      }
    });
  });
