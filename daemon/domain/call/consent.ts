import type { Manifest } from '../recording/manifest.js';
import type { TellingKind } from '../telling/notice.js';
import type { Mode } from '../telling/schema.js';
import { HOUSE, speakerOf } from './directive.js';
import { clockOf, partyWords } from './in-words.js';

type Consent = Manifest['consent'];
type Played = NonNullable<Consent['played']>[number];
type Notice = NonNullable<Consent['notice']>;
type Answer = NonNullable<Consent['answers']>[number];

/** What is known of how the parties were told and agreed. */
export const consentOf = (manifest: Manifest) => ({
  format: 'tapedeck.consent',
  format_version: 2,
  call: manifest.call.id,
  rule: manifest.consent.rule,
  policy_version: manifest.consent.policy_version,
  announcement: manifest.consent.notice,
  played: manifest.consent.played ?? [],
  answers: manifest.consent.answers ?? [],
  words: [decidedWords(manifest), ...toldInWords(manifest)].join('\n'),
});

/** What decided that the call was recorded. */
export const decidedWords = ({ imported, consent: { rule, policy_version: version } }: Manifest): string =>
  [
    imported
      ? 'Another recorder recorded it, by its own settings.'
      : rule === null
        ? 'No rule names this call: it was recorded because that is the default.'
        : `It was recorded by the rule "${rule}".`,
    version === null
      ? 'Which version of the policy was in force is not on record.'
      : `Version ${version} of the policy was in force${imported ? ' when it was imported' : ''}.`,
  ].join(' ');

const NOTHING_OF_IMPORTED =
  'What the other recorder or the PBX announced, and whether the parties agreed, is not on record. That does not mean that there was nothing.';
const NOTHING =
  'No announcement to the parties and no consent of theirs is on record. That does not mean that there was none: what is played or said before or during the call is in the recording only if it was said while it was recorded.';

/** How people were told that the call is recorded, each fact in a line. */
export function toldInWords(manifest: Manifest): string[] {
  const { notice, played = [], answers = [] } = manifest.consent;
  if (notice === null && played.length + answers.length === 0)
    return [manifest.imported ? NOTHING_OF_IMPORTED : NOTHING];
  return [
    ...(notice === null ? ['How the parties were to be told is not on record.'] : noticeWords(notice)),
    ...(played.length === 0 ? ['Nothing is on record as having been played.'] : []),
    ...played.map((one) => playedWords(one, manifest)),
    ...answers.map((one) => answerWords(one, manifest)),
    ...(answers.length === 0 ? ['Nobody is on record as having agreed or refused.'] : []),
    ...(played.length === 0
      ? []
      : [
          'That something was played, and to whom, is what the PBX reported. It proves nothing by itself: only what the sealed audio is said to have was found in the recording.',
        ]),
  ];
}

const MODES: Record<Mode, string> = {
  silent: 'not at all',
  beep: 'by a repeated tone',
  announce: 'by an announcement',
  announce_refusal: 'by an announcement with a key to refuse',
  ask: 'by a question with a key to agree',
};

function noticeWords(notice: Notice): string[] {
  const asked = notice.because.flatMap((reason) => {
    if (reason.code !== 'jurisdiction') return [];
    const known = notice.jurisdictions.find(({ id, from }) => id === reason.id && from === reason.from);
    const where = reason.from === 'number' ? "the other party's number hints at" : 'the site is in';
    const since = known
      ? `, as of ${known.as_of}${known.overridden ? ', changed by an administrator' : ''}`
      : '';
    return [`${reason.id}, which ${where}, asks for telling them at least ${MODES[reason.needs]}${since}`];
  });
  const by = notice.rule === null ? 'no rule asked for another way' : `by its rule "${notice.rule}"`;
  return [
    `The parties were to be told ${MODES[notice.mode]}${notice.beep_seconds === null ? '' : `, every ${notice.beep_seconds} s`}, in the language "${notice.language}", by version ${notice.policy_version} of the policy (${by}).`,
    ...(asked.length === 0
      ? []
      : [
          `${asked.join('; ')}. That is information in Tapedeck, not legal advice, and a number is no location.`,
        ]),
  ];
}

