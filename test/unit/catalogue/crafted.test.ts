import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { createTestCalls } from '../../../daemon/calls/test-call.js';
import { testLegs } from '../../../daemon/domain/call/test-call.js';

import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { craft, recorderOn, T0 } from '../../support/catalogue/crafted.js';
import { keep, log, multiply, opened, retention } from '../../support/catalogue/crafted-lab.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

const recorded = { status: 'recorded', why: null, rule: null, missingMs: 0 } as const;

t.test(
  'a stored policy of the wrong shape: every call is recorded, nothing is erased, and an alarm says so',
  async (t) => {
    for (const broken of [
      '{"record":5}',
      '[]',
      '{broken',
      '{"record":[],"retention":[],"emergency_numbers":[7]}',
    ]) {
      await t.test(broken, async (t) => {
        const o = await opened(t);
        await keep(o, 'R1', T0 + 1);
        craft(o.path, (db) => db.prepare('INSERT INTO policies VALUES (7, 1, ?, ?)').run('mallory', broken));
        await o.doubts.start();
        const r = recorderOn(o.catalogue);
        t.teardown(() => r.recorder.stop());
        await r.recover();
        await r.call();
        t.same(r.begun, ['ann'], 'the call is captured');
        t.match(o.standing.get('catalogue_policy'), {
          severity: 'critical',
          message: /Version 7/,
          hint: /policy import/,
        });
        const retain = retention(o);
        await t.rejects(retain.run(), { code: 'policy_unreadable' });
        await retain.recover();
        t.same(retain.removed, [], 'nothing is erased');
        const rule = { name: 'Short', reason: '', when: {}, keep_days: 1 };
        t.equal(
          await o.catalogue.policy.save({ ...defaultPolicy, retention: [rule] }, 'ada', T0, 7),
          8,
          'a valid one can be saved over it',
        );
        await o.doubts.stop();
        await o.doubts.start();
        t.notOk(o.standing.has('catalogue_policy'), 'and the alarm is over');
        t.match(await retain.run(), { erased: 1 });
      });
    }
  },
);

t.test('one open call that cannot be read keeps no other call from being recorded', async (t) => {
  for (const [column, value] of [
    ['them', '{broken'],
    ['them', '[]'],
    ['legs', '[{"id":7}]'],
    ['legs', 'null'],
    ['started_at', Number.MAX_SAFE_INTEGER],
    ['direction', 'sideways'],
    ['us', JSON.stringify({ number: 'x'.repeat(10_000_000), name: '', ours: true })],
  ] as const)
    await t.test(`${column} = ${String(value).slice(0, 20)}`, async (t) => {
      const o = await opened(t);
      const open = { endedAt: null, answeredAt: null };
      for (const id of ['A', 'B', 'C']) await o.catalogue.calls.save(aCall(id, open));
      craft(o.path, (db) => db.prepare(`UPDATE calls SET ${column} = ? WHERE id = 'B'`).run(value));
      const r = recorderOn(o.catalogue);
      t.teardown(() => r.recorder.stop());
      const early = r.call(); // heard before the open calls were taken up
      await r.recover().catch(() => {});
      await early;
      await r.recorder.idle();
      await turn(); // bad rows are told of once for each turn
      t.same(r.begun, ['ann'], 'what is heard is captured');
      t.equal(
        (await o.catalogue.calls.get('A'))?.outcome !== null,
        true,
        'the others were taken up, and have ended',
      );
      t.match(o.standing.get('catalogue_rows'), { severity: 'critical', message: /calls B/ });
    });
});

t.test('two thousand unreadable rows are one line in the log for each table, and one alarm', async (t) => {
  const o = await opened(t);
  await keep(o, 'R1');
  multiply(o, 'calls', 2_000, { ended_at: 'NULL', them: "'{broken'" });
  multiply(o, 'recordings', 2_000, { file: "'elsewhere'" });
  const lines = t.capture(log, 'error');
  const raises = t.capture(o.alarms, 'raise', o.alarms.raise);
  const told = async () => {
    await turn();
    return [lines().map(({ args }) => args[0]), raises().map(({ args }) => args[0])] as const;
  };
  t.equal((await o.catalogue.calls.open()).length, 0);
  const [calls, [alarm, ...others]] = await told();
  t.match(calls, [{ table: 'calls', rows: 2_000, first: [{ key: /^CR1/, fault: /them/ }, {}, {}] }]);
  t.same([calls.length, alarm, others.length], [1, 'catalogue_rows', 0]);
  t.same(
    (await o.catalogue.recordings.after('', 9)).map(({ id }) => id),
    ['R1'],
    'the good row is read',
  );
  t.match(await told(), [[{ table: 'recordings', rows: 2_000 }], ['catalogue_rows']]);
  t.match(o.standing.get('catalogue_rows'), { message: /^4000 rows .* and 3997 more/, hint: /restore/ });
  await o.catalogue.recordings.after('', 9);
  t.same(await told(), [[], []], 'what is known is not told again');
});

