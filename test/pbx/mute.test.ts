import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { catalogueFile } from '../../daemon/domain/paths.js';
import type { Gap } from '../../daemon/domain/recording/recording.js';
import { createLab, type Extension, emptySpool, type Lab, type Pbx, startPbx } from '../support/pbx/pbx.js';
import { lasting, sequence, silence, tone } from '../support/pbx/sources.js';
import { createRecorderLab, type RecorderLab, seconds, until } from '../support/recorder.js';
import { decode, toneMap, toneStretches } from '../support/recordings/audio.js';
import { listenFor } from '../support/tones/listen-for.js';
import { worded, wordsIn } from '../support/words.js';

/**
 * Debian's Asterisk 22.10.1 falls silent in a snoop when a source of lower sequence numbers takes over. Each phone has a
 * tone of its own, so that the recording tells who was heard when.
 */
const TONES = { ann: 500, bob: 900, cy: 1300 };

type Segment = {
  seq: number;
  in_started_at: number;
  out_started_at: number;
  because: string;
  in_muted_from: number | null;
  out_muted_from: number | null;
  state: string;
};
const dir = t.testdir({});

/** Three extensions that no other test calls meanwhile. */
type Three = { ann: Extension; bob: Extension; cy: Extension };
type Place = Three & { pbx: Pbx; lab: Lab; recorder: RecorderLab };

const standing = new Map<string, Promise<Pick<Place, 'pbx' | 'recorder'>>>();
const trios: Three[] = [
  { ann: '100', bob: '101', cy: '102' },
  { ann: '103', bob: '104', cy: '105' },
  { ann: '106', bob: '107', cy: '108' },
  { ann: '120', bob: '121', cy: '123' },
  { ann: '124', bob: '125', cy: '126' },
  { ann: '127', bob: '128', cy: '129' },
];
const taken = new Map<string, number>();
t.jobs = 4;

/** The PBX of this version and its recorder, with phones of the test's own; with `alone` nobody else has that recorder. */
async function place(test: Test, version: 22 | 16, alone = ''): Promise<Place> {
  const name = `mute-${version}${alone}`;
  const start = async () => {
    const pbx = await startPbx({ version, name });
    t.teardown(() => pbx.stop());
    emptySpool(pbx);
    const recorder = createRecorderLab({ dir: join(dir, name), pbx });
    t.teardown(() => recorder.stop());
    await recorder.startDaemon();
    return { pbx, recorder };
  };
  const next = taken.get(name) ?? 0;
  taken.set(name, next + 1);
  if (!standing.has(name)) standing.set(name, start());
  const here = await standing.get(name)!;
  const lab = createLab(here.pbx);
  test.teardown(() => lab.stop());
  return { ...here, ...trios[next]!, lab };
}

const query = <T>({ recorder }: Pick<Place, 'recorder'>, sql: string): T[] => {
  const db = new Database(catalogueFile(recorder.dataDir), { readonly: true });
  try {
    return db.prepare(sql).all() as T[];
  } finally {
    db.close();
  }
};
/** The id of the one call of these phones, as SQL. */
const callOf = ({ ann }: Place) =>
  `(SELECT id FROM calls WHERE '${ann}' IN (json_extract(them, '$.number'), json_extract(us, '$.number'))
   ORDER BY id LIMIT 1)`;
const segments = (p: Place) =>
  query<Segment>(
    p,
    `SELECT * FROM segments WHERE call_id = ${callOf(p)} AND state <> 'dropped' ORDER BY seq`,
  ).map((segment) => ({ ...segment, because: wordsIn(segment.because) }));
const captured = (p: Place, n: number) =>
  until(`segment ${n}`, () => {
    const found = segments(p);
    return found.length >= n && found[n - 1]!.in_started_at !== null && found;
  });

const gapsOf = (p: Place, id: string): Gap[] =>
  JSON.parse(query<{ gaps: string }>(p, `SELECT gaps FROM recordings WHERE call_id = '${id}'`)[0]!.gaps);

