import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import t from 'tap';
import type { DirectiveKind, DirectiveWay } from '../../../daemon/domain/call/directive.js';
import { defaultPolicy, type RecordRule } from '../../../daemon/domain/policy/policy.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { inFile, type Loss, lostMs, onTimeline } from '../../../daemon/domain/recording/lost.js';
import { parseManifest } from '../../../daemon/domain/recording/manifest.js';
import { askedMasks, holdMasks, type Mask, surelySilent } from '../../../daemon/domain/recording/mask.js';
import type { Mark } from '../../../daemon/domain/recording/recording.js';
import { createFfmpeg } from '../../../daemon/encode/ffmpeg.js';
import { tellOfLeak, tellOfMasks } from '../../../daemon/recordings/preserve/masks.js';
import { openSealed } from '../../../daemon/vault/open.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import { alarmBoard } from '../../support/alarm-board.js';
import { answeredAt, preserveLab, toneWav, wavOf } from '../../support/recordings/preserve-lab.js';

const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
type Lab = Awaited<ReturnType<typeof preserveLab>>;

/** A tone with digital silence where these stretches are, in ms. */
function toneBut(seconds: number, ...silent: [number, number][]): Buffer {
  const samples = Int16Array.from({ length: seconds * 8_000 }, (_, n) =>
    silent.some(([from, to]) => from * 8 <= n && n < to * 8) ? 0 : Math.round(8_000 * Math.sin(n / 3)),
  );
  return wavOf(samples);
}

const say = (lab: Lab, kind: DirectiveKind, afterMs: number, how: DirectiveWay = 'button') =>
  lab.catalogue.directives.add({ callId: id, at: answeredAt + afterMs, kind, how, who: 'ann', legId: null });

/** Loudest sample of a side of what was sealed, in a stretch of ms. */
async function hear(lab: Lab) {
  const { recording } = (await lab.catalogue.calls.get(id))!;
  const sealed = await openSealed(createDiskStore(lab.dir), recording!, await lab.identity(recording!.id));
  const ogg = await buffer(sealed.read(0, sealed.size - 1));
  await sealed.close();
  const pcm = await buffer(createFfmpeg().decode(Readable.from([ogg]), 8_000).stdout);
  return (side: 'them' | 'us', from: number, to: number) => {
    let most = 0;
    for (let n = from * 8; n < Math.min(to * 8, pcm.length / 4); n++)
      most = Math.max(most, Math.abs(pcm.readInt16LE(4 * n + (side === 'us' ? 2 : 0))));
    return most;
  };
}

const SOUND = 4_000;
const NEXT_TO_NOTHING = 40;

t.test('a mask that the PBX carried out is told of and raises no alarm', async (t) => {
  const lab = await preserveLab(t);
  await lab.add(id, [{ in: toneBut(6, [2_100, 4_020]), out: toneBut(6, [2_140, 4_020]) }], { talkMs: 6_000 });
  await say(lab, 'mask', 2_000);
  await say(lab, 'resume', 4_000);
  const { coverage, recording } = await lab.run(id);
  t.match(coverage, { status: 'recorded', missingMs: 0 });
  t.match(recording!.masks, [{ atMs: 1_960, untilMs: 4_000, side: 'both', kind: 'mask' }]);
  t.equal(lab.standing.size, 0);
  const loudest = await hear(lab);
  t.ok(loudest('them', 0, 1_900) > SOUND && loudest('us', 4_100, 6_000) > SOUND);
  t.ok(loudest('them', 2_100, 3_950) < NEXT_TO_NOTHING && loudest('us', 2_100, 3_950) < NEXT_TO_NOTHING);
});

t.test('what was written all the same is silenced, told of and raises an alarm', async (t) => {
  const lab = await preserveLab(t);
  await lab.add(id, [{ in: toneBut(6), out: toneBut(6, [2_100, 4_020]) }], { talkMs: 6_000 });
  await say(lab, 'mask', 2_000);
  await say(lab, 'resume', 4_000);
  const { coverage, recording } = await lab.run(id);
  t.equal(coverage.status, 'recorded');
  const loudest = await hear(lab);
  t.ok(loudest('them', 2_050, 3_950) < NEXT_TO_NOTHING, 'in spite of the PBX');
  t.ok(loudest('them', 4_100, 6_000) > SOUND);
  const [alarm, ...more] = [...lab.standing];
  t.match(alarm, [
    `mask_failed ${id}`,
    { severity: 'critical', why: { code: 'mask_failed', params: { call: id } } },
  ]);
  t.same(more, [], 'and no leak, because none of it is kept');
  t.ok(recording!.masks[0]!.writtenMs >= 1_900);
  const { text } = (await lab.catalogue.seals.manifest(recording!.id))!;
  t.match(parseManifest(text!), {
    format_version: 5,
    recording: { masks: [{ at_ms: 1_960, until_ms: 4_000, side: 'both', kind: 'mask' }] },
  });
  t.ok(parseManifest(text!)!.recording.masks![0]!.written_ms >= 1_900, 'also in what is signed');
});

