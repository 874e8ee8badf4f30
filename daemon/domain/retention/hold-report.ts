import { harmless } from '../csv.js';
import { iso } from '../days.js';
import { inWords, type Say } from '../reason/words.js';
import type { Mask } from '../recording/mask.js';
import type { CallRecord, Coverage, Recording } from '../recording/recording.js';
import { durationText } from '../written.js';
import type { HoldItem } from './hold.js';

/** The columns of the report of a matter. */
export const REPORT_COLUMNS = [
  ...['held', 'call', 'started', 'direction', 'them', 'us', 'coverage', 'recording', 'sealed_sha256'],
  ...['held_by', 'since', 'added_by', 'reason_not_held'],
] as const;

type ReportedCall = CallRecord & { coverage: Coverage; recording: Recording | null };

/** Whether a call has a recording that can be held; its row is then the one of what is held. */
export const canBeHeld = ({ recording }: ReportedCall): boolean => recording?.state === 'sealed';

/**
 * Returns the cells of one row: of what is held, with what is missing of it, or (`item` null) of a call that matches and has no
 * recording, with the reason. No cell is a formula to a spreadsheet.
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
    item ? missing(recording) : call ? notHeld(call, say) : '',
  ].map(harmless);
}

/** Why there is no recording to hold. */
function notHeld({ recording, coverage }: ReportedCall, say: Say): string {
  if (recording?.state === 'erased' || recording?.state === 'erasing')
    return `Erased before: ${inWords(recording.eraseWhy, say)}`;
  return inWords(coverage.why, say);
}

/** What a recording lacks of its call, in seconds. */
function missing(recording: Recording | null): string {
  if (!recording) return '';
  const sum = (parts: readonly { atMs: number; untilMs: number }[]) =>
    parts.reduce((ms, { atMs, untilMs }) => ms + untilMs - atMs, 0);
  const masks = (of: Mask['kind']) => recording.masks.filter(({ kind }) => kind === of);
  const parts = [
    ['Masked', sum(masks('mask'))],
    ['Silenced for want of consent', sum(masks('unagreed'))],
    ['Silent on hold', sum(masks('hold'))],
    ['Redacted', sum(masks('redacted'))],
    ['Not captured', sum(recording.gaps)],
  ] as const;
  return parts.flatMap(([what, ms]) => (ms > 0 ? [`${what} for ${durationText(ms)}.`] : [])).join(' ');
}
