import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { placeOf } from '../../../../daemon/domain/paths.js';
import type { Segment } from '../../../../daemon/domain/recording/recording.js';
import { createFfmpeg } from '../../../../daemon/encode/ffmpeg.js';
import { openSealed } from '../../../../daemon/vault/open.js';
import { createDiskStore } from '../../../../daemon/vault/store/disk.js';
import { until } from '../../../support/recorder.js';
import { answeredAt, preserveLab, wavOf } from '../../../support/recordings/preserve-lab.js';

const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const other = '01ARZ3NDEKTSV4RRFFQ69G5FB0';
const SECOND = 8_000;
type Lab = Awaited<ReturnType<typeof preserveLab>>;
type Learned = (lab: Lab, segment: Segment) => Promise<unknown>;
const file = (seq = 0) => ({ callId: id, seq, token: '' });

/** A voice of its own for each side: a tone that comes and goes. */
const voice = (side: 'in' | 'out', from: number, until: number): Int16Array =>
  Int16Array.from({ length: until - from }, (_, i) => {
    const n = from + i;
    return Math.round(9_000 * Math.sin(n / (side === 'in' ? 3 : 5)) * Math.sin(n / 4_000) ** 2);
  });

/** A call in progress with `seconds` of sound on both sides. */
async function inProgress(
  t: Test,
  seconds: number,
  { swapped = false, ...options }: Parameters<typeof preserveLab>[1] & { swapped?: boolean } = {},
) {
  const lab = await preserveLab(t, options);
  const piece = (side: 'in' | 'out') => wavOf(voice(side, 0, seconds * SECOND), 8_000, 0);
  await lab.add(id, [{ in: piece('in'), out: piece('out'), state: 'capturing', swapped }], {
    endedAt: null,
  });
  lab.captures.push({ pbx: '', callId: id });
  return lab;
}

function talk(lab: Lab, from: number, to: number): void {
  for (const side of ['in', 'out'] as const) lab.grow(file(), side, voice(side, from * SECOND, to * SECOND));
}

/** The call is over, and becomes a recording. */
const hangUp = (lab: Lab, seconds: number) => lab.hangUp(id, seconds);

/** How much of the call is encoded, in ms. */
const done = (lab: Lab) => lab.preserver.ahead().find(({ call }) => call === id)?.ms ?? 0;
const encoded = (lab: Lab, ms: number) => until(`${ms} ms of the call`, () => done(lab) >= ms);
const begun = async (lab: Lab, call = id) => (await lab.catalogue.recordings.begun(call)).map((p) => p.id);

/** Hash of what is heard of the recording of a call. */
async function heard(lab: Lab, call = id): Promise<string> {
  const { recording } = (await lab.catalogue.calls.get(call))!;
  const sealed = await openSealed(createDiskStore(lab.dir), recording!, await lab.identity(recording!.id));
  const ogg = await buffer(sealed.read(0, sealed.size - 1));
  await sealed.close();
  const pcm = await buffer(createFfmpeg().decode(Readable.from([ogg]), 8_000).stdout);
  return createHash('sha256').update(pcm).digest('hex');
}

/** What encoding afterwards gives of the same call. */
async function afterwards(
  t: Test,
  seconds: number,
  learn: Learned = async () => {},
  swapped = false,
): Promise<string> {
  const lab = await inProgress(t, seconds, { during: 0, swapped });
  await learn(lab, (await lab.catalogue.segments.of(id))[0]!);
  lab.preserver.start();
  await hangUp(lab, seconds);
  return heard(lab);
}

t.test('a call that is encoded while it goes on is the same recording, made sooner', async (t) => {
  const lab = await inProgress(t, 4);
  lab.preserver.start();
  await encoded(lab, 3_000);
  const [early] = await begun(lab);
  t.ok(early, 'its id and its key are durable before anything is sealed');
  t.same(
    lab.sealed().filter((name) => !name.endsWith('.tmp')),
    [],
    'no file has its name yet',
  );
  talk(lab, 4, 9);
  await encoded(lab, 8_000);
  t.ok(done(lab) <= 8_500, 'the last of it is left, which may still change');
  talk(lab, 9, 10);
  const { recording, coverage } = await hangUp(lab, 10);
  t.equal(recording!.id, early);
  t.equal(recording!.durationMs, 10_000);
  t.match(coverage, { status: 'partial' }, 'its files were not closed');
  t.same(lab.preserver.ahead(), []);
  t.same(await begun(lab), []);
  t.same(lab.sealed(), [`${recording!.id}.opus.age`]);
  t.same(lab.spool(), []);
  t.equal(await heard(lab), await afterwards(t, 10));
  t.same(lab.faults, []);
});