t.test('a moment that the PBX wrote and the seal silenced rings nobody out of bed', async (t) => {
  const told = (...writtenMs: number[]) => {
    const { standing, alarms } = alarmBoard();
    const mask = { atMs: 2_000, untilMs: 4_000, side: 'both', kind: 'mask' } as const;
    const failed = writtenMs.map((ms) => ({ ...mask, writtenMs: ms }));
    tellOfMasks(alarms, { id, startedAt: answeredAt }, { asked: [], masks: failed, failed });
    return [...standing.values()].map(({ severity, message }) => `${severity} ${message.slice(0, 39)}`);
  };
  t.same(told(), []);
  t.same(told(20), [], 'none of "0.0 s"');
  t.same(told(20, 20, 20), ['warning Masked audio was written to disk: 0.1 s']);
  t.same(told(220), ['warning Masked audio was written to disk: 0.2 s']);
  t.same(told(1_900), ['critical Masked audio was written to disk: 1.9 s']);
});

t.test('masked sound that is in the sealed recording raises an alarm, and no other sound does', (t) => {
  const points = (...loud: number[]) =>
    Uint8Array.from({ length: 300 }, (_, n) => (loud.includes(n) ? 90 : 0));
  const mask = (side: Mask['side']) =>
    ({ atMs: 1_960, untilMs: 4_000, side, kind: 'mask', writtenMs: 2_000 }) as const;
  const told = (of: Mask, left: number[], right: number[] = []) => {
    const { standing, alarms } = alarmBoard();
    const peaks = { perSecond: 50, durationMs: 6_000, left: points(...left), right: points(...right) };
    tellOfLeak(alarms, id, [of], peaks);
    return [...standing].map(([key, { severity }]) => `${severity} ${key}`);
  };
  t.same(told(mask('both'), [10, 97, 98, 200], [99, 250]), [], 'just before, at the seam and after');
  t.same(told(mask('both'), [150]), [`critical mask_leaked ${id}`]);
  t.same(told(mask('us'), [], [150]), [`critical mask_leaked ${id}`]);
  t.same(told(mask('us'), [150]), [], 'of the other side');
  t.end();
});

t.test('a mask that nobody ended lasts to the end of the call, and a restart loses none', async (t) => {
  const lab = await preserveLab(t);
  await lab.add(id, [{ in: toneWav(5), out: toneWav(5) }], { talkMs: 5_000 });
  await say(lab, 'mask', 3_000);
  await lab.catalogue.stop();
  await lab.catalogue.start();
  await lab.run(id);
  const loudest = await hear(lab);
  t.ok(loudest('them', 3_050, 5_000) < NEXT_TO_NOTHING && loudest('us', 3_050, 5_000) < NEXT_TO_NOTHING);
  t.ok(loudest('them', 0, 2_900) > SOUND);
});

t.test('what a rule masks from its first digit on had been written, which is no fault', async (t) => {
  const lab = await preserveLab(t);
  await lab.add(id, [{ in: toneBut(6, [4_000, 6_000]), out: toneBut(6, [4_000, 6_000]) }], { talkMs: 6_000 });
  await say(lab, 'mask', 1_000, 'rule');
  const { recording } = await lab.run(id);
  t.equal(lab.standing.size, 0);
  t.ok(Math.abs(recording!.masks[0]!.writtenMs - 3_020) <= 40, 'but it is said');
  t.ok((await hear(lab))('them', 1_000, 6_000) < NEXT_TO_NOTHING);
});

t.test('what nobody could ask the PBX to mask is silenced, and raises no alarm', async (t) => {
  const lab = await preserveLab(t);
  await lab.add(id, [{ in: toneWav(5), out: toneWav(5) }], { talkMs: 5_000 });
  await say(lab, 'mask', 2_000, 'unwatched');
  await say(lab, 'resume', 5_000, 'unwatched');
  const { coverage, recording } = await lab.run(id);
  t.equal(lab.standing.size, 0);
  t.match(coverage, { status: 'recorded', missingMs: 0 });
  t.match(recording!.masks, [{ atMs: 1_960, untilMs: 5_000, side: 'both', kind: 'unagreed' }]);
  const loudest = await hear(lab);
  t.ok(loudest('us', 0, 1_900) > SOUND);
  t.ok(loudest('them', 2_050, 5_000) < NEXT_TO_NOTHING && loudest('us', 2_050, 5_000) < NEXT_TO_NOTHING);
});

t.test('a capture that was not begun because of a mask makes no partial recording', async (t) => {
  const lab = await preserveLab(t);
  const late = { in: toneWav(2), out: toneWav(2), atMs: 4_000, because: because('masked') };
  await lab.add(id, [{ in: toneWav(1), out: toneWav(1) }, late], { talkMs: 6_000 });
  await say(lab, 'mask', 1_000);
  await say(lab, 'resume', 3_900);
  const { coverage, recording } = await lab.run(id);
  t.match(coverage, { status: 'recorded', missingMs: 0 });
  t.match(recording!.gaps, [{ atMs: 1_000, untilMs: 4_000, side: 'both', why: { code: 'masked' } }]);
});

