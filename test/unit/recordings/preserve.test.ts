import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { createSpool } from '../../../daemon/capture/spool.js';
import { fail } from '../../../daemon/domain/error.js';
import { defaultPolicy, type KeptDecision } from '../../../daemon/domain/policy/policy.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import { findGaps, longestGap, type Stretch, whyGap } from '../../../daemon/domain/recording/gaps.js';
import { parseManifest } from '../../../daemon/domain/recording/manifest.js';
import { spoolName } from '../../../daemon/domain/recording/recording.js';
import { spoolAudio } from '../../../daemon/encode/captured.js';
import { until } from '../../support/recorder.js';
import {
  answeredAt,
  type Piece,
  preserveLab,
  toneWav as wav,
  wavOf,
} from '../../support/recordings/preserve-lab.js';
import { noted, worded } from '../../support/words.js';

const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

/** A lab with one ended call of three seconds whose two spool files are these bytes. */
async function open(t: Test, files: Piece) {
  const lab = await preserveLab(t);
  await lab.add(id, [files]);
  return { ...lab, run: () => lab.run(id) };
}

t.test('two good files become a recording, and the spool is empty', async (t) => {
  const lab = await open(t, { in: wav(3), out: wav(3) });
  const call = await lab.run();
  t.match(call.coverage, { status: 'recorded', why: null });
  t.ok(Math.abs(call.recording!.durationMs - 3000) <= 20);
  t.same(lab.spool(), []);
});

t.test('a length that is no whole number of milliseconds is kept rounded', async (t) => {
  const lab = await open(t, { in: wav(3.000125), out: wav(3.000125) });
  const call = await lab.run();
  t.equal(call.coverage.status, 'recorded');
  t.ok(Number.isInteger(call.recording!.durationMs));
});

t.test('a file whose writer was killed is used to its end', async (t) => {
  const lab = await open(t, { in: wav(3, 0), out: wav(3, 0) });
  const call = await lab.run();
  t.match(worded(call.coverage), { status: 'partial', reason: /Asterisk exited while it was recording/ });
  t.ok(Math.abs(call.recording!.durationMs - 3000) <= 20);
});

t.test('how long captured files are, and whether Asterisk came to close them', async (t) => {
  const lab = await open(t, { in: wav(3), out: wav(2) });
  const path = (name: string) => join(lab.dir, 'spool', `${name}.wav`);
  const spool = createSpool({
    dir: join(lab.dir, 'spool'),
    workDir: join(lab.dir, 'work'),
    remote: { stored: async () => null, storedNames: async () => [], deleteStored: async () => {} },
  });
  const segment = { callId: id, seq: 0, token: '' };
  t.same(await spoolAudio(spool, segment), { ms: 3_000, closed: true });
  writeFileSync(path(spoolName({ callId: id, seq: 0, token: '' }, 'in')), wav(4, 0));
  t.same(await spoolAudio(spool, segment), { ms: 4_000, closed: false });
  writeFileSync(path(spoolName({ callId: id, seq: 0, token: '' }, 'in')), '');
  t.same(await spoolAudio(spool, segment), { ms: 2_000, closed: true }, 'the one that can be read counts');
  t.equal(await spoolAudio(spool, { ...segment, seq: 1 }), null);
});

t.test('the time to keep begins with the latest that the end of the call may have been', async (t) => {
  const [day, behind] = [86_400_000, 5_000_000];
  const lab = await preserveLab(t, { behind });
  const rule = { name: 'Short', reason: 'The law.', when: {}, keep_days: 1 };
  await lab.catalogue.policy.save({ ...defaultPolicy, retention: [rule] }, 'test', answeredAt, 0);
  await lab.add(id, [{ in: wav(3), out: wav(3) }]);
  const { recording, endedAt } = await lab.run(id);
  t.equal(recording!.keepUntil, endedAt! + behind + day);
  t.same(lab.sealedAfter, [57_000], 'and what is said of the delay goes by the clock');
});

