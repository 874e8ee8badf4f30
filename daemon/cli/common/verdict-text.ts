import { iso } from '../../domain/days.js';
import type { LateFact } from '../../domain/policy/facts.js';
import type { RecordDecision, RuleOutcome } from '../../domain/policy/policy.js';
import { mayBeRecorded, type Verdict, type WouldTell } from '../../domain/policy/verdict.js';
import { inWords } from '../../domain/reason/words.js';
import { jurisdictionName, type TellReason } from '../../domain/telling/decide.js';
import { type PlayedKind, wouldLackPurpose } from '../../domain/telling/purpose.js';
import type { Language, Mode } from '../../domain/telling/schema.js';

const RECORDED: Record<RuleOutcome, string> = {
  record: 'yes',
  skip: 'no',
  on_demand: 'if somebody asks for it',
  ask: 'if the other party says yes',
};

const FACTS: Record<LateFact, string> = {
  number: "the other party's number",
  extension: 'the extension',
  queue: 'the queue',
  account: 'the account code',
  variable: 'the channel variable',
};

export const MODES: Record<Mode, string> = {
  silent: 'not at all',
  beep: 'by a repeated tone',
  announce: 'by an announcement',
  announce_refusal: 'by an announcement with a key to refuse',
  ask: 'by a question with a key to agree',
};

const FROM = { number: 'their number', site: 'this site' };
const LANGUAGES: Record<Language, string> = { en: 'English', es: 'Spanish', fr: 'French', de: 'German' };

const TELLS_NOBODY =
  'Tapedeck tells nobody: the policy says that people are told in another way (no [telling] in it).';

const SAYS_NOT = 'The one in use does not: see the page Telling callers.';
const SAYS_WHO_AND_WHY = 'The announcement has to say who records, and what for.';

/** Returns a row for each part of what would happen: what it is about, the decision, its rule, and why. */
export function verdictRows(
  { record, awaits, telling, keep, atEnd }: Verdict,
  says: (prompt: PlayedKind) => boolean = () => false,
): string[][] {
  const days = [
    keep.keepDays === null || keep.conflict ? 'for ever' : `${keep.keepDays} days`,
    ...(keep.moved === null ? [] : [`by a limit until ${iso(keep.keepUntil!).slice(0, 10)}`]),
    ...(keep.minUntil === null ? [] : [`never erased before ${iso(keep.minUntil).slice(0, 10)}`]),
  ].join(', ');
  const recorded = mayBeRecorded(record);
  return [
    ...(record.open ? [['decided', 'not yet', '-', openText(record, awaits)]] : []),
    [
      record.open ? 'otherwise' : 'recorded',
      RECORDED[record.outcome],
      record.rule ?? '-',
      inWords(record.why),
    ],
    ...(recorded ? [tellingRow(telling, says)] : []),
    ...(atEnd && recorded
      ? [['at the end', atEnd.keep ? 'kept' : 'destroyed', atEnd.rule ?? '-', inWords(atEnd.why)]]
      : []),
    ...(!recorded || atEnd?.keep === false ? [] : [['kept', days, keep.rule ?? '-', inWords(keep.why)]]),
  ];
}

function openText({ meanwhile }: RecordDecision, awaits: readonly LateFact[]): string {
  const known = awaits.map((fact) => FACTS[fact]).join(' and ');
  const until =
    meanwhile === 'wait'
      ? 'nothing is captured'
      : 'it is captured, and that is destroyed if it may not be kept';
  return `Not decided until ${known} ${awaits.length > 1 ? 'are' : 'is'} known. Until then ${until}.`;
}

function tellingRow(telling: WouldTell | null, says: (prompt: PlayedKind) => boolean): string[] {
  if (!telling) return ['told', 'by others', '-', TELLS_NOBODY];
  const { mode, language, because, beepSeconds, purposeAndIdentity } = telling;
  const how = [
    beepSeconds === null ? MODES[mode] : `by a tone every ${beepSeconds} s`,
    ...(mode === 'silent' || mode === 'beep' ? [] : [`in ${LANGUAGES[language]}`]),
  ];
  return [
    'told',
    how.join(', '),
    telling.rule ?? '-',
    [
      ...because.map(reasonText),
      ...(purposeAndIdentity ? [SAYS_WHO_AND_WHY] : []),
      ...(wouldLackPurpose(telling, says) ? [SAYS_NOT] : []),
    ].join(' '),
  ];
}

function reasonText(reason: TellReason): string {
  switch (reason.code) {
    case 'rule':
      return `The rule asks for it: ${MODES[reason.mode]}.`;
    case 'default':
      return `Default: ${MODES[reason.mode]}.`;
    case 'silent_not_confirmed':
      return 'Nobody has confirmed that people need not be told.';
    case 'standing_consent':
      return 'They have agreed once for all calls, so they are told and not asked.';
    case 'jurisdiction':
      return `${jurisdictionName(reason.id)} (${FROM[reason.from]}): ${reason.needs === 'silent' ? 'nobody has to be told' : `at least ${MODES[reason.needs]}`}.`;
  }
}
