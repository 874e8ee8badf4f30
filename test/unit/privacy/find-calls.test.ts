import { join } from 'node:path';
import t from 'tap';
import { findCalls } from '../../../daemon/catalogue/privacy/find-calls.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { fillCatalogue } from '../../support/catalogue/many-rows.js';
import { aCall } from '../../support/recordings/a-call.js';

const MINUTE = 60_000;
const FIRST = 1_700_000_000_000;
const MANY = 12_000;
const asked = {
  numbers: ['030 1234567', '+49 40 7654321'],
  region: 'DE',
  zone: 'Europe/Berlin',
  from: null,
  to: null,
};

t.test('the calls of a request are found among thousands, slice by slice, each once', async (t) => {
  const path = join(t.testdir(), 'catalogue.db');
  const db = await openDb(path);
  fillCatalogue(db, MANY);
  db.close();
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  const add = (id: string, number: string, startedAt: number) =>
    catalogue.calls.save(aCall(id, { startedAt, them: { number, name: '', ours: false } }));
  // The oldest and the newest, several at the same moment, on the border of a slice, and some that only end alike.
  await add('A0', '0301234567', FIRST - MINUTE);
  await add('A1', '+49301234567', FIRST + (MANY - 5_000) * MINUTE);
  await add('A2', '+49407654321', FIRST + (MANY - 5_000) * MINUTE);
  await add('A3', '+49301234567', FIRST + MANY * MINUTE);
  await add('B0', '+431301234567', FIRST + 10 * MINUTE);
  const found = async (more: object = {}) => {
    const limits: number[] = [];
    const list: typeof catalogue.calls.list = (filter) => {
      limits.push(filter.to! - filter.from!);
      return catalogue.calls.list(filter);
    };
    const { calls, more: others } = await findCalls(catalogue, list, { ...asked, ...more });
    return { ids: calls.map(({ id }) => id), others, slices: limits.length / 2 };
  };
  t.same(await found(), { ids: ['A3', 'A2', 'A1', 'A0'], others: false, slices: 3 });
  t.match(await found({ from: '2023-11-14', to: '2023-11-14' }), { ids: ['A0'], slices: 1 });
  t.match(await found({ from: '2030-01-01' }), { ids: [] });
  for (let n = 0; n < 501; n++)
    await add(`B${n}`, '+431301234567', FIRST + (MANY - 600) * MINUTE + n * MINUTE);
  const hidden = FIRST + (MANY - 700) * MINUTE;
  await add('A4', '+49301234567', hidden);
  t.same((await found()).ids, ['A3', 'A4', 'A2', 'A1', 'A0'], 'also behind more than 500 that end alike');
  for (let n = 0; n < 501; n++) await add(`C${n}`, '+49301234567', FIRST + MANY * MINUTE + n);
  const many = await found();
  t.equal(many.ids.length, 500);
  t.match(many, { others: true, slices: 1 }, 'and nothing older is looked at');
  t.equal(await catalogue.calls.startBefore(FIRST - MINUTE, 0), null);
  t.equal(await catalogue.calls.startBefore(FIRST, 0), FIRST - MINUTE);
  t.equal(await catalogue.calls.startBefore(FIRST + MINUTE, 1), FIRST - MINUTE);
});
