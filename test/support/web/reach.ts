import { type IncomingMessage, request } from 'node:http';
import fc from 'fast-check';
import { ulid } from 'ulid';
import type { StoredCall } from '../../../daemon/catalogue/stored-call.js';
import { FOUNDER, type Person } from '../../../daemon/domain/people/person.js';
import type { CallRecord, Leg, Mark, Recording } from '../../../daemon/domain/recording/recording.js';
import { opusOf } from '../recordings/opus.js';
import { noted } from '../words.js';
import { addCall, addRecording, type Dashboard, password, START } from './dashboard.js';
import type { Asker, Kind } from './rights.js';

export const person = (change: Partial<Person>): Person => ({
  ...{ id: ulid(), name: 'Anna', roles: [], extensions: [], grants: [] },
  ...change,
  scope: { all: false, extensions: [], queues: [], dids: [], ...change.scope },
});
export const leg = (number: string, { ours = true, from = 0, until = null as number | null } = {}): Leg => ({
  ...{ id: `${number}-${from}`, endpoint: ours ? number : 'trunk', seenAt: START + from - 500 },
  party: { number, name: '', ours },
  upAt: START + from,
  goneAt: until === null ? null : START + until,
});

/** Few names, so that people and calls meet often; some are in more than one kind. */
export const name = fc.constantFrom('101', '102', '103', 'sales', '5551000', '');
export const calls = fc.record({
  pbx: fc.constantFrom('', '', 'w'),
  legs: fc.array(
    fc.record({ number: name, ours: fc.boolean(), from: fc.nat(9), up: fc.boolean() }).map((l) => ({
      ...leg(l.number, l),
      upAt: l.up ? START + l.from : null,
    })),
    { maxLength: 4 },
  ),
  queue: name,
  marks: fc.array(
    fc
      .record({ kind: fc.constantFrom('queue', 'hold'), text: name, atMs: fc.integer({ min: -5, max: 20 }) })
      .map((m) => ({ ...m, untilMs: null, legId: null }) as Mark),
    { maxLength: 3 },
  ),
  did: name,
  startedAt: fc.nat(20).map((n) => START - n),
  answeredAt: fc.constantFrom(null, START),
});

export const who: Record<Exclude<Asker, 'stranger'>, Partial<Person>> = {
  nobody: {},
  admin: { roles: ['admin'] },
  queue: { roles: ['reviewer'], scope: { all: false, extensions: [], queues: ['support'], dids: [] } },
  extension: {
    roles: ['reviewer'],
    scope: { all: false, extensions: ['101'], queues: [], dids: [] },
    grants: ['download'],
  },
  exporter: {
    roles: ['reviewer'],
    scope: { all: false, extensions: ['101'], queues: [], dids: [] },
    grants: ['export'],
  },
  agent: { roles: ['agent'], extensions: ['102'] },
  auditor: { roles: ['auditor'] },
  founder: FOUNDER,
};

/** The beginning of an answer that does not end. fetch would connect anew after it was left, and keep the server waiting. */
export const streamOf = (url: string, headers: Record<string, string>) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { headers, agent: false }, resolve).on('error', reject).end();
  });

export async function addPeople({ catalogue }: Dashboard): Promise<Map<Asker, string>> {
  const ids = new Map<Asker, string>();
  for (const [name, change] of Object.entries(who)) {
    const user = { ...person({ ...change, name }), passwordHash: `hash of ${password}`, createdAt: START };
    await catalogue.people.add(user);
    ids.set(name as Asker, user.id);
  }
  return ids;
}

export const sharedLegs = (at: number) =>
  [
    leg('+4930', { ours: false, until: 180_000 }),
    leg('101', { until: 90_000 }),
    leg('102', { from: 90_000, until: 180_000 }),
  ].map((l) => ({
    ...l,
    seenAt: l.seenAt - START + at,
    upAt: l.upAt! - START + at,
    goneAt: l.goneAt! - START + at,
  }));

/** The sound of every recording here, of three minutes. */
export const sound = opusOf(180, 8000, '-application', 'voip', '-b:a', '20k', '-compression_level', '0');

export async function addCalls(
  dashboard: Dashboard,
  sign: (made: { call: StoredCall; recording: Recording }) => Promise<void> = async () => {},
): Promise<Record<Kind, string>> {
  const { catalogue } = dashboard;
  const at = START - 3_600_000;
  const shared = (n: number): Partial<CallRecord> => {
    const answeredAt = at + n * 400_000;
    return {
      startedAt: answeredAt - 5000,
      answeredAt,
      endedAt: answeredAt + 180_000,
      legs: sharedLegs(answeredAt),
    };
  };
  const alone = (n: number, number: string) => {
    const call = shared(n);
    return { ...call, legs: [{ ...leg(number), upAt: call.answeredAt!, goneAt: call.endedAt! }] };
  };
  const recorded = async (call: Partial<CallRecord>) => {
    const made = await addRecording(dashboard, sound, { call });
    await sign(made);
    return made;
  };
  const erased = await recorded(shared(2));
  await catalogue.recordings.eraseIntended(erased.recording.id, noted('due'), START);
  await catalogue.recordings.erased(erased.recording.id, START);
  return {
    shared: (await recorded(shared(0))).call.id,
    whole: (await recorded(alone(5, '101'))).call.id,
    foreign: (await recorded({ ...shared(1), queue: 'support', legs: [leg('103')] })).call.id,
    erased: erased.call.id,
    bare: (await addCall(catalogue, shared(3))).id,
    test: (await recorded({ ...shared(4), test: true })).call.id,
    unknown: ulid(),
    nonsense: '..%2f..%2f1',
  };
}
