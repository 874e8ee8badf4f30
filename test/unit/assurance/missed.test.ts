import t from 'tap';
import { ulid } from 'ulid';
import { createCdrJournal } from '../../../daemon/cdr/journal.js';
import { times as timesIn } from '../../../daemon/domain/days.js';
import { cdrJournalFile } from '../../../daemon/domain/paths.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import type { Coverage } from '../../../daemon/domain/recording/recording.js';
import { createStamps } from '../../../daemon/pbx/stamps.js';
import { aCdr, ledger, link } from '../../support/ledger.js';
import { until } from '../../support/recorder.js';
import { aCall } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

/** 25 November 2026, 09:00 UTC. */
const T0 = Date.UTC(2026, 10, 25, 9);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const recorded: Coverage = { status: 'recorded', why: null, rule: null, missingMs: 0 };

t.test(
  'a call of which there is no row raises an alarm that names it, and a late row clears it',
  async (t) => {
    const { assure, clock, standing, record, report } = await ledger(t);
    await assure.up();
    for (const n of [1, 2, 3]) {
      if (n === 3) clock.ms = T0 + 40_000;
      if (n !== 2) await record(n, T0 + n * 1000);
      assure.hear(aCdr(link(n), { startAt: T0 + n * 1000 }));
    }
    await until('the CDRs are written', async () => (await report('all')).totals.unwitnessed === 0);
    t.same([...standing], [], 'late events have their time');
    clock.ms = T0 + 60_000;
    const alarm = await until('an alarm', () => standing.get(`call_missed ${link(2)}`));
    t.match(alarm, { severity: 'critical', message: /Ada Caller with 5550100, 2026-11-25T09:00:02, 30 s/ });
    t.equal(standing.size, 1);
    t.match((await report()).totals, { answered: 3, recorded: 2, missing: 1 });

    await record(2, T0 + 2000);
    await assure.up();
    await until('all clear', () => standing.size === 0);
    t.match(await report(), { percent: 100, totals: { recorded: 3, missing: 0, differs: 0, surplus: 0 } });
  },
);

t.test('the very first CDR counts when it could not be written before a kill', async (t) => {
  const dir = t.testdir();
  const journal = createCdrJournal({ file: cdrJournalFile(dir) });
  const cdr = aCdr(link(1), { startAt: T0 - 60_000, endAt: T0 - 30_000 });
  journal.append({ at: cdr.endAt + 900, cdr });
  journal.stop();
  const { catalogue } = await ledger(t, {}, dir);
  await until('it is written', async () => (await catalogue.ledger.sources())[0]?.count === 1);
});

t.test('a CDR that comes late takes a call off the list of those without one', async (t) => {
  const { assure, catalogue, clock, record, report } = await ledger(t);
  await assure.up();
  clock.ms = T0 - 1000;
  await record(1, T0);
  assure.hear(aCdr(link(9), { startAt: T0 - 40_000, endAt: T0, disposition: 'NO ANSWER', answerAt: null }));
  await until('it is heard', () => catalogue.ledger.witness(FIRST));
  clock.ms = T0 + 10 * MINUTE;
  assure.hear(aCdr(link(8), { startAt: clock.ms - 5000, disposition: 'NO ANSWER', answerAt: null }));
  await until('there is a witness', async () => (await report()).totals.surplus === 1);
  assure.hear(aCdr(link(1)));
  await until('it is found', async () => (await report()).totals.surplus === 0);
  t.match((await report('all')).totals, { answered: 1, recorded: 1 });
});

t.test(
  'a call in a time when nobody watched gets a row, which says so; test calls are not counted',
  async (t) => {
    const { assure, catalogue, clock, standing, report } = await ledger(t);
    await catalogue.watch.open(FIRST, T0 - MINUTE, noted('The daemon did not run.'));
    await catalogue.watch.close(FIRST, T0 + MINUTE);
    await assure.up();
    await catalogue.calls.save(
      aCall(ulid(T0), { startedAt: T0, linkedids: [link(7)], test: true }),
      recorded,
    );
    assure.hear(aCdr(link(7)));
    assure.hear(aCdr(link(1)));
    assure.hear(aCdr(link(1), { peer: 'PJSIP/102-x', answerAt: null, disposition: 'NO ANSWER' }));
    clock.ms = T0 + 2 * MINUTE;
    await until('it was looked at', () => standing.size === 1);
    const calls = await catalogue.calls.list({ limit: 10 });
    t.match(calls, [
      {
        direction: 'in',
        linkedids: [link(1)],
        them: { number: '+15550123', name: 'Ada Caller', ours: false },
        us: { number: '101', ours: true },
        answeredAt: T0 + 5_000,
        endedAt: T0 + 35_000,
        coverage: { status: 'not_recorded', missingMs: 30_000 },
      },
    ]);
    t.match(
      inWords(calls[0]!.coverage.why, timesIn('UTC')),
      /was lost from .*08:59:00 to .*09:01:00.*did not run/,
    );
    t.match((await report()).totals, { answered: 1, not_recorded: 1, missing: 0 });
    await assure.up();
    t.equal((await catalogue.calls.list({ limit: 10 })).length, 1, 'and once only');

    const transferred = { channel: 'PJSIP/101-0000000a', peer: 'PJSIP/102-0000000b', uniqueid: link(2) };
    const times = { startAt: T0 + 35_000, answerAt: T0 + 35_000, endAt: T0 + 95_000 };
    assure.hear(aCdr(link(1), { ...transferred, ...times }));
    const whole = await until('what came later is in the row', async () => {
      const found = await catalogue.calls.list({ limit: 10 });
      return found[0]!.endedAt === T0 + 95_000 && found;
    });
    t.match(whole, [{ id: calls[0]!.id, coverage: { status: 'not_recorded', missingMs: 90_000 } }]);
    t.match((await report()).totals, { answered: 1, not_recorded: 1, differs: 0 });
  },
);

