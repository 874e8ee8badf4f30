import { existsSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { migrations } from '../../../daemon/catalogue/sqlite/migrations.js';
import { makeInterim } from '../../../daemon/catalogue/sqlite/upgrade/interim.js';
import { createUpgradeJournal } from '../../../daemon/catalogue/sqlite/upgrade/journal.js';
import { isOlder, versionOf } from '../../../daemon/catalogue/sqlite/upgrade/older.js';
import { replayJournal, replayLines } from '../../../daemon/catalogue/sqlite/upgrade/replay.js';
import {
  createUpgradingCatalogue,
  type Running,
} from '../../../daemon/catalogue/sqlite/upgrade/upgrading.js';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import { fail } from '../../../daemon/domain/error.js';
import { catalogueFile, interimCatalogueFile, upgradeJournalFile } from '../../../daemon/domain/paths.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import type { Segment } from '../../../daemon/domain/recording/recording.js';
import { removeDatabase } from '../../../daemon/ops/files/database.js';
import { makeOldCatalogue, OLD_VERSION } from '../../support/catalogue/old-catalogue.js';
import { until } from '../../support/recorder.js';
import { aCall } from '../../support/recordings/a-call.js';

const NOW = 1_700_000_000_000;
const openCall = (id: string) => aCall(id, { startedAt: NOW, answeredAt: NOW + 1_000, endedAt: null });

const capturing: Segment = {
  ...{
    callId: 'A',
    seq: 0,
    token: 'c0ffee00'.repeat(4),
    legId: 'leg',
    inStartedAt: NOW,
    outStartedAt: null,
    fed: '',
  },
  ...{ state: 'capturing', because: null, mutedFrom: { in: null, out: null }, swapped: false },
};

/** An old catalogue with a call in progress, and the same steps as the process that upgrades takes, when the test says so. */
function site(t: Test, { patienceMs = 0, upTo = OLD_VERSION } = {}) {
  const dir = t.testdir({ catalogue: {}, recorder: {} });
  const [path, journalFile, interimFile] = [
    catalogueFile(dir),
    upgradeJournalFile(dir),
    interimCatalogueFile(dir),
  ];
  makeOldCatalogue(path, 50, { upTo });
  const db = new Database(path);
  db.exec("UPDATE calls SET ended_at = NULL, outcome = NULL WHERE id LIKE '%0000000050'");
  db.close();
  const going: { go: () => void; fail: (e: Error) => void; finishes: number }[] = [];
  const faults: unknown[] = [];
  const run = (): Running => {
    let go = () => {};
    let stop = (_: Error) => {};
    const one = { finishes: 0 };
    const ready = new Promise<void>((resolve, reject) => {
      stop = reject;
      go = () =>
        void openDb(path)
          .then((db) => db.close())
          .then(() => replayJournal(path, journalFile, NOW))
          .then(() => resolve(), reject);
    });
    ready.catch(() => {});
    const made = Object.assign(one, { go, fail: stop });
    going.push(made);
    return {
      ready,
      async finish() {
        made.finishes += 1;
        const done = await replayJournal(path, journalFile, NOW);
        t.same(done?.faults ?? [], []);
      },
      stop: () => stop(new Error('stopped')),
    };
  };
  const start = () => {
    const journal = createUpgradeJournal(journalFile);
    return createUpgradingCatalogue({
      ...{ main: createSqliteCatalogue({ path }), journal, run, patienceMs, retryMs: 5 },
      older: () => isOlder(path),
      mint: () => 'one',
      removeInterim: () => removeDatabase(interimFile),
      async interim() {
        makeInterim(path, interimFile);
        const made = createSqliteCatalogue({ path: interimFile });
        await made.start();
        await replayLines(made, journalFile);
        return made;
      },
      onFault: (e) => void faults.push(e),
    });
  };
  return { path, journalFile, interimFile, going, faults, start };
}

t.test('calls are kept while the catalogue is upgraded, and are in it afterwards', async (t) => {
  const lab = site(t);
  const { catalogue, upgrading, whole } = lab.start();
  await catalogue.start();
  t.equal(upgrading(), true);
  const [open] = await catalogue.calls.open();
  t.match(open?.call, { id: /0000000050$/, endedAt: null }, 'the call in progress is known');
  t.equal((await catalogue.segments.of(open!.call.id)).length, 1);
  await catalogue.calls.save(openCall('A'), undefined, undefined);
  await catalogue.segments.save(capturing);

  await catalogue.watch.open(FIRST, NOW, because('not_running'));
  t.match(await catalogue.watch.close(FIRST, NOW + 5), { from: NOW, to: NOW + 5 });
  await catalogue.audited(entryOf(TAPEDECK, NOW, 'stop', {}), (c) => c.watch.watched(FIRST, NOW + 9));
  t.equal(await catalogue.watch.lastWatched(FIRST), NOW + 9);
  await t.rejects(catalogue.calls.list({ limit: 1 }), { code: 'catalogue_upgrading', status: 503 });
  await t.rejects(catalogue.schemaFaults(), { code: 'catalogue_upgrading' });
  await t.rejects(catalogue.people.list(), { code: 'catalogue_upgrading' });

  lab.going[0]!.go();
  const saves: Promise<unknown>[] = [];
  // Some are asked for just when it changes: none is lost, and none fails.
  const asking = setInterval(() => saves.push(catalogue.calls.save(openCall(`B${saves.length}`))), 1);
  t.equal(await whole(), true);
  clearInterval(asking);
  await Promise.all(saves);
  t.equal(upgrading(), false);
  t.same(lab.faults, [null]);
  t.same(await catalogue.schemaFaults(), []);
  const ids = (await catalogue.calls.open()).map(({ call }) => call.id);
  t.ok(ids.includes('A') && ids.includes(open!.call.id));
  for (const n of saves.keys()) t.ok(ids.includes(`B${n}`), `B${n}`);
  t.match(await catalogue.segments.of('A'), [{ seq: 0, state: 'capturing' }]);
  t.equal(await catalogue.watch.lastWatched(FIRST), NOW + 9);
  t.match(await catalogue.watch.windows({ pbx: FIRST, from: 0, to: NOW * 2 }), [{ from: NOW, to: NOW + 5 }]);
  t.match(await catalogue.audit.entries({ limit: 5 }), [{ action: 'stop' }]);
  t.equal((await catalogue.calls.list({ limit: 100 })).length > 50, true);
  await catalogue.stop();
  for (const file of [lab.journalFile, lab.interimFile, `${lab.interimFile}-wal`])
    t.notOk(existsSync(file), `${file} is gone`);
});

t.test('a recorder that ends during the upgrade leaves it to the next one', async (t) => {
  const lab = site(t);
  const first = lab.start();
  await first.catalogue.start();
  await first.catalogue.calls.save(openCall('A'));
  await first.catalogue.segments.save(capturing);
  await first.catalogue.stop();
  t.equal(await first.whole(), false);
  t.equal(versionOf(lab.path), OLD_VERSION);

  writeFileSync(lab.journalFile, 'cut o', { flag: 'a' }); // what a power failure leaves
  const second = lab.start();
  await second.catalogue.start();
  const ids = (await second.catalogue.calls.open()).map(({ call }) => call.id);
  t.ok(ids.includes('A'), 'the interim catalogue has what the journal has');
  t.match(
    await second.catalogue.segments.of('A'),
    [capturing],
    'its capture among it, by which name it runs',
  );
  await second.catalogue.calls.save(openCall('B'));
  lab.going[1]!.go();
  t.equal(await second.whole(), true);
  const after = (await second.catalogue.calls.open()).map(({ call }) => call.id);
  t.ok(after.includes('A') && after.includes('B'));
  await second.catalogue.stop();
});

t.test('a journal that is left is taken in once, whatever ended the one before', async (t) => {
  const lab = site(t);
  const first = lab.start();
  await first.catalogue.start();
  await first.catalogue.audit.append(entryOf(TAPEDECK, NOW, 'stop', {}));
  await first.catalogue.stop();
  (await openDb(lab.path)).close();
  t.match(await replayJournal(lab.path, lab.journalFile, NOW), { lines: 1, faults: [] });
  t.match(
    await replayJournal(lab.path, lab.journalFile, NOW),
    { lines: 0 },
    'the end of the process between both',
  );
  const second = lab.start();
  const started = second.catalogue.start();
  lab.going.at(-1)!.go();
  await started;
  t.equal(second.upgrading(), (await second.whole()) && false);
  t.equal((await second.catalogue.audit.entries({ actions: ['stop'], limit: 9 })).length, 1);
  await second.catalogue.stop();
  t.notOk(existsSync(lab.journalFile));
});

t.test('an upgrade that is over soon needs no interim catalogue', async (t) => {
  const lab = site(t, { patienceMs: 60_000 });
  const { catalogue, upgrading } = lab.start();
  const started = catalogue.start();
  lab.going[0]!.go();
  await started;
  t.equal(upgrading(), false);
  t.equal(lab.going[0]!.finishes, 1);
  t.equal((await catalogue.calls.list({ limit: 100 })).length, 50);
  await catalogue.stop();
  t.notOk(existsSync(lab.interimFile));
});

t.test('an upgrade that fails is tried again, and calls are kept meanwhile', async (t) => {
  const lab = site(t);
  const { catalogue, whole } = lab.start();
  await catalogue.start();
  lab.going[0]!.fail(fail('upgrade_room', 'x.'));
  await until('another try', () => lab.going.length === 2);
  t.match(lab.faults, [{ code: 'upgrade_room' }]);
  await catalogue.calls.save(openCall('A'));
  lab.going[1]!.go();
  t.equal(await whole(), true);
  t.equal(lab.faults.at(-1), null);
  t.ok((await catalogue.calls.open()).some(({ call }) => call.id === 'A'));
  await catalogue.stop();
});

t.test('an interim catalogue can be made of every version', async (t) => {
  for (let upTo = OLD_VERSION; upTo <= migrations.length; upTo += 1) {
    const lab = site(t, { upTo });
    makeInterim(lab.path, lab.interimFile);
    const interim = createSqliteCatalogue({ path: lab.interimFile, mustExist: true });
    await interim.start();
    t.same(await interim.schemaFaults(), [], `of version ${upTo}`);
    t.equal((await interim.calls.open()).length, 1);
    await interim.stop();
  }
});