t.test(
  'what is signed names the version by which the call was recorded, and that by which it is kept',
  async (t) => {
    const lab = await preserveLab(t);
    await lab.add(id, [{ in: wav(3), out: wav(3) }]);
    const call = (await lab.catalogue.calls.get(id))!;
    const decision: KeptDecision = {
      version: 0,
      outcome: 'record',
      rule: 'Sales',
      why: because('rule', { reason: 'Training.' }),
    };
    await lab.catalogue.calls.save(call, { ...call.coverage, rule: 'Sales' }, decision);
    const rule = { name: 'Short', reason: 'The law.', when: {}, keep_days: 1 };
    await lab.catalogue.policy.save({ ...defaultPolicy, retention: [rule] }, 'test', answeredAt, 0);
    const { recording } = await lab.run(id);
    const { text } = (await lab.catalogue.seals.manifest(recording!.id))!;
    t.match(parseManifest(text!), {
      consent: { rule: 'Sales', policy_version: 0 },
      policy: { version: 1 },
      retention: { rule: 'Short' },
    });
  },
);

t.test(
  'a call whose end waits for the disk is not made into a recording before that is written',
  async (t) => {
    const lab = await preserveLab(t);
    await lab.add(id, [{ in: wav(1), out: wav(1), state: 'capturing' }], { endedAt: null });
    t.equal((await lab.run(id)).recording, null);
    t.equal(lab.spool().length, 2);
    await lab.catalogue.calls.save({ ...(await lab.catalogue.calls.get(id))!, endedAt: answeredAt + 3_000 });
    await lab.preserver.resume();
    const made = await lab.run(id);
    t.match(made.coverage, { status: 'partial', missingMs: 2_000 }, 'and then all that is missing is known');
  },
);

t.test('an empty file is kept, marked and explained, and the other side is heard', async (t) => {
  const lab = await open(t, { in: wav(3), out: Buffer.alloc(0) });
  const call = await lab.run();
  t.equal(call.coverage.status, 'partial');
  t.match(inWords(call.coverage.why), /audio of the other side is missing/);
  t.ok(call.recording, 'there is a recording');
  t.same(lab.spool(), [`${spoolName({ callId: id, seq: 0, token: '' }, 'out')}.wav`], 'the empty file stays');
  t.match(await lab.catalogue.segments.of(id), [{ state: 'damaged' }]);
  await lab.preserver.recover('');
  t.same(lab.spool(), [`${spoolName({ callId: id, seq: 0, token: '' }, 'out')}.wav`], 'also over a restart');
});

t.test('two files that are no audio: nothing is recorded, both are kept, the row says why', async (t) => {
  const lab = await open(t, { in: Buffer.from('not audio'), out: wav(1).subarray(0, 30) });
  const call = await lab.run();
  t.equal(call.coverage.status, 'not_recorded');
  t.match(inWords(call.coverage.why), /kept in the spool/);
  t.equal(call.recording, null);
  t.equal(lab.spool().length, 2);
});

t.test(
  'a call that ended before any audio came leaves nothing in the spool, and its row says so',
  async (t) => {
    const lab = await open(t, { in: wav(0), out: wav(0) });
    const call = await lab.run();
    t.match(worded(call.coverage), { status: 'not_recorded', reason: /before any audio arrived/ });
    t.same(lab.spool(), []);
  },
);

t.test('a spool file left by a crash after sealing goes at the next start', async (t) => {
  const lab = await open(t, { in: wav(3), out: wav(3) });
  await lab.run();
  const left = join(t.testdirName, 'spool', `${spoolName({ callId: id, seq: 0, token: '' }, 'in')}.wav`);
  writeFileSync(left, wav(1));
  await lab.preserver.recover('');
  t.notOk(existsSync(left));
});

t.test('a damaged file stays also when a stop came before it was marked', async (t) => {
  const lab = await open(t, { in: wav(3), out: Buffer.alloc(0) });
  await lab.run();
  const [segment] = await lab.catalogue.segments.of(id);
  await lab.catalogue.segments.save({ ...segment!, state: 'preserved' });
  await lab.preserver.recover('');
  t.same(lab.spool(), [`${spoolName({ callId: id, seq: 0, token: '' }, 'out')}.wav`]);
});