async function sound(p: Place) {
  const call = await until(
    'the sealed recording',
    () =>
      query<{ id: string; coverage_status: string; answered_at: number }>(
        p,
        `SELECT calls.* FROM calls JOIN recordings ON call_id = calls.id WHERE calls.id = ${callOf(p)}`,
      )[0],
  );
  const file = join(p.recorder.dataDir, '..', `${call.id}.opus`);
  const done = await p.recorder.command(['export', call.id, '-o', file]);
  if (done.code !== 0) throw new Error(done.err);
  const { channels, rate } = await decode(file, 8000);
  return { left: channels[0]!, right: channels[1]!, rate, call };
}

const { heard, silentFrom, longestSilence } = listenFor(TONES);
/** A busy machine makes a seam longer, in s; a side that is lost with it stays away for much longer. */
const SEAM = 1;

/** Ann has talked for 2.5 s to Bob, who may transfer the call to Cy, whose sequence numbers are lower. */
async function talking(p: Place) {
  const ann = await p.lab.phone(p.ann, { source: () => tone(TONES.ann) });
  const bob = await p.lab.phone(p.bob, { source: () => tone(TONES.bob), rtp: { firstSeq: 20_000 } });
  const cy = await p.lab.phone(p.cy, { source: () => tone(TONES.cy), rtp: { firstSeq: 100 } });
  const first = await ann.call(p.bob);
  await first.answered;
  const atBob = await bob.incoming();
  await captured(p, 1);
  await seconds(2.5);
  return { first, atBob, cy };
}

/** Bob transfers the call to Cy; they speak for 2.5 and 4 seconds. */
async function transferred(p: Place): Promise<void> {
  const { first, atBob, cy } = await talking(p);
  await atBob.refer(p.cy);
  const second = await cy.incoming();
  await second.answered;
  await second.listen(4);
  await first.hangup();
}

t.test(
  '22: who comes in by a transfer is heard, though the sequence numbers fall',
  { buffered: true },
  async (t) => {
    const p = await place(t, 22);
    await transferred(p);
    const { left, right } = await sound(p);
    t.comment(`left ${toneMap(left, 8000, TONES)}`);
    t.comment(`right ${toneMap(right, 8000, TONES)}`);
    t.ok(heard(right, 'bob') >= 2.2, 'the first is heard');
    t.ok(heard(right, 'cy') >= 3.2, 'and the second, nearly from their first word');
    t.ok(longestSilence(left) <= SEAM, `the caller is missing for ${longestSilence(left)} s at most`);
    const [, anew] = segments(p);
    t.match(anew?.because, /audio source changed/, 'the seam has its reason');
  },
);

t.test(
  '22: a transfer while the recorder is away is heard from its return, and what is missing is told',
  { buffered: true },
  async (t) => {
    const p = await place(t, 22, '-away');
    const { first, atBob, cy } = await talking(p);
    await p.recorder.stopDaemon('SIGKILL');
    await atBob.refer(p.cy);
    const second = await cy.incoming();
    await second.answered;
    await seconds(2);
    await p.recorder.startDaemon();
    const [, anew] = await captured(p, 2);
    t.match(anew?.because, /changed while Tapedeck was not monitoring/);
    // Shorter than it takes to hear a mute.
    await seconds(1.5);
    await first.hangup();
    const { right, call } = await sound(p);
    t.comment(`right ${toneMap(right, 8000, TONES)}`);
    t.ok(heard(right, 'bob') >= 2.2, 'the first is heard');
    t.ok(heard(right, 'cy') >= 1.2, 'and the second from the return on');
    const told = gapsOf(p, call.id).filter(({ side }) => side === 'us');
    t.match(worded(told), [{ reason: anew!.because }], 'what is missing of them is told');
    t.equal(call.coverage_status, 'partial');
  },
);

