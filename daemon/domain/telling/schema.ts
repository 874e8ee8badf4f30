import { type Static, Type } from 'typebox';
import { When } from '../policy/conditions.js';
import { ListName } from '../policy/lists/number-list.js';

/** The ways of telling people that a call is recorded, the strictest last. */
export const MODES = ['silent', 'beep', 'announce', 'announce_refusal', 'ask'] as const;
export type Mode = (typeof MODES)[number];

/** How strict a mode is: a higher number asks for more. */
export const strictness = (mode: Mode): number => MODES.indexOf(mode);
export const stricter = (a: Mode, b: Mode): Mode => (strictness(a) >= strictness(b) ? a : b);

/** Whether people answer by a key; null where it was not decided how they are told. */
export const answersByKey = (mode: Mode | null): boolean => mode === 'ask' || mode === 'announce_refusal';

export const LANGUAGES = ['en', 'es', 'fr', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

export const ModeSchema = Type.Enum([...MODES], {
  description:
    'How people are told: `silent` not at all, `beep` by a repeated tone, `announce` by a prompt, `announce_refusal` by a prompt with a key to refuse, `ask` by a prompt with a key to agree.',
});
export const LanguageSchema = Type.Enum([...LANGUAGES]);

/** The longest distance of two tones, in seconds. */
export const LONGEST_BEEP_S = 60;

/** "US-CA", "DE", "EU"; "unknown" for a number or a place of which nothing is known. */
export const JurisdictionId = Type.String({ pattern: '^([A-Z]{2}(-[A-Z0-9]{1,3})?|unknown)$' });

/** What the law of one place asks for, and where that was read. It is information, not legal advice. */
export const Jurisdiction = Type.Object(
  {
    id: JurisdictionId,
    name: Type.String({ minLength: 1, maxLength: 80 }),
    /** What lists of such laws call it. What has to be done is in the next six. */
    rule: Type.Enum(['one_party', 'all_party', 'notice', 'special']),
    notice: Type.Boolean({ description: 'People must be told.' }),
    prior_consent: Type.Boolean({
      description: 'Nothing may be captured before they have agreed: being told is not enough.',
    }),
    objection: Type.Boolean({ description: 'People who object must be able to refuse.' }),
    purpose_and_identity: Type.Boolean({
      description: 'The spoken notice has to say who records, and what for.',
    }),
    prompt_in_recording: Type.Boolean({ description: 'The announcement must be in the recording itself.' }),
    beep_seconds: Type.Union([Type.Integer({ minimum: 1, maximum: LONGEST_BEEP_S }), Type.Null()], {
      description:
        'A repeated tone is notice enough, at most so many seconds from tone to tone. Null: a tone is not.',
    }),
    nuance: Type.String({ maxLength: 600 }),
    statute: Type.String({ minLength: 4, maxLength: 300 }),
    source: Type.String({ minLength: 4, maxLength: 300, description: 'Where that was read.' }),
    as_of: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'When it was read.' }),
    confidence: Type.Enum(['high', 'medium', 'low']),
  },
  { additionalProperties: false },
);
export type Jurisdiction = Static<typeof Jurisdiction>;

/** Returns the least strict mode that does what is asked for. A stricter one does it too. */
export function leastOf(
  asks: Pick<Jurisdiction, 'notice' | 'prior_consent' | 'objection' | 'beep_seconds'>,
): Mode {
  if (asks.prior_consent) return 'ask';
  if (asks.objection) return 'announce_refusal';
  if (!asks.notice) return 'silent';
  return asks.beep_seconds === null ? 'announce' : 'beep';
}

/** An outbound caller who agreed aloud is not heard by Tapedeck: what our own side says of them is no answer of theirs. */
export const StatedIsEnough = Type.Boolean({
  description:
    'Whether it is enough, where people are asked, that our own side states for the others that they agree: by a key, a button or a program. Left out: no; each of them has to agree on their own phone.',
});

/** What an admin, advised by counsel, has decided about a place: it stands in for what Tapedeck comes with. */
export const Override = Type.Object(
  {
    id: JurisdictionId,
    least: Type.Enum([...MODES], { description: 'The least strict mode that is enough there.' }),
    prompt_in_recording: Type.Optional(Type.Boolean()),
    purpose_and_identity: Type.Optional(
      Type.Boolean({
        description: 'The spoken notice has to say who records, and what for. Left out: as Tapedeck has it.',
      }),
    ),
    stated_is_enough: Type.Optional(StatedIsEnough),
    note: Type.String({ minLength: 1, maxLength: 300, description: 'Why, and on whose advice.' }),
  },
  { additionalProperties: false },
);
export type Override = Static<typeof Override>;

const Key = Type.String({ pattern: '^[0-9*#]$' });

/** For so many days at the most numbers stay on a list for a refusal, unless they stay on it for good. */
export const MOST_REFUSED_DAYS = 3_650;

/** Where the numbers of outside parties go who refuse to be recorded. */
export const Refused = Type.Object(
  {
    list: ListName,
    days: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: MOST_REFUSED_DAYS }), Type.Null()], {
        description: 'For so many days after the day of the refusal. Null, or left out: without an end.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description:
      'Numbers that refuse are put on this list of numbers, which is made if it is not there. A rule has to name it.',
  },
);
export type Refused = Static<typeof Refused>;

/** How people are told: a part of the policy, and versioned with it. */
export const Telling = Type.Object(
  {
    mode: Type.Optional(ModeSchema),
    silent_confirmed: Type.Optional(
      Type.Boolean({
        description:
          'An admin has confirmed that calls may be recorded without telling anybody, where one party may consent.',
      }),
    ),
    subdivision: Type.Optional(
      Type.String({
        pattern: '^[A-Z0-9]{1,3}$',
        description: 'State or province of the site (ISO 3166-2), such as "WA".',
      }),
    ),
    refuse_key: Type.Optional(Key),
    agree_key: Type.Optional(Key),
    stated_is_enough: Type.Optional(StatedIsEnough),
    beep_seconds: Type.Optional(Type.Integer({ minimum: 5, maximum: LONGEST_BEEP_S })),
    language: Type.Optional(LanguageSchema),
    languages: Type.Optional(
      Type.Array(Type.Object({ when: When, language: LanguageSchema }, { additionalProperties: false }), {
        maxItems: 100,
        description: 'The first that matches a call decides in which language people are told.',
      }),
    ),
    overrides: Type.Optional(Type.Array(Override, { maxItems: 300 })),
    refused: Type.Optional(Refused),
  },
  { additionalProperties: false },
);
export type Telling = Static<typeof Telling>;
