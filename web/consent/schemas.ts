import { Type } from 'typebox';
import { PbxId } from '../../daemon/domain/pbx.js';
import { answeredStatuses } from '../../daemon/domain/recording/recording.js';
import { CONSENT_FILTERS } from '../../daemon/domain/telling/consent-report.js';
import { LanguageSchema, ModeSchema } from '../../daemon/domain/telling/schema.js';
import {
  answerResults,
  consentFindings,
  consentStatuses,
  foundResults,
  purposeResults,
  toldResults,
} from '../../daemon/domain/telling/told.js';
import { days, Nullable, PartyView, PbxParam, Time } from '../server/schemas.js';

/** The shapes of the report on how people were told. */
export const ToldResult = Type.Enum([...toldResults], {
  description:
    'Whether everybody who spoke with somebody has heard a whole notice. `pending`: the call goes on, or its recording is being made; `not_needed`: it was not recorded, nobody spoke with anybody, or its mode is to tell nobody.',
});
const Status = Type.Enum([...consentStatuses], {
  description:
    'How consent stands with a call: exactly one of these. `refused` counts before all, an answer before what was played; `stated`: our own side said that they agree; `told_in_part`: somebody was not told; `not_required`: it was not recorded, or nobody had to be told.',
});
export const AnswerResult = Type.Enum([...answerResults]);
export const FoundResult = Type.Enum([...foundResults], {
  description:
    'Whether the recording has each prompt that was played whole. `excused`: one was played where the recording is masked or lacks audio for another reason that is given; `not_looked`: that was not looked for yet; `none`: there is nothing to look for.',
});
export const PurposeResult = Type.Enum([...purposeResults], {
  description:
    'Whether every prompt that was heard whole says who records, and what for; `none`: no law asks for that, there is no recording, or no prompt was heard.',
});
export const Findings = Type.Array(Type.Enum([...consentFindings]), {
  description:
    '`untold`: a call was recorded, and somebody who spoke in it was not told; `not_found`: a prompt was played, and the recording does not have it; `not_agreed`: people are asked for a yes, nobody gave one, and there is a recording; `refused_kept`: somebody refused, and there is a recording; `keys_unheard`: people may answer by a key, nobody’s answer is on record, there is a recording, and for a part of the call keys were not heard.',
});

const counts = <K extends string>(keys: readonly K[]) =>
  Object.fromEntries(keys.map((key) => [key, Type.Integer()])) as Record<K, ReturnType<typeof Type.Integer>>;

export const ConsentView = Type.Object({
  now: Time,
  from: Type.String({ description: 'First day.' }),
  to: Type.String({ description: 'Last day.' }),
  time_zone: Type.String(),
  since: Nullable(
    Type.String({ format: 'date-time', description: 'When Tapedeck began to keep account of calls.' }),
  ),
  filter: Type.Enum([...CONSENT_FILTERS]),
  pbx: Nullable(Type.String({ description: 'Of which PBX; null: of all.' })),
  totals: Type.Object({
    calls: Type.Integer({ description: 'Answered calls, as the coverage report counts them.' }),
    exceptions: Type.Integer({ description: 'Calls with a finding.' }),
    findings: Type.Object(counts(consentFindings), { description: 'A call may have several.' }),
    statuses: Type.Object(counts(consentStatuses), { description: 'Adds up to `calls`.' }),
    told: Type.Object(counts(toldResults), { description: 'Adds up to `calls`.' }),
    answers: Type.Object(counts(answerResults), { description: 'Adds up to `calls`.' }),
    found: Type.Object(counts(foundResults), { description: 'Adds up to `calls`.' }),
    purpose: Type.Object(counts(purposeResults), { description: 'Adds up to `calls`.' }),
    modes: Type.Array(
      Type.Object({ mode: Nullable(ModeSchema), calls: Type.Integer(), ...counts(toldResults) }),
      {
        description: 'The strictest first; null: how people are told was not decided. Adds up to `calls`.',
      },
    ),
  }),
  only_in_cdrs: Type.Integer({
    description:
      'Answered calls that only the PBX knows: nobody was told, and nothing was recorded. Not among `calls`.',
  }),
  page: Type.Integer(),
  pages: Type.Integer(),
  calls_total: Type.Integer({ description: 'How many calls fit the filter.' }),
  calls: Type.Array(
    Type.Object({
      call_id: Type.String(),
      pbx: PbxId,
      started_at: Time,
      answered_at: Nullable(Time),
      ended_at: Nullable(Time),
      direction: Type.Enum(['in', 'out', 'internal']),
      them: PartyView,
      us: PartyView,
      mode: Nullable(ModeSchema),
      language: Nullable(LanguageSchema),
      rule: Nullable(Type.String({ description: 'Of the policy; null where no rule asks for a mode.' })),
      policy_version: Nullable(Type.Integer()),
      status: Status,
      told: ToldResult,
      untold: Type.Array(PartyView, {
        description: 'Who spoke with somebody and has not heard a whole notice.',
      }),
      answer: AnswerResult,
      found: FoundResult,
      purpose: PurposeResult,
      findings: Findings,
      keys_unheard_ms: Type.Integer({
        description:
          'For so long of the call nobody monitored the PBX: keys that were pressed then were not heard.',
      }),
      coverage: Type.Enum(['none', ...answeredStatuses]),
    }),
    { description: 'A page of those asked for, newest first.' },
  ),
});

export const ConsentCsvQuery = Type.Object({
  from: days.from,
  to: Type.Optional(
    Type.String({ format: 'date', description: 'Last day; thirty days until today by default.' }),
  ),
  pbx: PbxParam,
  show: Type.Optional(
    Type.Enum([...CONSENT_FILTERS], {
      description: 'Which calls are listed; `exceptions`, those with a finding, by default.',
    }),
  ),
});
export const ConsentQuery = Type.Object({
  ...ConsentCsvQuery.properties,
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: 1 })),
});