const KINDS: Record<TellingKind, string> = {
  prompt: 'An announcement',
  beep: 'A tone',
  dialplan: "An announcement of the PBX's dialplan",
};
/** Of a hash, so many digits are shown: the manifest has all. */
const HASH_DIGITS = 16;

function playedWords(played: Played, manifest: Manifest): string {
  const { prompt, from_ms, until_ms, whole, heard_by, failed } = played;
  const about = [
    prompt.language && `language "${prompt.language}"`,
    prompt.name && `"${prompt.name}"`,
    prompt.sha256 && `SHA-256 begins ${prompt.sha256.slice(0, HASH_DIGITS)}`,
  ].filter(Boolean);
  const when = from_ms === null ? 'Never begun' : `${clockOf(from_ms)} to ${clockOf(until_ms)}`;
  const there = heard_by.length > 0 ? ` ${names(heard_by, manifest)} heard it from beginning to end.` : '';
  const how = whole
    ? `The PBX reported that all of it was played.${there}`
    : `It was not played to its end. ${failed?.reason ?? ''}`.trim();
  return `${when}: ${KINDS[played.what]}${about.length > 0 ? ` (${about.join(', ')})` : ''}, played to ${names([played.leg], manifest)}. ${how} ${foundWords(played, manifest)}`.trim();
}

const SIDES = { both: 'on both sides', them: 'on the left side', us: 'on the right side' };

function foundWords({ found, whole }: Played, { recording }: Manifest): string {
  if (found === null) return whole ? 'It was not looked for in the sealed audio.' : '';
  if (!found.found)
    return found.excused
      ? 'The sealed audio does not have it: the recording is silent or missing there, as is told under what is not in it.'
      : 'THE SEALED AUDIO DOES NOT HAVE IT.';
  const share = found.share >= 0.995 ? 'all' : `${Math.floor(found.share * 100)} %`;
  const redacted = (recording.masks ?? []).some(
    (mask) => mask.kind === 'redacted' && mask.at_ms < found.until_ms && mask.until_ms > found.from_ms,
  );
  return [
    `The sealed audio has ${share} of it ${SIDES[found.in]}, from ${clockOf(found.from_ms)} to ${clockOf(found.until_ms)} (correlation ${found.correlation.toFixed(2)}).`,
    redacted
      ? 'That was found when the first version was sealed; a redaction has silenced some of it or all of it since.'
      : '',
  ]
    .join(' ')
    .trim();
}

const WAYS: Record<Answer['how'], string> = {
  digits: 'by a code on the phone',
  dialplan: 'in the dialplan',
  user_event: 'by a code or a program on the PBX',
  button: 'said on the dashboard',
  api: 'said over the API',
  rule: 'by a rule',
  timer: 'because time was up',
  unwatched: 'because somebody may have joined while nobody watched',
};

function answerWords({ kind, how, key, at_ms, leg }: Answer, manifest: Manifest): string {
  const stated = kind === 'allow' && speakerOf({ legId: leg }, manifest.call.legs) === HOUSE;
  const somebody = stated ? 'our own side' : 'somebody';
  const who = leg === null ? somebody : names([leg], manifest);
  const what =
    kind === 'decline'
      ? 'refused to be recorded'
      : stated
        ? 'stated for the others that they agree to being recorded'
        : 'agreed to being recorded';
  return `${clockOf(at_ms)}: ${who} ${what}, ${WAYS[how]}${key === '' ? '' : ` (key ${key})`}.`;
}

/** Legs by the names and numbers of those on them. */
const names = (legs: readonly string[], { call }: Manifest): string =>
  legs
    .map((id) => {
      const leg = call.legs.find((one) => one.id === id);
      return leg ? partyWords(leg.party) : `the leg ${id}`;
    })
    .join(', ');
