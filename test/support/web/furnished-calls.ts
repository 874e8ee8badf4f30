import { rmSync } from 'node:fs';
import { ulid } from 'ulid';
import type { StoredCall } from '../../../daemon/catalogue/stored-call.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import type { Peaks } from '../../../daemon/domain/recording/peaks.js';
import type { Quality } from '../../../daemon/domain/recording/quality.js';
import type {
  CallRecord,
  Coverage,
  Gap,
  Leg,
  Mark,
  Party,
  Recording,
} from '../../../daemon/domain/recording/recording.js';
import { apartOf, dataOf, oggOf } from '../recordings/opus.js';
import { noted } from '../words.js';
import { addCall, addRecording, type Dashboard } from './dashboard.js';
import type { RecorderPeer } from './recorder-peer.js';

const DAY = 86_400_000;
const HOUR = 3_600_000;

const phone = (number: string, name: string): Party => ({ number, name, ours: true });
const outside = (number: string, name: string): Party => ({ number, name, ours: false });
export const reception = phone('101', 'Reception');
const anna = phone('112', 'Anna Berg');
const jonas = phone('113', 'Jonas Weber');
const priya = phone('120', 'Priya Raman');
const workshop = phone('134', 'Workshop');
export const dana = outside('+15552030044', 'Dana Whitfield');
const others = [
  outside('+442079460144', 'Hartley & Sons'),
  outside('+4915112345644', ''),
  dana,
  outside('+390698765432', 'Officina Rossi'),
  outside('+97221234567', 'יעל כהן'),
  outside('+81312345678', '株式会社山本'),
  outside('+33142685300', 'Mairie du 9e'),
  outside('02079460958', ''),
  outside('', ''),
  outside('+96614567890', 'مكتب الرياض'),
  outside('+5511987654321', 'Transportes Andrade'),
];
const [hartley, mobile, , officina, yael, yamamoto, mairie, withheld, nobody, riyadh, andrade] =
  others as Party[];

const hostile = [
  '<img src=x onerror="window.pwned=1">',
  '"><script>window.pwned=1</script>',
  '\u202eevil\u202d name\u2066 reversed',
  'Bell\u0007 Tab\t Null\u0000 Line\nbreak',
  'W'.repeat(64),
  'An extraordinarily long caller name that goes on and on for sixty',
  '{{constructor.constructor("window.pwned=1")()}}',
  'Z̸̢̛̼a̷͎͐l̶̰̈́g̷̣͝o̵͔͒ t̸̤̏e̸̝͐x̷͇̓t̵͈͋',
].map((name, i) => outside(i % 2 ? `+1555${'9'.repeat(7)}` : "'; DROP TABLE calls;--", name));

/** Sound of two people, encoded once in a process: so many seconds of it. */
const sounds = new Map<number, Buffer>();
function soundOf(ms: number): Buffer {
  const made = sounds.get(ms) ?? apartOf(ms / 1000, 8000, '-b:a', '16k', '-compression_level', '0');
  sounds.set(ms, made);
  return made;
}
/** Hours of sound in no time: the same packets again and again. */
function hoursOf(ms: number): Buffer {
  const like = apartOf(60, 8000, '-b:a', '8k', '-frame_duration', '60', '-compression_level', '0');
  const packets = dataOf(like);
  return oggOf(
    like,
    Array.from({ length: ms / 60 }, (_, i) => packets[i % packets.length]!),
    200,
  );
}

/** What looks like two people taking turns. */
export function peaksOf(durationMs: number): Peaks {
  const side = (turn: number) =>
    Uint8Array.from({ length: Math.floor(durationMs / 100) }, (_, i) => {
      const speaks = Math.floor(i / 37 + Math.sin(i / 90)) % 2 === turn;
      const loud = Math.abs(Math.sin(i * 1.7) * Math.sin(i * 0.31) * Math.cos(i * 0.11));
      return Math.round(speaks ? 40 + loud * 160 : loud * 9);
    });
  return { perSecond: 10, durationMs, left: side(0), right: side(1) };
}

const clear = {
  ...{ speechDb: -19.1, noiseDb: -72, peakDb: -2.4, silentShare: 0.52 },
  ...{ zeroShare: 0.4, clippedShare: 0, lostShare: 0 },
};

