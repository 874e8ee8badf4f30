import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { judgeQuality } from '../../daemon/domain/recording/judge-quality.js';
import type { Quality } from '../../daemon/domain/recording/quality.js';
import type { CallRecord, Leg, Party } from '../../daemon/domain/recording/recording.js';
import { createEncoder } from '../../daemon/encode/encoder.js';
import { createFfmpeg } from '../../daemon/encode/ffmpeg.js';
import { opusPlan } from '../../daemon/encode/opus.js';
import { createQualityMeter } from '../../daemon/encode/quality.js';
import { readPrompt, spokenPrompt } from '../support/pbx/sources.js';
import { lackOf } from '../support/pbx/whole.js';
import { aCall } from '../support/recordings/a-call.js';
import { rmsDb } from '../support/recordings/audio.js';
import { answeredAt, preserveLab, wavOf } from '../support/recordings/preserve-lab.js';

/** Real speech with something done to it that is known, through real Opus, and what is found of it. */
const RATE = 8_000;
const dir = t.testdir({});
const encoder = createEncoder({ ffmpeg: createFfmpeg() });

const silence = (seconds: number) => new Int16Array(Math.round(seconds * RATE));
const joined = (...parts: Int16Array[]): Int16Array => Int16Array.from(parts.flatMap((part) => [...part]));
const each = (samples: Int16Array, change: (sample: number, i: number) => number): Int16Array =>
  samples.map((s, i) => Math.max(-32_768, Math.min(32_767, Math.round(change(s, i)))));
const louder = (samples: Int16Array, db: number) => each(samples, (s) => s * 10 ** (db / 20));

/** Two people who take turns with prompts, as both sides of a call. */
function talk(them: string[], us: string[]): [Int16Array, Int16Array] {
  const turns = them.map((name, i) => [spokenPrompt(name), spokenPrompt(us[i]!)] as const);
  const pause = (other: Int16Array) => silence(other.length / RATE + 0.5);
  return [
    joined(...turns.flatMap(([a, b]) => [a, pause(b)])),
    joined(...turns.flatMap(([a, b]) => [silence(a.length / RATE + 0.25), b, silence(0.25)])),
  ];
}

function sox(samples: Int16Array, ending: string, ...coded: string[]): Int16Array {
  const [from, through, to] = ['from.wav', `through.${ending}`, 'to.wav'].map((f) => join(dir, f));
  writeFileSync(from!, wavOf(samples));
  execFileSync('sox', [from!, ...coded, through!]);
  execFileSync('sox', [...(ending === 'wav' ? [] : coded), through!, '-b', '16', '-e', 'signed', to!]);
  return readPrompt(to!);
}

/** White noise of this level, made by sox. */
function hiss(length: number, db: number): Int16Array {
  const file = join(dir, 'hiss.wav');
  const seconds = (length / RATE + 0.1).toFixed(2);
  execFileSync('sox', [
    '-R',
    '-n',
    '-r',
    '8000',
    '-b',
    '16',
    '-c',
    '1',
    file,
    'synth',
    seconds,
    'whitenoise',
    'vol',
    '0.25',
  ]);
  const made = readPrompt(file).subarray(0, length);
  return louder(made, db - rmsDb(made));
}

async function heardIn(them: Int16Array, us: Int16Array) {
  const [inFile, outFile] = [join(dir, 'in.wav'), join(dir, 'out.wav')];
  writeFileSync(inFile, wavOf(them));
  writeFileSync(outFile, wavOf(us));
  const segment = { offsetMs: 0, inFile, outFile, rate: RATE, inMs: them.length / 8, outMs: us.length / 8 };
  const tags = { title: '', date: '', callId: '' };
  const plan = opusPlan({ segments: [segment], tags, bitrate: 24_000, complexity: 5 });
  const { heard } = await encoder.encode(plan, async (ogg) => {
    for await (const _ of ogg);
  });
  return heard;
}

