import { join } from 'node:path';
import t from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { type Db, openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { migrations } from '../../../daemon/catalogue/sqlite/migrations.js';
import { type EarTrend, type QualityFlag, qualityFlags } from '../../../daemon/domain/recording/quality.js';
import { makeOldCatalogue, OLD_VERSION } from '../../support/catalogue/old-catalogue.js';
import { dice, newSeed } from '../../support/search/dice.js';

const DAY = 86_400_000;
const T0 = 19_700 * DAY;
const CHANGES = 10_000;

type Ear = { kind: string; name: string; started_at: number; flags: string };

/** What phones and lines sound like, counted from every row. */
function recounted(db: Db, from: number, to: number): EarTrend[] {
  const rows = db
    .prepare("SELECT kind, name, flags FROM ears WHERE started_at >= ? AND started_at < ? AND name <> ''")
    .all(from, to) as Ear[];
  const of = (kind: string, name: string): EarTrend => {
    const its = rows.filter((row) => row.kind === kind && row.name === name).map((row) => row.flags);
    const having = (flag: QualityFlag) => its.filter((flags) => flags.split(' ').includes(flag)).length;
    return {
      ...{ kind: kind as EarTrend['kind'], name, calls: its.length },
      flagged: its.filter((flags) => flags !== '').length,
      flags: Object.fromEntries(qualityFlags.map((flag) => [flag, having(flag)])) as EarTrend['flags'],
    };
  };
  const keys = [...new Set(rows.map(({ kind, name }) => JSON.stringify([kind, name])))];
  return keys.map((key) => of(...(JSON.parse(key) as [string, string])));
}

const sorted = (trends: EarTrend[]) =>
  trends.toSorted((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1));

t.test('totals of quality are those of a recount after any changes', async (t) => {
  const path = join(t.testdir({}), 'catalogue.db');
  const db = await openDb(path);
  t.teardown(() => db.close());
  db.pragma('foreign_keys = OFF');
  const seed = newSeed();
  t.comment(`seed ${seed}`);
  const roll = dice(seed);
  const one = <T>(of: readonly T[]): T => of[Math.floor(roll() * of.length)]!;
  const ear = () => ({
    kind: one(['extension', 'line']),
    name: one(['101', '102', '103', 'trunk', '']),
    started_at: T0 + Math.floor(roll() * 5 * DAY),
    flags: one(['', '', 'echo', 'noisy', 'echo noisy', 'one_way silent']),
  });
  const key = () => ({ id: `R${Math.floor(roll() * 900)}`, side: one(['us', 'them']) });
  const add = db.prepare('INSERT OR IGNORE INTO ears VALUES ($id, $side, $kind, $name, $started_at, $flags)');
  const change =
    db.prepare(`UPDATE ears SET kind = $kind, name = $name, started_at = $started_at, flags = $flags
    WHERE recording_id = $id AND side = $side`);
  const forget = db.prepare("UPDATE ears SET name = '' WHERE recording_id = $id");
  const drop = db.prepare('DELETE FROM ears WHERE recording_id = $id AND side = $side');
  db.transaction(() => {
    for (let n = 0; n < CHANGES; n += 1) {
      const which = roll();
      if (which < 0.5) add.run({ ...key(), ...ear() });
      else if (which < 0.75) change.run({ ...key(), ...ear() });
      else if (which < 0.8) forget.run({ id: key().id });
      else drop.run(key());
    }
  })();
  t.ok((db.prepare('SELECT count(*) FROM ears').pluck().get() as number) > 300);
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  for (const [from, to] of [
    [0, Number.MAX_SAFE_INTEGER],
    [T0, T0 + 5 * DAY],
    [T0 + DAY, T0 + 2 * DAY],
    [T0 + 3_600_000, T0 + 4 * DAY - 7_200_000],
    [T0 + DAY + 1, T0 + 2 * DAY],
    [T0 + DAY / 2, T0 + DAY / 2 + 1_000_000],
    [T0 + 9 * DAY, T0 + 10 * DAY],
  ] as const)
    t.same(
      sorted(await catalogue.recordings.trends(from, to)),
      sorted(recounted(db, from, to)),
      `${from} to ${to}`,
    );
  db.exec("UPDATE ears SET name = ''");
  t.equal(db.prepare('SELECT count(*) FROM ear_days').pluck().get(), 0, 'without a name nothing is left');
});

t.test('totals of quality of an earlier version are made by its upgrade', async (t) => {
  const path = join(t.testdir({}), 'catalogue.db');
  makeOldCatalogue(path, 2_000, { upTo: OLD_VERSION });
  const db = await openDb(path);
  t.teardown(() => db.close());
  t.ok(migrations.length > OLD_VERSION);
  const total = db.prepare('SELECT sum(calls) FROM ear_days').pluck().get();
  t.equal(total, db.prepare('SELECT count(*) FROM ears').pluck().get());
  t.equal(total, 4_000);
});