t.test('16: which has no such fault, goes on in one piece', { buffered: true }, async (t) => {
  const p = await place(t, 16);
  await transferred(p);
  const { left, right } = await sound(p);
  t.ok(heard(right, 'bob') >= 2.2 && heard(right, 'cy') >= 3.2, toneMap(right, 8000, TONES));
  t.equal(segments(p).length, 1);
  t.comment(`left ${toneMap(left, 8000, TONES)}`);
  // Not shorter: a busy machine delays the phones by that.
  t.ok(longestSilence(left) <= SEAM, `the caller is missing for ${longestSilence(left)} s at most`);
});

t.test(
  '22: every change of a source is cured, however often, by a seam that usually takes 300 ms or less',
  { buffered: true },
  async (t) => {
    const p = await place(t, 22);
    const ann = await p.lab.phone(p.ann, { source: () => tone(TONES.ann) });
    const bob = await p.lab.phone(p.bob, { source: () => tone(TONES.bob), rtp: { firstSeq: 65_000 } });
    const call = await ann.call(p.bob);
    await call.answered;
    const atBob = await bob.incoming();
    await captured(p, 1);
    await seconds(1);
    const times = 12;
    for (let n = 1; n <= times; n++) {
      await atBob.hold({ keepSending: true });
      await seconds(0.5);
      atBob.rtp.restart({ seq: 65_000 - n * 4_000 });
      await atBob.unhold();
      await captured(p, n + 1);
      await seconds(1.2);
    }
    await call.hangup();
    const { left, right } = await sound(p);
    const all = segments(p);
    t.equal(all.length, times + 1, 'a segment for each');
    const silent = toneStretches(right, 8000, TONES, 0.02).filter((s) => s.what === '.');
    const worst = Math.max(...silent.map((s) => s.seconds));
    t.comment(`right: longest silence ${worst.toFixed(2)} s; left: ${longestSilence(left).toFixed(2)} s`);
    t.ok(longestSilence(left) <= SEAM, 'the longest seam of the other side');
    const seams = toneStretches(left, 8000, TONES, 0.02).filter((s) => s.what === '.');
    const usual = seams.map((s) => s.seconds).sort((a, b) => a - b)[Math.floor(seams.length / 2)] ?? 0;
    t.ok(usual <= 0.3, `the usual one takes ${usual.toFixed(2)} s`);
    t.ok(
      heard(right, 'bob') >= times * 1.1,
      `they are heard after each (${heard(right, 'bob').toFixed(1)} s)`,
    );
  },
);

t.test(
  '22: a phone that begins a new stream without a word to the PBX is heard again',
  { buffered: true },
  async (t) => {
    const p = await place(t, 22);
    const ann = await p.lab.phone(p.ann, { source: () => tone(TONES.ann) });
    const bob = await p.lab.phone(p.bob, { source: () => tone(TONES.bob), rtp: { firstSeq: 50_000 } });
    const call = await ann.call(p.bob);
    await call.answered;
    const atBob = await bob.incoming();
    await captured(p, 1);
    await seconds(3);
    const at = Date.now();
    atBob.rtp.restart({ seq: 40_000 });
    const [, anew] = await captured(p, 2);
    t.match(anew?.because, /went silent/);
    t.ok(anew!.out_started_at - at < 10_000, `cured after ${anew!.out_started_at - at} ms`);
    await seconds(3.5);
    // Only what Asterisk has written of the new segment, 2 s at a time, shows that it was a mute.
    const known = await until('it to be known', () =>
      segments(p).find((s) => s.seq === 0 && s.out_muted_from !== null),
    );
    t.equal(known.in_muted_from, null, 'the other side was never silent');
    await call.hangup();
    const { left, right, call: recorded } = await sound(p);
    // On a busy machine the phone sends late, so the recording tells when it was last heard; the clock has to agree roughly.
    const off = known.out_muted_from! - recorded.answered_at - 1_000 * silentFrom(right);
    t.ok(Math.abs(off) < 100, `it is known since when (${off.toFixed(0)} ms off)`);
    t.ok(Math.abs(known.out_muted_from! - at) < 1_000, `${known.out_muted_from! - at} ms after it was done`);
    t.ok(heard(right, 'bob') >= 5, toneMap(right, 8000, TONES));
    t.ok(longestSilence(left) <= SEAM, 'the other side is missing for the seam alone');
  },
);