const learned: { what: string; learn: Learned; same?: boolean }[] = [
  {
    what: 'a loss, seconds after the audio was written',
    learn: (lab) =>
      lab.catalogue.segments.saveLost(id, 0, { in: [{ fromMs: 2_000, toMs: 2_100, ms: 400 }], out: [] }),
  },
  {
    what: 'a mask that began before what was encoded',
    async learn(lab) {
      const say = { callId: id, how: 'button', who: 'Ann', legId: null } as const;
      await lab.catalogue.directives.add({ ...say, at: answeredAt + 1_000, kind: 'mask' });
      await lab.catalogue.directives.add({ ...say, at: answeredAt + 2_500, kind: 'resume' });
    },
  },
  {
    what: 'a mask that began behind it',
    same: true,
    async learn(lab) {
      const say = { callId: id, how: 'button', who: 'Ann', legId: null } as const;
      await lab.catalogue.directives.add({ ...say, at: answeredAt + 7_000, kind: 'mask' });
      await lab.catalogue.directives.add({ ...say, at: answeredAt + 7_500, kind: 'resume' });
    },
  },
  {
    what: 'it began later',
    learn: (lab, segment) =>
      lab.catalogue.segments.save({
        ...segment,
        inStartedAt: answeredAt + 300,
        outStartedAt: answeredAt + 300,
      }),
  },
  {
    what: 'who was spoken to',
    async learn(lab) {
      const { coverage, decision, ...call } = (await lab.catalogue.calls.get(id))!;
      await lab.catalogue.calls.save(
        { ...call, us: { ...call.us, name: 'Somebody else' } },
        coverage,
        decision!,
      );
    },
  },
  {
    what: 'a side that had gone dead',
    same: true,
    learn: (lab, segment) =>
      lab.catalogue.segments.save({ ...segment, mutedFrom: { in: answeredAt + 2_000, out: null } }),
  },
];

for (const { what, learn, same = false } of learned)
  t.test(`learned once it is encoded: ${what}`, async (t) => {
    const lab = await inProgress(t, 6);
    lab.preserver.start();
    await encoded(lab, 5_000);
    const [early] = await begun(lab);
    talk(lab, 6, 8);
    await learn(lab, (await lab.catalogue.segments.of(id))[0]!);
    const { recording } = await hangUp(lab, 8);
    t.equal(recording!.id === early, same, 'what was encoded is used where it is right, and only there');
    if (!same) await t.rejects(lab.identity(early!), 'its key is destroyed');
    t.same(lab.sealed(), [`${recording!.id}.opus.age`]);
    t.equal(await heard(lab), await afterwards(t, 8, learn));
  });

t.test('where the captured party is the one of the house, its voice is on the right', async (t) => {
  const lab = await inProgress(t, 4, { swapped: true });
  lab.preserver.start();
  await encoded(lab, 3_000);
  const [early] = await begun(lab);
  const { recording } = await hangUp(lab, 4);
  t.equal(recording!.id, early);
  const sound = await heard(lab);
  t.equal(sound, await afterwards(t, 4, undefined, true));
  t.not(sound, await afterwards(t, 4));
});

t.test('learned while it goes on, it is begun anew at once', async (t) => {
  const lab = await inProgress(t, 6);
  lab.preserver.start();
  await encoded(lab, 5_000);
  const [early] = await begun(lab);
  const lost = { in: [], out: [{ fromMs: 1_000, toMs: 1_000, ms: 300 }] };
  await lab.catalogue.segments.saveLost(id, 0, lost);
  await until('another beginning', async () => (await begun(lab))[0] !== early && done(lab) >= 5_000);
  await t.rejects(lab.identity(early!));
  const [again] = await begun(lab);
  const { recording } = await hangUp(lab, 6);
  t.equal(recording!.id, again);
  t.equal(await heard(lab), await afterwards(t, 6, (l) => l.catalogue.segments.saveLost(id, 0, lost)));
});

t.test('nothing is left of a call that may not be kept, also while it goes on', async (t) => {
  const nothing = async (lab: Lab, early: string) => {
    t.same(await begun(lab), []);
    t.same(lab.sealed(), []);
    t.same(lab.preserver.ahead(), []);
    await t.rejects(lab.identity(early), 'its key is destroyed');
  };
  const refused = await inProgress(t, 4);
  refused.preserver.start();
  await encoded(refused, 3_000);
  const [early] = await begun(refused);
  await refused.say(id, 'decline');
  t.match((await hangUp(refused, 4)).coverage, { status: 'declined' });
  await nothing(refused, early!);

  const dropped = await inProgress(t, 4);
  dropped.preserver.start();
  await encoded(dropped, 3_000);
  const [before] = await begun(dropped);
  dropped.captures.splice(0);
  const [segment] = await dropped.catalogue.segments.of(id);
  await dropped.catalogue.segments.save({ ...segment!, state: 'dropped' });
  await until('its end', async () => (await begun(dropped)).length === 0);
  await nothing(dropped, before!);
});