const outside: Party = { number: '+15550123', name: '', ours: false };
const ours = (number: string): Party => ({ number, name: '', ours: true });
const leg = (party: Party, endpoint: string, from: number, to: number): Leg => ({
  ...{ id: endpoint, party, endpoint, seenAt: answeredAt + from, upAt: answeredAt + from },
  goneAt: answeredAt + to,
});
const A_MINUTE = 60_000;
const aTalk: CallRecord = aCall('01ARZ3NDEKTSV4RRFFQ69G5FAV', {
  startedAt: answeredAt - 5_000,
  answeredAt,
  endedAt: answeredAt + A_MINUTE,
  them: outside,
  us: ours('112'),
  legs: [leg(outside, 'trunk', 0, A_MINUTE), leg(ours('112'), '112', 0, A_MINUTE)],
});

async function judged(them: Int16Array, us: Int16Array): Promise<Quality & { words: string[] }> {
  const quality = judgeQuality(await heardIn(them, us), aTalk, []);
  return { ...quality, words: quality.flags.map((f) => `${f.side} ${f.flag}`) };
}

const [them, us] = talk(['demo-abouttotry', 'vm-options'], ['demo-moreinfo', 'demo-abouttotry']);

t.test('clean speech has nothing wrong with it, whatever telephone coder it came through', async (t) => {
  const coders: [string, (samples: Int16Array) => Int16Array][] = [
    ['linear', (s) => s],
    ['GSM', (s) => sox(s, 'gsm')],
    ['mu-law', (s) => sox(s, 'ul', '-t', 'ul', '-r', '8000', '-c', '1')],
    ['10 dB quieter', (s) => louder(s, -10)],
  ];
  const others = talk(
    ['conf-adminmenu-18', 'vm-intro', 'demo-thanks'],
    ['demo-congrats', 'demo-nogo', 'tt-weasels'],
  );
  for (const [name, through] of coders)
    for (const [a, b] of [[them, us] as const, others]) {
      const { words, echo } = await judged(through(a), through(b));
      t.same(words, [], name);
      t.equal(echo, null, name);
    }
});

t.test('levels are those of the sound', async (t) => {
  const clean = await heardIn(them, us);
  const quiet = await heardIn(louder(them, -20), us);
  t.ok(Math.abs(clean.them.speechDb - quiet.them.speechDb - 20) < 0.5, 'a turn of 20 dB is one of 20 dB');
  t.ok(clean.them.peakDb - quiet.them.peakDb > 19);
  // The prompt's own level while it speaks: the loudest half of its stretches of 200 ms has about that.
  t.ok(clean.them.speechDb < -15 && clean.them.speechDb > -25, `${clean.them.speechDb} dB`);
  t.ok(clean.them.zeroShare > 0.4 && clean.them.zeroShare < 0.6, 'silent while the other side speaks');
  t.same((await judged(louder(them, -22), us)).words, ['them quiet']);

  const tone = Int16Array.from({ length: 10 * RATE }, (_, i) => Math.round(8_000 * Math.sin(i / 3)));
  const meter = createQualityMeter(RATE);
  const both = Buffer.alloc(tone.length * 4);
  for (const [i, s] of tone.entries()) both.writeInt16LE(s, 4 * i);
  meter.write(both);
  const { them: left, us: right } = meter.result();
  t.ok(Math.abs(left.speechDb - rmsDb(tone)) < 0.2, `${left.speechDb} dB`);
  t.ok(Math.abs(left.peakDb - 20 * Math.log10(8_000 / 32_768)) < 0.1);
  t.match(right, { speechDb: -120, noiseDb: -120, activeMs: 0, zeroShare: 1 });
});

t.test('noise in the pauses is found and measured, on its side alone', async (t) => {
  for (const db of [-30, -35, -40]) {
    const noise = hiss(us.length, db);
    const q = await judged(
      them,
      each(us, (s, i) => s + noise[i]!),
    );
    t.same(q.words, ['us noisy'], `${db} dB`);
    t.ok(
      q.us.noiseDb > db - 6.5 && q.us.noiseDb < db + 0.5,
      `${q.us.noiseDb} of ${db} dB: Opus takes some of it`,
    );
  }
  const faint = hiss(us.length, -50);
  t.same(
    (
      await judged(
        them,
        each(us, (s, i) => s + faint[i]!),
      )
    ).words,
    [],
    'a faint hiss is no fault',
  );
});

