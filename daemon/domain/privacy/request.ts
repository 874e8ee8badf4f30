import { type Static, Type } from 'typebox';
import { numberKeys } from '../phone.js';
import { canonicalName, unqualified } from '../place.js';
import type { CallId } from '../recording/recording.js';

/**
 * Requests that people make about recordings of themselves: GDPR articles 15 to 18, 20 and 21, and the California Consumer Privacy
 * Act (CCPA). Each is counted by the calendar of the site, and a log of it is kept after it was answered.
 */

export const privacyKinds = [
  ...(['access', 'rectification', 'erasure', 'restriction', 'portability', 'objection'] as const),
  ...(['know', 'delete', 'correct'] as const),
] as const;
export type PrivacyKind = (typeof privacyKinds)[number];
export type PrivacyLaw = 'gdpr' | 'ccpa';
export const lawOf = (kind: PrivacyKind): PrivacyLaw =>
  kind === 'know' || kind === 'delete' || kind === 'correct' ? 'ccpa' : 'gdpr';
/** Whether it asks that recordings are erased, and not only for copies or that no more are made. */
export const asksErasure = (kind: PrivacyKind): boolean => kind === 'erasure' || kind === 'delete';

/** Whether recordings may be erased for it: an objection may lead to that too (GDPR article 17(1)(c)). */
export const mayErase = (kind: PrivacyKind): boolean => asksErasure(kind) || kind === 'objection';

/** How the request was made (11 CCR 7101). */
export const manners = ['email', 'phone', 'letter', 'form', 'in_person', 'other'] as const;
export type Manner = (typeof manners)[number];
/** What it came to. `partly`: some of it was refused. `withdrawn`: the person no longer wants it. */
export const outcomes = ['given', 'erased', 'partly', 'refused', 'withdrawn'] as const;
export type PrivacyOutcome = (typeof outcomes)[number];
/** Why it was refused, or a part of it (11 CCR 7101: the basis for the denial). */
export const refusalGrounds = [
  'identity',
  'no_data',
  'legal_hold',
  'minimum',
  'other_people',
  'excessive',
  'exempt',
  'other',
] as const;
export type RefusalGround = (typeof refusalGrounds)[number];

export type PrivacyState = 'open' | 'extended' | 'closed';

export const MOST_NUMBERS = 20;
/** There can be so many that are not closed. */
export const MOST_OPEN = 1_000;
/** A request of which more calls match has to be narrowed. */
export const MOST_CALLS = 500;
/** Records of a request are kept for so long after it was closed (11 CCR 7101(a)); then what names the person goes. */
export const LOG_MONTHS = 24;

const Day = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', default: '2026-05-03' });
const Short = (maxLength: number, minLength = 0) => Type.String({ minLength, maxLength });

