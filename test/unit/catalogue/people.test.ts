import t from 'tap';
import { type AuditEvent, digestOf, GENESIS, linked } from '../../../daemon/domain/assurance/audit.js';
import { canonical } from '../../../daemon/domain/assurance/canonical.js';
import { mayDo, mayEver, type Person, reach, WHOLE } from '../../../daemon/domain/people/person.js';
import type { Leg, Mark } from '../../../daemon/domain/recording/recording.js';
import { aCall } from '../../support/recordings/a-call.js';

const person = (change: Partial<Person>): Person => ({
  ...{ id: 'p', name: 'Anna', roles: [], extensions: [], grants: [] },
  scope: { all: false, extensions: [], queues: [], dids: [] },
  ...change,
});
const T = 1_700_000_000_000;
const leg = (number: string, from: number, until: number | null): Leg => ({
  ...{ id: `leg-${number}-${from}`, endpoint: number, seenAt: T + from - 2000 },
  party: { number, name: '', ours: true },
  upAt: T + from,
  goneAt: until === null ? null : T + until,
});
const mark = (kind: Mark['kind'], atMs: number, text = ''): Mark => ({
  atMs,
  untilMs: null,
  kind,
  text,
  legId: null,
});
const call = aCall('a', {
  ...{ answeredAt: T, startedAt: T - 5000, endedAt: T + 90_000, did: '5551000', queue: 'sales' },
  legs: [leg('101', 0, 30_000), leg('102', 30_000, 60_000), leg('101', 60_000, 90_000)],
  marks: [mark('queue', 1500, 'sales')],
});

t.test('a right goes with a leg: from when somebody came into the call until they left it', async (t) => {
  const agent = (...extensions: string[]) => person({ roles: ['agent'], extensions });
  t.strictSame(reach(agent('102'), 'play', call), [{ fromMs: 30_000, untilMs: 60_000 }]);
  t.strictSame(reach(agent('101'), 'play', call), [
    { fromMs: 0, untilMs: 30_000 },
    { fromMs: 60_000, untilMs: 90_000 },
  ]);
  t.strictSame(reach(agent('101', '102'), 'play', call), [{ fromMs: 0, untilMs: 90_000 }], 'joined');
  t.strictSame(reach(agent('103'), 'view', call), [], 'no such call');
  t.strictSame(reach(agent('102'), 'download', call), [], 'not given');
  const given = person({ roles: ['agent'], extensions: ['102'], grants: ['download', 'export'] });
  t.strictSame(reach(given, 'download', call), [{ fromMs: 30_000, untilMs: 60_000 }]);
  t.strictSame(reach(given, 'export', call), [], 'not to be given to an agent');
});

t.test('a reviewer reaches what is in their scope', async (t) => {
  const reviewer = (scope: Partial<Person['scope']>) =>
    person({ roles: ['reviewer'], scope: { all: false, extensions: [], queues: [], dids: [], ...scope } });
  t.equal(reach(reviewer({ all: true }), 'play', call), WHOLE);
  t.equal(reach(reviewer({ dids: ['5551000'] }), 'play', call), WHOLE);
  t.strictSame(reach(reviewer({ queues: ['sales'] }), 'play', call), [{ fromMs: 1500, untilMs: null }]);
  t.strictSame(reach(reviewer({ queues: ['support'], dids: ['1'] }), 'view', call), []);
  const outside = {
    ...call,
    did: '',
    queue: '',
    legs: [{ ...leg('101', 0, null), party: { number: '101', name: '', ours: false } }],
  };
  t.strictSame(
    reach(reviewer({ extensions: ['101'], queues: [''], dids: [''] }), 'view', outside),
    [],
    'an outsider who says that they are 101',
  );
});

t.test('a queue has a call from when it came there until it came into the next queue', async (t) => {
  const of = (queue: string, change: Partial<typeof call>) =>
    reach(
      person({ roles: ['reviewer'], scope: { all: false, extensions: [], queues: [queue], dids: [] } }),
      'play',
      { ...call, ...change },
    );
  const passedOn = {
    queue: 'complaints',
    marks: [mark('queue', 0, 'sales'), mark('agent', 9000, '101'), mark('queue', 120_000, 'complaints')],
  };
  t.strictSame(of('sales', passedOn), [{ fromMs: 0, untilMs: 120_000 }], 'not what was said after');
  t.strictSame(of('complaints', passedOn), [{ fromMs: 120_000, untilMs: null }], 'nor before');
  const back = { ...passedOn, marks: [...passedOn.marks, mark('queue', 200_000, 'sales')] };
  t.strictSame(of('sales', back), [
    { fromMs: 0, untilMs: 120_000 },
    { fromMs: 200_000, untilMs: null },
  ]);
  t.strictSame(of('complaints', back), [{ fromMs: 120_000, untilMs: 200_000 }]);
  const again = { marks: [mark('queue', 5000, 'sales'), mark('queue', 1000, 'sales')] };
  t.strictSame(of('sales', again), [{ fromMs: 1000, untilMs: null }], 'the same queue twice is one stretch');
  t.strictSame(of('sales', { marks: [] }), [{ fromMs: 0, untilMs: null }], 'the PBX did not say when');
  t.strictSame(of('', { queue: '', marks: [mark('queue', 0)] }), [], 'nor which');
});

t.test('an admin hears nothing, an auditor changes nothing', async (t) => {
  const admin = person({ roles: ['admin'], grants: ['download', 'export'] });
  t.equal(reach(admin, 'view', call), WHOLE);
  for (const right of ['play', 'download', 'export'] as const) t.notOk(mayEver(admin, right), right);
  t.ok(mayDo(admin, 'people') && mayDo(admin, 'settings'));
  const auditor = person({ roles: ['auditor'], grants: ['download', 'export'] });
  t.equal(reach(auditor, 'play', call), WHOLE);
  t.notOk(mayDo(auditor, 'settings') || mayDo(auditor, 'people'));
  t.notOk(mayEver(person({}), 'view'), 'nobody in particular may do nothing');
});

t.test('what stands for an audit entry does not depend on the order in which it is written', async (t) => {
  const event: AuditEvent = {
    at: '2026-11-25T17:00:00.000Z',
    actor: 'person',
    actor_id: 'p',
    actor_name: 'Ännä',
    address: '::1',
    action: 'play',
    object: 'call',
    object_id: 'c',
    reason: '',
    outcome: 'ok',
    detail: { b: 1, a: null },
  };
  const turned = Object.fromEntries(Object.entries({ seq: 1, ...event }).reverse()) as typeof event & {
    seq: number;
  };
  t.equal(digestOf({ seq: 1, ...event }), digestOf(turned));
  t.not(digestOf({ seq: 1, ...event }), digestOf({ seq: 2, ...event }));
  t.not(linked(GENESIS, digestOf(turned)), linked(digestOf(turned), GENESIS));
  t.throws(() => canonical(undefined));
  t.equal(canonical({ b: 1e21, a: '\u20ac' }), '{"a":"€","b":1e+21}');
});
