import { iso } from '../../daemon/domain/days.js';
import type { Prompt } from '../../daemon/domain/telling/prompt.js';

/** A prompt that was uploaded, as the API has it. */
export const promptView = ({ hash, name, text, bytes, durationMs, addedAt, addedBy, active }: Prompt) => ({
  ...{ hash, name, text, bytes, active },
  duration_ms: durationMs,
  added_at: iso(addedAt),
  added_by: addedBy,
});
