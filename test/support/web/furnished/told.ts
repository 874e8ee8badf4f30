import type { StoredCall } from '../../../../daemon/catalogue/stored-call.js';
import type { DirectiveKind, DirectiveWay } from '../../../../daemon/domain/call/directive.js';
import { because } from '../../../../daemon/domain/reason/reason.js';
import type { LegId } from '../../../../daemon/domain/recording/recording.js';
import { decideTelling } from '../../../../daemon/domain/telling/decide.js';
import type { Found, Notice, Played } from '../../../../daemon/domain/telling/notice.js';
import type { Language, Telling } from '../../../../daemon/domain/telling/schema.js';
import type { Dashboard } from '../dashboard.js';

const FOUND: Found = { found: true, in: 'both', fromMs: 180, untilMs: 4_260, share: 1, correlation: 0.97 };
const LACKS: Found = { found: false, excused: false };
const GB = { id: 'GB', note: 'On the advice of counsel, 2026.' } as const;
const EXCUSED: Found = { found: false, excused: true };

type Ledger = {
  telling?: Telling;
  wanted?: Notice['mode'];
  rule?: string;
  language?: Language;
  /** Times are ms since the answer. */
  played?: readonly (Partial<Omit<Played, 'prompt' | 'callId' | 'startedAt' | 'endedAt'>> & {
    from: number | null;
    until: number;
    name?: string;
    saysPurpose?: true;
  })[];
  answers?: readonly { kind: DirectiveKind; how: DirectiveWay; who: string; at: number; leg?: LegId }[];
};

/** Writes the ledger of consent of a call. */
export async function ledgerOf(
  { catalogue }: Pick<Dashboard, 'catalogue'>,
  call: StoredCall,
  { telling = {}, wanted, rule, language = 'en', played = [], answers = [] }: Ledger,
): Promise<void> {
  const zero = call.answeredAt ?? call.startedAt;
  const number = call.direction === 'internal' ? null : call.them.number;
  const site = { region: 'GB', subdivision: '' };
  const decision = decideTelling({ telling, wanted, numbers: number === null ? [] : [number], site });
  const about = { version: 1, rule: rule ?? null, number, others: [], askedSince: 0, site, language };
  await catalogue.notices.decide({ callId: call.id, at: call.startedAt, ...decision, ...about });
  const kind = decision.mode === 'silent' || decision.mode === 'beep' ? 'announce' : decision.mode;
  for (const { from, until, found = null, name = '', saysPurpose, ...more } of played) {
    const prompt = {
      language,
      hash: 'c4'.repeat(32),
      name,
      durationMs: 4_080,
      ...(saysPurpose && { saysPurpose }),
    };
    const ours = more.what !== 'beep' && more.what !== 'dialplan';
    const made = await catalogue.notices.tell({
      ...{ callId: call.id, what: 'prompt', leg: 'us', whole: true, heardBy: ['them', 'us'], failed: null },
      ...more,
      prompt: ours ? { ...prompt, kind } : { ...prompt, kind: null, hash: null, durationMs: null },
      startedAt: from === null ? null : zero + from,
      endedAt: zero + until,
    });
    if (found) await catalogue.notices.found(made.seq, found);
  }
  for (const { at, leg = 'them', ...said } of answers)
    await catalogue.directives.add({ callId: call.id, at: zero + at, legId: leg, ...said });
}

/** The calls of the office whose ledger has something in it. */
type Some = Record<
  | 'noisy'
  | 'partial'
  | 'long'
  | 'asked'
  | 'kept'
  | 'outgoing'
  | 'yamamoto'
  | 'erased'
  | 'full'
  | 'internal'
  | 'live'
  | 'processing',
  StoredCall
>;

/** A ledger in every state: told, told later, not told, refused, agreed, found or not, by a tone, by the dialplan, by nobody. */
export async function fillTold(dashboard: Pick<Dashboard, 'catalogue'>, calls: Some): Promise<void> {
  const write = (call: StoredCall, ledger: Ledger) => ledgerOf(dashboard, call, ledger);
  const once = { from: 120, until: 4_200 };
  // Found on both sides.
  await write(calls.noisy, { played: [{ ...once, found: FOUND, saysPurpose: true }] });
  // The workshop came in by a transfer, and was told then.
  await write(calls.partial, {
    language: 'fr',
    played: [
      { ...once, leg: 'reception', heardBy: ['them', 'reception'], found: FOUND },
      { from: 21_600, until: 25_700, heardBy: ['them', 'us'], found: EXCUSED },
    ],
  });
  // Who came in by the transfer was not told, and the one whom it was to be played to hung up on it.
  await write(calls.long, {
    rule: 'Sales',
    wanted: 'announce_refusal',
    played: [
      {
        ...once,
        leg: 'reception',
        heardBy: ['them', 'reception'],
        found: { ...(FOUND as object), in: 'us' } as Found,
      },
      { from: 21_800, until: 23_000, whole: false, heardBy: [] },
      { from: null, until: 25_000, whole: false, heardBy: [], failed: because('pbx_refused') },
    ],
  });
  // Nobody was told.
  await write(calls.kept, {
    played: [{ from: null, until: 900, whole: false, heardBy: [], failed: because('pbx_refused') }],
  });
  // Played, and not in the recording.
  await write(calls.outgoing, { played: [{ ...once, found: LACKS }] });
  // Asked, and agreed.
  await write(calls.yamamoto, {
    wanted: 'ask',
    rule: 'Works council',
    played: [{ ...once, found: FOUND }],
    answers: [{ kind: 'allow', how: 'digits', who: '1', at: 6_300 }],
  });
  // Asked, and nobody said yes.
  await write(calls.asked, { wanted: 'ask', played: [{ from: 100, until: 4_100 }] });
  // Refused with a key, and noted so by a person.
  await write(calls.full, {
    wanted: 'announce_refusal',
    played: [{ from: 120, until: 6_200 }],
    answers: [
      { kind: 'decline', how: 'digits', who: '9', at: 12_000 },
      { kind: 'decline', how: 'button', who: 'Jonas Weber', at: 15_000, leg: 'us' },
    ],
  });
  // By the dialplan, and a tone now and then.
  await write(calls.erased, {
    played: [
      {
        what: 'dialplan',
        leg: 'them',
        from: -8_000,
        until: -4_000,
        heardBy: ['them'],
        name: 'this-call-may-be',
      },
    ],
  });
  await write(calls.internal, {
    telling: { mode: 'silent', silent_confirmed: true, overrides: [{ ...GB, least: 'silent' }] },
  });
  await write(calls.live, {
    telling: { mode: 'beep', overrides: [{ ...GB, least: 'beep' }] },
    played: [1_000, 16_000, 31_000].map((at) => ({ what: 'beep' as const, from: at, until: at + 200 })),
  });
  await write(calls.processing, { language: 'de', played: [{ ...once }] });
}
