import { shownTimes } from '../days.js';
import { gapInWords } from '../reason/words.js';
import type { Manifest } from '../recording/manifest.js';
import { durationText } from '../written.js';
import { decidedWords, toldInWords } from './consent.js';
import { clockOf, partyWords } from './in-words.js';

/** The story of a call as an evidence pack tells it: what was signed when its recording was sealed, and nothing else. */
export type Story = ReturnType<typeof storyOf>;

export function storyOf(manifest: Manifest, differing: readonly string[]) {
  const { call, recording, coverage } = manifest;
  return {
    format: 'tapedeck.story',
    format_version: 1,
    call,
    recording: {
      id: recording.id,
      sealed_at: recording.sealed_at,
      signed_at: manifest.made_at,
      signed_later: manifest.made_later,
      duration_ms: recording.duration_ms,
      channels: recording.plain.channels,
    },
    ...(manifest.imported && { imported: manifest.imported }),
    coverage,
    gaps: recording.gaps,
    masks: recording.masks ?? [],
    retention: manifest.retention,
    /** In what the catalogue differs today from what was signed. What is told here is what was signed. */
    catalogue_differs: differing,
  };
}

const DIRECTIONS = { in: 'An incoming call', out: 'An outgoing call', internal: 'An internal call' };
const MARKS: Record<string, string> = {
  ring: 'It rings',
  answer: 'Answered',
  queue: 'Waits in the queue',
  agent: 'An agent answers',
  hold: 'On hold',
  mask: 'Masked',
  transfer: 'Transferred',
  park: 'Parked',
  pickup: 'Picked up',
  joined: 'Joins',
  left: 'Leaves',
  gap: 'Not recorded',
  end: 'The end',
};
const COVERAGE: Record<string, string> = {
  imported: 'Another recorder recorded it: whether that is the whole call is not known to Tapedeck.',
  recorded: 'The whole call was recorded.',
  partial: 'Only a part of the call was recorded.',
};

/** The call in one sentence. */
export function callSentence({ call }: Manifest): string {
  const { direction, them, us, dialled, did, queue, pbx } = call;
  const [from, to] = direction === 'out' ? [us, them] : [them, us];
  return [
    `${DIRECTIONS[direction]} from ${partyWords(from)} to ${partyWords(to)}`,
    did ? `, on the number ${did}` : dialled && dialled !== to.number ? `, who had dialled ${dialled}` : '',
    queue ? `, by way of the queue ${queue}` : '',
    pbx ? `, on the PBX ${pbx}` : '',
    '.',
  ].join('');
}

/** Whether all of it was recorded. */
export const coverageWords = ({ coverage }: Manifest): string =>
  [COVERAGE[coverage.status] ?? `Coverage: ${coverage.status}.`, coverage.reason].filter(Boolean).join(' ');

/** Which voice is on which channel. */
export const sidesWords = ({ imported }: Manifest): string =>
  imported?.sides === 'mixed'
    ? 'Both sides are in one channel, which is on the left and on the right.'
    : 'Left: the other party, or the caller. Right: everyone else.';

/** Where a recording comes from that Tapedeck did not capture, each fact in a line; none of others. `when` writes a time. */
export function originWords({ imported }: Manifest, when: (iso: string) => string): string[] {
  if (!imported) return [];
  const { recorder, original, cdrs } = imported;
  return [
    `Imported, not captured: another recorder (${recorder}) made this recording. Tapedeck imported its file on ${when(imported.imported_at)}, asked for by ${imported.by}.`,
    `The original: ${original.file || 'its name was removed with the names and numbers of the call'} (${original.format}, ${original.bytes} bytes). SHA-256 at the import: ${original.sha256}.`,
    cdrs.rows === 0
      ? 'Who called whom is what the name of the file says: no CDR was found.'
      : `Who called whom is what ${cdrs.rows === 1 ? 'one CDR says' : `${cdrs.rows} CDRs say`}, found by ${cdrs.matched_by ?? 'hand'}.`,
    'What was done to the recording before the import, nobody can tell from this pack.',
  ];
}

/** What is said where no gap is on record. */
export const noGapsWords = ({ imported }: Manifest): string =>
  imported ? 'What the other recorder left out is not on record.' : 'Nothing is known to be missing.';

/** What is not in the recording, each in a line. */
export const gapsInWords = ({ recording }: Manifest): string[] =>
  recording.gaps.map((g) =>
    gapInWords({ from: g.at_ms, until: g.until_ms, side: g.side, reason: g.reason }).trim(),
  );