/** Of a phone and the line to the outside, with these faults. */
const qualityOf = (us: Party, flags: Quality['flags'] = [], echo: Quality['echo'] = null): Quality => ({
  them: { ...clear, noiseDb: flags.some((f) => f.flag === 'noisy' && f.side === 'them') ? -41.5 : -72 },
  us: { ...clear, lostShare: flags.some((f) => f.flag === 'lossy') ? 0.034 : 0 },
  ...{ echo, flags },
  ears: { them: { kind: 'line', name: 'trunk' }, us: { kind: 'extension', name: us.number } },
});

/** How a call is told: when it was answered, how long it was spoken for (null: nobody answered), and whether Reception put it through. */
type Told = {
  answeredAt: number;
  talkMs?: number | null;
  them: Party;
  us: Party;
  direction?: CallRecord['direction'];
  /** It goes on. */
  live?: boolean;
  transferred?: boolean;
} & Partial<Pick<CallRecord, 'queue' | 'consultFor'>>;

export function callOf({ answeredAt: zero, talkMs = 40_000, them, us, ...more }: Told): CallRecord {
  const { direction = 'in', live = false, transferred = false, queue = '', consultFor = null } = more;
  const missed = talkMs === null;
  const startedAt = zero - 9_000;
  const endedAt = live ? null : zero + (missed ? 15_000 : talkMs);
  const leg = (id: string, party: Party, from: number, until: number | null): Leg => ({
    ...{ id, party, endpoint: party.ours ? party.number : 'trunk', seenAt: zero + from },
    ...{ upAt: missed && party.ours ? null : zero + from, goneAt: until },
  });
  const mark = (kind: Mark['kind'], atMs: number, about: Partial<Mark> = {}): Mark => ({
    ...{ kind, atMs, untilMs: null, text: '', legId: null },
    ...about,
  });
  const marks = missed
    ? [mark('ring', 0, { untilMs: 15_000 })]
    : [
        ...(queue === '' ? [] : [mark('queue', -6_000, { untilMs: 0, text: queue, legId: 'them' })]),
        mark('answer', 0),
        ...(transferred
          ? [
              mark('hold', 12_000, { untilMs: 21_000, text: 'by Reception', legId: 'reception' }),
              mark('transfer', 21_000, { text: `to ${us.name}`, legId: 'reception' }),
            ]
          : []),
        ...(live ? [] : [mark('end', talkMs)]),
      ];
  return {
    id: ulid(startedAt),
    pbx: FIRST,
    linkedids: [`${Math.floor(startedAt / 1000)}.${startedAt % 1000}`],
    ...{ direction, startedAt, answeredAt: missed ? null : zero, endedAt },
    outcome: live ? null : missed ? 'no_answer' : 'answered',
    ...{ them, us, dialled: direction === 'in' ? '101' : them.number },
    did: direction === 'in' ? '+442079460100' : '',
    queue,
    legs: [
      leg('them', them, -9_000, endedAt),
      ...(transferred ? [leg('reception', reception, -6_000, zero + 26_000)] : []),
      leg('us', us, transferred ? 21_000 : 0, endedAt),
    ],
    facts: { account: '', variables: {}, called: [], sent: false, originated: false },
    ...{ marks, consultFor, test: false },
  };
}

const RULE = {
  keepRule: 'Everything else',
  keepWhy: noted('Quality and complaints; longer is not needed.'),
};
const CAPTURED = {
  status: 'recorded',
  why: noted('Both sides were captured from answer to hang-up.'),
} as const;

type Furnishing = { dashboard: Dashboard; recorder: RecorderPeer; now: number };
type Made = {
  recording?: Partial<Recording>;
  coverage?: Partial<Coverage>;
  flags?: Quality['flags'];
  echo?: Quality['echo'];
  /** Its manifest was signed when there were manifests at last. */
  later?: boolean;
};