/** A stretch captured whole on both sides, but for what is said. */
const stretch = (atMs: number, ms: number, more: Partial<Stretch> = {}): Stretch => ({
  ...{ atMs, themMs: ms, usMs: ms, because: null, themFault: null, usFault: null },
  ...more,
});

t.test('what a PBX needs to begin and to hang up is missing, and no gap', async (t) => {
  t.same(findGaps([stretch(0, 10_000)], 10_000), { gaps: [], missingMs: 0 });
  t.same(findGaps([stretch(300, 9_500)], 10_000), { gaps: [], missingMs: 500 });
  t.match(worded(findGaps([stretch(301, 9_699)], 10_000)), {
    gaps: [{ atMs: 0, untilMs: 301, side: 'both', reason: /started late/ }],
    missingMs: 301,
  });
  t.match(worded(findGaps([stretch(0, 9_700)], 10_000)), {
    gaps: [{ atMs: 9_700, untilMs: 10_000, side: 'both', reason: /before the call ended/ }],
    missingMs: 300,
  });
  t.same(
    findGaps([stretch(0, 12_000)], 10_000),
    { gaps: [], missingMs: 0 },
    'more than the call is no fault',
  );
  t.match(findGaps([], 10_000), { gaps: [{ atMs: 0, untilMs: 10_000, side: 'both' }], missingMs: 10_000 });
});

t.test('a gap has its place, its side, and the reason why the next segment began', async (t) => {
  const anew = stretch(5_000, 5_000, { because: noted('The call was transferred.') });
  t.same(findGaps([stretch(0, 4_000), anew], 10_000), {
    gaps: [{ atMs: 4_000, untilMs: 5_000, side: 'both', why: noted('The call was transferred.') }],
    missingMs: 1_000,
  });
  t.same(findGaps([stretch(0, 4_961), anew], 10_000), { gaps: [], missingMs: 39 }, 'a seam of 39 ms is none');
  const seam = findGaps([stretch(0, 4_700), anew], 10_000);
  t.match(seam, { gaps: [{ atMs: 4_700, untilMs: 5_000 }], missingMs: 300 });
  t.equal(longestGap(seam.gaps), null, 'and one of 300 ms does not make the recording a part');
  t.match(findGaps([stretch(0, 8_000), anew], 10_000).gaps, [], 'what overlaps is no gap');
});

t.test('a side that ends early is missing alone, and both together only where both are', async (t) => {
  const { gaps, missingMs } = findGaps([stretch(0, 10_000, { usMs: 6_000 })], 10_000);
  t.match(worded(gaps), [{ atMs: 6_000, untilMs: 10_000, side: 'us', reason: /this side early/ }]);
  t.equal(missingMs, 4_000);
  t.match(findGaps([stretch(0, 6_000, { usMs: 4_000 })], 10_000).gaps, [
    { atMs: 4_000, untilMs: 6_000, side: 'us' },
    { atMs: 6_000, untilMs: 10_000, side: 'both' },
  ]);
  t.match(
    findGaps([stretch(0, 6_000, { usMs: 5_980 })], 10_000).gaps,
    [{ atMs: 5_980, untilMs: 10_000, side: 'both' }],
    'a frame between the ends of two files is not told apart',
  );
  const deaf = stretch(0, 10_000, {
    themMs: 0,
    themFault: noted('What the caller said is missing: it is empty.'),
  });
  t.match(worded(findGaps([deaf], 10_000).gaps), [
    { atMs: 0, untilMs: 10_000, side: 'them', reason: /it is empty/ },
  ]);
});

t.test('a gap is told in one sentence and its reason', async (t) => {
  t.equal(
    inWords(whyGap({ atMs: 7_400, untilMs: 67_350, side: 'us', why: noted('The disk was full.') })),
    'No audio of the other side was recorded from 0:07.4 to 1:07.4. The disk was full.',
  );
});

