import t from 'tap';
import type { Alarm } from '../../../daemon/domain/operations/alarm.js';
import { pbxOfKey } from '../../../daemon/domain/operations/alarm-pbx.js';
import { alarmInWords } from '../../../daemon/domain/operations/alarm-words.js';
import {
  alarmKey,
  alarmKeys,
  type HealthFacts,
  judge,
  type PbxFacts,
  remindersOf,
} from '../../../daemon/domain/operations/health.js';

const up = { up: true, error: null };
const first: PbxFacts = {
  ...{ id: '', name: 'PBX', ari: up, ami: up, capturesFailed: 0, testCall: { ok: true } },
};
const well: HealthFacts = {
  pbxes: [first],
  eventLoopP99Ms: 3,
  preserveOldestMs: 20_000,
  disk: { daysLeft: 200 },
  catalogueFails: false,
  alarms: [],
};
const stands = (key: string, severity: Alarm['severity']): Alarm => ({
  key,
  severity,
  why: { code: 'cdr_source', params: { source: key } },
  raisedAt: 0,
  clearedAt: null,
});
const down = { up: false, error: null };
const one = (more: Partial<PbxFacts>) => ({ pbxes: [{ ...first, ...more }] });

t.test('health is green, amber or red for a reason', async (t) => {
  t.strictSame(judge(well), { level: 'green', problems: [] });
  const cases: [more: Partial<HealthFacts>, level: string, codes: string[]][] = [
    [one({ ari: down, ami: down }), 'red', ['pbx_down']],
    [one({ ari: down }), 'red', ['pbx_ari_down']],
    [one({ ami: down }), 'amber', ['pbx_ami_down']],
    [{ eventLoopP99Ms: 400 }, 'amber', ['event_loop_slow']],
    [{ eventLoopP99Ms: 4000 }, 'red', ['event_loop_slow']],
    [one({ capturesFailed: 1 }), 'amber', ['captures_fail']],
    [one({ capturesFailed: 3 }), 'red', ['captures_fail']],
    [{ preserveOldestMs: 3_600_000 }, 'amber', ['preserve_behind']],
    [{ preserveOldestMs: 7 * 3_600_000 }, 'red', ['preserve_behind']],
    [{ disk: { daysLeft: 10 } }, 'amber', ['disk_low']],
    [{ disk: { daysLeft: 1 } }, 'red', ['disk_low']],
    [one({ testCall: { ok: false } }), 'red', ['test_call_failed']],
    [{ catalogueFails: true }, 'red', ['catalogue_fails']],
    [{ alarms: [stands('else', 'warning')] }, 'amber', ['alarm']],
    [{ alarms: [stands('else', 'critical')] }, 'red', ['alarm']],
    [{ eventLoopP99Ms: null, preserveOldestMs: null, disk: null, ...one({ testCall: null }) }, 'green', []],
    [{ disk: { daysLeft: 10 }, ...one({ capturesFailed: 5 }) }, 'red', ['captures_fail', 'disk_low']],
  ];
  for (const [more, level, codes] of cases) {
    const { level: found, problems } = judge({ ...well, ...more });
    t.strictSame([found, problems.map((p) => p.code)], [level, codes], JSON.stringify(more));
    for (const { why } of problems) {
      const { message, hint } = alarmInWords(why);
      t.ok(message && hint, 'with what it means and what to do');
    }
  }
});

t.test('one thing is one problem, however many have noticed it', async (t) => {
  const { problems } = judge({
    ...well,
    ...one({ ari: down, ami: down }),
    disk: { daysLeft: 1 },
    alarms: [
      stands('pbx_link', 'critical'),
      stands('disk_full spool', 'critical'),
      stands('health pbx', 'critical'),
      stands('health disk_low', 'critical'),
    ],
  });
  t.strictSame(
    problems.map((p) => [p.code, p.why.params]),
    [
      ['pbx_down', { source: 'pbx_link' }],
      ['disk_low', { source: 'disk_full spool' }],
    ],
    'in the words of who knows most of it',
  );
});

t.test(
  'two PBXs are two problems, each by its name, and what is said of one says nothing of the other',
  async (t) => {
    const second = { ...first, id: 'warehouse', name: 'Warehouse' };
    const facts = {
      ...well,
      pbxes: [
        { ...first, name: 'Head office', ari: down, ami: down },
        { ...second, ari: down, ami: down, testCall: { ok: false } },
      ],
      alarms: [stands('pbx_link @warehouse', 'critical')],
    };
    const { problems } = judge(facts);
    t.strictSame(
      problems.map((p) => [p.code, p.pbx]),
      [
        ['pbx_down', ''],
        ['test_call_failed', 'warehouse'],
        ['pbx_down', 'warehouse'],
      ],
    );
    t.match(alarmInWords(problems[0]!.why).message, /^Head office: The PBX is not responding/);
    t.match(problems[0]!.why.params, { pbx: { id: '', name: 'Head office' } });
    t.equal(alarmKey('pbx_down', ''), 'health pbx', 'as it was with one PBX');
    t.equal(alarmKey('pbx_ari_down', 'warehouse'), 'health pbx @warehouse');
    t.equal(pbxOfKey('silent extension 101 @warehouse'), 'warehouse');
    t.ok(alarmKeys(facts.pbxes).has('health test_call_failed @warehouse'));
  },
);

t.test('without an alert channel, or without test calls, nobody is told that all is well', async (t) => {
  const codes = (given: Parameters<typeof remindersOf>[0]) => remindersOf(given).map((r) => r.code);
  const all = { withoutTestCalls: [], several: false };
  t.same(codes({ ...all, channels: 1, testCalls: 'on' }), []);
  t.same(codes({ ...all, channels: 0, testCalls: 'on' }), ['alerts_off']);
  t.same(codes({ ...all, channels: 1, testCalls: 'off' }), ['test_calls_off']);
  const without = { channels: 0, testCalls: 'on' as const, withoutTestCalls: ['Warehouse'] };
  t.same(codes({ ...without, several: false }), ['alerts_off', 'test_calls_off']);
  t.match(remindersOf({ ...without, several: true })[1]?.message, /do not run on Warehouse/);
});
