import fc from 'fast-check';
import t from 'tap';
import { aged, type KeptAlarm, raised } from '../../../daemon/domain/operations/alarm.js';
import { gather, isDue, nextTry, type Said } from '../../../daemon/domain/operations/notice.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { alarm, channel, notice, open, pbx } from '../../support/alerts.js';
import { until } from '../../support/recorder.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 25, 1, 13, 4);

/** What is said while time goes by, in seconds: `script` raises and clears at seconds of its own. */
function play(script: Record<number, 'raise' | 'clear' | 'warn'>, seconds: number, forMs?: number): string[] {
  let kept: KeptAlarm | undefined;
  const said: string[] = [];
  for (let s = 0; s <= seconds; s++) {
    const now = NOW + s * SECOND;
    const act = script[s];
    if (act === 'raise') kept = raised(kept, 'k', { ...pbx, forMs }, now);
    if (act === 'warn') kept = raised(kept, 'k', { ...pbx, severity: 'warning' }, now);
    if (act === 'clear' && kept && kept.clearedAt === null) kept = { ...kept, clearedAt: now };
    if (!kept) continue;
    const step = aged(kept, now);
    kept = step.alarm;
    if (step.say) said.push(`${s} ${step.say}`);
  }
  return said;
}

t.test('an alarm is told after five seconds, once, and its end once', async (t) => {
  t.strictSame(play({ 0: 'raise', 1: 'raise', 30: 'raise', 60: 'clear', 61: 'clear' }, 200), [
    '5 raised',
    '65 cleared',
  ]);
  t.strictSame(play({ 0: 'raise', 4: 'clear' }, 60), [], 'what is over before that is not told');
  t.strictSame(play({ 0: 'raise', 3: 'clear', 6: 'raise' }, 60), ['6 raised'], 'what comes back is');
  t.strictSame(play({ 0: 'raise', 10: 'clear', 13: 'raise', 30: 'clear' }, 60), ['5 raised', '35 cleared']);
});

t.test('what is critical is told again once a day, a warning is not', async (t) => {
  t.strictSame(play({ 0: 'raise' }, (2.5 * DAY) / SECOND), ['5 raised', '86405 reminder', '172805 reminder']);
  t.strictSame(play({ 0: 'warn' }, (2.5 * DAY) / SECOND), ['5 raised']);
  t.strictSame(play({ 0: 'warn', 60: 'raise', 90: 'warn' }, 200), ['5 raised', '60 raised'], 'worse is news');
});

t.test('what comes and goes for an hour is not a mail a minute', async (t) => {
  const script: Record<number, 'raise' | 'clear'> = {};
  for (let s = 0; s < 3600; s += 30) Object.assign(script, { [s]: 'raise', [s + 15]: 'clear' });
  const said = play(script, 4200);
  t.ok(said.length <= 6, said.join(', '));
  t.match(said.at(-1), /cleared/, 'its end is told');
});

t.test('what happens and does not last is over by itself', async (t) => {
  t.strictSame(play({ 0: 'raise', 40: 'raise' }, 400, 60 * SECOND), ['5 raised', '105 cleared']);
});

t.test(
  'however alarms come, each that was told is told to be over exactly once, and no two in a row are the same',
  async () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.integer({ min: 0, max: 900 }), fc.constantFrom('raise' as const, 'clear' as const)),
        ),
        (acts) => {
          const said = play(Object.fromEntries([...acts, [901, 'clear' as const]]), 1500).map(
            (s) => s.split(' ')[1],
          );
          return said.length % 2 === 0 && said.every((s, i) => s === (i % 2 ? 'cleared' : 'raised'));
        },
      ),
    );
  },
);