const MASKS: Record<string, string> = {
  mask: 'the recording was masked',
  hold: 'this side was waiting on hold, and the rule masks that',
  redacted: 'it was redacted after the call',
};
const MASKED_SIDES = { both: 'Both sides are', them: 'The other party (left) is', us: 'Our side (right) is' };

/** Where the recording is silent on purpose, each in a line. */
export const masksInWords = ({ recording }: Manifest): string[] =>
  (recording.masks ?? []).map((m) =>
    [
      `${MASKED_SIDES[m.side]} silent from ${clockOf(m.at_ms)} to ${clockOf(m.until_ms)}: ${MASKS[m.kind] ?? m.kind}.`,
      m.written_ms > 0 ? 'The PBX had written audio meanwhile, which was silenced before sealing.' : '',
    ]
      .join(' ')
      .trim(),
  );

/** Writes a time (ISO 8601) in a zone, with its offset from UTC: "2026-07-26 10:00:05 (GMT+02:00)". */
export function zoned(zone: string): (iso: string) => string {
  const time = shownTimes(zone);
  const offset = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  return (iso) => {
    const ms = Date.parse(iso);
    const name = offset.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? zone;
    return `${time(ms)} (${name})`;
  };
}

/** Shows no control characters, and nothing that turns the direction of writing. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, ' ');

/** The story for people, with times in the zone of the site and in UTC. */
export function storyText(story: Story, manifest: Manifest, zone: string): string {
  const { call, recording } = manifest;
  const local = zoned(zone);
  const when = (what: string, iso: string | null) =>
    `  ${what.padEnd(10)}${iso === null ? 'never' : `${local(iso).padEnd(36)}${iso}`}`;
  const zero = Date.parse(call.answered_at ?? call.started_at);
  const at = (iso: string) => clockOf(Date.parse(iso) - zero);
  const [gaps, masks] = [gapsInWords(manifest), masksInWords(manifest)];
  const lines = [
    'THE STORY OF A CALL',
    '',
    callSentence(manifest),
    `Call ${call.id}`,
    '',
    `WHEN${' '.repeat(8)}${`in ${zone}`.padEnd(36)}in UTC`,
    when('begun', call.started_at),
    when('answered', call.answered_at),
    when('ended', call.ended_at),
    '',
    'WHO WAS ON THE CALL (hours:minutes:seconds since it was answered)',
    ...(call.legs.length === 0 ? ['  The PBX did not report this.'] : []),
    ...call.legs.map(
      (leg) =>
        `  ${at(leg.up_at ?? leg.seen_at).padStart(10)} to ${(leg.gone_at === null ? 'the end' : at(leg.gone_at)).padEnd(10)} ${partyWords(leg.party)}, ${leg.party.ours ? 'ours' : 'outside'}${leg.up_at === null ? ', did not answer' : ''}`,
    ),
    '',
    'WHAT HAPPENED',
    ...(call.marks.length === 0 ? ['  Nothing that the PBX told of.'] : []),
    ...call.marks.map(
      (mark) =>
        `  ${clockOf(mark.at_ms).padStart(10)}${mark.until_ms === null ? '' : ` to ${clockOf(mark.until_ms)}`}  ${[MARKS[mark.kind] ?? mark.kind, mark.text].filter(Boolean).join(': ')}`,
    ),
    '',
    'HOW PEOPLE WERE TOLD',
    ...[decidedWords(manifest), ...toldInWords(manifest)].map((line) => `  ${line}`),
    '',
    'THE RECORDING',
    `  It lasts ${durationText(recording.duration_ms)}. ${sidesWords(manifest)}`,
    `  ${coverageWords(manifest)}`,
    `  Sealed ${local(recording.sealed_at)}, ${recording.sealed_at}.`,
    ...(manifest.imported
      ? ['', 'WHERE IT COMES FROM', ...originWords(manifest, local).map((line) => `  ${line}`)]
      : []),
    ...(manifest.made_later
      ? [`  Signed later than it was sealed: ${local(manifest.made_at)}, ${manifest.made_at}.`]
      : []),
    '',
    'WHAT IS NOT IN IT',
    ...(gaps.length + masks.length === 0 ? [`  ${noGapsWords(manifest)}`] : []),
    ...[...gaps, ...masks].map((gap) => `  ${gap}`),
    ...(story.catalogue_differs.length === 0
      ? []
      : [
          '',
          'ATTENTION',
          `  Tapedeck's catalogue says something else today than what was signed: ${story.catalogue_differs.join(', ')}.`,
          '  What stands above is what was signed.',
        ]),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}
