import t from 'tap';
import type { When } from '../../../daemon/domain/policy/conditions.js';
import type { CallFacts } from '../../../daemon/domain/policy/facts.js';
import { imagine } from '../../../daemon/domain/policy/imagined.js';
import { fits as fitsAround, notStored } from '../../../daemon/domain/policy/match.js';

const call = imagine(
  {
    ...{ direction: 'in', number: '+1 (555) 010-2030', extension: ['201', '204'], queue: 'sales' },
    ...{ did: '5550100', trunk: 'sip', account: '4711', list: ['VIP', 'Press'], id: '1772445600.17' },
    variable: ['CAMPAIGN=spring', 'EMPTY=', 'EQUATION=a=b'],
  },
  Date.parse('2026-03-02T10:00:00Z'),
  { timeZone: 'UTC', region: 'GB' },
);

const around = {
  rule: 'Sample',
  groups: [
    { name: 'Sales', extensions: ['204', '205'] },
    { name: 'Dock', extensions: ['warehouse/204', '999'] },
  ],
  holidays: [
    { date: '03-02', name: 'Every year' },
    { date: '2026-05-01', name: 'Once' },
  ],
};
const fits = (when: When, facts: CallFacts) => fitsAround(when, facts, around);

/** Of each condition: what fits the call, and what does not. */
const each: { [C in keyof When]-?: { fit: NonNullable<When[C]>[]; other: NonNullable<When[C]>[] } } = {
  direction: { fit: [['in'], ['out', 'in']], other: [[], ['out'], ['internal', 'out']] },
  pbx: { fit: [['first'], ['warehouse', 'first']], other: [[], ['warehouse']] },
  extension: { fit: [['204'], ['999', '201']], other: [[], ['20'], ['2011'], ['warehouse/204']] },
  queue: { fit: [['sales'], ['support', 'sales']], other: [[], ['Sales'], ['sale'], ['warehouse/sales']] },
  group: { fit: [['Sales'], ['Dock', 'Sales']], other: [[], ['Dock'], ['sales'], ['No such']] },
  trunk: { fit: [['sip'], ['gsm', 'sip']], other: [[], ['gsm'], ['warehouse/sip']] },
  account: { fit: [['4711'], ['1', '4711']], other: [[], ['471'], ['warehouse/4711']] },
  variable: {
    fit: [['CAMPAIGN=spring'], ['X=1', 'EQUATION=a=b']],
    other: [
      [],
      ['CAMPAIGN=Spring'],
      ['campaign=spring'],
      ['CAMPAIGN=spring '],
      ['EQUATION=a'],
      ['toString=1'],
    ],
  },
  list: { fit: [['VIP'], ['None', 'Press']], other: [[], ['vip'], ['None']] },
  holiday: { fit: [true], other: [false] },
  percentage: { fit: [99], other: [1] },
  did: {
    fit: [['5550100'], ['555-0100', '1']],
    other: [[], ['555010'], ['15550100'], ['warehouse/5550100']],
  },
  number_prefix: {
    fit: [['+1'], ['+44', '+1-555'], ['+15550102030']],
    other: [[], ['1'], ['+15550102030 4']],
  },
  number: {
    fit: [['+15550102030'], ['+44', '001 555 010 2030'], ['15550102030']],
    other: [[], ['5550102030'], ['+1555010203'], ['+']],
  },
  // There is no area code 555.
  region: { fit: [['unknown'], ['DE', 'unknown']], other: [[], ['US'], ['DE', 'US']] },
  weekday: { fit: [['mon'], ['sun', 'mon']], other: [[], ['sun', 'tue']] },
  hours: {
    fit: [['10:00-10:01'], ['20:00-21:00', '00:00-24:00'], ['22:00-10:01'], ['10:00-10:00']],
    other: [[], ['08:00-10:00'], ['10:01-09:59'], ['22:00-06:00']],
  },
};

for (const [name, { fit, other }] of Object.entries(each))
  t.test(`the condition ${name}`, async (t) => {
    for (const wanted of fit) t.ok(fits({ [name]: wanted }, call), `${wanted} fits`);
    for (const wanted of other) t.notOk(fits({ [name]: wanted }, call), `[${wanted}] does not`);
    const all: When = { direction: ['in'], extension: ['201'], queue: ['sales'] };
    t.ok(fits({ ...all, [name]: fit[0] }, call), 'with others that fit');
    t.notOk(fits({ ...all, [name]: other[0] }, call), 'one that does not is enough');
  });

