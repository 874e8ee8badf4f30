import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import type { AuditFilter } from '../../../daemon/catalogue/audit.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { createReader } from '../../../daemon/catalogue/sqlite/checked.js';
import { openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { createNouns } from '../../../daemon/catalogue/sqlite/nouns.js';
import type { AuditAction, AuditEntry } from '../../../daemon/domain/assurance/audit.js';
import { iso } from '../../../daemon/domain/days.js';
import { fillCatalogue } from '../../support/catalogue/many-rows.js';
import { dice, newSeed } from '../../support/search/dice.js';
import { runs } from '../../support/search/share-of-search.js';

/** What is looked through slice by slice says the same as if it were looked through at once. */
const ENTRIES = 45_000;
const T0 = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
type Entry = Omit<AuditEntry, 'hash'>;

t.test('entries of the log are found among many slices', async (t) => {
  const path = join(t.testdir({}), 'catalogue.db');
  const seed = newSeed();
  t.comment(`seed ${seed}`);
  const roll = dice(seed);
  const one = <T>(of: readonly T[]): T => of[Math.floor(roll() * of.length)]!;
  const db = await openDb(path);
  const add = db.prepare('INSERT INTO audit (seq, entry, hash) VALUES (?, ?, ?)');
  const all: Entry[] = Array.from({ length: ENTRIES }, (_, i) => ({
    // Some were told later than they happened.
    ...{ seq: i + 1, at: iso(T0 + i * MINUTE - (roll() < 0.1 ? Math.floor(roll() * 9_000 * MINUTE) : 0)) },
    ...{ actor: 'person' as const, actor_id: one(['P1', 'P1', 'P1', 'P2']), actor_name: 'Ada', address: '' },
    action: i % 30_000 === 7 ? 'export' : one<AuditAction>(['play', 'play', 'sign_in', 'view']),
    ...{ object: 'call', object_id: `C${Math.floor(roll() * 5_000)}`, reason: '' },
    outcome: one(['ok', 'ok', 'ok', 'refused', 'failed'] as const),
    detail: roll() < 0.3 ? { recording: `R${Math.floor(roll() * 2_000)}` } : ({} as Entry['detail']),
  }));
  db.transaction(() => {
    for (const entry of all) add.run(entry.seq, JSON.stringify(entry), Buffer.alloc(32));
  })();
  const { audit } = createNouns(
    db,
    createReader((bad) => t.fail(`${bad.table} ${bad.key}: ${bad.fault}`)),
  );
  const slicesOf = (time: Pick<AuditFilter, 'from' | 'to'>) => {
    let slices = 0;
    for (let next: number | null = null, over = false; !over; slices += 1, over = next === null)
      ({ next } = audit.entries({ ...time, actions: ['policy_change', 'erase'], limit: 1 }, next, 1));
    return slices;
  };
  t.equal(slicesOf({}), 5, 'of all time all are looked at');
  const month = { from: T0 + 5_000 * MINUTE, to: T0 + 17_000 * MINUTE };
  t.equal(slicesOf(month), 3, 'of an old time what has its numbers');
  t.equal(slicesOf({ from: 0, to: T0 - ENTRIES * MINUTE }), 1, 'nothing happened then');
  db.close();
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  const times = new Map(all.map(({ seq, at }) => [seq, Date.parse(at)]));
  const fits = (e: Entry, f: AuditFilter) =>
    (f.actor === undefined || e.actor_id === f.actor) &&
    (f.objectId === undefined || e.object_id === f.objectId) &&
    (f.recording === undefined || e.detail.recording === f.recording) &&
    (f.actions === undefined || f.actions.includes(e.action)) &&
    (f.outcome === undefined || e.outcome === f.outcome) &&
    (f.from === undefined || times.get(e.seq)! >= f.from) &&
    (f.to === undefined || times.get(e.seq)! < f.to) &&
    (f.before === undefined || e.seq < f.before);
  const newest = all.toReversed();
  const some = <T>(name: keyof AuditFilter, share: number, value: () => T) =>
    roll() < share ? { [name]: value() } : {};
  let hits = 0;
  for (let n = 0; n < runs(200); n += 1) {
    const from = T0 + Math.floor(roll() * ENTRIES) * MINUTE;
    const filter: AuditFilter = {
      ...some('actor', 0.3, () => one(['P1', 'P2', 'nobody'])),
      ...some('objectId', 0.1, () => `C${Math.floor(roll() * 5_000)}`),
      ...some('recording', 0.1, () => `R${Math.floor(roll() * 2_000)}`),
      ...some('actions', 0.5, () =>
        one([['export'], ['play'], ['play', 'sign_in'], ['export', 'erase'], ['erase'], []] as const),
      ),
      ...some('outcome', 0.3, () => one(['ok', 'refused', 'failed'])),
      ...some('from', 0.4, () => from),
      ...some('to', 0.4, () => from + Math.floor(roll() * 20_000) * MINUTE),
      ...some('before', 0.2, () => Math.floor(roll() * ENTRIES)),
      limit: one([1, 10, 100, 500]),
    };
    const found = await catalogue.audit.entries(filter);
    const wanted = newest.filter((e) => fits(e, filter)).slice(0, filter.limit);
    hits += found.length;
    if (found.map(({ seq }) => seq).join() !== wanted.map(({ seq }) => seq).join())
      t.fail('other entries', { filter, found: found.length, wanted: wanted.length });
  }
  t.ok(hits > 1_000, `${hits} entries were found`);
});

t.test('the calls that a phone was heard in are found by its name', async (t) => {
  const path = join(t.testdir({}), 'catalogue.db');
  const seed = newSeed();
  t.comment(`seed ${seed}`);
  const roll = dice(seed);
  const rows = 12_000;
  const one = <T>(from: readonly T[]): T => from[Math.floor(roll() * from.length)]!;
  const db = await openDb(path);
  fillCatalogue(db, rows);
  const flags = (i: number) =>
    i % 3_000 === 7 ? 'clipped' : one(['', '', '', 'echo', 'one_way', 'echo one_way']);
  const add = db.prepare('INSERT INTO ears SELECT ?, ?, ?, ?, started_at, ? FROM calls WHERE id = ?');
  const of = (i: number) => [`R${String(i).padStart(10, '0')}`, `C${String(i).padStart(10, '0')}`] as const;
  const heard = new Map<string, { name: string; flags: string }[]>();
  db.transaction(() => {
    for (let i = 0; i < rows; i += 1) {
      const [recording, call] = of(i);
      const both = ['us', 'them'].map((side) => {
        const ear = { name: roll() < 0.8 ? '101' : '102', flags: flags(i) };
        add.run(recording, side, 'extension', ear.name, ear.flags, call);
        return ear;
      });
      heard.set(call, both);
    }
    db.exec(
      "INSERT INTO call_reach SELECT 'extension', '101', started_at, id FROM calls WHERE rowid % 3 = 0",
    );
  })();
  const reached = new Set(db.prepare('SELECT call_id FROM call_reach').pluck().all());
  db.close();
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  const all = [...heard].toReversed();
  let hits = 0;
  for (let n = 0; n < 60; n += 1) {
    const ear = { kind: 'extension' as const, name: one(['101', '101', '102', '999']) };
    const quality = one([undefined, 'any', 'echo', 'clipped'] as const);
    const reach = one(['all', [{ kind: 'extension', name: '101' }]] as const);
    const shown = all.filter(([id]) => reach === 'all' || reached.has(id));
    const before = roll() < 0.7 ? one(shown)[0] : undefined;
    const fits = ({ name, flags }: { name: string; flags: string }) =>
      name === ear.name &&
      (quality === undefined || (quality === 'any' ? flags !== '' : flags.split(' ').includes(quality)));
    const wanted = shown.filter(([id, both]) => both.some(fits) && (before === undefined || id < before));
    const limit = one([1, 20]);
    const found = await catalogue.calls.list({ ear, quality, reach, before, limit });
    hits += found.length;
    t.same(
      found.map(({ id }) => id),
      wanted.slice(0, limit).map(([id]) => id),
      `${ear.name}, ${quality}, ${reach === 'all' ? 'all' : 'some'}, before ${before}`,
    );
  }
  t.ok(hits > 100, `${hits} calls were found`);
  const [first, second] = [of(0)[1], of(rows - 1)[1]];
  await catalogue.calls.absorb(first, second);
  const other = new Database(path, { readonly: true });
  t.teardown(() => other.close());
  t.equal(
    other
      .prepare('SELECT count(DISTINCT started_at) FROM ears WHERE recording_id IN (?, ?)')
      .pluck()
      .get(of(0)[0], of(rows - 1)[0]),
    1,
    'what was heard in a call that became one with another has its time',
  );
});

t.test('rare answered calls, and a hash, are found among many slices', async (t) => {
  const path = join(t.testdir({}), 'catalogue.db');
  const rows = 60_000;
  const db = await openDb(path);
  fillCatalogue(db, rows);
  const answered = db.prepare('SELECT id FROM calls WHERE rowid % 7000 = 0 ORDER BY id DESC').pluck().all();
  db.exec('UPDATE calls SET answered_at = NULL WHERE rowid % 7000 <> 0');
  db.close();
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  for (const n of [0, 49_999, 50_000, rows - 1])
    t.equal(await catalogue.seals.sealedAs(String(n).padStart(64, '0')), `R${String(n).padStart(10, '0')}`);
  t.equal(await catalogue.seals.sealedAs('f'.repeat(64)), null);
  const found: string[] = [];
  let pages = 0;
  let before: Parameters<typeof catalogue.notices.calls>[0]['before'] | null;
  for (; before !== null; pages += 1) {
    const page = await catalogue.notices.calls({ from: 0, to: Number.MAX_SAFE_INTEGER, before, limit: 3 });
    found.push(...page.calls.map(({ id }) => id));
    before = page.next;
  }
  t.same(found, answered, 'newest first');
  t.ok(pages <= rows / 5_000 + answered.length + 1, `${pages} pages`);
});
