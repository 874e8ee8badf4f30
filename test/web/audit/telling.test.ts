import t, { type Test } from 'tap';
import { fail } from '../../../daemon/domain/error.js';
import type { ControlBody } from '../../../daemon/domain/operations/control.js';
import { createTeller } from '../../../web/audit/teller.js';
import type { Ask } from '../../../web/server/ask.js';
import type { Untold } from '../../../web/store/telling.js';
import { aStore } from '../../support/dashboard-store.js';
import { until } from '../../support/recorder.js';
import { log, told } from '../../support/web/audit-log.js';
import { addCall, type Dashboard, openDashboard, START, setUp } from '../../support/web/dashboard.js';

t.setTimeout(120_000);

const look = (n: number, change: Partial<Untold> = {}): Untold => ({
  ...{ at: START + n, person: 'p', address: '10.0.0.1', action: 'view', outcome: 'ok' },
  ...{ object: 'call', object_id: `${n}`, reason: '', detail: {} },
  ...change,
});
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** A teller on a database that can be opened again, and a recorder that answers as it is told to. */
function aTeller(t: Test, answer: (body: ControlBody<'tell'>) => number) {
  const house = aStore(t);
  const heard: ControlBody<'tell'>[] = [];
  const ask = (async (_name: string, body: ControlBody<'tell'>) => {
    heard.push(body);
    return { seq: answer(body) };
  }) as unknown as Ask;
  const begin = () => {
    const store = house.open();
    const teller = createTeller({ telling: store.telling, ask, log: quiet, againMs: 20 });
    return { telling: store.telling, teller };
  };
  return { heard, begin, entries: () => heard.flatMap(({ entries }) => entries) };
}
const lastOf = ({ entries }: ControlBody<'tell'>) => entries.at(-1)!.seq;

t.test('what waits is told in order, over restarts, and by the same name', async (t) => {
  let away = true;
  const lab = aTeller(t, (body) => {
    if (away) throw fail('daemon_unreachable');
    return lastOf(body);
  });
  const first = lab.begin();
  first.telling.add([1, 2, 3].map((n) => look(n)));
  first.teller.soon();
  await first.teller.stop();
  t.equal(first.telling.waiting(), 3, 'it waits');
  const second = lab.begin();
  t.equal(second.telling.waiting(), 3, 'also when the dashboard starts again');
  second.telling.add([look(4)]);
  second.teller.soon();
  await until('that it was refused', () => lab.heard.length > 2);
  lab.heard.length = 0;
  away = false;
  await until('all told', () => second.telling.waiting() === 0);
  await second.teller.stop();
  t.same(
    lab.entries().map((e) => [e.seq, e.object_id]),
    [1, 2, 3, 4].map((n) => [n, `${n}`]),
  );
  t.equal(new Set(lab.heard.map(({ source }) => source)).size, 1);
});

t.test('an entry that the recorder does not take is dropped alone', async (t) => {
  const lab = aTeller(t, (body) => {
    if (body.entries.some((e) => e.object_id === '2')) throw fail('request_invalid');
    return lastOf(body);
  });
  const { telling, teller } = lab.begin();
  telling.add([1, 2, 3].map((n) => look(n)));
  await teller.stop();
  t.equal(telling.waiting(), 0);
  t.same(
    lab.heard.map(({ entries }) => entries.map((e) => e.object_id)),
    [['1', '2', '3'], ['1'], ['2'], ['3']],
  );
});

t.test('no batch is longer than the recorder reads', async (t) => {
  const lab = aTeller(t, lastOf);
  const { telling, teller } = lab.begin();
  const long = '語'.repeat(900);
  telling.add(Array.from({ length: 500 }, (_, n) => look(n, n % 5 === 0 ? { detail: { long } } : {})));
  await teller.stop();
  t.equal(telling.waiting(), 0);
  t.same(
    lab.entries().map((e) => e.object_id),
    Array.from({ length: 500 }, (_, n) => `${n}`),
  );
  for (const body of lab.heard) {
    t.ok(body.entries.length <= 200);
    t.ok(Buffer.byteLength(JSON.stringify(body)) < 60_000, `${JSON.stringify(body).length} characters`);
  }
});

t.test('a database that is older than the recorder knows tells under another name', async (t) => {
  const sources = new Map<string, number>();
  const lab = aTeller(t, ({ source, entries }) => {
    // As the recorder does: it has heard 40 from this one.
    const known = sources.get(source) ?? (sources.size === 0 ? 40 : 0);
    const now = Math.max(known, entries.at(-1)!.seq);
    sources.set(source, now);
    return now;
  });
  const { telling, teller } = lab.begin();
  telling.add([look(1)]);
  teller.soon();
  await until('all told', () => telling.waiting() === 0);
  await teller.stop();
  t.equal(sources.size, 2);
  t.same([...sources.values()], [40, 1], 'and nothing is taken for told that was not');
});

t.test('what is told twice is written once', async (t) => {
  const d = await openDashboard(t);
  await setUp(d);
  const { id } = await addCall(d.catalogue);
  const anna = (await d.catalogue.userByName('anna'))!.id;
  await told(d);
  const entry = {
    ...look(1),
    person: anna,
    object_id: id,
    at: d.clock.ms,
    seq: d.store.telling.newest() + 1,
  };
  const tell = (entries: object[]) =>
    d.ask('tell', { source: d.store.telling.source(), entries: entries as ControlBody<'tell'>['entries'] });
  t.same(await tell([entry]), { seq: entry.seq });
  t.same(await tell([entry, { ...entry, seq: entry.seq + 1 }]), { seq: entry.seq + 1 });
  t.equal(await views(d), 2, 'where an answer was lost on its way');
  for (const action of ['play', 'policy_change', 'erase', 'sign_in'])
    await t.rejects(tell([{ ...entry, seq: entry.seq + 9, action }]), { code: 'request_invalid' }, action);
  t.equal(await views(d), 2);
});

const views = async (d: Dashboard) => (await log(d)).filter((e) => e.action === 'view').length;