t.test(
  'silence up to a capture that was begun anew for its source may be missing, and is told',
  async (t) => {
    const lab = await preserveLab(t);
    const half = Int16Array.from({ length: 16_000 }, (_, i) =>
      i < 8_000 ? Math.round(8000 * Math.sin(i / 3)) : 0,
    );
    const anew = { in: wav(1), out: wav(1), atMs: 2_000 };
    await lab.add(id, [
      { in: wav(2), out: wavOf(half) },
      { ...anew, because: because('source_changed_unwatched') },
    ]);
    const call = await lab.run(id);
    t.match(call.recording?.gaps, [{ side: 'us', untilMs: 2_000, why: because('source_changed_unwatched') }]);
    t.ok(Math.abs(call.recording!.gaps[0]!.atMs - 1_000) < 5, 'from the last that is heard');
    t.match(worded(call.coverage), {
      status: 'partial',
      reason: /other side was recorded from 0:01.0 to 0:02.0/,
    });

    const other = '01ARZ3NDEKTSV4RRFFQ69G5FAW';
    await lab.add(other, [
      { in: wav(2), out: wavOf(half) },
      { ...anew, because: noted('The call was transferred.') },
    ]);
    t.same((await lab.run(other)).recording?.gaps, [], 'where somebody watched, silence is silence');
  },
);

t.test('a recording with a gap in it is a part of the call, and says which', async (t) => {
  const lab = await preserveLab(t);
  const pieces = [
    { in: wav(3), out: wav(3) },
    { in: wav(2), out: wav(2), atMs: 5_000, because: noted('The PBX was restarted.') },
  ];
  await lab.add(id, pieces, { talkMs: 7_000 });
  const { coverage } = (await lab.catalogue.calls.get(id))!;
  await lab.catalogue.calls.decideCoverage(id, { ...coverage, rule: 'Sales' });
  const call = await lab.run(id);
  t.match(worded(call.coverage), {
    status: 'partial',
    rule: 'Sales',
    reason: 'Nothing was recorded from 0:03.0 to 0:05.0. The PBX was restarted.',
    missingMs: 2_000,
  });
  t.same(call.recording!.gaps, [
    { atMs: 3_000, untilMs: 5_000, side: 'both', why: noted('The PBX was restarted.') },
  ]);
  t.ok(Math.abs(call.recording!.durationMs - 7_000) <= 20, 'and what follows is in its place');
});

t.test('the end that is missing has the reason that was known, and no other', async (t) => {
  const lab = await preserveLab(t);
  await lab.add(id, [{ in: wav(4), out: wav(4) }], { talkMs: 9_000 });
  const call = await lab.run(id);
  t.match(worded(call.coverage), {
    status: 'partial',
    reason: /0:04\.0 to 0:09\.0\. Asterisk stopped writing before the call ended\.$/,
    missingMs: 5_000,
  });
  t.notMatch(inWords(call.coverage.why), /disk/, 'nobody saw a full disk');

  const full = await preserveLab(t);
  await full.add(id, [{ in: wav(4), out: wav(4) }], { talkMs: 9_000 });
  const why = noted('The disk of the spool is full.');
  await full.catalogue.calls.decideCoverage(id, { status: 'pending', why, rule: null, missingMs: 0 });
  t.match(
    inWords((await full.run(id)).coverage.why),
    /0:04\.0 to 0:09\.0\. The disk of the spool is full\.$/,
  );
});

t.test('of a spool that is fetched the place where time is missing is said not to be known', async (t) => {
  const stored = async () => Readable.from([wav(8)]);
  const lab = await preserveLab(t, { remote: { stored } });
  await lab.add(id, [{}], { talkMs: 9_000 });
  const call = await lab.run(id);
  t.match(worded(call.coverage), { status: 'partial', missingMs: 1_000 });
  t.match(
    inWords(call.coverage.why),
    /short of processor time.*The place is not known.*does not see the spool/,
  );
});

t.test('a PBX that cannot be reached is no damaged file: it is tried again', async (t) => {
  let up = false;
  const stored = async () => {
    if (!up) throw fail('pbx_unreachable');
    return null;
  };
  const lab = await preserveLab(t, { remote: { stored } });
  await lab.add(id, [{ in: wav(3) }]);
  lab.preserver.enqueue('', id);
  await until('the first failure', () => lab.faults.length > 0);
  t.match(await lab.catalogue.segments.of(id), [{ state: 'captured' }]);
  up = true;
  const call = await lab.run(id);
  t.match(worded(call.coverage), { status: 'partial', reason: /neither this machine nor the PBX has it/ });
});