t.test('whatever fails while open calls are taken up, what was heard is followed', async (t) => {
  for (const [noun, verb] of [
    ['calls', 'open'],
    ['segments', 'of'],
  ] as const)
    await t.test(`${noun}.${verb}`, async (t) => {
      const o = await opened(t);
      await o.catalogue.calls.save(aCall('A', { endedAt: null, answeredAt: null }));
      const r = recorderOn({
        ...o.catalogue,
        [noun]: {
          ...o.catalogue[noun],
          [verb]: async () => {
            throw new Error('database disk image is malformed');
          },
        },
      });
      t.teardown(() => r.recorder.stop());
      const early = r.call();
      await r.recover().catch(() => {});
      await early;
      await r.recorder.idle();
      t.equal(r.recorder.now().calls, 1);
    });
});

t.test('a recording is erased only where its id says that it lies', async (t) => {
  for (const file of [
    '../../x',
    '../victim',
    '/etc/passwd',
    'recordings/../../victim',
    'victim',
    'recordings/R2.age',
  ])
    await t.test(file, async (t) => {
      const o = await opened(t);
      for (const id of ['R1', 'R2']) await keep(o, id, T0 + 1);
      writeFileSync(join(o.dir, 'victim'), 'precious');
      craft(o.path, (db) => db.prepare("UPDATE recordings SET file = ? WHERE id = 'R1'").run(file));
      const retain = retention(o);
      t.match(await retain.run(), { erased: 1, failed: 0 });
      t.same(retain.removed, ['key R2', aRecording('R2', 'CR2').file]);
      await turn();
      t.match(o.standing.get('catalogue_rows'), { message: /recordings R1 .*file/ });
    });
});

t.test('a row that says that it is being erased is not believed without its entry', async (t) => {
  const o = await opened(t);
  for (const id of ['R1', 'R2', 'R3']) await keep(o, id);
  await o.catalogue.recordings.eraseIntended('R2', noted('Over.'), T0);
  craft(o.path, (db) =>
    db.exec(
      "UPDATE recordings SET state = 'erasing', erase_reason = 'Over.', erase_intended_at = 1 WHERE id = 'R1'",
    ),
  );
  const retain = retention(o);
  await retain.recover();
  t.same(retain.removed, ['key R2', aRecording('R2', 'CR2').file], 'only what was begun is finished');
  t.match(o.standing.get('foreign_erasing'), { severity: 'critical', message: /R1 of call CR1/ });
  t.match(await retain.run(), { erased: 0 });
  t.equal((await o.catalogue.calls.get('CR1'))?.recording?.state, 'erasing');
  craft(o.path, (db) => db.exec("UPDATE recordings SET state = 'sealed' WHERE id = 'R1'"));
  await retain.recover();
  t.notOk(o.standing.has('foreign_erasing'), 'the alarm is over with the row');
});

t.test('a call that is only marked as a test call is not removed like one', async (t) => {
  const o = await opened(t);
  await keep(o, 'R1');
  const legs = [{ id: testLegs('01ARZ3NDEKTSV4RRFFQ69G5FA0').calling, party: aCall('x').us, endpoint: '' }];
  const up = { seenAt: T0, upAt: T0, goneAt: T0 };
  await o.catalogue.calls.save(
    aCall('TEST', { test: true, legs: legs.map((l) => ({ ...l, ...up })) }),
    recorded,
  );
  await o.catalogue.recordings.sealed(aRecording('RT', 'TEST'), Buffer.alloc(9), recorded);
  craft(o.path, (db) =>
    db
      .prepare(
        "UPDATE calls SET test = 1, legs = (SELECT legs FROM calls WHERE id = 'TEST') WHERE id = 'CR1'",
      )
      .run(),
  );
  const removed: string[] = [];
  const tests = createTestCalls({
    ...{ catalogue: o.catalogue, alarms: o.alarms, log, clock: () => T0, mint: () => 'id', load: () => 0 },
    keys: { destroy: async (id) => removed.push(id) > 0 },
    store: { remove: async ({ file }) => removed.push(file) > 0 },
    removeSpool: async () => true,
    preserving: () => 0,
    pbx: { callDialplan: async () => {}, hangup: async () => {} },
    ffmpeg: { decode: () => t.fail('nothing is decoded') as never },
    audio: async () => Buffer.alloc(0),
    config: { pbx: '', enabled: false, schedule: '', timeZone: 'UTC', maxLoad: 1 },
  });
  tests.start();
  await tests.stop();
  t.same(removed, ['RT', aRecording('RT', 'TEST').file], 'only the test call is');
  t.ok((await o.catalogue.calls.get('CR1'))?.recording);
  t.match(o.standing.get('foreign_test_calls'), { severity: 'critical', message: /CR1/ });
});
