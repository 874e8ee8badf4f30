import { iso } from '../days.js';
import { inWords, type Say } from '../reason/words.js';
import type { CallRecord, Coverage, Recording } from '../recording/recording.js';
import type { HoldItem } from './hold.js';

/** The columns of the report of a matter. */
export const REPORT_COLUMNS = [
  ...['held', 'call', 'started', 'direction', 'them', 'us', 'coverage', 'recording', 'sealed_sha256'],
  ...['held_by', 'since', 'added_by', 'reason_not_held'],
] as const;

type ReportedCall = CallRecord & { coverage: Coverage; recording: Recording | null };

/**
 * Returns the cells of one row: of what is held, or (`item` null) of a call that matches and has no recording, with the reason.
 * `call` is null where it may not be shown.
 */
export function reportCells(call: ReportedCall | null, item: HoldItem | null, say: Say): string[] {
  const recording = item && call?.recording?.id === item.recordingId ? call.recording : null;
  return [
    item ? 'yes' : 'no',
    item?.callId ?? call?.id ?? '',
    call ? iso(call.startedAt) : '',
    call?.direction ?? '',
    call?.them.number ?? '',
    call?.us.number ?? '',
    call?.coverage.status ?? '',
    item?.recordingId ?? '',
    recording?.sealedSha256 ?? '',
    item?.why ?? '',
    item ? iso(item.at) : '',
    item?.by ?? '',
    item || !call ? '' : notHeld(call, say),
  ];
}

/** Why there is no recording to hold. */
function notHeld({ recording, coverage }: ReportedCall, say: Say): string {
  if (recording?.state === 'erased' || recording?.state === 'erasing')
    return `Erased before: ${inWords(recording.eraseWhy, say)}`;
  return inWords(coverage.why, say);
}