t.test('speech that was turned up beyond the scale is clipped', async (t) => {
  const q = await judged(louder(them, 12), us);
  t.same(q.words, ['them clipped']);
  const loud = louder(them, 12).map((s) => (Math.abs(s) >= 31_000 ? 1 : 0));
  const share = loud.reduce((sum: number, x) => sum + x, 0) / (loud.length * (1 - q.them.silentShare));
  const found = q.them.clippedShare / share;
  t.ok(found > 0.4 && found < 1.1, `${q.them.clippedShare} of ${share.toFixed(4)}: Opus rounds some of it`);
  t.same((await judged(louder(them, 3), us)).words, [], 'speech that only just fits is not');
});

t.test('an echo is found with its delay and how faint it is, in the side in which it is heard', async (t) => {
  for (const [db, delayMs] of [
    [12, 40],
    [18, 180],
    [23, 430],
  ] as const) {
    const echoed = each(us, (s, i) => s + (them[i - delayMs * 8] ?? 0) * 10 ** (-db / 20));
    const q = await judged(them, echoed);
    t.ok(q.words.includes('us echo'), `${db} dB after ${delayMs} ms`);
    t.equal(q.echo?.side, 'us');
    t.ok(Math.abs(q.echo!.delayMs - delayMs) <= 1, `${q.echo!.delayMs} ms`);
    t.ok(q.echo!.db > db - 2 && q.echo!.db < db + 8, `${q.echo!.db} dB: Opus makes a faint one fainter`);
  }
  const away = each(us, (s, i) => s + (them[i - 900 * 8] ?? 0) * 10 ** (-20 / 20));
  t.notOk(
    (await judged(them, away)).words.includes('us echo'),
    'what comes 900 ms later is no echo of a line',
  );
});

t.test('lost packets are found: two of three, wherever they lie', async (t) => {
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed / 0x7fffffff;
  };
  for (const offset of [0, 77]) {
    const holes = Array.from({ length: Math.ceil(them.length / 160) }, () => random() < 0.06);
    const q = await judged(
      each(them, (s, i) => (holes[Math.floor((i + offset) / 160)] ? 0 : s)),
      us,
    );
    t.same(q.words, ['them lossy']);
    t.ok(q.them.lostShare > 0.025 && q.them.lostShare < 0.07, `${q.them.lostShare} of 0.06`);
    t.ok(q.us.lostShare < 0.01, 'and hardly any where none were');
  }
});

t.test('a side that says nothing is one-way audio, or silence where neither does', async (t) => {
  const mute = await heardIn(silence(us.length / RATE), us);
  const flags = (call: CallRecord, gaps = [] as Parameters<typeof judgeQuality>[2]) =>
    judgeQuality(mute, call, gaps).flags;
  t.same(flags(aTalk), [{ side: 'them', flag: 'one_way' }]);
  const short = [leg(outside, 'trunk', 0, 9_000), leg(ours('112'), '112', 0, 9_000)];
  t.same(flags({ ...aTalk, legs: short }), [], 'of nine seconds nothing is said');
  const alone = [leg(outside, 'trunk', 0, A_MINUTE)];
  t.same(flags({ ...aTalk, legs: alone }), [], 'nor of one who listens to music until they give up');
  const gap = { atMs: 0, untilMs: 55_000, side: 'them', why: null } as const;
  t.same(flags(aTalk, [gap]), [], 'what was not captured is not silence');
  t.same(flags(aTalk, [{ ...gap, side: 'us' }]), [{ side: 'them', flag: 'one_way' }]);

  const faint = await heardIn(louder(them, -50), silence(them.length / RATE));
  t.same(judgeQuality(faint, aTalk, []).flags, [{ side: 'both', flag: 'silent' }], 'below -60 dB is silence');
});

t.test('a side is put down to the phone or line that was on the call for longest', async (t) => {
  const mute = await heardIn(silence(1), silence(1));
  const ears = (call: Partial<CallRecord>) => judgeQuality(mute, { ...aTalk, ...call }, []).ears;
  t.same(ears({}), { them: { kind: 'line', name: 'trunk' }, us: { kind: 'extension', name: '112' } });
  const passed = [
    leg(outside, 'trunk', 0, A_MINUTE),
    leg(ours('112'), '112', 0, 5_000),
    leg(ours('113'), '113', 5_000, A_MINUTE),
  ];
  t.same(ears({ legs: passed }).us, { kind: 'extension', name: '113' });
  t.same(ears({ legs: [], did: '5550100' }).them, { kind: 'line', name: '5550100' });
  const internal = [leg(ours('101'), '101', 0, A_MINUTE), leg(ours('102'), '102', 0, A_MINUTE)];
  t.same(ears({ direction: 'internal', them: ours('101'), us: ours('102'), legs: internal }), {
    them: { kind: 'extension', name: '101' },
    us: { kind: 'extension', name: '102' },
  });
});

