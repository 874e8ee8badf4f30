import type { Static } from 'typebox';
import { encodeTime } from 'ulid';
import type { Policy } from '../../../daemon/domain/policy/policy.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { reasonView } from '../../../daemon/domain/reason/words.js';
import type { CallDetail } from '../../../web/calls/schemas.js';
import type { QualityTrendsView } from '../../../web/quality/schemas.js';
import type { RetentionItem, RetentionView } from '../../../web/retention/schemas.js';
import type { PartyView } from '../../../web/server/schemas.js';
import { noted } from '../words.js';

type Party = Static<typeof PartyView>;
export type Made = { calls: CallDetail[]; policy: Policy };
export type State = 'empty' | 'little' | 'year' | 'hostile' | 'down' | 'breaker' | 'trouble';

const DAY = 86_400_000;

/** The same numbers every time, so that pictures can be compared. */
function dice(seed: number) {
  let s = seed;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

const idAt = (ms: number, n: number): string =>
  `${encodeTime(Math.floor(ms))}${n.toString().padStart(16, '0')}`;

const ours: Party[] = [
  ['101', 'Reception'],
  ['112', 'Anna Berg'],
  ['113', 'Jonas Weber'],
  ['120', 'Priya Raman'],
  ['121', 'Tomás Ó Briain'],
  ['134', 'Workshop'],
].map(([number, name]) => ({ number: number!, name: name!, ours: true }));
const others: Party[] = [
  ['+442079460144', 'Hartley & Sons'],
  ['+4915112345644', ''],
  ['+15552030044', 'Dana Whitfield'],
  ['+390698765432', 'Officina Rossi'],
  ['+97221234567', 'יעל כהן'],
  ['+81312345678', '株式会社山本'],
  ['+33142685300', 'Mairie du 9e'],
  ['02079460958', ''],
  ['', ''],
  ['+96614567890', 'مكتب الرياض'],
  ['+5511987654321', 'Transportes Andrade'],
].map(([number, name]) => ({ number: number!, name: name!, ours: false }));

const hostile: Party[] = [
  '<img src=x onerror="window.pwned=1">',
  '"><script>window.pwned=1</script>',
  '\u202eevil\u202d name\u2066 reversed',
  'Bell\u0007 Tab\t Null\u0000 Line\nbreak',
  'W'.repeat(64),
  'An extraordinarily long caller name that goes on and on for sixty',
  '{{constructor.constructor("window.pwned=1")()}}',
  'Z̸̢̛̼a̷͎͐l̶̰̈́g̷̣͝o̵͔͒ t̸̤̏e̸̝͐x̷͇̓t̵͈͋',
].map((name, i) => ({
  number: i % 2 ? `+1555${'9'.repeat(7)}` : "'; DROP TABLE calls;--",
  name,
  ours: false,
}));

export const rules: Policy = {
  record: [
    {
      name: 'Works council',
      reason: 'Agreed with the works council on 3 March 2025.',
      when: { extension: ['134'] },
      record: false,
    },
    {
      name: 'Internal calls',
      reason: 'Nobody needs them.',
      when: { direction: ['internal'] },
      record: false,
    },
  ],
  retention: [
    {
      name: 'Orders',
      reason: 'Proof of orders taken by phone, six years (tax law).',
      when: { queue: ['orders'] },
      keep_days: 2190,
    },
    {
      name: 'Everything else',
      reason: 'Quality and complaints; longer is not needed.',
      when: {},
      keep_days: 90,
    },
  ],
  emergency_numbers: ['112', '911', '999'],
};

export function make(state: State, now: number): Made {
  const many = { empty: 0, little: 9, year: 3000, hostile: 16, down: 9, trouble: 9, breaker: 400 }[state];
  const random = dice(7);
  const pick = <T>(from: T[]): T => from[Math.floor(random() * from.length)]!;
  const calls: CallDetail[] = [];
  const parties = state === 'hostile' ? hostile : others;
  for (let i = 0; i < many; i++) {
    const back =
      state === 'year' || state === 'breaker' ? (i / many) ** 1.3 * 365 * DAY : i * 4.1 * 3_600_000;
    const direction = i === 2 ? 'in' : pick(['in', 'in', 'in', 'out', 'out', 'internal'] as const);
    calls.push(
      call(i, now - 240_000 - back, {
        direction,
        them: direction === 'internal' ? pick(ours) : (parties[i % parties.length] ?? pick(parties)),
        us: state === 'hostile' && i % 5 === 0 ? { ...pick(ours), name: 'R'.repeat(64) } : pick(ours),
        fate: i < 10 ? i : Math.floor(random() * 30) + 10,
        long: i === 4 ? 10_860_000 : 30_000 + Math.floor(random() ** 3 * 1_500_000),
        now,
      }),
    );
  }
  const [asked, main] = [calls[5], calls[6]];
  if (asked && main) {
    asked.consult_for = main.id;
    main.consultations = [asked];
  }
  for (const made of calls) made.seal = sealOf(made, now);
  const heard = calls.find((c) => c.seal !== null);
  if (state === 'trouble' && heard?.seal)
    Object.assign(heard.seal, {
      fault: 'Its file was cut: 65536 of 81240 bytes are there.',
      fault_at: new Date(now - 7_200_000).toISOString(),
    });
  return { calls, policy: state === 'empty' ? { ...rules, record: [], retention: [] } : rules };
}

/** The third was sealed before there were manifests. */
function sealOf(call: CallDetail, now: number): CallDetail['seal'] {
  const r = call.recording;
  if (r?.state !== 'sealed') return null;
  const later = call.id.endsWith('3');
  const read = Math.max(Date.parse(r.sealed_at), now - 12 * DAY);
  return {
    signed_at: later ? new Date(read).toISOString() : r.sealed_at,
    key_id: '3f9a2c0d51b7e864',
    made_later: later,
    checked_at: new Date(read).toISOString(),
    fault: null,
    fault_at: null,
  };
}

type How = {
  direction: 'in' | 'out' | 'internal';
  them: Party;
  us: Party;
  fate: number;
  long: number;
  now: number;
};

function call(n: number, start: number, { direction, them, us, fate, long, now }: How): CallDetail {
  const live = fate === 0;
  const missed = fate === 3 || fate === 12;
  const making = fate === 1;
  const answered = start + 9000;
  const ended = live ? null : missed ? start + 24_000 : answered + long;
  const iso = (ms: number) => new Date(ms).toISOString();
  const coverage = {
    status: 'recorded',
    why: noted('Both sides were captured from answer to hang-up.'),
    rule: null,
  } as CallDetail['coverage'];
  if (live || making) Object.assign(coverage, { status: 'pending', why: null });
  else if (missed) Object.assign(coverage, { status: 'none', why: noted('Nobody answered.') });
  else if (direction === 'internal')
    Object.assign(coverage, { status: 'excluded', rule: 'Internal calls', reason: 'Nobody needs them.' });
  else if (fate === 6)
    Object.assign(coverage, {
      status: 'partial',
      why: noted('The PBX restarted; 14 seconds from 0:31 are missing.'),
    });
  else if (fate === 7)
    Object.assign(coverage, {
      status: 'not_recorded',
      why: noted('The spool directory on the PBX was full.'),
    });
  const erased = fate === 8 || fate === 14;
  const sealed = ['recorded', 'partial'].includes(coverage.status);
  const tail = { ours: us.ours };
  return {
    id: idAt(start, n),
    direction,
    started_at: iso(start),
    answered_at: missed ? null : iso(answered),
    ended_at: ended === null ? null : iso(ended),
    talk_ms: missed || ended === null ? null : long,
    state: live ? 'live' : 'ended',
    outcome: live ? null : missed ? 'no_answer' : 'answered',
    them,
    us: { ...us, ...tail },
    dialled: direction === 'in' ? '101' : them.number,
    did: direction === 'in' ? '+442079460100' : '',
    queue: direction === 'in' && fate % 3 === 0 ? 'orders' : '',
    coverage,
    recording: sealed
      ? {
          id: idAt(start + 1, n),
          state: erased ? 'erased' : 'sealed',
          duration_ms: long,
          bytes: Math.round(long * 4.1),
          keep_until: fate % 4 === 1 ? null : iso(start + 90 * DAY),
          keep_rule: 'Everything else',
          keep_reason: 'Quality and complaints; longer is not needed.',
          keep_why: noted('Quality and complaints; longer is not needed.'),
          sealed_at: iso(start + long + 12_000),
          erased_at: erased ? iso(now - 5 * 3_600_000) : null,
          erase_reason: erased ? 'Everything else: kept for 90 days, which ended.' : null,
          erase_why: erased ? noted('Everything else: kept for 90 days, which ended.') : null,
          sha256: 'a3f1'.repeat(16),
          sealed_sha256: '09bc'.repeat(16),
          gaps:
            fate === 6
              ? [
                  {
                    at_ms: 31_000,
                    until_ms: 45_000,
                    side: 'both',
                    ...reasonView(noted('The PBX was restarted.')),
                  },
                  {
                    at_ms: 60_000,
                    until_ms: 72_000,
                    side: 'us',
                    ...reasonView(because('side_ended_early')),
                  },
                ]
              : [],
          quality: {
            them: { ...aSide, noise_db: fate === 2 ? -41.5 : -72 },
            us: { ...aSide, lost_share: fate === 2 ? 0.034 : 0 },
            echo: fate === 2 ? { side: 'us', db: 22.4, delay_ms: 180 } : null,
            flags:
              fate === 2
                ? [
                    { side: 'them', flag: 'noisy' },
                    { side: 'us', flag: 'lossy' },
                    { side: 'us', flag: 'echo' },
                  ]
                : [],
          },
        }
      : null,
    legs: [
      { party: them, joined_ms: -9000, left_ms: live ? null : missed ? 15_000 : long },
      { party: ours[0]!, joined_ms: -6000, left_ms: missed ? 15_000 : Math.min(long, 26_000) },
      ...(missed ? [] : [{ party: us, joined_ms: 21_000, left_ms: live ? null : long }]),
    ],
    marks: missed
      ? [{ at_ms: 0, until_ms: 15_000, kind: 'ring', text: '', leg: null }]
      : [
          { at_ms: -6000, until_ms: 0, kind: 'queue', text: 'orders', leg: 0 },
          { at_ms: 0, until_ms: null, kind: 'answer', text: '', leg: null },
          { at_ms: 12_000, until_ms: 21_000, kind: 'hold', text: 'by Reception', leg: 1 },
          { at_ms: 21_000, until_ms: null, kind: 'transfer', text: `to ${us.name}`, leg: 1 },
          ...(live ? [] : [{ at_ms: long, until_ms: null, kind: 'end', text: '', leg: null }]),
        ],
    consult_for: null,
    consultations: [],
    seal: null,
    you: {
      rights: ['view', 'play', 'download'],
      hears: 'all',
      heard: [{ from_ms: 0, until_ms: long }],
      reason: false,
    },
  };
}

const aSide = {
  ...{ speech_db: -19.1, noise_db: -72, peak_db: -2.4, silent_share: 0.52 },
  ...{ zero_share: 0.4, clipped_share: 0, lost_share: 0 },
};

export function trendsOf(state: State): Static<typeof QualityTrendsView> {
  if (state === 'empty') return { worst: null, extensions: [], lines: [] };
  const none = { silent: 0, one_way: 0, quiet: 0, clipped: 0, noisy: 0, echo: 0, lossy: 0 };
  const ear = (kind: string, name: string, calls: number, flags: Partial<typeof none>) => ({
    ...{ name, of: `${kind}:${name}`, calls, flags: { ...none, ...flags } },
    flagged: Math.max(0, ...Object.values(flags)),
  });
  const worst = ear('extension', '112', 40, { noisy: 31, echo: 3 });
  return {
    worst,
    extensions: [worst, ear('extension', '134', 212, { one_way: 2 }), ear('extension', '101', 1308, {})],
    lines: [
      ear('line', 'trunk', 1512, { lossy: 44, one_way: 1 }),
      ear('line', 'a-provider-with-quite-a-long-name', 9, {}),
    ],
  };
}

export function retentionOf(state: State, { calls }: Made, now: number): Static<typeof RetentionView> {
  const item = (c: CallDetail): Static<typeof RetentionItem> => ({
    call_id: c.id,
    recording_id: c.recording!.id,
    started_at: c.started_at,
    direction: c.direction,
    them: c.them,
    us: c.us,
    keep_until: c.recording!.keep_until,
    rule: c.recording!.keep_rule,
    reason: c.recording!.keep_reason,
    why: c.recording!.keep_why,
    erased_at: c.recording!.erased_at,
    erase_reason: c.recording!.erase_reason,
    erase_why: c.recording!.erase_why,
  });
  const kept = calls.filter((c) => c.recording?.state === 'sealed');
  const until = (c: CallDetail) => Date.parse(c.recording!.keep_until ?? '9999-01-01');
  const due = kept.filter((c) => until(c) <= now);
  const next = kept
    .filter((c) => c.recording!.keep_until !== null && until(c) > now)
    .sort((a, b) => until(a) - until(b));
  const tripped = state === 'breaker';
  const share = kept.length ? due.length / kept.length : 0;
  return {
    now: new Date(now).toISOString(),
    schedule: '30 3 * * *',
    kept: kept.length,
    for_ever: kept.filter((c) => c.recording!.keep_until === null).length,
    due: due.slice(0, 500).map(item),
    due_total: due.length,
    next: next.slice(0, 100).map(item),
    gone: calls.filter((c) => c.recording?.state === 'erased').map(item),
    breaker: {
      tripped,
      share,
      limit: 0.1,
      reason: tripped
        ? `${due.length} of ${kept.length} recordings are due, more than the 10 % that may go without asking.`
        : '',
      confirm: `erase-${due.length}-a1b2c3`,
    },
  };
}
