import t from 'tap';
import { createNumbersInLists } from '../../../daemon/catalogue/listed.js';
import {
  endText,
  LIST_COLUMNS,
  listCells,
  listFaultText,
  readListRows,
} from '../../../daemon/domain/policy/lists/list-file.js';
import { createNumberIndex, type Listed } from '../../../daemon/domain/policy/lists/number-list.js';
import { standingFault } from '../../../daemon/domain/policy/standing/standing.js';
import { regionOf } from '../../../daemon/domain/telling/region.js';
import { readCsv } from '../../../daemon/ops/tables/read-csv.js';
import { aStanding } from '../../support/catalogue/every-row.js';
import { opened } from '../../support/catalogue/opened.js';

const site = { timeZone: 'Europe/Berlin', region: 'DE' };
const NOW = Date.UTC(2026, 10, 28, 9);
const listed = (id: number, list: string, number: string, until: number | null = null): Listed => ({
  ...{ id, list, number, until, note: '', addedAt: 1, addedBy: 'ada' },
});
const read = (text: string) => readListRows(readCsv(text).rows, site, NOW);
const faultsOf = (text: string) => read(text).faults.map(listFaultText);

t.test('a number is found on a list in whatever notation, and only while it is to be there', async (t) => {
  const index = createNumberIndex('DE');
  index.add(listed(1, 'VIP', '+49 30 1234567'));
  index.add(listed(2, 'Do not record', '(030) 123 45 67', NOW + 5));
  index.add(listed(3, 'VIP', '116117'));
  index.add(listed(4, 'Abroad', '0033 1 23 45 67 89'));
  for (const number of ['0301234567', '+49301234567', '0049 30 1234567', '49301234567'])
    t.same(index.listsOf(number, NOW), ['Do not record', 'VIP'], number);
  t.same(index.listsOf('0301234567', NOW + 5), ['VIP'], 'its time on the other list is over');
  t.same(index.listsOf('116117', NOW), ['VIP'], 'a number that no country has');
  t.same(index.listsOf('+33123456789', NOW), ['Abroad']);
  for (const number of ['', '030123456', '1234567', 'anonymous'])
    t.same(index.listsOf(number, NOW), [], number);
  t.equal(index.on('VIP', '030 1234567', NOW), 1);
  index.remove(1);
  index.remove(99);
  t.same(index.listsOf('0301234567', NOW), ['Do not record']);
  t.equal(index.on('VIP', '030 1234567', NOW), null);
});

t.test('of a file everything that is wrong is named with its line, and what to do', async (t) => {
  const file = [
    'Number,note,until',
    '+49 30 1234567,Ann,2027-01-31',
    '0301234567,the same,',
    '',
    'Müller,,',
    '4.42079E+11,,',
    ',nobody,',
    '12345,,2027-02-30',
    '12346,,2026-11-27',
    `12347,${'x'.repeat(201)},`,
    '12348,a,,d',
  ].join('\n');
  t.same(faultsOf(file), [
    'line 3: "0301234567" is the same number as in line 2. Delete one of the two lines.',
    'line 5: "Müller" is not a telephone number. Write digits with or without the country code, such as +44 20 7946 0123.',
    'line 6: "4.42079E+11" was rounded by a spreadsheet. Format the column as text and enter the number again.',
    'line 7: The number is missing. Write one, or delete the line.',
    'line 8: "2027-02-30" is not a day. Write it as 2027-01-31 or 2027-01-31 18:00, or leave the cell empty.',
    'line 9: "2026-11-27" is in the past. Write a later day, or delete the line.',
    'line 10: The note is longer than 200 characters. Shorten it.',
    'line 11: There are more cells than columns. Put a text that contains a comma in quotation marks.',
  ]);
  t.same(faultsOf('a,b\n1,2'), [
    'line 1: The columns are "a, b". The first line names the columns: number, and if you like note and until.',
  ]);
  t.same(faultsOf('number'), [
    'line 1: There is no number in the file. Put a number in each line below the names of the columns.',
  ]);
  t.match(readCsv('number\n"12'), { rows: [], broken: { line: 2, why: /Quote/ } });
  const many = `number\n${Array.from({ length: 10_001 }, (_, i) => `0301${String(i).padStart(6, '0')}`).join('\n')}`;
  t.match(faultsOf(many), [/line 10002: There are more than 10000 numbers/]);
});

