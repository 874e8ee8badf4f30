import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { fail } from '../../domain/error.js';
import { soundForms } from '../../domain/importing/sound-file.js';
import { MOST_SPEECH_CHARS } from '../../domain/telling/prompt.js';
import { LANGUAGES } from '../../domain/telling/schema.js';
import type { AdoptJob, Foreign } from '../adopt.js';
import type { OpusJob, RecodeJob, SoundForm } from '../opus.js';

/**
 * What the recorder can ask of the encoder: kinds with numbers, or with words to be spoken; never an argument of ffmpeg's, a path or a descriptor. The
 * encoder makes the plan from them itself.
 */

/** More than any call has that is recorded today: each needs two pipes. */
const MOST_SEGMENTS = 1_000;
/** A week, in ms. */
const LONGEST_MS = 7 * 86_400_000;
const MOST_LOSSES = 1_000;
const MOST_SILENCES = 20_000;
/** How long a run may take, in ms, whatever is asked. */
export const LONGEST_RUN_MS = 12 * 3_600_000;

const strict = <P extends Parameters<typeof Type.Object>[0]>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });
const Length = Type.Number({ minimum: 0, maximum: LONGEST_MS });
const Rate = Type.Integer({ minimum: 8_000, maximum: 48_000 });
const Limit = Type.Number({ minimum: 1, maximum: LONGEST_RUN_MS });
const Losses = Type.Array(strict({ fromMs: Length, toMs: Length, ms: Length }), { maxItems: MOST_LOSSES });

const Silences = Type.Array(
  strict({
    side: Type.Union([Type.Literal('them'), Type.Literal('us'), Type.Literal('both')]),
    fromMs: Length,
    untilMs: Length,
  }),
  { maxItems: MOST_SILENCES },
);

/** What the file says of its call, and how it is encoded. */
const FORM = {
  tags: strict({
    title: Type.String({ maxLength: 500 }),
    date: Type.String({ maxLength: 40 }),
    callId: Type.String({ maxLength: 40 }),
  }),
  bitrate: Type.Integer({ minimum: 6_000, maximum: 512_000 }),
  complexity: Type.Integer({ minimum: 0, maximum: 10 }),
};

const EncodeOrder = strict({
  kind: Type.Literal('encode'),
  limitMs: Limit,
  segments: Type.Array(
    strict({
      offsetMs: Type.Number({ minimum: -LONGEST_MS, maximum: LONGEST_MS }),
      rate: Rate,
      /** Null for a side that was not captured. */
      in: Type.Union([strict({ ms: Length, lost: Losses }), Type.Null()]),
      out: Type.Union([strict({ ms: Length, lost: Losses }), Type.Null()]),
    }),
    { maxItems: MOST_SEGMENTS },
  ),
  silences: Type.Optional(Silences),
  ...FORM,
});
const SoundOrder = strict({
  kind: Type.Literal('sound'),
  limitMs: Limit,
  rate: Type.Integer({ minimum: 8_000, maximum: 16_000 }),
  ...FORM,
});
const RecodeOrder = strict({
  kind: Type.Literal('recode'),
  limitMs: Limit,
  durationMs: Length,
  rate: Rate,
  silences: Silences,
  ...FORM,
});
const ForeignForm = strict({
  form: Type.Enum([...soundForms]),
  rate: Type.Integer({ minimum: 4_000, maximum: 192_000 }),
  ignoreLength: Type.Boolean(),
});
const AdoptOrder = strict({
  kind: Type.Literal('adopt'),
  limitMs: Limit,
  foreign: ForeignForm,
  durationMs: Length,
  rate: Type.Integer({ minimum: 4_000, maximum: 192_000 }),
  sides: Type.Enum(['mixed', 'separate', 'swapped']),
  ...FORM,
});
const MeasureOrder = strict({ kind: Type.Literal('measure'), limitMs: Limit, foreign: ForeignForm });
const DecodeOrder = strict({ kind: Type.Literal('decode'), limitMs: Limit, rate: Rate });
const PromptOrder = strict({
  kind: Type.Literal('prompt'),
  limitMs: Limit,
  rate: Rate,
  level: Type.Boolean(),
});
const SpeechOrder = strict({
  kind: Type.Literal('speech'),
  limitMs: Limit,
  language: Type.Enum([...LANGUAGES]),
  text: Type.String({ minLength: 1, maxLength: MOST_SPEECH_CHARS }),
});
const VersionOrder = strict({ kind: Type.Literal('version') });