t.test('a call that another absorbs takes what was encoded of it along, and that is destroyed', async (t) => {
  const lab = await inProgress(t, 4);
  lab.preserver.start();
  await encoded(lab, 3_000);
  const [early] = await begun(lab);
  const older = { in: wavOf(voice('in', 0, SECOND)), out: wavOf(voice('out', 0, SECOND)) };
  await lab.add(other, [older], { talkMs: 1_000 });
  lab.captures.splice(0);
  const [segment] = await lab.catalogue.segments.of(id);
  await lab.catalogue.segments.save({ ...segment!, state: 'captured' });
  await lab.catalogue.calls.absorb(id, other);
  const { recording } = await lab.run(other);
  t.not(recording!.id, early);
  await t.rejects(lab.identity(early!));
  t.same(await begun(lab, other), []);
  t.same(lab.sealed(), [`${recording!.id}.opus.age`]);
});

t.test('no more calls are encoded at once than are allowed, and the longest come first', async (t) => {
  const lab = await inProgress(t, 4, { during: 1 });
  const piece = (side: 'in' | 'out') => wavOf(voice(side, 0, 4 * SECOND), 8_000, 0);
  await lab.add(other, [{ in: piece('in'), out: piece('out'), state: 'capturing' }], { endedAt: null });
  lab.captures.push({ pbx: '', callId: other });
  lab.preserver.start();
  await encoded(lab, 3_000);
  t.same(
    lab.preserver.ahead().map(({ call }) => call),
    [id],
  );
  await hangUp(lab, 4);
  lab.captures.push({ pbx: '', callId: other });
  await until('its turn', () => lab.preserver.ahead().some(({ call }) => call === other));
});

t.test('an ffmpeg that hangs holds up neither its call nor others', async (t) => {
  const path = join(t.testdir({}), 'ffmpeg');
  const lab = await inProgress(t, 40, { ffmpeg: path, limit: 6_000 });
  const hangs = 'case "$*" in *"-f s16le"*mapping_family*) exec sleep 600;; esac';
  writeFileSync(path, `#!/bin/sh\n${hangs}\nexec ffmpeg "$@"\n`, { mode: 0o755 });
  lab.preserver.start();
  await until('some of it', () => done(lab) > 0);
  const [early] = await begun(lab);
  const { recording } = await hangUp(lab, 40);
  t.not(recording!.id, early);
  await t.rejects(lab.identity(early!));
  t.equal(await heard(lab), await afterwards(t, 40));
});

t.test('a call that could neither be read nor removed while it went on is sealed', async (t) => {
  const lab = await inProgress(t, 4);
  lab.preserver.start();
  await encoded(lab, 3_000);
  const [early] = await begun(lab);
  const { segments, recordings } = lab.catalogue;
  const [of, dropBegun] = [segments.of, recordings.dropBegun];
  const tried = new Set<string>();
  const refused = (what: string) => async () => {
    tried.add(what);
    throw new Error('the disk refuses');
  };
  Object.assign(segments, { of: refused('read') });
  Object.assign(recordings, { dropBegun: refused('remove') });
  await until('both to be tried', () => tried.size === 2);
  Object.assign(segments, { of });
  Object.assign(recordings, { dropBegun });
  const { recording } = await hangUp(lab, 4);
  t.match(recording, { state: 'sealed', durationMs: 4_000 });
  t.not(recording!.id, early);
  t.same(lab.sealed(), [`${recording!.id}.opus.age`]);
});

t.test('what a stop breaks off leaves no file; the next run begins anew', async (t) => {
  const lab = await inProgress(t, 4);
  lab.preserver.start();
  await encoded(lab, 3_000);
  await lab.preserver.stop();
  t.same(lab.sealed(), []);
  t.equal(lab.spool().length, 2, 'what was captured is there');
});

t.test('what a crash has left half sealed is gone when the next run begins anew', async (t) => {
  const lab = await inProgress(t, 4);
  const place = placeOf(other, answeredAt);
  await lab.catalogue.recordings.begin(id, place);
  await lab.keys.create(other);
  mkdirSync(dirname(join(lab.dir, place.file)), { recursive: true });
  writeFileSync(join(lab.dir, `${place.file}.tmp`), 'half of it');
  lab.preserver.start();
  await encoded(lab, 3_000);
  await t.rejects(lab.identity(other));
  const { recording } = await hangUp(lab, 4);
  t.same(lab.sealed(), [`${recording!.id}.opus.age`]);
});

t.test('where what was sealed cannot be finished, the call is encoded afterwards', async (t) => {
  const lab = await inProgress(t, 4);
  lab.preserver.start();
  await encoded(lab, 3_000);
  const [early] = await begun(lab);
  // It cannot get its name.
  rmSync(`${lab.dir}/recordings`, { recursive: true });
  const { recording } = await hangUp(lab, 4);
  t.not(recording!.id, early);
  t.equal(await heard(lab), await afterwards(t, 4));
});
