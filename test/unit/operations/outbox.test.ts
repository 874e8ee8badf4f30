import t, { type Test } from 'tap';
import { createOutbox } from '../../../daemon/catalogue/outbox.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { fail } from '../../../daemon/domain/error.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import type { Coverage, Segment } from '../../../daemon/domain/recording/recording.js';
import { createLog } from '../../../daemon/ops/log.js';
import { freshCatalogue } from '../../support/catalogue/fresh.js';
import { aCall } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

const excluded: Coverage = { status: 'excluded', why: noted('Private.'), rule: 'Private', missingMs: 0 };
const pending: Coverage = { status: 'pending', why: null, rule: null, missingMs: 0 };

const segment = (callId: string, state: Segment['state']): Segment => ({
  ...{ callId, seq: 0, legId: 'leg', inStartedAt: 1, outStartedAt: 1, state, because: null },
  token: '',
  mutedFrom: { in: null, out: null },
  fed: '',
  swapped: false,
});

/** An outbox on a real catalogue whose disk can be filled, and what was written to it. */
async function opened(t: Test) {
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(catalogueFile(t.testdir())) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  const disk = { full: false };
  const written: string[] = [];
  const guarded = <A extends unknown[]>(verb: string, write: (...given: A) => Promise<void>) => {
    return async (...given: A): Promise<void> => {
      if (disk.full) throw fail('disk_full');
      await write(...given);
      written.push(verb);
    };
  };
  const done = { times: 0 };
  const outbox = createOutbox(
    {
      ...catalogue,
      calls: {
        ...catalogue.calls,
        save: guarded('call', catalogue.calls.save),
        decideCoverage: guarded('coverage', catalogue.calls.decideCoverage),
        absorb: guarded('absorption', catalogue.calls.absorb),
      },
      segments: {
        ...catalogue.segments,
        save: guarded('segment', catalogue.segments.save),
        saveLost: guarded('lost', catalogue.segments.saveLost),
      },
    },
    {
      log: createLog('silent', 'test'),
      onWritten: () => {
        done.times += 1;
      },
    },
  );
  t.teardown(() => outbox.stop());
  return {
    catalogue,
    following: outbox.catalogue,
    written,
    done,
    fill: () => {
      disk.full = true;
      written.length = 0;
    },
    empty: () => {
      disk.full = false;
      return outbox.flush();
    },
  };
}

t.test('on a full disk the newest word of each thing waits, and is written in its order', async (t) => {
  const { catalogue, following, written, done, fill, empty } = await opened(t);
  await following.calls.save(aCall('A', { endedAt: null }));
  t.same(written, ['call'], 'what can be written does not wait');
  fill();
  await following.calls.save(aCall('A', { endedAt: null, queue: 'sales' }));
  await following.calls.save(aCall('B'), pending);
  await following.calls.decideCoverage('A', excluded);
  await following.segments.save(segment('A', 'capturing'));
  await following.calls.save(aCall('A', { queue: 'support' }));
  await following.segments.save(segment('A', 'captured'));
  await following.calls.decideCoverage('B', excluded);
  t.match(await following.segments.of('A'), [{ state: 'captured' }], 'who follows calls is told what waits');
  t.equal((await catalogue.calls.get('A'))?.queue, '');
  t.same(written, []);

  await empty();
  t.same(written, ['call', 'call', 'segment']);
  t.match(await catalogue.calls.get('A'), { queue: 'support', coverage: excluded });
  t.match(
    await catalogue.calls.get('B'),
    { coverage: excluded },
    'a decision is newer than the call it is of',
  );
  t.match(await catalogue.segments.of('A'), [{ state: 'captured' }]);
  t.equal(done.times, 1);
  await following.calls.save(aCall('A', { queue: 'later' }));
  t.equal((await catalogue.calls.get('A'))?.queue, 'later', 'and nothing waits any more');
});

t.test('nothing moves over two calls becoming one', async (t) => {
  const { catalogue, following, written, fill, empty } = await opened(t);
  for (const id of ['A', 'B', 'C']) await following.calls.save(aCall(id, { endedAt: null }));
  await following.segments.save(segment('C', 'capturing'));
  await following.calls.absorb('C', 'A');
  fill();
  await following.segments.save(segment('B', 'capturing'));
  await following.calls.absorb('B', 'A');
  await following.segments.save(segment('B', 'captured'));
  await following.segments.save(segment('C', 'captured'));
  t.match(await following.segments.of('A'), [
    { callId: 'C', state: 'captured' },
    { callId: 'B', state: 'captured' },
  ]);

  await empty();
  t.same(written, ['segment', 'absorption', 'segment', 'segment']);
  const stored = (await catalogue.segments.of('A')).map((s) => `${s.callId} ${s.state}`);
  t.same(stored.sort(), ['B captured', 'C captured']);
});

t.test('what is not the fault of the disk is passed on', async (t) => {
  const { following, fill, empty, done } = await opened(t);
  await t.rejects(following.calls.decideCoverage('nowhere', excluded), { code: 'call_unknown' });
  fill();
  await following.calls.decideCoverage('nowhere', excluded);
  await following.calls.save(aCall('A'));
  await empty();
  t.ok(await following.calls.get('A'), 'nor does it keep back what comes after it');
  t.equal(done.times, 1);
});

t.test('time that a file lacks waits with its segment, and only the newest word of it', async (t) => {
  const { catalogue, following, written, fill, empty, done } = await opened(t);
  await following.calls.save(aCall('A'));
  await following.segments.save(segment('A', 'capturing'));
  fill();
  const loss = (ms: number) => ({ in: [{ fromMs: 0, toMs: 2_048, ms }], out: [] });
  await following.segments.saveLost('A', 0, loss(400));
  await following.segments.saveLost('A', 0, loss(800));
  await following.segments.save(segment('A', 'captured'));
  t.match(await following.segments.of('A'), [{ state: 'captured', lost: loss(800) }]);
  await empty();
  t.equal(done.times, 1);
  t.same(written, ['lost', 'segment']);
  t.match(await catalogue.segments.of('A'), [{ state: 'captured', lost: loss(800) }]);
});
