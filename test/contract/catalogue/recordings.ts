import { randomBytes } from 'node:crypto';
import { newJob } from '../../../daemon/domain/operations/job.js';
import { placeOf } from '../../../daemon/domain/paths.js';
import type { SignedManifest } from '../../../daemon/domain/recording/manifest.js';
import type { Quality } from '../../../daemon/domain/recording/quality.js';
import { recorded, segment } from '../../support/catalogue/opened.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';
import type { Part } from '../catalogue.js';

const manifestOf = (recordingId: string): SignedManifest => ({
  ...{ recordingId, text: `{"of":"${recordingId}"}`, sha256: 'c'.repeat(64), signature: 'S' },
  ...{ keyId: 'K', madeAt: 5 },
});

const SIDE = {
  ...{ speechDb: -20, noiseDb: -60, peakDb: -3, clippedShare: 0, silentShare: 0, zeroShare: 0 },
  lostShare: 0,
};

/** Segments, recordings, and what was signed of them and found when they were read again. */
export const recordings: Part = (t, open) => {
  t.test('a sealed recording, its coverage and its segments come in one piece or not at all', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.calls.save(aCall('A'));
    await catalogue.calls.save(aCall('B', { endedAt: null }));
    for (const id of ['A', 'B']) await catalogue.segments.save(segment(id, 1));
    await catalogue.segments.save(segment('A', 2, { state: 'dropped' }));
    t.same(await catalogue.segments.callsToPreserve(), ['A'], 'not before the call has ended');
    const peaks = randomBytes(9_001);
    await catalogue.recordings.sealed(aRecording('R', 'A'), peaks, recorded);
    t.same(await catalogue.segments.callsToPreserve(), []);
    t.same(
      (await catalogue.segments.of('A')).map((s) => s.state),
      ['preserved', 'dropped'],
    );
    t.same(await catalogue.recordings.peaks('R'), new Uint8Array(peaks));
    t.same((await catalogue.calls.get('A'))?.recording, aRecording('R', 'A'));
    t.same((await catalogue.calls.get('A'))?.coverage, recorded);
    await t.rejects(catalogue.recordings.sealed(aRecording('R', 'B'), peaks, recorded));
    await t.rejects(catalogue.recordings.sealed(aRecording('R2', 'nowhere'), peaks, recorded));
    t.equal((await catalogue.calls.get('B'))?.coverage.status, 'pending');
    t.same(await catalogue.recordings.get('R2'), null);
  });

  t.test('what decided how long a recording is kept stays with it', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.calls.save(aCall('A'));
    const kept = { keepUntil: 900, keepRule: 'Sales', minUntil: 800, keepVersion: 7, keepFrom: 100 };
    await catalogue.recordings.sealed(aRecording('R', 'A', kept), randomBytes(50), recorded);
    t.match(await catalogue.recordings.get('R'), kept);
  });

  t.test(
    'kept recordings come in the order of their ids, and get new dates with the progress of a job',
    async (t) => {
      const { catalogue } = await open(t);
      for (const id of ['A', 'B', 'C']) {
        await catalogue.calls.save(aCall(id, id === 'B' ? { test: true } : {}));
        await catalogue.recordings.sealed(aRecording(`R${id}`, id), randomBytes(50), recorded);
      }
      const ids = async (after: string, limit: number) =>
        (await catalogue.recordings.keptAfter(after, limit)).map(({ recording }) => recording?.id);
      t.same(await ids('', 9), ['RA', 'RC'], 'test calls are left out');
      t.same(await ids('', 1), ['RA']);
      t.same(await ids('RA', 9), ['RC']);
      await catalogue.jobs.add(newJob('J1', 'apply_retention', {}, 1));
      const dated = { keepUntil: 900, keepRule: 'Sales', minUntil: 800, keepVersion: 7, keepFrom: 100 };
      const change = { id: 'RA', ...dated, keepWhy: noted('Orders.') };
      const progress = { id: 'J1', cursor: 'RA', done: 1, total: 2 };
      t.equal(await catalogue.recordings.redate(progress, [change]), true);
      t.match(await catalogue.recordings.get('RA'), change);
      t.match(await catalogue.jobs.get('J1'), { cursor: 'RA', done: 1, total: 2, state: 'waiting' });
      await catalogue.jobs.cancel('J1', 2);
      t.equal(await catalogue.recordings.redate(progress, [{ ...change, id: 'RC' }]), false);
      t.match(await catalogue.recordings.get('RC'), { keepUntil: null }, 'and nothing is written');
    },
  );

  t.test('what was said of a call stays with it, in order, under whatever name it has', async (t) => {
    const { catalogue } = await open(t);
    for (const id of ['A', 'B']) await catalogue.calls.save(aCall(id));
    const said = { at: 5, how: 'button', who: 'Anna', legId: null } as const;
    const [one, two] = [
      await catalogue.directives.add({ ...said, callId: 'A', kind: 'mask' }),
      await catalogue.directives.add({ ...said, callId: 'B', kind: 'keep', legId: 'L' }),
    ];
    await t.rejects(catalogue.directives.add({ ...said, callId: 'nowhere', kind: 'mask' }), {
      code: 'call_unknown',
    });
    t.same(await catalogue.directives.of('A'), [{ ...said, callId: 'A', kind: 'mask', seq: one.seq }]);
    await catalogue.calls.absorb('A', 'B');
    const three = await catalogue.directives.add({ ...said, callId: 'A', kind: 'resume' });
    for (const name of ['A', 'B'])
      t.same(
        (await catalogue.directives.of(name)).map(({ kind, seq }) => [kind, seq]),
        [
          ['mask', one.seq],
          ['keep', two.seq],
          ['resume', three.seq],
        ],
      );
  });

  t.test('a recording is begun once, under whatever name its call has, until its row is there', async (t) => {
    const { catalogue } = await open(t);
    const place = (id: string) => placeOf(id, 0);
    for (const id of ['A', 'B', 'C']) await catalogue.calls.save(aCall(id));
    t.same(await catalogue.recordings.begin('A', place('R1')), place('R1'));
    t.same(await catalogue.recordings.begin('A', place('R2')), place('R1'), 'asked for again');
    t.same(await catalogue.recordings.begin('B', place('R0')), place('R0'));
    await t.rejects(catalogue.recordings.begin('nowhere', place('R3')), { code: 'call_unknown' });
    await catalogue.calls.absorb('A', 'B');
    t.same(await catalogue.recordings.begun('B'), [place('R0'), place('R1')]);
    for (const name of ['A', 'B'])
      t.same(await catalogue.recordings.begin(name, place('R4')), place('R0'), 'the oldest, by either name');
    t.same(await catalogue.recordings.abandoned(), [place('R0'), place('R1')], 'nothing is captured');
    await catalogue.segments.save(segment('B', 1, { state: 'capturing' }));
    t.same(await catalogue.recordings.abandoned(), []);
    await catalogue.segments.save(segment('B', 1));
    t.same(await catalogue.recordings.abandoned(), []);
    await catalogue.recordings.sealed(aRecording('R0', 'B'), randomBytes(9), recorded);
    t.same(await catalogue.recordings.begun('A'), [place('R1')]);
    t.same(await catalogue.recordings.abandoned(), [place('R1')], 'all of it is sealed under another id');
    await catalogue.recordings.dropBegun('R1');
    t.same(await catalogue.recordings.begun('B'), []);
    t.same(await catalogue.recordings.begin('B', place('R5')), place('R5'), 'another one can be made');
  });

  t.test('a call has the newest version that is not erased, and counts once', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.calls.save(aCall('A'));
    const flagged: Quality = {
      ...{ them: SIDE, us: SIDE, echo: null, flags: [{ side: 'us', flag: 'clipped' }] },
      ears: { them: { kind: 'line', name: 'trunk' }, us: { kind: 'extension', name: '101' } },
    };
    const version = (id: string, n: number, sealedAt: number) =>
      catalogue.recordings.sealed(
        aRecording(id, 'A', { of: 'R1', version: n, sealedAt, quality: flagged }),
        randomBytes(9),
        recorded,
      );
    await version('R1', 1, 5_000);
    await version('R9', 2, 6_000);
    await version('R3', 3, 4_000); // the clock was set back
    await t.rejects(version('R4', 3, 7_000), 'no two are the same version');
    const heard = async () => (await catalogue.calls.get('A'))?.recording?.id;
    t.equal(await heard(), 'R3');
    t.same(
      (await catalogue.recordings.of('A')).map(({ id, of, version }) => [id, of, version]),
      [
        ['R1', 'R1', 1],
        ['R9', 'R1', 2],
        ['R3', 'R1', 3],
      ],
    );
    const ears = await catalogue.recordings.trends(0, Number.MAX_SAFE_INTEGER);
    t.same(
      ears.map(({ name, calls }) => [name, calls]).sort(),
      [
        ['101', 1],
        ['trunk', 1],
      ],
      'its phones were heard in one call',
    );
    for (const [id, next] of [
      ['R3', 'R9'],
      ['R9', 'R1'],
    ] as const) {
      await catalogue.recordings.eraseIntended(id, noted('Over.'), 1);
      await catalogue.recordings.erased(id, 2);
      t.equal(await heard(), next);
    }
  });

  t.test(
    'a redaction: asked for once, and the version before is heard no more, whatever comes',
    async (t) => {
      const { catalogue, again } = await open(t);
      await catalogue.calls.save(aCall('A'));
      await catalogue.recordings.sealed(aRecording('R1', 'A'), randomBytes(9), recorded);
      const order = {
        ...{ id: 'R2', file: 'recordings/2023/11/14/R2.opus.age', older: 'R1', olderKept: true },
        stretches: [{ side: 'them' as const, fromMs: 1, untilMs: 2 }],
        ...{ by: 'Anna', reason: 'Card number', at: 5 },
      };
      await catalogue.recordings.redact(order);
      await t.rejects(catalogue.recordings.redact({ ...order, id: 'R3' }), { code: 'redaction_refused' });
      t.same(await (await again()).recordings.redactions(), [order]);
      const redaction = {
        ...{ older: 'R1', olderPlainSha256: 'a', olderSealedSha256: 'b', olderManifestSha256: null },
        ...{ olderKept: true, stretches: order.stretches, by: 'Anna', reason: 'Card number', at: 5 },
      };
      const made = aRecording('R2', 'A', { of: 'R1', version: 2, redaction });
      await catalogue.recordings.redacted(made, randomBytes(9));
      await catalogue.recordings.dropRedaction('R2');
      t.same(await catalogue.recordings.redactions(), []);
      t.match(await catalogue.recordings.get('R1'), { state: 'sealed', supersededBy: 'R2' });
      t.match((await catalogue.calls.get('A'))?.recording, { id: 'R2', redaction });
      await t.rejects(catalogue.recordings.redact({ ...order, id: 'R4' }), { code: 'redaction_refused' });
      await catalogue.recordings.eraseIntended('R2', noted('Over.'), 1);
      await catalogue.recordings.erased('R2', 2);
      t.match((await catalogue.calls.get('A'))?.recording, { id: 'R2', state: 'erased' });
    },
  );

  t.test('erasing: intent, tombstone, and nothing erased without an intent', async (t) => {
    const { catalogue } = await open(t);
    const ends = { R1: null, R2: 300, R3: 200 };
    for (const [id, keepUntil] of Object.entries(ends)) {
      await catalogue.calls.save(aCall(`C${id}`));
      await catalogue.recordings.sealed(aRecording(id, `C${id}`, { keepUntil }), randomBytes(50), recorded);
    }
    await t.rejects(catalogue.recordings.erased('R3', 5), { code: 'internal' });
    t.ok(await catalogue.recordings.peaks('R3'), 'a refusal destroys nothing');
    await catalogue.recordings.eraseIntended('R3', noted('Rule: over'), 1);
    await catalogue.recordings.eraseIntended('R3', noted('another reason'), 2);
    t.match(await catalogue.recordings.erasing(), [{ id: 'R3', eraseWhy: noted('Rule: over') }]);
    await catalogue.recordings.erased('R3', 5);
    await catalogue.recordings.erased('R3', 6);
    t.match(await catalogue.recordings.tombstones(9), [
      { id: 'CR3', recording: { id: 'R3', state: 'erased', erasedAt: 5, eraseWhy: noted('Rule: over') } },
    ]);
    t.equal(await catalogue.recordings.peaks('R3'), null);
    await t.rejects(catalogue.recordings.eraseIntended('unknown', noted('x'), 1), {
      code: 'recording_absent',
    });
    t.equal((await catalogue.calls.get('CR3'))?.recording?.state, 'erased', 'the call says so');
  });

  t.test('segments wait to be preserved from when their call has ended', async (t) => {
    const { catalogue, again } = await open(t);
    await catalogue.calls.save(aCall('A', { endedAt: null }));
    await catalogue.segments.save(segment('A', 1));
    t.strictSame(await catalogue.segments.queue(), { waiting: 0, oldestEndedAt: null });
    await catalogue.calls.save(aCall('A', { endedAt: 77 }));
    t.strictSame(await catalogue.segments.queue(), { waiting: 1, oldestEndedAt: 77 });
    const lost = { in: [{ fromMs: 0, toMs: 2_048, ms: 400 }], out: [] };
    await catalogue.segments.saveLost('A', 1, lost);
    await catalogue.segments.save(segment('A', 1, { fed: 'bridge' }));
    const kept = await again();
    t.match(await kept.segments.of('A'), [{ ...segment('A', 1, { fed: 'bridge' }), lost }]);
    await t.rejects(kept.segments.saveLost('A', 2, lost));
    await t.rejects(kept.segments.save(segment('nobody', 1)));
  });

  t.test('a manifest is kept once; its text goes with the recording, its signature stays', async (t) => {
    const { catalogue } = await open(t);
    for (const id of ['R1', 'R2']) await catalogue.calls.save(aCall(`C${id}`));
    const signed = manifestOf('R1');
    await catalogue.recordings.sealed(
      aRecording('R1', 'CR1', { sealedSha256: 'd'.repeat(64) }),
      new Uint8Array(1),
      recorded,
      signed,
    );
    await catalogue.recordings.sealed(aRecording('R2', 'CR2'), new Uint8Array(1), recorded);
    t.strictSame(await catalogue.seals.manifest('R1'), signed);
    await catalogue.seals.addManifest({ ...signed, text: 'another' });
    t.strictSame(await catalogue.seals.manifest('R1'), signed, 'the first one stands');
    t.equal(await catalogue.seals.manifest('R2'), null);
    t.match(await catalogue.seals.figures(), { recordings: 2, faults: 0, unsigned: 1 });
    await catalogue.seals.addManifest(manifestOf('R2'));
    t.match(await catalogue.seals.figures(), { unsigned: 0 });
    t.equal(await catalogue.seals.sealedAs('d'.repeat(64)), 'R1');
    t.equal(await catalogue.seals.sealedAs('e'.repeat(64)), null);
    await catalogue.recordings.eraseIntended('R1', noted('Over.'), 6);
    await catalogue.recordings.erased('R1', 7);
    t.strictSame(await catalogue.seals.manifest('R1'), { ...signed, text: null });
    t.match(await catalogue.seals.figures(), { recordings: 1 });
  });

  t.test('recordings are read again in turn, and a fault is news once', async (t) => {
    const { catalogue } = await open(t);
    for (const [i, id] of ['R1', 'R2', 'R3'].entries()) {
      await catalogue.calls.save(aCall(`C${id}`));
      const sealed = aRecording(id, `C${id}`, { sealedAt: 100 + i });
      await catalogue.recordings.sealed(
        sealed,
        new Uint8Array(1),
        recorded,
        id === 'R3' ? undefined : manifestOf(id),
      );
    }
    const due = async (before: number) => (await catalogue.seals.toCheck(before, 9)).map((r) => r.id);
    t.same(await due(1_000), ['R3', 'R1', 'R2'], 'what is not signed yet comes first');
    t.equal(await catalogue.seals.checked('R1', 2_000, null), false);
    t.same(await due(1_000), ['R3', 'R2']);
    t.equal(await catalogue.seals.checked('R2', 2_000, 'Its file is missing.'), true);
    t.equal(await catalogue.seals.checked('R2', 3_000, 'Its file is short.'), false, 'known already');
    t.match(await catalogue.seals.check('R2'), { signed: true, checkedAt: 3_000, faultAt: 2_000 });
    t.match(await catalogue.seals.damaged(9), [{ recordingId: 'R2', callId: 'CR2' }]);
    t.equal(await catalogue.seals.checked('nobody', 1, 'x'), false);
    t.equal(await catalogue.seals.check('nobody'), null);
    t.same(
      (await catalogue.recordings.after('R1', 9)).map((r) => r.id),
      ['R2', 'R3'],
    );
    t.match(await catalogue.recordings.growth(0, 86_400_000), { sealedBytes: 3 * 90_500 });
    t.same(await catalogue.recordings.trends(0, 1), []);
  });
};