t.test('many lost calls are named at first and counted then', async (t) => {
  const { assure, clock, standing } = await ledger(t);
  await assure.up();
  for (let n = 0; n < 40; n++) assure.hear(aCdr(link(n), { channel: `PJSIP/t-${n}`, src: `+1555${n}` }));
  clock.ms = T0 + 2 * MINUTE;
  const many = await until('they are counted', () => {
    const alarm = standing.get('calls_missed');
    return alarm?.message.startsWith('30 ') && alarm;
  });
  t.match(many.message, '30 more answered calls were not recorded');
  t.equal(standing.size, 11);
  clock.ms += 2 * 86_400_000;
  await until('a day later they do not stand any more', () => standing.size === 0);
  standing.set('calls_missed', many);
  await assure.up();
  t.equal(standing.size, 0, 'nor does what was said before a restart');
});

t.test('lost calls whose CDRs have no ids are told apart', async (t) => {
  const { assure, clock, standing } = await ledger(t);
  await assure.up();
  for (const n of [1, 2])
    assure.hear(aCdr('', { channel: `PJSIP/trunk-0000000${n}`, peer: '', startAt: T0 + n * MINUTE }));
  clock.ms = T0 + 5 * MINUTE;
  await until('both are named', () => standing.size === 2);
  await assure.up();
  t.equal(standing.size, 2, 'once each');
});

t.test("a call is found by its CDRs, whatever the PBX's clock shows and is set to", async (t) => {
  for (const apart of [HOUR, -HOUR])
    t.test(`${apart} ms`, async (t) => {
      const { assure, catalogue, clock, record, report } = await ledger(t);
      const pbx = { ahead: apart };
      const ask = async () => clock.ms + pbx.ahead;
      const stamps = createStamps({ now: () => clock.ms, ask, deliver: () => {} });
      await stamps.measure();
      await assure.up();
      await record(1, T0);
      const cdr = aCdr(link(1), { startAt: T0 + apart });
      clock.ms = T0 + MINUTE;
      assure.hear(stamps.written(cdr));
      await until('it is compared', async () => (await report('all')).totals.unwitnessed === 0);
      t.match((await report()).totals, { answered: 1, recorded: 1, missing: 0, surplus: 0, differs: 0 });

      pbx.ahead = 0;
      stamps.forget();
      await stamps.measure();
      const read = await catalogue.ledger.add([stamps.written(cdr)], 'cdr_csv', clock.ms);
      t.same(read, [], 'and the same record, read when that clock is right again, is nothing new');
    });
});

t.test('a source that brings what is known already has not been heard', async (t) => {
  const { assure, catalogue } = await ledger(t);
  await assure.up();
  for (const minutes of [1, 2]) await catalogue.ledger.add([aCdr(link(1))], 'cdr_csv', T0 + minutes * MINUTE);
  t.same(await catalogue.ledger.witness(FIRST), { since: T0 + MINUTE, last: T0 + MINUTE });
  t.match(await catalogue.ledger.sources(), [{ name: 'cdr_csv', count: 1 }]);
});

t.test('when no CDR has ever come although calls were answered, that is said', async (t) => {
  const { assure, clock, standing, record } = await ledger(t, {
    pace: { grace: 20_000, look: 10, read: MINUTE },
  });
  await assure.up();
  for (const n of [1, 2, 3]) await record(n, T0 + n * MINUTE);
  clock.ms = T0 + 10 * MINUTE;
  await until('the silence is heard', () => standing.has('cdr_silent'));
  t.match(standing.get('cdr_silent'), { message: /has never sent a CDR/, hint: /cdr_manager\.conf/ });
  assure.hear(aCdr(link(3), { startAt: T0 + 3 * MINUTE }));
  await until('it is over', () => !standing.has('cdr_silent'));
});

t.test('when CDRs stop coming, that is said', async (t) => {
  const pace = { grace: 20_000, look: 10, read: MINUTE };
  const { assure, catalogue, clock, standing, record } = await ledger(t, { pace });
  await assure.up();
  await record(1, T0);
  assure.hear(aCdr(link(1)));
  await until('it is heard', () => catalogue.ledger.witness(FIRST));
  clock.ms = T0 + 10 * MINUTE;
  for (const n of [2, 3, 4]) await record(n, T0 + n * MINUTE);
  clock.ms = T0 + 11 * MINUTE;
  await until('the silence is heard', () => standing.has('cdr_silent'));
  assure.hear(aCdr(link(4), { startAt: T0 + 4 * MINUTE }));
  await until('it is over', () => !standing.has('cdr_silent'));
});