t.test('a gap that only begins in a mask counts', async (t) => {
  const lab = await preserveLab(t);
  await lab.add(id, [{ in: toneWav(1), out: toneWav(1) }], { talkMs: 6_000 });
  await say(lab, 'mask', 1_000);
  await say(lab, 'resume', 3_000);
  t.match((await lab.run(id)).coverage, { status: 'partial', missingMs: 5_000 });
});

t.test('a call that was masked from beginning to end says so', async (t) => {
  const lab = await preserveLab(t);
  await lab.add(id, [{ in: toneWav(0), out: toneWav(0) }], { talkMs: 3_000 });
  await say(lab, 'mask', 0);
  t.match((await lab.run(id)).coverage, { status: 'not_recorded', why: { code: 'masked' } });
});

const hold = (atMs: number, untilMs: number | null, legId: string | null): Mark => ({
  ...{ atMs, untilMs, legId },
  kind: 'hold',
  text: '',
});

t.test(
  'who waits on hold is masked where the rule of the call says so, and the others are heard',
  async (t) => {
    const rule: RecordRule = { name: 'Sales', reason: 'Training.', when: {}, outcome: 'record' };
    for (const on_hold of ['mask', 'record'] as const) {
      const lab = await preserveLab(t);
      await lab.add(id, [{ in: toneWav(5), out: toneWav(5) }], {
        talkMs: 5_000,
        marks: [hold(1_000, 3_000, 'ours')],
      });
      const version = await lab.catalogue.policy.save(
        { ...defaultPolicy, record: [{ ...rule, on_hold }] },
        'test',
        answeredAt,
        0,
      );
      await lab.catalogue.policy.save({ ...defaultPolicy, record: [rule] }, 'test', answeredAt, version);
      const call = (await lab.catalogue.calls.get(id))!;
      const why = because('rule', { reason: 'Training.' });
      await lab.catalogue.calls.save(call, call.coverage, { version, outcome: 'record', rule: 'Sales', why });
      const { recording } = await lab.run(id);
      const loudest = await hear(lab);
      t.ok(loudest('us', 1_100, 2_900) > SOUND);
      t.ok(loudest('them', 3_100, 5_000) > SOUND);
      if (on_hold === 'record') {
        t.ok(loudest('them', 1_100, 2_900) > SOUND);
        t.same(recording!.masks, []);
        continue;
      }
      t.ok(
        loudest('them', 1_100, 2_900) < NEXT_TO_NOTHING,
        'by the version of the policy that the call was recorded by',
      );
      t.match(recording!.masks, [{ atMs: 1_000, untilMs: 3_000, side: 'them', kind: 'hold' }]);
      t.equal(lab.standing.size, 0, 'which is no mask that failed');
    }
  },
);

t.test('who waits on hold is on the other side than who pressed hold', (t) => {
  const piece = { legId: 'a', swapped: false, atMs: 0, untilMs: 9_000 };
  const sides = (by: string | null, swapped: boolean) =>
    holdMasks([hold(1_000, null, by)], [{ ...piece, swapped }], 8_000).map((m) => [m.side, m.untilMs]);
  t.same(sides('b', false), [['them', 8_000]], 'the captured party waits');
  t.same(sides('a', false), [['us', 8_000]]);
  t.same(sides('b', true), [['us', 8_000]], 'of a capture whose sides are swapped');
  t.same(sides('a', true), [['them', 8_000]]);
  t.same(sides(null, false), [['both', 8_000]], 'nobody knows who');
  t.end();
});

t.test('masks stay within the call, and too short ones are not judged', (t) => {
  const d = (kind: DirectiveKind, at: number) =>
    ({ callId: id, seq: 0, at, kind, how: 'api', who: '', legId: null }) as const;
  t.same(askedMasks([d('mask', 500), d('resume', 900)], 1_000, 5_000), [], 'before the answer');
  t.same(askedMasks([d('mask', 500), d('resume', 9_000)], 1_000, 5_000), [
    { fromMs: 0, untilMs: 5_000, how: 'api' },
  ]);
  t.equal(surelySilent({ fromMs: 0, untilMs: 350, how: 'api' }), null);
  t.end();
});

t.test('a place on the timeline is found in a file that lacks time', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ gap: fc.nat(2_000), ms: fc.integer({ min: 20, max: 500 }) }), { maxLength: 6 }),
      fc.nat(20_000),
      (drawn, at) => {
        let place = 0;
        const losses = drawn.map(({ gap, ms }): Loss => {
          place += gap + 1;
          return { fromMs: place, toMs: place, ms };
        });
        const position = at + 1;
        if (losses.some((l) => l.fromMs === position)) return true;
        return (
          inFile(onTimeline(position, losses), losses) === position &&
          inFile(1e6, losses) === 1e6 - lostMs(losses)
        );
      },
    ),
  );
  t.end();
});
