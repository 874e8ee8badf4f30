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
  extension: { fit: [['204'], ['999', '201']], other: [[], ['20'], ['2011']] },
  queue: { fit: [['sales'], ['support', 'sales']], other: [[], ['Sales'], ['sale']] },
  did: { fit: [['5550100'], ['555-0100', '1']], other: [[], ['555010'], ['15550100']] },
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