t.test('22: a caller who begins a new stream is heard again, too', { buffered: true }, async (t) => {
  const p = await place(t, 22);
  const ann = await p.lab.phone(p.ann, { source: () => tone(TONES.ann), rtp: { firstSeq: 50_000 } });
  await p.lab.phone(p.bob, { source: () => tone(TONES.bob) });
  const call = await ann.call(p.bob);
  await call.answered;
  await captured(p, 1);
  await seconds(2);
  call.rtp.restart({ seq: 40_000 });
  await captured(p, 2);
  await seconds(3);
  await until('the mute to be known', () => typeof segments(p)[0]!.in_muted_from === 'number');
  await call.hangup();
  t.ok(heard((await sound(p)).left, 'ann') >= 3.5);
});

t.test(
  'a phone that sends digital silence costs a seam at most, and nothing is said to be missing',
  { buffered: true },
  async (t) => {
    const quiet = async (version: 22 | 16) => {
      const p = await place(t, version);
      const ann = await p.lab.phone(p.ann, { source: () => tone(TONES.ann) });
      await p.lab.phone(p.bob, { source: () => sequence([lasting(3, tone(TONES.bob)), silence()]) });
      const call = await ann.call(p.bob);
      await call.answered;
      await seconds(11);
      await call.hangup();
      const { left } = await sound(p);
      const n = segments(p).length - 1;
      t.ok(n <= (version === 22 ? 1 : 0), `${version}: ${n} seams`);
      t.same(
        segments(p)
          .flatMap((s) => [s.in_muted_from, s.out_muted_from])
          .filter((at) => at !== null),
        [],
        'and nothing is said to be missing',
      );
      t.ok(heard(left, 'ann') >= 10, 'and the other side goes on');
    };
    await Promise.all([quiet(22), quiet(16)]);
  },
);

t.test(
  '22: a jitter buffer mutes again after a cure, and both are told as missing',
  { buffered: true },
  async (t) => {
    const p = await place(t, 22);
    const ann = await p.lab.phone(p.ann, { source: () => tone(TONES.ann), rtp: { firstSeq: 40_000 } });
    const bob = await p.lab.phone(p.bob, { source: () => tone(TONES.bob), answerAfterMs: null });
    const call = await ann.call(p.bob);
    const atBob = await bob.incoming();
    const channels = await p.pbx.ask<{ name: string }[]>('/channels');
    const { name } = channels.find((channel) => channel.name.startsWith(`PJSIP/${p.ann}-`))!;
    await p.pbx.cli(`dialplan set chanvar ${name} JITTERBUFFER(adaptive) default`);
    atBob.answer();
    await call.answered;
    const loseOne = async () => {
      call.rtp.drop(1);
      await seconds(0.03);
      call.rtp.drop(0);
    };
    await captured(p, 1);
    await loseOne();
    await captured(p, 2);
    await until('the mute to be known', () => typeof segments(p)[0]!.in_muted_from === 'number');
    await loseOne();
    await seconds(9);
    await call.hangup();
    const { left, right, call: recorded } = await sound(p);
    t.ok(segments(p).length <= 3, 'a cure whose sound does not last is not repeated every few seconds');
    const told = gapsOf(p, recorded.id)
      .filter(({ side }) => side !== 'us')
      .reduce((sum, { atMs, untilMs }) => sum + untilMs - atMs, 0);
    const silent = left.length / 8 - 1_000 * heard(left, 'ann');
    t.ok(Math.abs(told - silent) < 1_500, `${told} ms are told of ${silent} ms in which nothing is heard`);
    t.equal(recorded.coverage_status, 'partial');
    t.ok(heard(right, 'bob') >= left.length / 8_000 - 2 * SEAM, 'the other side goes on');
  },
);
