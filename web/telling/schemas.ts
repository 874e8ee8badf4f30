import { Type } from 'typebox';
import { MOST_PROMPT_BYTES, MOST_SPEECH_CHARS, PROMPT_KINDS } from '../../daemon/domain/telling/prompt.js';
import { Jurisdiction, LANGUAGES, MODES } from '../../daemon/domain/telling/schema.js';
import { Nullable, PbxParam, Time } from '../server/schemas.js';

/** The shapes of how people are told that their calls are recorded. */
const Mode = Type.Enum([...MODES]);
const Kind = Type.Enum([...PROMPT_KINDS]);
export const Language = Type.Enum([...LANGUAGES]);
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });

export const NOT_ADVICE = 'Information, not legal advice.';
export const TELLS_NOBODY =
  'Null where the policy has no `telling`: people are told in another way, and Tapedeck tells nobody.';

export const TellingView = Type.Object({
  notice: Type.String({ description: NOT_ADVICE }),
  policy_version: Type.Integer(),
  tells: Type.Boolean({
    description:
      'Whether Tapedeck tells people. If not, they are told in another way, and the rest is what would hold if it did.',
  }),
  mode: Mode,
  silent_confirmed: Type.Boolean(),
  site: Type.Object({ region: Type.String(), subdivision: Type.String() }),
  elsewhere: Type.Array(
    Type.Object({
      pbx: Type.String({ description: "'' for the first." }),
      region: Type.String(),
      subdivision: Type.String(),
    }),
    { description: 'PBXs that stand in another country, as tapedeck.toml has it.' },
  ),
  refuse_key: Type.String(),
  agree_key: Type.String(),
  jurisdictions: Type.Array(
    Type.Object({ ...Jurisdiction.properties, least: Mode, overridden: Type.Boolean() }),
    {
      description: 'By id. `least`: the least strict mode that is enough there; a stricter one is too.',
    },
  ),
});

export const TellingTestBody = Type.Object({
  number: Type.Optional(
    Type.String({ maxLength: 40, description: 'Left out: a call without an outside party.' }),
  ),
  mode: Type.Optional(Mode),
  pbx: PbxParam,
});

/** How people would be told, and by what that was decided. */
export const WouldTellProperties = {
  mode: Mode,
  because: Type.Array(
    Type.Object({
      code: Type.Enum(['jurisdiction', 'rule', 'default', 'silent_not_confirmed', 'standing_consent']),
      id: Type.Optional(Type.String()),
      name: Type.Optional(Type.String({ description: 'Of the jurisdiction, such as "California".' })),
      from: Type.Optional(Type.Enum(['number', 'site'])),
      needs: Type.Optional(Mode),
      mode: Type.Optional(Mode),
    }),
  ),
  prompt_in_recording: Type.Boolean(),
  purpose_and_identity: Type.Boolean({ description: 'The prompt has to say who records, and what for.' }),
  beep_seconds: Nullable(Type.Integer()),
};

export const TellingTestView = Type.Object({
  notice: Type.String({ description: NOT_ADVICE }),
  telling: Type.Union([Type.Object(WouldTellProperties), Type.Null()], { description: TELLS_NOBODY }),
});

const SaysPurpose = Type.Boolean({
  description: 'The uploader states that it says who records, and what for.',
});
const PromptView = Type.Object({
  hash: Hash,
  name: Type.String(),
  text: Type.String(),
  says_purpose: SaysPurpose,
  bytes: Type.Integer(),
  duration_ms: Type.Integer(),
  added_at: Time,
  added_by: Type.String(),
  active: Type.Boolean(),
});

export const PromptsView = Type.Object({
  prompts: Type.Array(
    Type.Object({
      kind: Kind,
      language: Language,
      own: Type.Object(
        { hash: Hash, text: Type.String(), duration_ms: Type.Integer(), active: Type.Boolean() },
        { description: 'The one that Tapedeck comes with.' },
      ),
      uploaded: Type.Array(PromptView, { description: 'Newest first.' }),
      offered: Type.String({
        description: 'A sentence that says who records and what for; what is in brackets is to be filled in.',
      }),
      lacks_purpose: Type.Boolean({
        description:
          'Callers of this site hear it, its law asks for who records and what for, and what is active does not say so.',
      }),
    }),
  ),
});

export const PROMPT_BODY_BYTES = Math.ceil(MOST_PROMPT_BYTES / 3) * 4 + 16_384;
export const PromptBody = Type.Object({
  kind: Kind,
  language: Language,
  name: Type.String({ minLength: 1, maxLength: 80 }),
  text: Type.String({ maxLength: 500, description: 'What is said in it.' }),
  says_purpose: Type.Optional(SaysPurpose),
  audio: Type.String({
    minLength: 4,
    maxLength: PROMPT_BODY_BYTES,
    description: 'WAV, MP3, Ogg or FLAC, from half a second to 30 seconds, at most 6 MB, in base64.',
  }),
});
export const PromptAdded = Type.Object({ hash: Hash });

export const SpeechBody = Type.Object({
  language: Language,
  text: Type.String({ minLength: 1, maxLength: MOST_SPEECH_CHARS, description: 'What is to be said.' }),
});
export const Spoken = Type.Object({
  audio: Type.String({ description: 'A wav file of 16 kHz, in base64.' }),
  duration_ms: Type.Integer(),
});

export const ActivePromptBody = Type.Object({
  kind: Kind,
  language: Language,
  hash: Nullable(Hash),
});
export const PromptParams = Type.Object({ hash: Hash });
