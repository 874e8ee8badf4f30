import type { Why } from '../../../daemon/domain/reason/reason.js';
import { inWords } from '../../../daemon/domain/reason/words.js';

/** Why a call may lack something because the machine of the tests is busy; when that was may be said first. */
const BUSY =
  /^(Nothing was recorded from \S+ to \S+\. )?(Tapedeck was (busy|frozen)|The PBX (took|reported the answer|was short)|The capture started late)/;

/**
 * What keeps a call from being recorded whole, '' for nothing. A machine that is busy with other tests may cost it a moment: then
 * that has to be its reason.
 */
export function lackOf({
  status,
  ...told
}: {
  status: string;
  why?: Why | null;
  reason?: string | null;
}): string {
  const reason = told.reason ?? inWords(told.why ?? null);
  return status === 'recorded' || (status === 'partial' && BUSY.test(reason)) ? '' : `${status}: ${reason}`;
}