t.test('no condition fits every call', async (t) => {
  t.ok(fits({}, call));
  t.ok(fitsAround({}, {} as CallFacts));
});

t.test('a bare name in a rule is one on the first PBX, and a call on another needs its own', async (t) => {
  const imagined = { direction: 'in', extension: '204', queue: 'sales', did: '55-50' } as const;
  const there = imagine({ ...imagined, pbx: 'warehouse' }, 0, { timeZone: 'UTC', region: 'GB' });
  t.equal(there.pbx, 'warehouse');
  for (const [when, other] of [
    [{ pbx: ['warehouse'] }, { pbx: ['first'] }],
    [{ extension: ['warehouse/204'] }, { extension: ['204'] }],
    [{ queue: ['warehouse/sales'] }, { queue: ['sales'] }],
    [{ did: ['warehouse/5550'] }, { did: ['5550'] }],
  ] satisfies [When, When][]) {
    t.ok(fits(when, there), JSON.stringify(when));
    t.notOk(fits(other, there), JSON.stringify(other));
  }
  t.notOk(fits({ queue: ['warehouse/'] }, { ...there, queue: '' }), 'no queue fits no name');
  t.notOk(
    fits({ did: ['ware/house5550'] }, { ...there, did: '5550' }),
    'the id and the number are not run together',
  );
});

t.test('an imagined call is on one PBX', async (t) => {
  const at = (call: Omit<Parameters<typeof imagine>[0], 'direction'>) =>
    imagine({ direction: 'in', ...call }, 0, { timeZone: 'UTC', region: 'GB' });
  t.match(at({ extension: ['warehouse/204'] }), { pbx: 'warehouse', extensions: ['204'] });
  t.match(at({ pbx: 'warehouse', queue: 'warehouse/sales' }), { pbx: 'warehouse', queue: 'sales' });
  t.match(at({ pbx: 'first', extension: '204' }), { pbx: '', extensions: ['204'] });
  t.match(at({}), { pbx: '' });
  for (const call of [
    { extension: ['warehouse/204', '201'] },
    { pbx: 'first', extension: 'warehouse/204' },
    { pbx: 'warehouse', did: 'shop/5550' },
    { pbx: 'No such' },
  ])
    t.throws(() => at(call), { code: 'request_invalid' }, JSON.stringify(call));
});

t.test('day and time are those of the site, and of when the call began', async (t) => {
  const at = (time: string, timeZone: string) =>
    imagine({ direction: 'in' }, Date.parse(time), { timeZone, region: '' });
  const late = at('2026-03-02T23:30:00Z', 'Europe/Berlin');
  t.ok(fits({ weekday: ['tue'], hours: ['00:30-00:31'] }, late), 'half past midnight there');
  t.notOk(fits({ weekday: ['mon'] }, late));
  t.ok(fits({ hours: ['22:00-06:00'] }, late), 'hours may go over midnight');
  t.ok(fits({ hours: ['02:00-03:00'] }, at('2026-10-25T00:30:00Z', 'Europe/Berlin')), 'the hour that comes');
  t.ok(fits({ hours: ['02:00-03:00'] }, at('2026-10-25T01:30:00Z', 'Europe/Berlin')), 'and comes again');
  t.ok(fits({ weekday: ['sun'], hours: ['05:15-05:16'] }, at('2026-11-28T23:30:00Z', 'Asia/Kathmandu')));
});

t.test('where a number is from is a matter of its code, or of the site for one that has none', async (t) => {
  const from = (number: string, region: string) =>
    imagine({ direction: 'in', number }, 0, { timeZone: 'UTC', region });
  for (const [number, site, region] of [
    ['+14165550123', 'DE', 'CA'],
    ['+1 212 555 0123', 'DE', 'US'],
    ['030 12345678', 'DE', 'DE'],
    ['+493012345678', '', 'DE'],
    ['030 12345678', '', 'unknown'],
    ['', 'DE', 'unknown'],
    ['anonymous', 'DE', 'unknown'],
  ] as const) {
    t.ok(fits({ region: [region] }, from(number, site)), `${number} in ${site}: ${region}`);
    t.notOk(fits({ region: ['FR'] }, from(number, site)), `${number} in ${site}: not FR`);
  }
});

