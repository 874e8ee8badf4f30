import Database from 'better-sqlite3';
import t from 'tap';
import { createReader } from '../../../daemon/catalogue/sqlite/checked.js';
import { createNouns } from '../../../daemon/catalogue/sqlite/nouns.js';
import { isDiskError } from '../../../daemon/domain/error.js';
import { opened } from '../../support/catalogue/opened.js';

t.test('every statement fits the tables, though each is prepared at its first use', async (t) => {
  const { path } = await opened(t);
  const db = new Database(path);
  t.teardown(() => db.close());
  let prepared = 0;
  const counting = Object.assign(Object.create(db), {
    prepare(sql: string) {
      prepared += 1;
      return db.prepare(sql);
    },
  });
  createNouns(
    counting,
    createReader(() => {}),
  );
  const first = prepared;
  createNouns(
    counting,
    createReader(() => {}),
    (open) => open,
  );
  t.ok(prepared > 300 && first < prepared / 10, `${first} at first, of ${prepared}`);
});

t.test(
  'what is asked of a table that is gone says that the catalogue is damaged, and all else goes on',
  async (t) => {
    const { catalogue, path } = await opened(t);
    await catalogue.stop();
    const db = new Database(path);
    db.exec('DROP TABLE report_mailings');
    db.close();
    await catalogue.start();
    const refused = await catalogue.mailings.list().catch((e: unknown) => e);
    t.match(refused, { code: 'catalogue_damaged', detail: /no such table: report_mailings/ });
    t.ok(isDiskError(refused), 'so what was to be written is tried again once it is restored');
    t.same(await catalogue.calls.list({ limit: 1 }), []);
    t.match((await catalogue.schemaFaults()).join(), /report_mailings/);
  },
);
