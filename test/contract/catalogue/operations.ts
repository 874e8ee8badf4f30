import type { KeptAlarm } from '../../../daemon/domain/operations/alarm.js';
import { newJob } from '../../../daemon/domain/operations/job.js';
import type { Delivery } from '../../../daemon/domain/operations/notice.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { recorded } from '../../support/catalogue/opened.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import type { Part } from '../catalogue.js';

const alarm = (key: string, raisedAt: number, more: Partial<KeptAlarm> = {}): KeptAlarm => ({
  ...{ key, raisedAt, severity: 'warning', why: { code: 'disk_slow', params: { dir: '/data' } } },
  ...{
    clearedAt: null,
    toldAt: null,
    toldAs: null,
    returns: 0,
    lastsUntil: null,
    lastsMs: null,
    done: false,
  },
  ...more,
});

/** Policy, gaps, alarms, jobs and test calls. */
export const operations: Part = (t, open) => {
  t.test('policy: one version after the other, and none over that of somebody else', async (t) => {
    const { catalogue } = await open(t);
    t.same(await catalogue.policy.newest(), {
      version: 0,
      changedAt: null,
      changedBy: '',
      policy: defaultPolicy,
      fault: null,
    });
    const policy = { ...defaultPolicy, emergency_numbers: ['112'] };
    t.equal(await catalogue.policy.save(policy, 'ada', 5, 0), 1);
    await t.rejects(catalogue.policy.save(defaultPolicy, 'bob', 6, 0), { code: 'policy_conflict' });
    t.equal(await catalogue.policy.save(defaultPolicy, 'bob', 7, 1), 2);
    t.match(await catalogue.policy.versions(), [
      { version: 2, changedBy: 'bob' },
      { version: 1, policy },
    ]);
  });

  t.test('a version of the policy that is not there is the newest', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.policy.save({ ...defaultPolicy, emergency_numbers: ['112'] }, 'ada', 5, 0);
    await catalogue.policy.save(defaultPolicy, 'ada', 6, 1);
    t.match(await catalogue.policy.of(1), { version: 1, policy: { emergency_numbers: ['112'] } });
    t.match(await catalogue.policy.of(77), { version: 2 });
  });

  t.test('prompts: one of each kind and language is played, and none is lost', async (t) => {
    const { catalogue, again } = await open(t);
    const { prompts } = catalogue;
    const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
    const given = {
      ...{ hash: a, kind: 'announce' as const, language: 'en' as const, name: 'Ada', text: 'Recorded.' },
      ...{ bytes: 64_044, durationMs: 2_000, addedAt: 5, addedBy: 'ada', saysPurpose: false },
    };
    t.equal(await prompts.active('announce', 'en'), null);
    t.same(await prompts.add(given), { ...given, active: false });
    await prompts.add({ ...given, hash: b, addedAt: 6 });
    await prompts.add({ ...given, language: 'de', addedAt: 7 });
    await prompts.activate('announce', 'en', a);
    await prompts.activate('announce', 'en', b);
    t.match(await prompts.active('announce', 'en'), { hash: b, active: true });
    t.equal(await prompts.active('announce', 'de'), null, 'another language');
    t.equal(await prompts.active('ask', 'en'), null, 'another kind');
    await t.rejects(prompts.activate('announce', 'en', 'c'.repeat(64)), { code: 'prompt_unknown' });
    t.match(await (await again()).prompts.active('announce', 'en'), { hash: b }, 'as it was before');
    t.match(await prompts.add({ ...given, hash: b, name: 'Again', addedAt: 9, saysPurpose: true }), {
      ...{ name: 'Again', addedAt: 6, active: true, saysPurpose: true },
    });
    await prompts.activate('announce', 'en', null);
    t.equal(await prompts.active('announce', 'en'), null);
    t.same(
      (await prompts.list()).map(({ hash, language }) => [hash, language]),
      [
        [a, 'de'],
        [b, 'en'],
        [a, 'en'],
      ],
    );
  });

  for (const noun of ['watch', 'listening'] as const)
    t.test(`${noun}: one gap at a time, with its reason, across a restart`, async (t) => {
      const { catalogue, again } = await open(t);
      const kept = catalogue[noun];
      t.equal(await kept.lastWatched(FIRST), null);
      await kept.watched(FIRST, 10);
      await kept.watched(FIRST, 20);
      t.equal(await kept.lastWatched(FIRST), 20);
      t.equal(await kept.close(FIRST, 21), null, 'none is open');
      t.equal(await kept.open(FIRST, 30, because('not_running')), true);
      t.equal(await kept.open(FIRST, 40, because('stood_still')), false);
      const other = (await again())[noun];
      t.match(await other.windows(), [{ from: 30, to: null, why: because('not_running') }]);
      t.match(await other.close(FIRST, 50), { from: 30, to: 50 });
      await other.open(FIRST, 60, because('stood_still'));
      t.match(await other.close(FIRST, 55), { from: 60, to: 60 }, 'never before it began');
      t.match(await other.windows({ from: 0, to: 40 }), [{ from: 30 }]);
      t.same(
        (await other.windows({ from: 50 })).map((w) => w.from),
        [60],
      );
      t.equal(await other.lastWatched('shop'), null);
      t.equal(await other.open('shop', 65, because('not_running')), true, 'of another PBX');
      t.match(await other.close(FIRST, 66), null);
      t.match(await other.windows({ from: 61 }), [{ pbx: 'shop', from: 65, to: null }]);
      t.same(await catalogue[noun === 'watch' ? 'listening' : 'watch'].windows(), [], 'they are two things');
    });

  t.test('an alarm stays open until nothing more is said of it', async (t) => {
    const { catalogue, again } = await open(t);
    await catalogue.alarms.save(alarm('disk', 1));
    await catalogue.alarms.save(alarm('disk', 1, { toldAt: 2, toldAs: 'warning' }));
    await catalogue.alarms.save(alarm('old', 1, { clearedAt: 3, done: true }));
    const notice = { id: 'N', kind: 'raised' as const, at: 2, alarms: [alarm('disk', 1)] };
    const delivery: Delivery = {
      ...{ channel: 'mail', notice, attempts: 0, nextAt: 2, sentAt: null, givenUpAt: null, problem: '' },
    };
    await catalogue.alarms.saveDelivery(delivery);
    const kept = await again();
    t.match(await kept.alarms.open(), [{ key: 'disk', toldAt: 2 }]);
    t.match(await kept.alarms.past(9), [{ key: 'old', clearedAt: 3 }]);
    t.match(await kept.alarms.openDeliveries(), [{ channel: 'mail', notice: { id: 'N' } }]);
    await kept.alarms.saveDelivery({ ...delivery, sentAt: 5 });
    t.same(await kept.alarms.openDeliveries(), []);
    await kept.alarms.forget(4);
    t.same(await kept.alarms.past(9), []);
    t.equal((await kept.alarms.open()).length, 1);
  });

  t.test('a job is asked for once, and what has ended is written no more', async (t) => {
    const { catalogue } = await open(t);
    const { jobs } = catalogue;
    const job = newJob('J1', 'recordings_check', { a: 1, b: 2 }, 1);
    t.match(await jobs.add(job), { id: 'J1' });
    t.match(
      await jobs.add(newJob('J2', 'recordings_check', { b: 2, a: 1 }, 2)),
      { id: 'J1' },
      'the same one',
    );
    t.match(await jobs.add(newJob('J3', 'recordings_check', {}, 3)), { id: 'J3' });
    t.equal(await jobs.save({ ...job, state: 'running', done: 4, cursor: 'x' }), true);
    t.match(await jobs.open(), [{ id: 'J1', done: 4, cursor: 'x' }, { id: 'J3' }]);
    t.match(await jobs.cancel('J1', 9), { state: 'cancelled', endedAt: 9 });
    t.equal(await jobs.cancel('J1', 9), null);
    t.equal(await jobs.save({ ...job, state: 'done', endedAt: 10 }), false);
    t.match(await jobs.get('J1'), { state: 'cancelled' });
    t.match(await jobs.newest(), [{ id: 'J3' }]);
    t.same(
      (await jobs.list(9)).map((j) => j.id),
      ['J3', 'J1'],
    );
    await jobs.forget(10);
    t.equal(await jobs.get('J1'), null);
  });

  t.test('a test call leaves a line and nothing else', async (t) => {
    const { catalogue } = await open(t);
    const line = { pbx: FIRST, fault: null, detail: '', measures: null, tookMs: 9 };
    await catalogue.calls.save(aCall('T', { test: true }));
    await catalogue.calls.save(aCall('A'));
    await catalogue.recordings.sealed(aRecording('RT', 'T'), new Uint8Array(1), recorded);
    t.same(
      (await catalogue.testCalls.left()).map((c) => c.id),
      ['T'],
    );
    await catalogue.testCalls.remove('A');
    await catalogue.testCalls.remove('T');
    t.ok(await catalogue.calls.get('A'), 'a real call is not removed by this');
    t.equal(await catalogue.calls.get('T'), null);
    t.equal(await catalogue.recordings.get('RT'), null);
    const day = 86_400_000;
    await catalogue.testCalls.remember({ ...line, at: day, outcome: 'ok' });
    await catalogue.testCalls.remember({ ...line, at: 2 * day, outcome: 'failed' });
    await catalogue.testCalls.remember({ ...line, at: 50 * day, outcome: 'failed' });
    t.same(
      (await catalogue.testCalls.newest(9)).map((c) => c.at / day),
      [50, 1],
      'the last good one stays',
    );
    t.equal(await catalogue.testCalls.lastGood(FIRST), day);
    await catalogue.testCalls.remember({ ...line, pbx: 'shop', at: 51 * day, outcome: 'ok' });
    t.same(
      (await catalogue.testCalls.newest(9, FIRST)).map((c) => c.at / day),
      [50, 1],
      'a good one of another PBX is none of this',
    );
    t.equal(await catalogue.testCalls.lastGood('shop'), 51 * day);
  });
};
