import { iso } from '../days.js';
import { type ErrorCode, errors } from '../error.js';
import { roomInWords } from '../operations/room.js';
import type { Code, Params, Why } from './reason.js';

const DAY_MS = 86_400_000;

/** Writes a time (ms since 1970) as it is shown. */
export type Say = (ms: number) => string;

/** Every code as English. Nothing compares these sentences: they may change, codes may not. */
const WORDS: { [C in Code]: (params: Params[C], say: Say) => string } = {
  text: ({ text }) => text,

  rule: ({ reason }) => reason,
  test_call: () => 'A test call of Tapedeck.',
  emergency_number: ({ number }) => `Calls to ${number} are never recorded.`,
  recorded_by_default: () => 'No rule matches; every call is recorded by default.',
  kept_by_default: () => 'No rule matches; it is kept forever by default.',
  policy_unreadable: () => 'The policy could not be read when it was sealed, so it is kept for ever.',

  taken_up: () => 'It was being recorded before a restart.',
  not_answered: () => 'Recording begins with the answer.',
  capture_coming: () => 'Its capture is about to begin.',

  not_running: () => 'Tapedeck was not running.',
  stood_still: () => 'Tapedeck stood still.',
  error: errorInWords,
  cdrs_overflowed: () => 'More CDRs came than could be kept while the catalogue was locked.',

  unwatched: ({ from, until, why }, say) => {
    const times = from === null ? `until ${say(until)}` : `from ${say(from)} to ${say(until)}`;
    if (why?.code === 'not_running') return `Tapedeck was not running ${times}.`;
    if (why?.code === 'stood_still') return `Tapedeck stood still ${times}.`;
    const lost = why?.code === 'text' ? 'Tapedeck did not watch the PBX' : 'The link to the PBX was lost';
    return `${lost} ${times}. ${inWords(why, say)}`.trim();
  },
  busy: ({ ms }) => `Tapedeck was busy, and asked the PBX to record only after ${seconds(ms)}.`,
  not_watching: ({ until }, say) => `Tapedeck was not watching the PBX until ${say(until)}.`,
  answer_told_late: ({ ms }) => `The PBX reported the answer ${seconds(ms)} late.`,
  pbx_slow: ({ ms }) => `The PBX took ${seconds(ms)} to begin recording.`,
  answered_between: ({ from, until }, say) =>
    `The call was answered between ${say(from)} and ${say(until)}; the PBX does not say when.`,

  answer_unknown: () => 'Whether the call was answered before it ended is not known.',
  capture_ended_unwatched: () => 'The capture ended in that time, and was begun again.',
  excluded_until_then: () => 'Until then a policy rule said not to record the call.',
  source_changed: () =>
    'The source of the audio changed, and this PBX falls silent then unless it is captured anew.',
  source_changed_unwatched: () =>
    'The source of the audio changed while Tapedeck was not watching, and this PBX falls silent then: what was said until the capture was begun anew may be missing.',
  side_silent: () => 'One side went silent; the capture was restarted.',
  taken_over: () => 'The party who was being captured left; the capture went over to another.',
  recording_stopped: () => 'The PBX stopped recording by itself.',
  ended_for_room: () => 'Tapedeck ended the capture because the disk of the PBX was almost full.',
  ended_before_capture: () => 'The call ended before its capture had begun.',
  party_hung_up: () => 'The party to be recorded hung up before the capture had begun.',
  pbx_refused: () => 'The PBX could not be made to record.',
  disk_full: (room) => `disk_full: ${roomInWords(room)} ${errors.disk_full.hint}`,

  starved: ({ ms, between }) =>
    [
      `The PBX was short of processor time: ${missing(ms)}.`,
      between &&
        `Tapedeck was not watching: where between ${clock(between.from)} and ${clock(between.until)} is not known.`,
    ]
      .filter(Boolean)
      .join(' '),
  starved_in_all: ({ ms, places, from, until }) => {
    const where =
      places === 1 ? `at ${clock(from)}` : `in ${places} places from ${clock(from)} to ${clock(until)}`;
    return `The PBX was short of processor time: ${missing(ms)} ${where}.`;
  },
  side_ended_early: () => 'Asterisk stopped writing this side early.',
  began_late: () => 'The capture began late.',
  nothing_captured: () => 'Nothing was captured.',
  party_left: () => 'The captured party had left the call, and nobody was left in it to record.',
  ended_early: () => 'Asterisk stopped writing before the call was over.',
  ended_and_begun_anew: () => 'Asterisk stopped writing, and the capture began anew.',
  place_unknown: () =>
    'Asterisk stopped writing early, or the PBX was short of processor time and this much is missing somewhere before: the place is not known, because Tapedeck does not see the spool of this PBX.',
  muted: () => 'The PBX had fallen silent in the capture, though the people heard each other.',
  cut_off: () => 'Asterisk ended while it was recording: up to two seconds of the end are missing.',
  no_audio: () => 'The call ended before any audio came.',
  file_missing: ({ side, detail }) =>
    `${side === 'them' ? 'What the outside party or caller said' : 'What the other side said'} is missing: ${detail.replace(/\.$/, '')}.`,
  files_kept: () => 'The files are kept in the spool.',
  retried_every: ({ minutes }) =>
    `The captured audio is kept in the spool and tried again every ${minutes} minutes.`,
  read_when_possible: () => 'The captured audio is kept and read as soon as that is possible.',
  gap: ({ from, until, side, why }, say) => gapInWords({ from, until, side, reason: inWords(why, say) }),

  not_seen: () => 'Asterisk answered this call, and Tapedeck did not see it.',
  answer_not_seen: () => 'Asterisk says that it was answered; Tapedeck saw nobody answer.',
  nothing_known: () => 'It was answered, and there is neither a recording nor a reason.',
  no_cdr: () => 'Asterisk has no CDR of this call.',
  cdr_unanswered: () => "Asterisk's CDR says that nobody answered.",
  lengths_differ: ({ pbx, tapedeck }) => `Asterisk counts ${tenths(pbx)}, Tapedeck ${tenths(tapedeck)}.`,
  recording_differs: ({ pbx, recording }) =>
    `Asterisk counts ${tenths(pbx)}, the recording has ${tenths(recording)}.`,

  many_due: ({ due, total, percent }) => {
    const shown = ((due / total) * 100).toFixed(1).replace(/\.0$/, '');
    return `${due} of ${total} recordings are due (${shown}%), more than the safety limit of ${percent}%.`;
  },
  clock_behind: ({ ms }) => `The clock may be wrong: it is ${span(ms)} behind the newest recording.`,
  clock_past: ({ ms }) => `The clock may be wrong: it is ${span(ms)} past the newest recording.`,

  due: ({ rule, why }, say) => (rule === null ? inWords(why, say) : `${rule}: ${inWords(why, say)}`),

  several: ({ whys }, say) => whys.map((why) => inWords(why, say)).join(' '),
};

