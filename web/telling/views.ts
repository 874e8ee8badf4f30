import { iso } from '../../daemon/domain/days.js';
import { jurisdictionName, type TellDecision } from '../../daemon/domain/telling/decide.js';
import type { Prompt } from '../../daemon/domain/telling/prompt.js';

/** A prompt that was uploaded, as the API has it. */
export const promptView = ({
  hash,
  name,
  text,
  saysPurpose,
  bytes,
  durationMs,
  addedAt,
  addedBy,
  active,
}: Prompt) => ({
  ...{ hash, name, text, bytes, active },
  says_purpose: saysPurpose,
  duration_ms: durationMs,
  added_at: iso(addedAt),
  added_by: addedBy,
});

/** How people would be told, as the API has it. */
export const wouldTellView = ({
  mode,
  because,
  promptInRecording,
  purposeAndIdentity,
  beepSeconds,
}: Pick<TellDecision, 'mode' | 'because' | 'promptInRecording' | 'purposeAndIdentity' | 'beepSeconds'>) => ({
  ...{ mode, prompt_in_recording: promptInRecording, beep_seconds: beepSeconds },
  purpose_and_identity: purposeAndIdentity,
  because: because.map((one) => ({
    ...one,
    ...(one.code === 'jurisdiction' ? { name: jurisdictionName(one.id) } : {}),
  })),
});