t.test('a number is the same in whatever notation', async (t) => {
  const by = (number: string, region: string) =>
    imagine({ direction: 'in', number }, 0, { timeZone: 'UTC', region });
  for (const [wanted, number, region] of [
    ['020 7946 0123', '+442079460123', 'GB'],
    ['+44 20 7946 0123', '02079460123', 'GB'],
    ['+442079460123', '00442079460123', ''],
    ['201', '201', 'GB'],
    ['anonymous', 'anonymous', ''],
  ] as const)
    t.ok(fits({ number: [wanted] }, by(number, region)), `${wanted}, ${number}`);
  for (const [wanted, number, region] of [
    ['020 7946 0123', '+442079460123', 'DE'],
    ['020 7946 0123', '02079460124', 'GB'],
    ['7946 0123', '02079460123', 'GB'],
    ['+', '', 'GB'],
    ['anonymous', '', ''],
  ] as const)
    t.notOk(fits({ number: [wanted] }, by(number, region)), `${wanted}, not ${number}`);
});

t.test('an imagined call begins when it says, by the clock of the site', async (t) => {
  const site = { timeZone: 'America/New_York', region: 'US' };
  const began = (at: string) => imagine({ direction: 'in', at }, 5, site).startedAt;
  t.equal(began('2026-03-02 14:30'), Date.parse('2026-03-02T19:30:00Z'));
  t.equal(began('2026-03-02T14:30'), Date.parse('2026-03-02T19:30:00Z'), 'also as ISO 8601 writes it');
  t.equal(began('2026-03-08 02:30'), Date.parse('2026-03-08T07:00:00Z'), 'an hour that there is not');
  t.equal(began('2026-11-01 01:30'), Date.parse('2026-11-01T05:30:00Z'), 'the first of two');
  t.equal(imagine({ direction: 'in' }, 5, site).startedAt, 5);
  for (const at of ['2026-02-30 10:00', '2026-13-01 10:00', 'noon', '2026-03-02', '2026-03-02 25:00'])
    t.throws(() => began(at), { code: 'request_invalid' }, at);
});

t.test('a holiday is a day at the site, of one year or of every year', async (t) => {
  const on = (at: string, timeZone = 'UTC') => imagine({ direction: 'in', at }, 0, { timeZone, region: '' });
  for (const at of ['2026-03-02 00:00', '2027-03-02 23:59', '2026-05-01 12:00'])
    t.ok(fits({ holiday: true }, on(at, 'Asia/Kathmandu')), at);
  for (const at of ['2026-03-01 23:59', '2027-05-01 12:00'])
    t.ok(fits({ holiday: false }, on(at, 'America/New_York')), at);
  t.ok(fitsAround({ holiday: false }, call), 'without holidays every day is another one');
});

t.test('numbers of parties who were added count, and groups have extensions on any PBX', async (t) => {
  const conference = { ...call, added: ['+49 30 116 123'] };
  for (const when of [
    { number: ['030 116123', '+4930116123'] },
    { number_prefix: ['+4930'] },
    { region: ['DE'] },
  ] satisfies When[]) {
    t.ok(fits(when, conference), JSON.stringify(when));
    t.notOk(fits(when, call));
  }
  const there = imagine({ direction: 'in', extension: 'warehouse/204' }, 0, call.site);
  t.ok(fits({ group: ['Dock'] }, there));
  t.notOk(fits({ group: ['Sales'] }, there));
});

t.test('what was not stored with a call fits nothing', async (t) => {
  const old = { ...call, trunks: null, account: null, variables: null };
  for (const when of [{ trunk: ['sip'] }, { account: ['4711'] }, { variable: ['CAMPAIGN=spring'] }])
    t.notOk(fits(when, old), JSON.stringify(when));
  const rule = { name: 'R', reason: '', when: { account: ['1'], trunk: ['x'], queue: ['q'] } };
  t.same(notStored([rule], old), ['trunk', 'account'], 'and is said');
  t.same(notStored([rule], call), []);
});

t.test('an imagined variable has a name and a value', async (t) => {
  t.throws(() => imagine({ direction: 'in', variable: 'CAMPAIGN' }, 0, call.site), {
    code: 'request_invalid',
  });
});