/** Writes a call with its sealed and signed recording: real sound of the length of the call, and what is said of it. */
export async function recorded(
  { dashboard, recorder }: Pick<Furnishing, 'dashboard' | 'recorder'>,
  call: CallRecord,
  { recording = {}, coverage = {}, flags = [], echo = null, later = false }: Made = {},
): Promise<StoredCall> {
  const durationMs = call.endedAt! - call.answeredAt!;
  const made = await addRecording(dashboard, durationMs > HOUR ? hoursOf(durationMs) : soundOf(durationMs), {
    call,
    recording: {
      ...{ durationMs, sealedAt: call.endedAt! + 12_000, keepUntil: call.endedAt! + 90 * DAY, ...RULE },
      quality: qualityOf(call.us, flags, echo),
      ...recording,
    },
    peaks: peaksOf(durationMs),
    coverage: { ...CAPTURED, ...coverage },
  });
  await recorder.sign(made, { later });
  return made.call;
}

async function erased(house: Furnishing, call: CallRecord): Promise<StoredCall> {
  const { catalogue, keys, dataDir } = house.dashboard;
  const { id, recording } = await recorded(house, call);
  const at = house.now - 5 * HOUR;
  await catalogue.recordings.eraseIntended(
    recording!.id,
    noted('Everything else: kept for 90 days, which ended.'),
    at,
  );
  await keys.destroy(recording!.id);
  rmSync(`${dataDir}/${recording!.file}`);
  await catalogue.recordings.erased(recording!.id, at);
  return (await catalogue.calls.get(id))!;
}

async function unrecorded(
  { dashboard: { catalogue } }: Furnishing,
  call: CallRecord,
  coverage: Partial<Coverage>,
): Promise<StoredCall> {
  await addCall(catalogue, call);
  const status = call.answeredAt === null ? 'none' : 'pending';
  await catalogue.calls.decideCoverage(call.id, {
    ...{ status, why: null, rule: null, missingMs: 0 },
    ...coverage,
  });
  return (await catalogue.calls.get(call.id))!;
}

const INTERNAL = { status: 'excluded', rule: 'Internal calls', why: noted('Nobody needs them.') } as const;
const GAPS: Gap[] = [
  { atMs: 31_000, untilMs: 45_000, side: 'both', why: noted('The PBX was restarted.') },
  { atMs: 60_000, untilMs: 72_000, side: 'us', why: because('side_ended_early') },
];
const NOISY: Quality['flags'] = [{ side: 'us', flag: 'noisy' }];

export type OfficeCalls = Awaited<ReturnType<typeof officeCalls>>;

/** A call of each kind and in each state, the newest first. */
export async function officeCalls(house: Furnishing) {
  const back = (hours: number) => house.now - 240_000 - hours * HOUR;
  const partial = callOf({
    ...{ answeredAt: back(28), talkMs: 100_000, them: mairie!, us: workshop, queue: 'orders' },
    transferred: true,
  });
  const asked = { answeredAt: partial.answeredAt! + 13_000, talkMs: 7_000, direction: 'out' as const };
  return all({
    /** It goes on. */
    live: unrecorded(house, callOf({ answeredAt: back(0), them: hartley!, us: anna, live: true }), {}),
    /** Its recording is being made. */
    processing: unrecorded(house, callOf({ answeredAt: back(0.1), them: mobile!, us: jonas }), {}),
    /** Recorded with everything that can be wrong with the sound. */
    noisy: recorded(house, callOf({ answeredAt: back(4), them: dana, us: anna, queue: 'orders' }), {
      flags: [
        ...[{ side: 'them', flag: 'noisy' } as const, ...NOISY],
        ...[{ side: 'us', flag: 'lossy' } as const, { side: 'us', flag: 'echo' } as const],
      ],
      echo: { side: 'us', db: 22.4, delayMs: 180 },
    }),
    missed: unrecorded(house, callOf({ answeredAt: back(8), talkMs: null, them: officina!, us: priya }), {
      why: noted('Nobody answered.'),
    }),
    /** Three hours, of which Reception heard the first seconds. */
    long: recorded(
      house,
      callOf({ answeredAt: back(14), talkMs: 10_860_000, them: yael!, us: priya, transferred: true }),
    ),
    /** A consultation for the call that lacks something. */
    asked: recorded(house, {
      ...callOf({ ...asked, them: officina!, us: reception, consultFor: partial.id }),
    }),
    /** The agent of the workshop came into it by a transfer; it lacks two stretches, one of them on one side. */
    partial: recorded(house, partial, {
      recording: { gaps: GAPS },
      coverage: {
        ...{ status: 'partial', missingMs: 26_000 },
        why: noted('The PBX restarted; 14 seconds from 0:31 are missing.'),
      },
    }),
    full: unrecorded(house, callOf({ answeredAt: back(30), them: withheld!, us: jonas }), {
      ...{ status: 'not_recorded', missingMs: 40_000 },
      why: noted('The spool directory on the PBX was full.'),
    }),
    erased: erased(house, callOf({ answeredAt: back(36), them: nobody!, us: anna })),
    internal: unrecorded(
      house,
      callOf({ answeredAt: back(40), them: workshop, us: reception, direction: 'internal' }),
      INTERNAL,
    ),
    /** Kept for ever. */
    kept: recorded(house, callOf({ answeredAt: back(44), them: riyadh!, us: anna }), {
      ...{ recording: { keepUntil: null }, flags: NOISY, later: true },
    }),
    outgoing: recorded(house, callOf({ answeredAt: back(48), them: andrade!, us: anna, direction: 'out' })),
    yamamoto: recorded(house, callOf({ answeredAt: back(52), them: yamamoto!, us: anna }), { flags: NOISY }),
    /** Due: their time is over. */
    due1: recorded(house, callOf({ answeredAt: back(91 * 24), them: dana, us: jonas })),
    due2: recorded(house, callOf({ answeredAt: back(92 * 24), them: hartley!, us: jonas })),
    due3: recorded(house, callOf({ answeredAt: back(93 * 24), them: officina!, us: jonas })),
  });
}

