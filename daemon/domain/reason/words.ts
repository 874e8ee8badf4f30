import type { DirectiveWay } from '../call/directive.js';
import { iso } from '../days.js';
import { type ErrorCode, errors } from '../error.js';
import { roomInWords } from '../operations/room.js';
import type { Code, Params, Why } from './reason.js';

const DAY_MS = 86_400_000;

/** Writes a time (ms since 1970) as it is shown. */
export type Say = (ms: number) => string;

/** How somebody said something about the recording of a call. */
const WAYS: Record<DirectiveWay, string> = {
  digits: 'by keys pressed on a phone',
  button: 'on the dashboard',
  api: 'over the API',
  user_event: 'by a code or a program on the PBX',
  dialplan: 'in the dialplan',
  rule: 'by a rule',
  timer: 'because its time was up',
  unwatched: 'because somebody may have joined while nobody watched',
};

/** Every code as English. Nothing compares these sentences: they may change, codes may not. */
const WORDS: { [C in Code]: (params: Params[C], say: Say) => string } = {
  text: ({ text }) => text,

  rule: ({ reason }) => reason,
  test_call: () => 'This is a test call made by Tapedeck.',
  emergency_number: ({ number }) => `Calls to ${number} are never recorded.`,
  objection: ({ day }) => `The other party's objection of ${day} to being recorded holds.`,
  standing_consent: ({ day }) => `The other party's consent of ${day} to being recorded holds.`,
  recorded_by_default: () => 'No rule matches; every call is recorded by default.',
  kept_by_default: () => 'No rule matches; it is kept forever by default.',
  policy_unreadable: () =>
    'The policy could not be read when the recording was sealed, so it is kept forever.',
  kept_at_least: ({ limit, days, reason }) =>
    `The limit "${limit}" keeps it for at least ${dayCount(days)}. ${reason}`.trim(),
  kept_at_most: ({ limit, days, reason }) =>
    `The limit "${limit}" allows keeping it for at most ${dayCount(days)}. ${reason}`.trim(),
  limits_conflict: ({ min, max }) =>
    `The minimum "${min}" is longer than the maximum "${max}", so it is kept forever until the policy says which one wins.`,
  not_kept_short: ({ seconds, reason }) =>
    `The call was not longer than ${seconds} s, so its audio was destroyed. ${reason}`.trim(),
  not_kept_unasked: ({ reason }) =>
    `Nobody asked for the recording, so the audio was destroyed. ${reason}`.trim(),

  taken_up: () => 'It was being recorded before a restart.',
  not_answered: () => 'Recording starts when the call is answered.',
  capture_coming: () => 'Its capture is about to start.',

  not_running: () => 'Tapedeck was not running.',
  stood_still: () => 'Tapedeck was frozen.',
  not_reached: () => 'Tapedeck had not reached the PBX yet.',
  error: errorInWords,
  cdrs_overflowed: () => 'More CDRs arrived than could be kept while the catalogue was locked.',

  unwatched: ({ from, until, why }, say) => {
    const times = from === null ? `until ${say(until)}` : `from ${say(from)} to ${say(until)}`;
    if (why?.code === 'not_running') return `Tapedeck was not running ${times}.`;
    if (why?.code === 'stood_still') return `Tapedeck was frozen ${times}.`;
    const lost =
      why?.code === 'text' ? 'Tapedeck was not monitoring the PBX' : 'The link to the PBX was lost';
    return `${lost} ${times}. ${inWords(why, say)}`.trim();
  },
  busy: ({ ms }) => `Tapedeck was busy and took ${seconds(ms)} to ask the PBX to record.`,
  not_watching: ({ until }, say) => `Tapedeck was not monitoring the PBX until ${say(until)}.`,
  answer_told_late: ({ ms }) => `The PBX reported the answer ${seconds(ms)} late.`,
  pbx_slow: ({ ms }) => `The PBX took ${seconds(ms)} to start recording.`,
  answered_between: ({ from, until }, say) =>
    `The call was answered between ${say(from)} and ${say(until)}; the PBX does not report the exact time.`,

  answer_unknown: () => 'It is not known whether the call was answered before it ended.',
  capture_ended_unwatched: () => 'The capture ended during that time and was restarted.',
  excluded_until_then: () => 'Until then, a policy rule excluded the call from recording.',
  declined_until_then: () => 'Until then, somebody on the call had declined recording.',
  not_asked_for_until_then: () => 'Nobody had asked for the recording until then.',
  nobody_to_tell: () => 'Until then, nobody was connected who could be told of the recording.',
  not_told: () =>
    'The announcement could not be played, and the law of a place may not allow recording without it.',
  consent_awaited: () => 'The other party had not agreed to be recorded until then.',
  rule_open: () =>
    'A rule that may exclude the call waits for something that was not known of it, such as who answered.',
  masked: () => 'The audio was masked.',
  source_changed: () =>
    'The audio source changed, after which captures on this PBX go silent unless they are restarted.',
  source_changed_unwatched: () =>
    'The audio source changed while Tapedeck was not monitoring the PBX, after which captures on this PBX go silent. Anything said before the capture was restarted may be missing.',
  side_silent: () => 'One side went silent; the capture was restarted.',
  taken_over: () => 'The party being captured left, so the capture moved to another party.',
  recording_stopped: () => 'The PBX stopped recording without being asked to.',
  ended_for_room: () => 'Tapedeck ended the capture because the disk of the PBX was almost full.',
  ended_before_capture: () => 'The call ended before its capture had started.',
  party_hung_up: () => 'The party to be recorded hung up before the capture had started.',
  pbx_refused: () => 'Tapedeck could not make the PBX record.',
  disk_full: (room) => `${roomInWords(room)} ${errors.disk_full.hint}`,

  declined: ({ at, how }, say) => `Recording was declined on ${say(at)}, ${WAYS[how]}.`,
  not_asked_for: () => 'Nobody asked for the recording during the call or in the minute after it.',
  ended_before_told: () => 'The call ended before anybody had heard the whole announcement.',
  prompt_interrupted: () => 'The recorder ended while it was being played.',
  no_consent: () => 'The other party did not agree to be recorded.',

  starved: (lack) => lackInWords(STARVED, lack),
  starved_in_all: (lacks) => lacksInWords(STARVED, lacks),
  unwritten: (lack) => lackInWords(UNWRITTEN, lack),
  unwritten_in_all: (lacks) => lacksInWords(UNWRITTEN, lacks),
  side_ended_early: () => 'Asterisk stopped writing this side early.',
  began_late: () => 'The capture started late.',
  nothing_captured: () => 'Nothing was captured.',
  party_left: () => 'The captured party had left the call, and nobody who could be recorded remained in it.',
  ended_early: () => 'Asterisk stopped writing before the call ended.',
  ended_and_begun_anew: () => 'Asterisk stopped writing, and the capture was restarted.',
  place_unknown: () =>
    'Asterisk stopped writing early, or the PBX was short of processor time or had a full disk, and this much audio is missing somewhere earlier. The place is not known because Tapedeck does not see the spool of this PBX.',
  muted: () => 'The PBX had gone silent in the capture, although the parties could hear each other.',
  redacted: () => 'It was redacted: a newer version stands in its place.',
  cut_off: () => 'Asterisk exited while it was recording: up to two seconds are missing at the end.',
  no_audio: () => 'The call ended before any audio arrived.',
  file_missing: ({ side, detail }) =>
    `The audio of the ${side === 'them' ? 'outside party or caller' : 'other side'} is missing: ${detail.replace(/\.$/, '')}.`,
  files_kept: () => 'The files are kept in the spool.',
  retried_every: ({ minutes }) =>
    `The captured audio is kept in the spool, and Tapedeck retries every ${minutes} minutes.`,
  read_when_possible: () => 'The captured audio is kept, and Tapedeck reads it as soon as possible.',
  gap: ({ from, until, side, why }, say) => gapInWords({ from, until, side, reason: inWords(why, say) }),

  not_seen: () => 'Asterisk answered this call, but Tapedeck did not see it.',
  answer_not_seen: () => 'Asterisk reports that the call was answered, but Tapedeck saw nobody answer.',
  nothing_known: () => 'The call was answered, but there is neither a recording nor a reason why not.',
  no_cdr: () => 'Asterisk has no CDR for this call.',
  cdr_unanswered: () => "Asterisk's CDR says that nobody answered.",
  lengths_differ: ({ pbx, tapedeck }) =>
    `Asterisk reports a length of ${tenths(pbx)}, Tapedeck ${tenths(tapedeck)}.`,
  recording_differs: ({ pbx, recording }) =>
    `Asterisk reports a length of ${tenths(pbx)}, but the recording has ${tenths(recording)}.`,

  many_due: ({ due, total, percent }) => {
    const shown = ((due / total) * 100).toFixed(1).replace(/\.0$/, '');
    return `${due} of ${total} recordings are due (${shown}%), more than the safety limit of ${percent}%.`;
  },
  clock_behind: ({ ms }) => `The clock may be wrong: it is ${span(ms)} behind the newest recording.`,
  clock_past: ({ ms }) => `The clock may be wrong: it is ${span(ms)} ahead of the newest recording.`,
  clock_behind_run: ({ ms }) => `The clock may be wrong: it is ${span(ms)} behind the last retention run.`,
  clock_past_run: ({ ms }) =>
    `The clock may be wrong, or Tapedeck was off for long: the last retention run was ${span(ms)} ago.`,
  over_count: ({ due, count }) =>
    `${due} recordings are due, more than the safety limit of ${count} recordings.`,
  policy_empty: ({ version }) =>
    `Version ${version} of the policy has no retention rules, but recordings are due by earlier ones.`,
  retention_shortened: ({ rules, from, to }) =>
    `Version ${to} of the policy keeps recordings for a shorter time than version ${from}, by which recordings were last erased: ${rules}.`,
  erased_by_hand: ({ by, approvedBy, reason }) =>
    `Erased by hand by ${by}${approvedBy === null ? '' : `, approved by ${approvedBy}`}: ${reason}`,

  legal_hold: ({ matters }) => `It is under legal hold: ${matters.join(', ')}.`,
  legal_hold_applying: ({ matters }) =>
    `Nothing is erased until it is known what these legal holds cover: ${matters.join(', ')}.`,
  before_minimum: ({ until, rule }, say) =>
    rule === null
      ? `It has to be kept until ${say(until)}.`
      : `It has to be kept until ${say(until)} by the rule "${rule}".`,

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
  them: 'No audio of the outside party or caller',
  us: 'No audio of the other side',
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

const dayCount = (days: number) => (days === 1 ? '1 day' : `${days.toLocaleString('en')} days`);
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
/** "0.4 s of audio is missing" */
const missing = (ms: number) => `${seconds(ms)} of audio is missing`;

const STARVED = 'The PBX was short of processor time';
const UNWRITTEN = 'The disk of the PBX was full or could not be written';

function lackInWords(cause: string, { ms, between }: Params['starved']): string {
  const where =
    between &&
    ` Tapedeck was not monitoring the PBX, so it is only known to be between ${clock(between.from)} and ${clock(between.until)}.`;
  return `${cause}: ${missing(ms)}.${where ?? ''}`;
}

function lacksInWords(cause: string, { ms, places, from, until }: Params['starved_in_all']): string {
  const where =
    places === 1 ? `at ${clock(from)}` : `in ${places} places from ${clock(from)} to ${clock(until)}`;
  return `${cause}: ${missing(ms)} ${where}.`;
}

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
