import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Test } from 'tap';
import t from 'tap';
import { fail } from '../../../daemon/domain/error.js';
import { createAudit } from '../../../web/audit/audit.js';
import { createTeller } from '../../../web/audit/teller.js';
import type { Ask } from '../../../web/server/ask.js';
import type { Untold } from '../../../web/store/telling.js';
import { aStore } from '../../support/dashboard-store.js';
import { until } from '../../support/recorder.js';
import { tellingRecorder } from '../../support/telling-recorder.js';

type Recorder = Awaited<ReturnType<typeof tellingRecorder>>;

/** A dashboard's side of the audit log, which can end and start again; its teller waits for 50 ms only. */
function dashboard(t: Test, recorder: Recorder, ask: Ask = recorder.ask) {
  const kept = aStore(t, join(recorder.dir, 'web', 'web.db'));
  const make = () => {
    const store = kept.open();
    return { store, ...createAudit({ store, ask, now: recorder.now, log: kept.log, againMs: 50 }) };
  };
  let now = make();
  t.teardown(() => now.stop());
  return {
    audit: () => now,
    logged: kept.logged,
    path: kept.path,
    /** Without a word, as a process that is killed. */
    kill(): void {
      kept.close();
    },
    start: () => {
      now = make();
      return now;
    },
  };
}

const requestOf = (more: object = {}) => ({ session: null, ip: '::ffff:10.0.0.7', ...more }) as never;
const session = (person: object = {}) => ({ id: 'S', person: { id: 'ada', name: 'ADA', ...person } });
const numbers = async (recorder: Recorder) => (await recorder.entries()).map(({ detail }) => detail.n);
const settled = (recorder: Recorder, count: number) =>
  until(`${count} entries`, async () => (await recorder.entries()).length === count);
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

t.test('what people do is told at once, by whom and from where', async (t) => {
  const recorder = await tellingRecorder(t);
  await recorder.add('ada');
  await recorder.start();
  const { audit } = dashboard(t, recorder);
  const { note, refused, of, by, own } = audit();
  note(of(requestOf({ session: session() }), 'view', { object: 'call', object_id: 'C' }));
  note(of(requestOf({ session: session({ only: ['view'] }) }), 'search', { words: 'Grace' }));
  refused(of(requestOf(), 'sign_in', { detail: { because: 'wrong' } }));
  note(by({ id: 'ada' }, '::1', 'session_end'));
  note(own('start', { detail: { version: '1' } }));
  await settled(recorder, 5);
  t.match(await recorder.entries(), [
    { actor: 'person', actor_name: 'ADA', address: '10.0.0.7', action: 'view', object_id: 'C' },
    { actor: 'token', actor_name: 'ADA', action: 'search', words: 'Grace', detail: { token: 'S' } },
    { actor: 'person', actor_id: '', outcome: 'refused', detail: { because: 'wrong' } },
    { actor: 'person', actor_name: 'ADA', address: '::1', action: 'session_end' },
    { actor: 'tapedeck', action: 'start' },
  ]);
  await until('nothing waits', () => audit().store.telling.waiting() === 0);
});

t.test('it waits for a recorder that is away, also over restarts, and is told in order', async (t) => {
  const recorder = await tellingRecorder(t);
  await recorder.add('ada');
  const one = dashboard(t, recorder);
  const view = (n: number) => one.audit().note(one.audit().by({ id: 'ada' }, '', 'view', { detail: { n } }));
  for (let n = 0; n < 150; n++) view(n);
  await until('kept', () => one.audit().store.telling.waiting() === 150);
  one.kill();
  one.start();
  for (let n = 150; n < 300; n++) view(n);
  await one.audit().stop();
  t.same(await recorder.entries(), []);
  const saidSo = () => one.logged.filter(({ msg }) => /wait for the recorder/.test(String(msg))).length;
  t.equal(saidSo(), 2, 'said once each');

  one.start();
  for (let n = 300; n < 450; n++) view(n);
  recorder.clock.ms += 60_000;
  const before = saidSo();
  await until('it was tried', () => saidSo() > before);
  await recorder.start();
  await settled(recorder, 450);
  t.same(await numbers(recorder), upTo(450));
  t.match((await recorder.entries())[0], { at: '2026-11-27T09:01:00.000Z' });
  t.equal((await recorder.entries())[0]!.detail.happened, '2026-11-27T09:00:00.000Z');
  await until('that it goes on is said', () => /takes entries/.test(String(one.logged.at(-1)?.msg)));
});

t.test('what was written is not written again when the answer was lost', async (t) => {
  let lose = 2;
  const recorder = await tellingRecorder(t, (handlers) => ({
    ...handlers,
    async tell(body) {
      const answer = await handlers.tell(body);
      if (lose-- > 0) throw fail('internal');
      return answer;
    },
  }));
  await recorder.start();
  const one = dashboard(t, recorder);
  one.audit().note(one.audit().own('start', { detail: { n: 0 } }));
  await settled(recorder, 1);
  one.audit().note(one.audit().own('stop', { detail: { n: 1 } }));
  await until('all told', () => one.audit().store.telling.waiting() === 0);
  t.same(await numbers(recorder), [0, 1]);
});

