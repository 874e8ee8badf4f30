import { times } from '../days.js';
import type { Why } from '../reason/reason.js';
import type { CallRecord, Recording } from '../recording/recording.js';
import { durationText } from '../written.js';
import type { AnswerFile } from './answer.js';
import type { Fate } from './matching.js';
import { lawOf, type PrivacyKind } from './request.js';

/**
 * What the person is told of a call: in the words of this file alone. Reasons that somebody typed, the names of matters and of people
 * at the office are not in it, and neither is a call that was left out because it is not theirs.
 */
export type Disclosed = {
  call: string;
  began: string;
  direction: string;
  length: string;
  recording: string;
  purpose: string;
  legalBasis: string;
  keptUntil: string;
  /** The file with what they said; null where there is none. */
  file: AnswerFile | null;
  heard: string;
  withheld: string;
};

const DIRECTIONS: Record<CallRecord['direction'], string> = {
  in: 'Incoming',
  out: 'Outgoing',
  internal: 'Internal',
};

/** What became of the recording of a call in this answer. `silent`: it was asked for, and nowhere are they certainly heard alone. */
export type Given = {
  fate: Fate;
  why: Why | null;
  /** Why the recording may not be erased now; null where it may. */
  guard: Why | null;
  file: AnswerFile | null;
  heardMs: number;
  silent: boolean;
};

const OTHERS = {
  gdpr: 'What other people said is silent: it is personal information about them (GDPR Article 15(4)).',
  ccpa: 'What other people said is silent: it is personal information about them.',
};

export function disclosedOf(
  kind: PrivacyKind,
  { zone, now }: { zone: string; now: number },
  { id, direction, startedAt, answeredAt, endedAt }: CallRecord,
  recording: Recording | null,
  { purpose, basis }: { purpose: string; basis: string },
  given: Given,
): Disclosed {
  const at = times(zone);
  const kept = recording?.state === 'sealed';
  return {
    call: id,
    began: at(startedAt),
    direction: DIRECTIONS[direction],
    length: answeredAt === null || endedAt === null ? '' : durationText(endedAt - answeredAt),
    recording: recordingWords(recording, at),
    ...{ purpose: kept ? purpose : '', legalBasis: kept ? basis : '' },
    keptUntil: kept ? keptWords(recording.keepUntil, given.guard, now, at) : '',
    file: given.file,
    heard: given.file ? durationText(given.heardMs) : '',
    withheld: withheldWords(kind, given, at),
  };
}

/** Until when a recording is kept: never a day that is over. `guard`: why it may not be erased now. */
function keptWords(
  keepUntil: number | null,
  guard: Why | null,
  now: number,
  at: (ms: number) => string,
): string {
  if (keepUntil === null) return 'No end date';
  const until = guard?.code === 'before_minimum' ? Math.max(keepUntil, guard.params.until) : keepUntil;
  const claimed = guard !== null && guard.code !== 'before_minimum';
  if (claimed) return until > now ? `At least ${at(until)}: ${CLAIM}` : `Longer than planned: ${CLAIM}`;
  return until > now ? at(until) : 'Due to be erased';
}
const CLAIM = 'it is needed for a legal claim';

function recordingWords(recording: Recording | null, at: (ms: number) => string): string {
  if (!recording) return 'Not recorded';
  if (recording.state === 'sealed') return 'Recorded';
  return recording.erasedAt === null ? 'Being erased' : `Erased on ${at(recording.erasedAt).slice(0, 10)}`;
}

function withheldWords(
  kind: PrivacyKind,
  { fate, why, file, silent }: Given,
  at: (ms: number) => string,
): string {
  const law = lawOf(kind);
  if (file) return OTHERS[law];
  if (silent) return `Not given: it is not certain where in it only you are heard. ${OTHERS[law]}`;
  if (fate === 'kept' && why?.code === 'before_minimum')
    return `Not erased: it has to be kept until ${at(why.params.until)} (${law === 'gdpr' ? 'GDPR Article 17(3)(b)' : 'legal obligation'}).`;
  if (fate === 'kept')
    return `Not erased: it is needed for a legal claim${law === 'gdpr' ? ' (GDPR Article 17(3)(e))' : ''}.`;
  return fate === 'erase' ? 'Not erased.' : '';
}