t.test('more than ten messages in a minute become one', async (t) => {
  const said = (n: number): Said[] =>
    Array.from({ length: n }, (_, i) => ({ kind: 'raised', alarms: [alarm({ key: `k${i}` })] }));
  t.equal(gather(said(10), [], NOW).length, 10);
  const [one, ...others] = gather(said(50), [], NOW);
  t.same(others, []);
  t.match(one, { kind: 'summary' });
  t.equal(one!.alarms.length, 50, 'and it has all of them');
  t.same(gather(said(1), [{ at: NOW - 10 * SECOND, summary: true }], NOW).length, 1, 'calm again');
  const many = Array.from({ length: 10 }, () => ({ at: NOW - 10 * SECOND, summary: false }));
  t.match(gather(said(1), many, NOW), [{ kind: 'summary' }]);
  const full = [...many, { at: NOW - SECOND, summary: true }];
  t.same(gather(said(5), full, NOW), [], 'right after a summary it waits');
  t.match(gather(said(5), full, NOW + 45 * SECOND), [{ kind: 'summary' }], 'but not for a minute');
  const both = { kind: 'cleared' as const, alarms: [alarm({ key: 'k0', clearedAt: NOW })] };
  t.equal(
    gather([...said(12), both], [], NOW)[0]!.alarms.length,
    12,
    'each alarm is in it once, as it is now',
  );
});

t.test('a clock that was set back keeps nothing from being told', async (t) => {
  const said: Said[] = [{ kind: 'raised', alarms: [alarm()] }];
  const storm = Array.from({ length: 20 }, () => ({ at: NOW + HOUR, summary: true }));
  t.same(gather(said, storm, NOW), said, 'a storm that seems to be still to come is over');
  t.ok(isDue({ nextAt: NOW + HOUR, attempts: 1 }, NOW), 'nobody waits an hour after one try');
  t.notOk(isDue({ nextAt: NOW + 4 * SECOND, attempts: 1 }, NOW));
  const fresh = raised(undefined, 'k', pbx, NOW + HOUR);
  t.equal(aged(fresh, NOW).say, 'raised');
  const over = { ...fresh, toldAt: NOW + HOUR, toldAs: 'critical' as const, clearedAt: NOW + HOUR };
  t.equal(aged(over, NOW).say, 'cleared');
  const lasting = raised(undefined, 'k', { ...pbx, forMs: 5 * MINUTE }, NOW);
  t.equal(aged(lasting, NOW + 4 * MINUTE).alarm.clearedAt, null);
  t.equal(aged(lasting, NOW - 10 * SECOND).alarm.clearedAt, null, 'a little');
  t.equal(aged(lasting, NOW - DAY).alarm.clearedAt, NOW - DAY, 'nor anything standing');
  const again = raised(lasting, 'k', { ...pbx, forMs: 5 * MINUTE }, NOW - 365 * DAY);
  t.equal(aged(again, NOW - 365 * DAY + 4 * MINUTE).alarm.clearedAt, null, 'what is raised again stands');

  const clock = { ms: NOW };
  const [hook, mail] = [channel('webhook'), { ...channel('mail'), everyMs: DAY }];
  const lines = await open(t, catalogueFile(t.testdir({})), [hook, mail], clock);
  const tell = (at: number) => lines.deliver.tell({ ...notice('checkpoint'), at });
  tell(NOW);
  await until('the first', () => hook.got.length === 1 && mail.got.length === 1);
  clock.ms = NOW - 3 * DAY;
  tell(clock.ms);
  await until('the second', () => hook.got.length === 2 && mail.got.length === 2);
  tell(clock.ms + HOUR);
  await until('the third', () => hook.got.length === 3);
  t.equal(mail.got.length, 2, 'and one a day is one a day again');
});

t.test('delivery is tried for three days, less and less often', async (t) => {
  let at = NOW;
  let tries = 0;
  const waits: number[] = [];
  for (;;) {
    const next = nextTry(NOW, ++tries, at);
    if (next === null) break;
    waits.push(next - at);
    at = next;
  }
  t.ok(waits[0]! <= 10 * SECOND && waits.at(-1) === HOUR);
  t.ok(at - NOW >= 3 * DAY && tries < 100, `${tries} tries in ${(at - NOW) / DAY} days`);
});