t.test('what the recorder will not take does not keep the rest', async (t) => {
  const recorder = await tellingRecorder(t);
  const one = dashboard(t, recorder);
  const { note, own, by, store } = one.audit();
  note(own('start', { detail: { n: 0 } }));
  note(by({ id: 'ada' }, '', 'erase', { detail: { n: 1 } }));
  note(by({ id: 'ada' }, '', 'view', { detail: { n: 2 } }));
  note({ ...own('stop'), outcome: 'nonsense' as never });
  note(own('stop', { detail: { n: 3 } }));
  await until('kept', () => store.telling.waiting() === 5);
  const db = new Database(one.path);
  db.exec("UPDATE telling SET entry = 'broken' WHERE seq = 3");
  db.close();
  await recorder.start();
  await settled(recorder, 2);
  await until('all told', () => store.telling.waiting() === 0);
  t.same(await numbers(recorder), [0, 3]);
  t.equal(one.logged.filter(({ msg }) => /is dropped/.test(String(msg))).length, 3, 'each is logged');
});

t.test('too many are told later, and not lost', async (t) => {
  let busy = true;
  const recorder = await tellingRecorder(t, (handlers) => ({
    ...handlers,
    async tell(body) {
      if (busy) throw fail('too_many');
      return handlers.tell(body);
    },
  }));
  await recorder.start();
  const one = dashboard(t, recorder);
  one.audit().note(one.audit().own('start', { detail: { n: 0 } }));
  await until('refused', () => one.logged.length === 1);
  t.equal(one.audit().store.telling.waiting(), 1);
  busy = false;
  await settled(recorder, 1);
});

t.test('long entries go in several batches, and one that is too long without its detail', async (t) => {
  const recorder = await tellingRecorder(t);
  await recorder.start();
  const one = dashboard(t, recorder);
  const { note, by } = one.audit();
  const view = (detail: Untold['detail']) => note(by({ id: 'ada' }, '', 'view', { detail }));
  // Each character takes three bytes.
  for (let n = 0; n < 60; n++) view({ n, text: '呼'.repeat(1_500) });
  view({ n: 60, list: Array(150).fill('x'.repeat(2_000)) });
  note({
    ...by({ id: 'x'.repeat(300) }, 'y'.repeat(300), 'search', { object: 'o'.repeat(90) }),
    words: 'w'.repeat(900),
  });
  await settled(recorder, 62);
  const [first, ...more] = await recorder.entries();
  t.equal(String(first!.detail.text).length, 1_000);
  t.match(more.at(-2)!.detail, { too_long: /^100\d{3}$/ }, 'its length is said');
  t.equal(more.at(-1)!.object.length, 40);
});

t.test('a database that was set back takes another name, so that nothing is taken for told', async (t) => {
  const recorder = await tellingRecorder(t);
  await recorder.start();
  const one = dashboard(t, recorder);
  const { note, own, store } = one.audit();
  const source = store.telling.source();
  const entry = { at: new Date().toISOString(), actor: 'tapedeck', actor_id: '', actor_name: '' } as const;
  await recorder.catalogue.audit.tell(
    source,
    [
      {
        seq: 7,
        entry: {
          ...entry,
          address: '',
          action: 'start',
          object: '',
          object_id: '',
          reason: '',
          outcome: 'ok',
          detail: { n: -1 },
        },
      },
    ],
    recorder.clock.ms,
  );
  note(own('start', { detail: { n: 0 } }));
  await settled(recorder, 2);
  t.not(store.telling.source(), source);
  t.same(await numbers(recorder), [-1, 0]);
});

t.test('of a storm of refusals the first are told, and how many more there were', async (t) => {
  const recorder = await tellingRecorder(t);
  await recorder.start();
  const one = dashboard(t, recorder);
  const { refused, of } = one.audit();
  const guess = (ip = '10.0.0.7') => refused(of(requestOf({ ip }), 'sign_in'));
  for (let n = 0; n < 100; n++) guess();
  guess('10.0.0.8');
  await settled(recorder, 31);
  t.match((await recorder.entries()).at(-1), { address: '10.0.0.8', detail: { refusals_before: 70 } });
});

t.test('only one batch is under way at a time', async (t) => {
  let under = 0;
  let most = 0;
  const recorder = await tellingRecorder(t);
  await recorder.start();
  const ask: Ask = async (name, body) => {
    most = Math.max(most, ++under);
    try {
      return await recorder.ask(name, body);
    } finally {
      under -= 1;
    }
  };
  const kept = aStore(t, join(recorder.dir, 'web', 'web.db'));
  const { telling } = kept.open();
  const teller = createTeller({ telling, ask, log: kept.log, againMs: 50 });
  const entry = (n: number): Untold => ({
    ...{ at: recorder.clock.ms, person: '', own: true, address: '', action: 'start', outcome: 'ok' },
    ...{ object: '', object_id: '', reason: '', detail: { n } },
  });
  for (let n = 0; n < 500; n++) {
    telling.add([entry(n)]);
    if (n % 50 === 0) teller.soon();
    if (n % 100 === 0) await new Promise(setImmediate);
  }
  teller.soon();
  await settled(recorder, 500);
  t.equal(most, 1);
  t.same(await numbers(recorder), upTo(500));
  await teller.stop();
});
