import t from 'tap';
import { type CallFacts, fits, type When } from '../../../daemon/domain/policy/conditions.js';
import { imagine } from '../../../daemon/domain/policy/imagined.js';

const call = imagine(
  { direction: 'in', number: '+1 (555) 010-2030', extension: ['201', '204'], queue: 'sales', did: '5550100' },
  Date.parse('2026-03-02T10:00:00Z'),
  { timeZone: 'UTC' },
);

/** Of each condition: what fits the call, and what does not. */
const each: { [C in keyof When]-?: { fit: NonNullable<When[C]>[]; other: NonNullable<When[C]>[] } } = {
  direction: { fit: [['in'], ['out', 'in']], other: [[], ['out'], ['internal', 'out']] },
  pbx: { fit: [['first'], ['warehouse', 'first']], other: [[], ['warehouse']] },
  extension: { fit: [['204'], ['999', '201']], other: [[], ['20'], ['2011'], ['warehouse/204']] },
  queue: { fit: [['sales'], ['support', 'sales']], other: [[], ['Sales'], ['sale'], ['warehouse/sales']] },
  did: {
    fit: [['5550100'], ['555-0100', '1']],
    other: [[], ['555010'], ['15550100'], ['warehouse/5550100']],
  },
  number_prefix: {
    fit: [['+1'], ['+44', '+1-555'], ['+15550102030']],
    other: [[], ['1'], ['+15550102030 4']],
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
  t.ok(fits({}, {} as CallFacts));
});

t.test('a bare name in a rule is one on the first PBX, and a call on another needs its own', async (t) => {
  const imagined = { direction: 'in', extension: '204', queue: 'sales', did: '55-50' } as const;
  const there = imagine({ ...imagined, pbx: 'warehouse' }, 0, { timeZone: 'UTC' });
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
    imagine({ direction: 'in', ...call }, 0, { timeZone: 'UTC' });
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
