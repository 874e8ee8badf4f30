import t, { type Test } from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { readableNumber, regionOfZone } from '../../../daemon/domain/phone.js';
import type { CallRecord } from '../../../daemon/domain/recording/recording.js';
import { siteRegion } from '../../../daemon/ops/config.js';
import { freshCatalogue } from '../../support/catalogue/fresh.js';
import { aCall } from '../../support/recordings/a-call.js';

const party = (number: string, name = '') => ({ number, name, ours: false });

/** Finds calls by what is typed, each by its number or name. */
async function finder(t: Test, parties: { number: string; name: string; ours: boolean }[]) {
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(catalogueFile(t.testdir())) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  for (const [i, them] of parties.entries()) {
    const call: CallRecord = {
      ...aCall(`call-${i}`),
      them,
      us: party('201', 'Bea'),
      legs: [],
      did: '',
      dialled: '',
    };
    await catalogue.calls.save(call);
  }
  return async (text: string, region = 'GB', inside = false) =>
    (await catalogue.calls.list({ text, region, inside, limit: 100 }))
      .map(({ them }) => them.name || them.number)
      .sort();
}

t.test('a number is found in whichever format it was dialled and is typed', async (t) => {
  const same = ['+442079460123', '02079460123', '442079460123', '00442079460123', '902079460123'];
  const find = await finder(
    t,
    [...same, '+12079460123', '+442079460144'].map((number) => party(number)),
  );
  for (const typed of ['020 7946 0123', '+44 20 7946 0123', '(020) 7946-0123', '+44 (0)20 7946 0123'])
    t.same(await find(typed), [...same].sort(), typed);
  t.same(await find('+1 207 946 0123'), ['+12079460123'], 'the same digits in another country');
  t.same(await find('020 7946 0123', ''), ['02079460123', '902079460123'], 'of no country: as it is typed');
});

t.test('the beginning of a number finds it, where numbers are looked into', async (t) => {
  const london = ['+442079460144', '02079460123'];
  const find = await finder(
    t,
    [...london, '+4930901821', '+12079460144'].map((number) => party(number)),
  );
  for (const typed of ['020 7946', '+44 20 7946', '(020) 7946'])
    t.same(
      await find(typed, 'GB', true),
      typed.startsWith('+') ? ['+442079460144'] : [...london].sort(),
      typed,
    );
  t.same(await find('030 9018', 'DE', true), ['+4930901821']);
  t.same(await find('9460', 'GB', true), ['+12079460144', ...london].sort(), 'further on in it');
  t.same(await find('020 7946', 'GB'), [], 'and not without that');
  t.same(await find('946', 'GB', true), [], 'three digits stand in nearly every number');
});

t.test('digits find the numbers that end in them, and words of names', async (t) => {
  const find = await finder(t, [
    party('+442079460144'),
    party('+442079460123'),
    party('0301', 'Room 44'),
    party('0302', '44 Acacia Avenue'),
    party('0303', 'Unit 44 Stores'),
    party('0304', 'Unit 445 Stores'),
  ]);
  t.same(await find('44'), ['+442079460144', '44 Acacia Avenue', 'Room 44', 'Unit 44 Stores']);
  t.same(await find('7946 0144'), ['+442079460144']);
  t.same(await find('unit 445'), ['Unit 445 Stores']);
  t.same(await find('0302 201'), ['44 Acacia Avenue'], 'two numbers of one call');
  t.same(await find('- +'), await find(''), 'marks alone narrow nothing');
  t.same(await find('%'), []);
});

t.test('numbers are grouped as in their country, and no digit changes', async (t) => {
  for (const [number, region, shown] of [
    ['+442079460144', 'GB', '+44 20 7946 0144'],
    ['+442079460144', 'US', '+44 20 7946 0144'],
    ['02079460144', 'GB', '020 7946 0144'],
    ['442079460144', 'GB', '44 20 7946 0144'],
    ['+12133734253', 'GB', '+1 213 373 4253'],
    ['2133734253', 'US', '(213) 373-4253'],
    ['+4930901820', 'DE', '+49 30 901820'],
    ['+33142685300', 'FR', '+33 1 42 68 53 00'],
    ['0142685300', 'FR', '01 42 68 53 00'],
    ['02079460144', '', '02079460144'],
    ['10025', 'GB', '10025'],
    ['+999123456789', 'GB', '+999123456789'],
    ['1'.repeat(64), 'GB', '1'.repeat(64)],
    ['anonymous', 'GB', 'anonymous'],
  ] as const)
    t.equal(readableNumber(number, region), shown, `${number} in ${region || 'no country'}`);
});

t.test('the region of the site is that of its time zone unless it is set', async (t) => {
  for (const [zone, region] of [
    ['Europe/London', 'GB'],
    ['America/Chicago', 'US'],
    ['Asia/Kolkata', 'IN'],
    ['Europe/Berlin', 'DE'],
    ['UTC', ''],
  ] as const)
    t.equal(regionOfZone(zone), region, zone);
  const site = { name: 'T', time_zone: 'Europe/London', region: 'IE' };
  t.equal(siteRegion({ site }), 'IE');
});
