import type { When } from '../../../../daemon/domain/policy/conditions.js';
import { count, listOr, plural } from '../locale.js';

const DIRECTIONS = { in: 'incoming', out: 'outgoing', internal: 'internal' };

/** What each condition says of calls; direction stands before them. */
const SAID: { [C in Exclude<keyof When, 'direction'>]-?: (any: string[]) => string } = {
  pbx: (any) => `on the PBX ${listOr(any)}`,
  extension: (any) => `with extension ${listOr(any)}`,
  queue: (any) => `through queue ${listOr(any)}`,
  did: (any) => `to our number ${listOr(any)}`,
  number: (any) => `with the number ${listOr(any)}`,
  number_prefix: (any) => `with a number that begins with ${listOr(any)}`,
  region: (any) => `with a number from ${listOr(any)}`,
  weekday: (any) => `on ${listOr(any)}`,
  hours: (any) => `between ${listOr(any.map((hours) => hours.replace('-', ' and ')))}`,
};

/** Which calls fit these conditions. */
function calls({ direction = [], ...when }: When): string {
  const parts = Object.entries(SAID).map(([name, words]) => {
    const any = when[name as keyof typeof SAID] ?? [];
    return any.length > 0 ? words(any) : '';
  });
  const which =
    direction.length > 0 && direction.length < 3 ? listOr(direction.map((d) => DIRECTIONS[d])) : '';
  const said = [which, 'calls', ...parts].filter(Boolean);
  return said.length === 1 ? 'every call' : said.join(' ');
}

const yearsIn = (days: number): string =>
  days % 365 === 0
    ? ` (${plural(days / 365, { one: 'one year', other: `${count(days / 365)} years` })})`
    : '';
const daysOf = (n: number): string => plural(n, { one: '1 day', other: `${count(n)} days` });