/** Returns a reason as one or more sentences; '' for none. Times are in UTC unless `say` writes them otherwise. */
export const inWords = (why: Why | null, say: Say = iso): string =>
  why === null ? '' : (WORDS[why.code] as (params: object, say: Say) => string)(why.params, say);

/** A reason as the API and signed manifests have it: as a sentence, and as a code. */
export const reasonView = (why: Why | null, say?: Say) => ({ reason: inWords(why, say), why });

const SIDES = {
  both: 'Nothing',
  them: 'Nothing that the outside party or caller said',
  us: 'Nothing that the other side said',
};

/** A gap as a sentence and its reason. Places on the timeline in ms. */
export const gapInWords = ({
  from,
  until,
  side,
  reason,
}: Omit<Params['gap'], 'why'> & { reason: string }): string =>
  `${SIDES[side]} was recorded from ${clock(from)} to ${clock(until)}. ${reason}`;

/** An error of Tapedeck's, by its code, as one or more sentences. */
export function errorInWords({ error, detail }: Params['error']): string {
  return [errors[error as ErrorCode]?.message ?? `${error}:`, detail].filter(Boolean).join(' ');
}

/** What to do about it; '' for an error of a later version. */
export const errorHint = (error: string): string => errors[error as ErrorCode]?.hint ?? '';

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
/** "0.4 s are missing" */
const missing = (ms: number) => `${seconds(ms)} are missing`;
const tenths = (ms: number) => `${Math.round(ms / 100) / 10} s`;

/** "1:07.4" */
function clock(ms: number): string {
  const tenths = Math.round(ms / 100);
  const seconds = (tenths % 600) / 10;
  return `${Math.floor(tenths / 600)}:${seconds < 10 ? '0' : ''}${seconds.toFixed(1)}`;
}

/** "3 days", "12 minutes" */
const span = (ms: number) =>
  ms >= DAY_MS ? `${Math.floor(ms / DAY_MS)} days` : `${Math.ceil(ms / 60_000)} minutes`;
