import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import { spoolName } from '../../../daemon/domain/recording/recording.js';
import { readPrompt } from '../../../test/support/pbx/sources.js';
import { openHouse } from '../../../test/support/power/house.js';
import { until } from '../../../test/support/recorder.js';
import { aCall } from '../../../test/support/recordings/a-call.js';
import { wavOf } from '../../../test/support/recordings/preserve-lab.js';

const DAY = 86_400_000;
const RATE = 8_000;
/** So many days ago the office began to record, unless it is said otherwise. */
const DAYS = 92;
/** A call on every other working day, unless it is said otherwise. */
const EVERY = 2;

/** Whose two calls are the subject of a dispute. */
export const DISPUTED = { number: '+441134960178', name: 'Moira Kerr' };
export const CALLERS = [
  { number: '+33142685300', name: 'Lucie Marchand' },
  { number: '+12125550186', name: 'Sam Whitfield' },
  { number: '+34915550123', name: 'Pilar Ortega' },
  { number: '+4930901820', name: 'Jonas Brandt' },
];
const STAFF = [
  { number: '100', name: 'Anna Field', queue: '' },
  { number: '101', name: 'Ben Orchard', queue: 'support' },
];

/** How long the office keeps its recordings, and what for. */
export const RETENTION: Policy['retention'] = [
  {
    ...{ name: 'Support', reason: 'Long enough to handle complaints.', when: { queue: ['support'] } },
    ...{ keep_days: 30, purpose: 'Handling complaints', legal_basis: 'GDPR Article 6(1)(f)' },
  },
  {
    ...{ name: 'Orders', reason: 'Proof of what was ordered by phone.', when: {}, keep_days: 60 },
    ...{ purpose: 'Proof of orders', legal_basis: 'GDPR Article 6(1)(b)' },
  },
];

/** Two of the calls that are old enough to be due are of the dispute. */
const callerOf = (n: number): Party => (n === 2 || n === 5 ? DISPUTED : CALLERS[n % CALLERS.length]!);
type Party = { number: string; name: string };

/**
 * Makes three months of calls, sealed with the keys of this data directory as the recorder seals calls, unless there is a
 * catalogue already. `speech` has the path of a prompt for each side, `caller` says who is heard in the nth call. Returns how many
 * calls it made, or 0.
 */
export async function makePast({
  dataDir,
  masterKeyFile,
  speech,
  now,
  days = DAYS,
  every = EVERY,
  policy = { ...defaultPolicy, retention: RETENTION },
  caller = callerOf,
}: {
  dataDir: string;
  masterKeyFile: string;
  speech: { in: string; out: string };
  now: number;
  days?: number;
  every?: number;
  policy?: Policy;
  caller?: (n: number) => Party;
}): Promise<number> {
  if (existsSync(catalogueFile(dataDir))) return 0;
  const spoolDir = `${dataDir}-past`;
  mkdirSync(spoolDir, { recursive: true });
  const sides = conversation(readPrompt(speech.in), readPrompt(speech.out));
  const times = workingHours(now, days, every);
  let clock = times[0]! - DAY;
  const house = await openHouse(dataDir, { clock: () => clock, masterKeyFile, spoolDir });
  try {
    const { version } = await house.catalogue.policy.newest();
    await house.catalogue.policy.save(policy, 'admin', clock, version);
    for (const [n, startedAt] of times.entries()) {
      const ms = Math.round((sides.in.length / RATE) * 1_000);
      const at = { seenAt: startedAt, upAt: startedAt + 3_000, goneAt: startedAt + 3_000 + ms };
      clock = at.goneAt + 20_000;
      const id = ulid(startedAt);
      const them = caller(n);
      const { queue, ...us } = STAFF[n % STAFF.length]!;
      const call = aCall(id, {
        ...{ startedAt, answeredAt: at.upAt, endedAt: at.goneAt, queue, dialled: '5551000', did: '5551000' },
        them: { ...them, ours: false },
        us: { ...us, ours: true },
        legs: [
          { id: `${id}-caller`, party: { ...them, ours: false }, endpoint: 'carrier', ...at },
          { id: `${id}-staff`, party: { ...us, ours: true }, endpoint: us.number, ...at },
        ],
      });
      await house.catalogue.calls.save(call, { status: 'pending', why: null, rule: null, missingMs: 0 });
      const segment = { callId: id, seq: 0, token: '', legId: `${id}-caller`, because: null };
      for (const side of ['in', 'out'] as const)
        writeFileSync(join(spoolDir, `${spoolName(segment, side)}.wav`), wavOf(sides[side], RATE));
      await house.catalogue.segments.save({
        ...{ ...segment, inStartedAt: at.upAt, outStartedAt: at.upAt, state: 'captured' },
        ...{ mutedFrom: { in: null, out: null }, swapped: false, fed: '' },
      });
      house.preserver.enqueue('', id);
      await until('the recording is sealed', () => house.preserver.waiting() === 0, 30_000);
    }
  } finally {
    await house.close();
    rmSync(spoolDir, { recursive: true, force: true });
  }
  return times.length;
}

/** Two sides that speak one after the other. */
export function conversation(first: Int16Array, second: Int16Array): { in: Int16Array; out: Int16Array } {
  const begins = first.length + RATE;
  const length = begins + second.length;
  const side = (samples: Int16Array, at: number) => {
    const made = new Int16Array(length);
    made.set(samples, at);
    return made;
  };
  return { in: side(first, RATE / 2), out: side(second, begins) };
}

/** When the calls began, the oldest first: in the forenoon of working days. */
function workingHours(now: number, count: number, every: number): number[] {
  const midnight = Math.floor(now / DAY) * DAY;
  const days = Array.from({ length: count }, (_, n) => midnight - (count - n) * DAY);
  return days
    .filter((day) => ![0, 6].includes(new Date(day).getUTCDay()))
    .filter((_, n) => n % every === 0)
    .map((day, n) => day + 9 * 3_600_000 + ((n * 37) % 180) * 60_000);
}