t.test('files of spreadsheets are read, in whatever order their columns are', async (t) => {
  const { entries, faults } = read(
    '\ufeffuntil;number;note\r\n;"0301234567";"Board;\nAnn"\r\n2027-01-31 18:00;116117;\r\n',
  );
  t.same(faults, []);
  t.match(entries, [
    { line: 2, number: '0301234567', note: 'Board;\nAnn', until: null },
    { line: 4, number: '116117', until: Date.UTC(2027, 0, 31, 17) },
  ]);
});

t.test(
  'what is given out is read again as it was, and no spreadsheet takes any of it for a formula',
  async (t) => {
    const until = Date.UTC(2027, 0, 31, 23);
    const given = [
      { ...listed(1, 'VIP', '+49 30 1234567', until), note: '=HYPERLINK("http://x")' },
      { ...listed(2, 'VIP', '*97#', until - 1), note: '' },
    ];
    const rows = given.map((entry) => listCells(entry, site.timeZone));
    t.same(rows, [
      ["'+49 30 1234567", '\'=HYPERLINK("http://x")', '2027-01-31'],
      ['*97#', '', '2027-01-31 23:59'],
    ]);
    t.equal(endText(null, site.timeZone), '');
    const back = readListRows(
      [{ line: 1, cells: [...LIST_COLUMNS] }, ...rows.map((cells, i) => ({ line: i + 2, cells }))],
      site,
      NOW,
    );
    t.match(back, {
      faults: [],
      entries: [{ number: '+49 30 1234567', note: '=HYPERLINK("http://x")', until }, { number: '*97#' }],
    });
  },
);

t.test('the recorder has the lists in memory, and follows what is put on them and what ends', async (t) => {
  const { catalogue } = await opened(t);
  const clock = { ms: NOW };
  await catalogue.lists.save({ name: 'VIP', note: '', addedAt: 1, addedBy: 'ada' });
  const number = (i: number) => `030${1_000_000 + i}`;
  const many = Array.from({ length: 2_500 }, (_, i) => ({ number: number(i), note: '', until: null }));
  await catalogue.lists.put('VIP', many, 'ada', 1, false);
  await catalogue.lists.put('VIP', [{ number: '116117', note: '', until: NOW }], 'ada', 1, false);
  const lists = createNumbersInLists({ catalogue, region: 'DE', clock: () => clock.ms });
  await lists.ready();
  for (const i of [0, 999, 1_000, 2_499]) t.same(lists.namesFor(`+4930${1_000_000 + i}`), ['VIP'], `${i}`);
  t.same(lists.namesFor('116117'), []);
  t.equal((await catalogue.lists.all())[0]?.numbers, 2_500, 'what has ended is removed');
  await lists.changed(
    await catalogue.lists.put('VIP', [{ number: '116118', note: '', until: NOW + 9 }], 'ada', 2, true),
  );
  t.same([number(0), '116118'].map(lists.namesFor), [[], ['VIP']]);
  clock.ms += 9;
  t.same(lists.namesFor('116118'), [], 'from its end on, whether it was removed or not');
});

t.test('without a country a number that names none is accepted by nothing, and extensions are', async (t) => {
  const nowhere = { timeZone: 'UTC', region: '' };
  const taken = (number: string) => ({
    list: readListRows(readCsv(`number\n${number}\n`).rows, nowhere, NOW).faults.map(({ code }) => code),
    standing: standingFault({ ...aStanding(number) }, NOW, ''),
  });
  for (const number of ['0113 496 0178', '(030) 901820-0', '5551234567'])
    t.match(taken(number), { list: ['number_country'], standing: /has no country code/ }, number);
  for (const number of ['+44 113 496 0178', '0044 113 496 0178', '4930901821', '101', '116117'])
    t.same(taken(number), { list: [], standing: null }, number);
  t.same(taken('x').list, ['number_bad']);
  // The plus sign is missing where trunks leave it out.
  t.match(regionOf('4930901821', 'US'), { region: 'DE' });
  t.match(regionOf('4930901821', ''), { region: 'DE' });
});