/** The messages of the policy page. */
export const policyText = {
  title: 'Policy',
  unknownRegion: 'an unknown country',
  never: 'No rules yet: every call is recorded and kept forever.',
  summary: ({ record, retention }: { record: number; retention: number }) =>
    [
      record === 0
        ? 'Every call is recorded.'
        : plural(record, {
            one: 'One rule decides what is recorded; calls matching no rule are recorded.',
            other: `${count(record)} rules decide what is recorded; calls matching no rule are recorded.`,
          }),
      retention === 0
        ? 'Every recording is kept forever.'
        : plural(retention, {
            one: 'One rule decides how long recordings are kept; recordings matching no rule are kept forever.',
            other: `${count(retention)} rules decide how long recordings are kept; recordings matching no rule are kept forever.`,
          }),
    ].join(' '),
  /** `who` and `when` are empty where they are not known. */
  version: ({ v, who, when }: { v: number; who: string; when: string }) => {
    if (!when) return `Version ${v}.`;
    return who ? `Version ${v}, changed by ${who} on ${when}.` : `Version ${v}, changed on ${when}.`;
  },
  firstMatch: 'Rules are checked from the top; the first match decides.',
  record: 'What to record',
  retention: 'How long to keep it',
  retentionNote: 'Applies only to recordings made from now on. Existing recordings keep their current date.',
  noRecord: 'No rules: every call is recorded.',
  noRetention: 'No rules: every recording is kept forever.',
  otherwiseRecord: 'Every other call is recorded.',
  otherwiseKeep: 'Every other recording is kept forever.',
  addRecord: 'Add a record rule',
  addRetention: 'Add a retention rule',
  edit: 'Edit',
  editRule: ({ name }: { name: string }) => `Edit “${name}”`,
  removeRule: ({ name }: { name: string }) => `Delete “${name}”`,
  up: ({ name }: { name: string }) => `Move “${name}” up`,
  down: ({ name }: { name: string }) => `Move “${name}” down`,
  moved: ({ name, place, of }: { name: string; place: number; of: number }) =>
    `“${name}” is now ${place} of ${of}.`,
  removed: ({ name }: { name: string }) => `“${name}” was removed from the draft.`,
  emergency: 'Emergency numbers',
  emergencyLabel: 'Numbers that are never recorded',
  emergencyHelp:
    'Calls to these are never recorded, whatever the rules say. Separate them with spaces or commas.',
  emergencyBad: ({ list }: { list: string }) => `Use 2 to 15 digits, * or #. Not understood: ${list}`,
  noEmergency: {
    title: 'Save without emergency numbers?',
    what: ({ list }: { list: string }) => `Calls to ${list} will be recorded like any other call.`,
    law: 'In many countries calls to emergency services must not be recorded.',
    word: 'record',
    type: ({ word }: { word: string }) => `Type “${word}” to confirm`,
    wrong: ({ word }: { word: string }) => `Type the word ${word} exactly.`,
    button: 'Save without emergency numbers',
  },
  form: {
    name: 'Name of the rule',
    nameHelp: 'A short name, shown on every call the rule decides.',
    reason: 'Reason',
    reasonHelp: 'One sentence for an auditor: why this rule exists.',
    action: 'Then',
    doRecord: 'Record the call',
    doNot: 'Do not record the call',
    keep: 'Keep the recording',
    forEver: 'Forever',
    forDays: 'For a number of days',
    days: 'Days',
    daysHelp: '1 to 36,500. A year is 365, ten years are 3,650.',
    when: 'When all of these match',
    whenHelp: 'Leave a field empty to ignore it. Separate several entries with commas; any one may match.',
    conditions: {
      direction: 'Direction',
      pbx: 'PBX',
      extension: 'Our extension',
      queue: 'Queue',
      did: 'Number called (DID)',
      number: 'Their number',
      number_prefix: 'Their number begins with',
      region: 'Country of their number',
      weekday: 'Day of the week',
      hours: 'Time of day',
    },
    done: 'Done',
    noName: 'Give the rule a name.',
    sameName: 'Another rule has this name.',
    badDays: 'Enter a whole number from 1 to 36,500.',
    tooLong: 'At most 80 characters per entry.',
    /** What to enter, under a field; and what to say of an entry that cannot be used. */
    helps: {
      number: 'With or without the country code.',
      region: 'Codes of two letters, such as DE or US; “unknown” for a withheld number.',
      hours: 'Such as 08:00-12:30, 13:30-18:00 by the clock of this site; 22:00-06:00 ends the next day.',
    },
    bad: {
      region: ({ text }: { text: string }) => `“${text}” is not a country code such as DE or US.`,
      hours: ({ text }: { text: string }) => `“${text}” is not a time of day such as 08:00-18:00.`,
    },
  },
  tryIt: {
    title: 'Try it',
    intro: 'Describe a call to see what the rules on this page would do before you save them.',
    draft: 'Uses your unsaved changes.',
    pbx: 'PBX',
    direction: 'Direction',
    number: 'Their number',
    extension: 'Our extension',
    queue: 'Queue',
    did: 'Number called (DID)',
    at: 'Date and time',
    atHelp: 'Such as 2026-03-02 14:30. Leave it empty for now.',
    button: 'Try it',
    busy: 'Trying…',
    notRecorded: 'It would not be recorded.',
    kept: ({ days }: { days: number }) =>
      plural(days, {
        one: 'It would be recorded and kept for 1 day.',
        other: `It would be recorded and kept for ${count(days)} days.`,
      }),
    keptForEver: 'It would be recorded and kept forever.',
    byRule: ({ name, reason }: { name: string; reason: string }) => `Rule “${name}”: ${reason}`,
    byDefault: ({ reason }: { reason: string }) => `By default: ${reason}`,
  },
  save: 'Save the policy',
  saving: 'Saving…',
  discard: 'Discard changes',
  unsaved: 'You have unsaved changes.',
  saved: ({ v }: { v: number }) =>
    `Saved as version ${v}. Recording rules apply to calls that start from now on, retention rules only to recordings made from now on.`,
  conflictTitle: 'Somebody else changed the policy while you were editing.',
  conflict: ({ who, v }: { who: string; v: number }) =>
    `${who || 'Somebody'} saved version ${v}. Your changes are neither lost nor saved yet.`,
  takeTheirs: 'Discard my changes and load theirs',
  keepMine: 'Save mine over theirs',
  finishFirst: 'Finish or cancel what you are editing, then save.',
  sentence: {
    record: ({ outcome, when }: { outcome: 'record' | 'skip' | 'on_demand' | 'ask'; when: When }) =>
      ({
        record: `Record ${calls(when)}.`,
        skip: `Do not record ${calls(when)}.`,
        on_demand: `Record ${calls(when)} if somebody asks for it.`,
        ask: `Record ${calls(when)} only if the other party says yes.`,
      })[outcome],
    /** `days` null: forever. */
    keep: ({ days, when }: { days: number | null; when: When }) =>
      days === null
        ? `Keep recordings of ${calls(when)} forever.`
        : `Keep recordings of ${calls(when)} for ${daysOf(days)}${yearsIn(days)}.`,
  },
};