t.test(
  'how the stream is cut makes no difference, and an hour takes no more memory than a minute',
  async (t) => {
    const stereo = Buffer.alloc(4 * 20_000);
    for (let i = 0; i < 20_000; i++) {
      stereo.writeInt16LE(them[i + 8_000]!, 4 * i);
      stereo.writeInt16LE(us[i + 8_000]!, 4 * i + 2);
    }
    const whole = createQualityMeter(RATE);
    whole.write(stereo);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9_000 }), { maxLength: 40 }), (cuts) => {
        const meter = createQualityMeter(RATE);
        let at = 0;
        for (const cut of cuts) {
          meter.write(stereo.subarray(at, at + cut));
          at += cut;
        }
        meter.write(stereo.subarray(at));
        return JSON.stringify(meter.result()) === JSON.stringify(whole.result());
      }),
      { numRuns: 30 },
    );
    const long = createQualityMeter(RATE);
    const before = process.cpuUsage();
    for (let s = 0; s < 3_600; s += 2.5) long.write(stereo);
    const { user, system } = process.cpuUsage(before);
    t.ok((user + system) / 1e6 < 15, `an hour took ${((user + system) / 1e6).toFixed(1)} s of a core`);
    t.ok(long.result().them.speechDb > -30);
  },
);

t.test('a recording keeps its quality; calls are found by it, and phones and lines counted', async (t) => {
  const lab = await preserveLab(t);
  const [one, two, three] = ['V', 'W', 'X'].map((end) => `01ARZ3NDEKTSV4RRFFQ69G5FA${end}`) as [
    string,
    string,
    string,
  ];
  const talkMs = Math.round(them.length / 8);
  const call = { ...aTalk, talkMs, endedAt: answeredAt + talkMs };
  const good = { in: wavOf(them), out: wavOf(us) };
  await lab.add(one, [{ in: good.in, out: wavOf(silence(us.length / RATE)) }], call);
  await lab.add(two, [good], {
    ...call,
    us: ours('113'),
    legs: [aTalk.legs[0]!, leg(ours('113'), '113', 0, A_MINUTE)],
  });
  await lab.add(three, [good], call);

  const silent = await lab.run(one);
  t.equal(lackOf(silent.coverage), '', 'silence is no gap');
  t.match(silent.recording!.quality, {
    flags: [{ side: 'us', flag: 'one_way' }],
    ears: { us: { name: '112' } },
  });
  t.match(lab.standing.get('silent extension 112'), {
    severity: 'warning',
    message: /No sound from extension 112/,
  });
  await lab.run(two);
  t.ok(lab.standing.has('silent extension 112'), 'another phone proves nothing');

  const ids = async (filter: object) =>
    (await lab.catalogue.calls.list({ limit: 10, ...filter })).map((c) => c.id);
  t.same(await ids({ quality: 'one_way' }), [one]);
  t.same(await ids({ quality: 'any' }), [one]);
  t.same(await ids({ quality: 'noisy' }), []);
  t.same(await ids({ ear: { kind: 'extension', name: '113' } }), [two]);
  t.same(await ids({ ear: { kind: 'extension', name: '112' }, quality: 'one_way' }), [one]);
  t.same(
    await ids({ ear: { kind: 'line', name: 'trunk' }, quality: 'any' }),
    [],
    'the other side is not to blame',
  );

  await lab.run(three);
  t.notOk(lab.standing.has('silent extension 112'), 'it is heard again');
  const day = await lab.catalogue.recordings.trends(answeredAt - 86_400_000, answeredAt);
  t.match(
    day.sort((a, b) => a.name.localeCompare(b.name)),
    [
      { kind: 'extension', name: '112', calls: 2, flagged: 1, flags: { one_way: 1, noisy: 0 } },
      { kind: 'extension', name: '113', calls: 1, flagged: 0 },
      { kind: 'line', name: 'trunk', calls: 3, flagged: 0 },
    ],
  );
  t.same(await lab.catalogue.recordings.trends(0, answeredAt - 86_400_000), []);
});
