import { type Static, Type } from 'typebox';
import { directiveWays } from '../../daemon/domain/call/directive.js';
import { reasonShape } from '../../daemon/domain/reason/reason.js';
import { tellingKinds } from '../../daemon/domain/telling/notice.js';
import { PROMPT_KINDS } from '../../daemon/domain/telling/prompt.js';
import { LanguageSchema, ModeSchema } from '../../daemon/domain/telling/schema.js';
import { AnswerResult, Findings, FoundResult, PurposeResult, ToldResult } from '../consent/schemas.js';
import { Nullable, PartyView } from '../server/schemas.js';

/** The shapes of what a call's ledger of consent says. */
const At = Type.Integer({ description: 'On the timeline: milliseconds since the answer.' });

const ListenerView = Type.Object({
  leg: Nullable(Type.Integer({ description: 'The place in `legs`; null: no longer known.' })),
  party: Nullable(PartyView),
});
export type ListenerView = Static<typeof ListenerView>;

const From = Type.Enum(['number', 'site']);
const Reason = Type.Union([
  Type.Object({
    code: Type.Literal('jurisdiction'),
    id: Type.String(),
    name: Type.String(),
    from: From,
    needs: ModeSchema,
  }),
  Type.Object({ code: Type.Enum(['rule', 'default']), mode: ModeSchema }),
  Type.Object({ code: Type.Enum(['silent_not_confirmed', 'standing_consent']) }),
]);

const Place = Type.Object({
  region: Type.String({ description: "ISO 3166-1, or ''." }),
  subdivision: Type.String({ description: "ISO 3166-2 without the country, or ''." }),
});

const PlayedView = Type.Object({
  what: Type.Enum([...tellingKinds], {
    description:
      '`prompt` and `beep` are played by Tapedeck, `dialplan` by the PBX before the call is connected.',
  }),
  prompt: Type.Object({
    kind: Nullable(Type.Enum([...PROMPT_KINDS])),
    language: Type.String(),
    hash: Nullable(Type.String({ description: 'SHA-256 of its 16 kHz file, in hex.' })),
    name: Type.String(),
    duration_ms: Nullable(Type.Integer()),
    says_purpose: Type.Boolean({
      description: 'It says who records, and what for, according to the person who added it.',
    }),
  }),
  to: Type.Object(ListenerView.properties, { description: 'Into whose leg it was whispered.' }),
  heard_by: Type.Array(ListenerView, {
    description: 'Who was there from its start to its end. Empty unless it is whole.',
  }),
  from_ms: Nullable(At),
  until_ms: At,
  whole: Type.Boolean({ description: 'All of it was played, as the PBX says.' }),
  failed: Nullable(Type.Object(reasonShape)),
  found: Type.Union(
    [
      Type.Object({
        found: Type.Literal(true),
        in: Type.Enum(['both', 'them', 'us']),
        from_ms: At,
        until_ms: At,
        share: Type.Number({ description: "Of the prompt's half seconds, those that are there: 0 to 1." }),
        correlation: Type.Number(),
      }),
      Type.Object({ found: Type.Literal(false), excused: Type.Boolean() }),
      Type.Null(),
    ],
    { description: 'Where the sealed recording has it; null: that was not looked for.' },
  ),
});

export const ToldView = Type.Object({
  mode: ModeSchema,
  because: Type.Array(Reason),
  prompt_in_recording: Type.Boolean({
    description: 'The law of a place asks that the prompt is heard in it.',
  }),
  purpose: PurposeResult,
  beep_seconds: Nullable(Type.Number()),
  jurisdictions: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      as_of: Type.String({ description: 'The state of the law that was applied.' }),
      overridden: Type.Boolean({ description: 'The policy has its own entry for it.' }),
      from: From,
    }),
  ),
  number: Nullable(
    Type.String({
      description: 'Of the outside party: it hints at a place, and proves none. Null where there is none.',
    }),
  ),
  number_place: Nullable(
    Type.Object(Place.properties, { description: 'The place that the number hints at.' }),
  ),
  site: Place,
  language: LanguageSchema,
  stated_is_enough: Type.Boolean({
    description: 'Where people are asked: whether it is enough that our own side states that they agree.',
  }),
  policy_version: Type.Integer({ description: '0 is the policy that Tapedeck comes with.' }),
  rule: Nullable(Type.String({ description: 'That asks for a mode; null where none does.' })),
  result: ToldResult,
  untold: Type.Array(ListenerView, {
    description: 'Who spoke with somebody and has not heard a whole notice.',
  }),
  answer: AnswerResult,
  found: FoundResult,
  findings: Findings,
  played: Type.Array(PlayedView, { description: 'What was played, in order.' }),
  answers: Type.Array(
    Type.Object({
      kind: Type.Enum(['decline', 'allow']),
      how: Type.Enum([...directiveWays]),
      key: Nullable(Type.String({ description: 'The keys that were pressed.' })),
      at_ms: At,
      who: Type.String({ description: "A person's name, or empty." }),
      by: Nullable(ListenerView),
      stated: Type.Boolean({
        description:
          'Our own side says of the others that they agree; nobody of them said so on their phone.',
      }),
    }),
    { description: 'What people answered, in order.' },
  ),
});