const Order = Type.Union([
  EncodeOrder,
  SoundOrder,
  RecodeOrder,
  AdoptOrder,
  MeasureOrder,
  DecodeOrder,
  PromptOrder,
  SpeechOrder,
  VersionOrder,
]);
export type Order = Static<typeof Order>;

export const VersionAnswer = strict({
  version: Type.String({ maxLength: 80 }),
  libopus: Type.Boolean(),
});

const tagsIn = ({ title, date, callId }: OpusJob['tags']) => ({ title: title.slice(0, 500), date, callId });

/** The order for a job, without the paths of its files. */
export function encodeOrder(job: OpusJob, limitMs: number): Order {
  const { segments, silences = [], tags, bitrate, complexity } = job;
  const side = (file: string | null, ms: number, lost: OpusJob['segments'][number]['inLost'] = []) =>
    file === null ? null : { ms, lost: lost.map(({ fromMs, toMs, ms }) => ({ fromMs, toMs, ms })) };
  return {
    kind: 'encode',
    limitMs,
    segments: segments.map(({ offsetMs, rate, inFile, outFile, inMs, outMs, inLost, outLost }) => ({
      ...{ offsetMs, rate },
      in: side(inFile, inMs, inLost),
      out: side(outFile, outMs, outLost),
    })),
    // Left out where there are none, so that an encoder of an earlier version understands it.
    ...(silences.length > 0 && {
      silences: silences.map(({ side, fromMs, untilMs }) => ({ side, fromMs, untilMs })),
    }),
    tags: tagsIn(tags),
    bitrate,
    complexity,
  };
}

/** The order for sound that comes as samples. */
export const soundOrder = ({ rate, tags, bitrate, complexity }: SoundForm, limitMs: number): Order => ({
  ...{ kind: 'sound', limitMs, rate, bitrate, complexity },
  tags: tagsIn(tags),
});

/** The order for a redaction. */
export const recodeOrder = (
  { durationMs, rate, silences, tags, bitrate, complexity }: RecodeJob,
  limitMs: number,
): Order => ({
  kind: 'recode',
  ...{ limitMs, durationMs, rate, bitrate, complexity },
  silences: silences.map(({ side, fromMs, untilMs }) => ({ side, fromMs, untilMs })),
  tags: tagsIn(tags),
});

const foreignIn = ({ form, rate, ignoreLength }: Foreign): Foreign => ({ form, rate, ignoreLength });

/** The order for the file of another recorder. */
export const adoptOrder = (
  { foreign, durationMs, rate, sides, tags, bitrate, complexity }: AdoptJob,
  limitMs: number,
): Order => ({
  kind: 'adopt',
  ...{ limitMs, durationMs, rate, sides, bitrate, complexity, foreign: foreignIn(foreign) },
  tags: tagsIn(tags),
});

export const measureOrder = (foreign: Foreign, limitMs: number): Order => ({
  ...{ kind: 'measure', limitMs, foreign: foreignIn(foreign) },
});

/** The job of an order, whose files are pipes that nobody opens by a name. */
export function jobOf(order: Static<typeof EncodeOrder>): OpusJob {
  const { segments, silences = [], tags, bitrate, complexity } = order;
  return {
    segments: segments.map(({ offsetMs, rate, in: theirs, out: ours }) => ({
      ...{ offsetMs, rate },
      inFile: theirs && 'a pipe',
      outFile: ours && 'a pipe',
      inMs: theirs?.ms ?? 0,
      outMs: ours?.ms ?? 0,
      inLost: theirs?.lost ?? [],
      outLost: ours?.lost ?? [],
    })),
    ...{ silences, tags, bitrate, complexity },
  };
}

/** Returns an order as it was sent. Throws `request_invalid`. */
export function readOrder(payload: Buffer): Order {
  let sent: unknown;
  try {
    sent = JSON.parse(payload.toString('utf8'));
  } catch {
    throw fail('request_invalid', 'The order is no JSON.');
  }
  if (!Value.Check(Order, sent)) throw fail('request_invalid', 'The order is none that the encoder knows.');
  return sent;
}