/** Three hundred calls of a year, of which the newest of each name were recorded. */
export async function yearOfCalls(house: Furnishing): Promise<StoredCall[]> {
  const many = 300;
  const calls = Array.from({ length: many }, (_, i) => {
    const answeredAt = house.now - 240_000 - Math.floor((i / many) ** 1.3 * 365 * DAY);
    const them = others[i % others.length]!;
    const us = [anna, jonas, priya][i % 3]!;
    if (i % 7 === 3) return unrecorded(house, callOf({ answeredAt, talkMs: null, them, us }), {});
    if (i % 5 === 1)
      return unrecorded(
        house,
        callOf({ answeredAt, them: jonas, us: reception, direction: 'internal' }),
        INTERNAL,
      );
    if (i % 41 === 4)
      return unrecorded(house, callOf({ answeredAt, them, us }), {
        ...{ status: 'not_recorded', missingMs: 40_000 },
        why: noted('The spool directory on the PBX was full.'),
      });
    return recorded(house, callOf({ answeredAt, them, us, queue: i % 2 ? 'orders' : '' }));
  });
  return Promise.all(calls);
}

/** Callers whose names were made to do harm, or to break the page. */
export async function hostileCalls(house: Furnishing): Promise<StoredCall[]> {
  const calls = Array.from({ length: 16 }, (_, i) => {
    const us = i % 5 === 0 ? phone('134', 'R'.repeat(64)) : priya;
    const told = { answeredAt: house.now - 240_000 - i * 4 * HOUR, them: hostile[i % hostile.length]!, us };
    if (i === 0) return unrecorded(house, callOf({ ...told, live: true }), {});
    if (i === 3) return unrecorded(house, callOf({ ...told, talkMs: null }), {});
    if (i === 7)
      return unrecorded(house, callOf(told), {
        ...{ status: 'not_recorded', missingMs: 40_000, why: noted(hostile[0]!.name) },
      });
    const made = i === 6 ? { ...told, talkMs: 100_000, transferred: true } : told;
    return recorded(house, callOf(made), i === 6 ? { recording: { gaps: GAPS } } : {});
  });
  return Promise.all(calls);
}

/** What is written in the same turn is one write for the disk. */
async function all<T extends Record<string, Promise<StoredCall>>>(
  made: T,
): Promise<{ [K in keyof T]: StoredCall }> {
  const calls = await Promise.all(
    Object.entries(made).map(async ([name, call]) => [name, await call] as const),
  );
  return Object.fromEntries(calls) as { [K in keyof T]: StoredCall };
}