/** What is written down of a request. Days are of the calendar of the site. */
export const PrivacyFacts = Type.Object(
  {
    kind: Type.Enum([...privacyKinds], {
      description:
        'GDPR: `access` (article 15), `rectification` (16), `erasure` (17), `restriction` (18), `portability` (20), `objection` (21). CCPA: `know`, `delete`, `correct`.',
    }),
    name: Short(120, 1),
    contact: Type.String({ maxLength: 300, description: 'Where the answer goes.' }),
    identity: Type.String({
      maxLength: 300,
      description: 'How it was checked that the request comes from this person; empty: it was not yet.',
    }),
    numbers: Type.Array(Type.String({ minLength: 1, maxLength: 40 }), {
      minItems: 1,
      maxItems: MOST_NUMBERS,
      description:
        'Complete telephone numbers of the person, or for an employee their extension: `ext. 201`, or `ext. branch/201` on the PBX with the id `branch`.',
    }),
    from: Type.Union([Day, Type.Null()], { description: 'First day of the calls that are asked for.' }),
    to: Type.Union([Day, Type.Null()], { description: 'Last day.' }),
    manner: Type.Enum([...manners]),
    received: Day,
    confirmed: Type.Optional(
      Type.Union([Day, Type.Null()], {
        description:
          'When its receipt was confirmed to the person (11 CCR 7021); null or left out: that was not written down.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type PrivacyFacts = Static<typeof PrivacyFacts>;

export type PrivacyRequestId = string;
export type PrivacyRequest = PrivacyFacts & {
  id: PrivacyRequestId;
  confirmed: string | null;
  /** Counted from 1. */
  number: number;
  /** Zone and region of the site when it was entered: by them its days and numbers are understood. */
  zone: string;
  region: string;
  enteredBy: string;
  enteredAt: number;
  state: PrivacyState;
  extended: { by: string; at: number; reason: string } | null;
  closed: {
    by: string;
    at: number;
    /** The day on which the person was answered. */
    day: string;
    outcome: PrivacyOutcome;
    grounds: RefusalGround[];
    note: string;
  } | null;
  /** When what names the person was removed from it; null: it is still there. */
  forgottenAt: number | null;
};

/** A call that is left out of what the person gets, and of what is erased for them. */
export type Exclusion = { callId: CallId; reason: string; by: string; at: number };

/** How a request is closed. */
export const PrivacyAnswer = Type.Object(
  {
    day: Day,
    outcome: Type.Enum([...outcomes]),
    grounds: Type.Array(Type.Enum([...refusalGrounds]), {
      maxItems: refusalGrounds.length,
      uniqueItems: true,
      default: [],
      description: 'Why it was refused, or a part of it.',
    }),
    note: Short(1_000),
  },
  { additionalProperties: false },
);
export type PrivacyAnswer = Static<typeof PrivacyAnswer>;

const EXTENSION = /^ext\.?\s*((?:[^\s/]*\/)?\d{2,6})$/i;

/**
 * Returns the extension that a number of a request names, as `qualified` writes it, or null where it is a telephone number. It has to be
 * said that it is one: the end of a caller's number would otherwise find the calls of an employee.
 */
export function extensionOf(number: string): string | null {
  const [, name] = EXTENSION.exec(number.trim()) ?? [];
  return name === undefined || unqualified(name).name.includes('/') ? null : canonicalName(name);
}

/** Whether a text is a day of the calendar, such as 2028-02-29. */
export const isDay = (day: string): boolean => {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === day && day >= '1970-01-01';
};

/** Why nobody can enter this, in one sentence; null when they can. `today` is the day at the site. */
export function factsFault(facts: PrivacyFacts, region: string, today: string): string | null {
  const bad = facts.numbers.find(
    (number) => extensionOf(number) === null && numberKeys(number, region).length < 2,
  );
  if (bad !== undefined)
    return `"${bad}" is not a complete telephone number. Enter the number with its area code, or the extension of an employee as "ext. 201".`;
  if (!isDay(facts.received)) return `"${facts.received}" is not a day.`;
  if (facts.received > today) return 'The day on which the request was received is in the future.';
  const { confirmed = null } = facts;
  if (confirmed !== null && !isDay(confirmed)) return `"${confirmed}" is not a day.`;
  if (confirmed !== null && confirmed < facts.received)
    return 'The confirmation is dated before the request was received.';
  if (confirmed !== null && confirmed > today) return 'The day of the confirmation is in the future.';
  for (const day of [facts.from, facts.to]) if (day !== null && !isDay(day)) return `"${day}" is not a day.`;
  if (facts.from !== null && facts.to !== null && facts.from > facts.to)
    return 'The last day of the calls is before the first.';
  return null;
}

/** Recordings of the calls of a request that are not erased, how many of them cannot be now, and whether more calls match than are looked at. */
export type Kept = { kept: number; held: number; more: boolean };

/**
 * Why a request cannot be closed like this because of the recordings that are kept of its calls, in one sentence; null when it can. An
 * erasure is carried out when none is left, and there is "no data" when there is none.
 */
export function keptFault(
  { kind }: Pick<PrivacyRequest, 'kind'>,
  { outcome, grounds }: PrivacyAnswer,
  { kept, held, more }: Kept,
): string | null {
  const counted = `${kept} ${kept === 1 ? 'recording' : 'recordings'}`;
  if (more) return 'More than 500 calls match. Narrow the days of the request.';
  if (kept === 0) return null;
  if (grounds.includes('no_data'))
    return `There ${kept === 1 ? 'is' : 'are'} ${counted} of these numbers. Leave calls of other people out first.`;
  if (!claimsErased(kind, outcome)) return null;
  const why = held === 0 ? '' : ` (${held} under legal hold or with a minimum)`;
  return `${counted} of these numbers ${kept === 1 ? 'is' : 'are'} not erased${why}. Erase what can be erased, and close the request as refused, or refused in part, with the reasons for the rest.`;
}

/** Whether closing a request like this says something of the recordings that are kept of its calls. */
export const saysWhatIsKept = (
  { kind }: Pick<PrivacyRequest, 'kind'>,
  { outcome, grounds }: PrivacyAnswer,
): boolean => grounds.includes('no_data') || claimsErased(kind, outcome);

/** Whether closing a request like this says that what it is about was erased. */
const claimsErased = (kind: PrivacyKind, outcome: PrivacyAnswer['outcome']): boolean =>
  outcome === 'erased' || (outcome === 'given' && asksErasure(kind));

/** Why a request cannot be closed like this, in one sentence; null when it can. */
export function answerFault(request: PrivacyRequest, answer: PrivacyAnswer, today: string): string | null {
  const { outcome, grounds, day } = answer;
  if (!isDay(day)) return `"${day}" is not a day.`;
  if (day < request.received) return 'The answer is dated before the request was received.';
  if (day > today) return 'The day of the answer is in the future.';
  const refuses = outcome === 'refused' || outcome === 'partly';
  if (refuses && grounds.length === 0) return 'Say why it was refused.';
  if (!refuses && grounds.length > 0) return 'There are reasons for a refusal, and nothing was refused.';
  if (outcome === 'erased' && !asksErasure(request.kind)) return 'This request does not ask for erasure.';
  const gives = outcome === 'given' || outcome === 'erased' || outcome === 'partly';
  if (gives && request.identity === '')
    return 'Write down how the identity of the person was checked before they get anything.';
  return null;
}
