import type { StoredCall } from '../../catalogue/stored-call.js';
import { because, together } from '../../domain/reason/reason.js';
import { isLack, type Lacks, longestGap, whyGap, whyLacking } from '../../domain/recording/gaps.js';
import { isMeantGap } from '../../domain/recording/mask.js';
import type { Coverage, Gap } from '../../domain/recording/recording.js';

/** Of two seconds of 8 kHz Asterisk tells its disk nothing yet (32 KB): what it had in hand when it died is lost. */
const CUT = because('cut_off');

/** Whether a call was recorded whole. What was masked, or was not to be captured, is not missing. */
export function coverageOf(
  call: StoredCall,
  gaps: Gap[],
  missingMs: number,
  cut: boolean,
  lacks: readonly Lacks[],
): Coverage {
  const short = whyLacking(lacks);
  const counted = gaps.filter((gap) => !isMeantGap(gap) && (short === null || !isLack(gap)));
  const longest = longestGap(counted);
  if (!longest && !cut && !short)
    return { status: 'recorded', why: null, rule: call.coverage.rule, missingMs };
  const why = together(short, cut ? CUT : null, longest && whyGap(longest));
  return { status: 'partial', why, rule: call.coverage.rule, missingMs };
}
