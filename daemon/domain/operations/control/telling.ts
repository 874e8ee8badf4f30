import { Type } from 'typebox';
import { MOST_PROMPT_BYTES, MOST_SPEECH_CHARS, PROMPT_KINDS } from '../../telling/prompt.js';
import { LANGUAGES } from '../../telling/schema.js';
import { By, NOTHING, post, proved, Text } from './request.js';

/** What can be asked about telling people that a call is recorded. */

/** ffmpeg reads, measures and writes it. */
const MAKE_MS = 60_000;
/** In base64, with what is around it. */
const PROMPT_CHARS = Math.ceil(MOST_PROMPT_BYTES / 3) * 4;

/** What Tapedeck's own prompt is called in the audit log and in a proof. */
export const OWN_PROMPT = 'own';

const Of = {
  kind: Type.Enum([...PROMPT_KINDS]),
  language: Type.Enum([...LANGUAGES]),
};
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$', default: '0'.repeat(64) });

export const TELLING = {
  /**
   * Makes a prompt of an upload and keeps it; it is not played yet. `audio` is in base64. Throws `prompt_invalid`, `forbidden`,
   * `encoder_away`, `ffmpeg_missing`.
   */
  add_prompt: post(
    '/prompts/add',
    Type.Object({
      by: By,
      ...Of,
      name: Text(80, 1),
      text: Text(500),
      says_purpose: Type.Optional(Type.Boolean()),
      audio: Type.String({ minLength: 4, maxLength: PROMPT_CHARS }),
    }),
    Type.Object({ hash: Hash }),
    { timeoutMs: MAKE_MS, maxBytes: PROMPT_CHARS + 16_384 },
  ),
  /**
   * Has words spoken, as a wav file in base64; nothing is kept. Throws `prompt_invalid`, `forbidden`, `speech_missing`, `encoder_away`,
   * `ffmpeg_missing`.
   */
  speak_prompt: post(
    '/prompts/speak',
    Type.Object({ by: By, language: Of.language, text: Text(MOST_SPEECH_CHARS, 1) }),
    Type.Object({ audio: Type.String({ maxLength: PROMPT_CHARS }), duration_ms: Type.Integer() }),
    { timeoutMs: MAKE_MS },
  ),
  /**
   * Has this one played from now on; null: Tapedeck's own. Needs a proof: with a prompt that says nothing, nobody is told. Throws
   * `prompt_unknown`, `forbidden`.
   */
  activate_prompt: proved(
    'rules',
    '/prompts/activate',
    Type.Object({ by: By, ...Of, hash: Type.Union([Hash, Type.Null()]) }),
    NOTHING,
    { object: ({ hash }) => hash ?? OWN_PROMPT },
  ),
} as const;
