import { count, plural } from '../locale.js';
import { calls, type Said } from './policy/said.js';

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
  atEnd: 'What to keep after the call',
  atEndNote:
    'The first match decides: the audio of a call that does not meet it is destroyed when the call ends.',
  noAtEnd: 'No rules: the audio of every recorded call is kept.',
  otherwiseAtEnd: 'The audio of every other recorded call is kept.',
  addAtEnd: 'Add a rule for the end of the call',
  retention: 'How long to keep it',
  retentionNote:
    'Applies to recordings made from now on. When you save, you choose whether existing recordings get their dates by it too.',
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
  emergencyMany: ({ most }: { most: number }) => `Enter at most ${most} numbers.`,
  emergencyBad: ({ list }: { list: string }) => `Use 2 to 15 digits, * or #. Not understood: ${list}`,
  groups: {
    title: 'Groups of extensions',
    label: 'Groups',
    help: 'One per line, such as Sales: 201, 202. Rules can name a group instead of its extensions.',
    none: 'No groups.',
    bad: ({ line }: { line: string }) => `“${line}” is not a group such as Sales: 201, 202.`,
    twice: ({ name }: { name: string }) => `“${name}” is there twice.`,
  },
  holidays: {
    title: 'Holidays',
    label: 'Days',
    help: 'One per line: 2026-04-03 Good Friday for one year, 12-25 Christmas for every year.',
    none: 'No holidays.',
    bad: ({ line }: { line: string }) => `“${line}” is not a day with a name, such as 12-25 Christmas.`,
  },
  masks: {
    title: 'Masks',
    label: 'A mask ends by itself after (seconds)',
    help: 'Such as while a card number is said: masked audio is never recorded. 10 to 3,600; an alarm is raised when it ends. Leave it empty for 300.',
    how: 'People on the call mask it: by the button on the call’s page, or by the keys that you have set for that.',
    bad: 'Enter a whole number from 10 to 3,600, or nothing.',
  },
  earlier: {
    title: 'Redactions',
    how: 'A redaction makes a new version of a recording with silence in it.',
    label: 'The version before a redaction',
    help: 'It applies to redactions from now on.',
    each: 'Chosen with each redaction',
    destroy: 'Destroyed',
    twoPeople: 'Kept; listening needs two people',
  },
  twoPeople: {
    title: 'Two-person control',
    how: 'What needs a second person: one person asks and gives a reason, another approves exactly that. Releasing a legal hold and listening to an earlier version of a recording always need two people.',
    acts: {
      shorten_retention: 'Keeping existing recordings for less time',
      erase: 'Erasing recordings by hand',
    },
    offTitle: 'Turn off two-person control?',
    offWhat: 'By this policy one person alone could do this:',
  },
  toTelling: ({ page }: { page: string }) =>
    `How people are told of it, and in which language, is set under ${page}.`,
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
    doOnDemand: 'Keep the recording only if somebody asks for it',
    doAsk: 'Record only if the other party says yes',
    whatIsKept: 'When somebody asks, keep',
    wholeCall: 'The whole call',
    fromNow: 'Only what follows',
    before: 'Until somebody asks',
    captureBefore: 'Capture audio, and destroy it if nobody asks',
    nothingBefore: 'Capture nothing',
    whileOpen: 'Until it is known whether the rule matches',
    openWait: 'Wait: capture nothing',
    openCapture: 'Capture, and destroy the audio if it must not be kept',
    onHold: 'While somebody waits on hold',
    holdRecord: 'Record what they say',
    holdMask: 'Mask what they say',
    tell: 'How people are told',
    tellDefault: 'As set on the page Telling callers',
    tellHelp: 'The law of a place may ask for more. Only where Tapedeck tells people.',
    whoseYes: 'Whose yes is enough',
    theirYes: 'That of each outside party, on their own phone',
    statedYes: 'Also that our own side states it for them, by a key or a button',
    keepOnly: 'Keep the audio only if',
    longerThan: 'The call was longer than (seconds)',
    longerThanHelp: '1 to 86,400, counted from the answer. Leave it empty for calls of any length.',
    askedFor: 'Somebody asked for the recording',
    badSeconds: 'Enter a whole number from 1 to 86,400, or nothing.',
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
      group: 'Group of our extensions',
      queue: 'Queue',
      did: 'Number called (DID)',
      trunk: 'Trunk',
      account: 'Account code',
      variable: 'Channel variable',
      list: 'Number list',
      number: 'Their number',
      number_prefix: 'Their number begins with',
      region: 'Country of their number',
      weekday: 'Day of the week',
      holiday: 'Holidays',
      hours: 'Time of day',
      percentage: 'Percentage of these calls',
    },
    holidays: { yes: 'On holidays', no: 'On other days' },
    done: 'Done',
    noName: 'Give the rule a name.',
    sameName: 'Another rule has this name.',
    badDays: 'Enter a whole number from 1 to 36,500.',
    tooLong: 'At most 80 characters per entry.',
    /** What to enter, under a field; and what to say of an entry that cannot be used. */
    helps: {
      number: 'With or without the country code.',
      group: 'Names of groups from the list on this page.',
      trunk: 'Its name in the PBX, such as the PJSIP endpoint.',
      variable: 'Such as CAMPAIGN=spring. channelvars in ari.conf must name it.',
      percentage: '1 to 99. The same calls are chosen whenever the rules are run.',
      region: 'Codes of two letters, such as DE or US; “unknown” for a withheld number.',
      hours: 'Such as 08:00-12:30, 13:30-18:00 by the clock of this site; 22:00-06:00 ends the next day.',
    },
    bad: {
      group: ({ text }: { text: string }) => `There is no group “${text}” on this page.`,
      variable: ({ text }: { text: string }) => `“${text}” is not a variable such as CAMPAIGN=spring.`,
      percentage: 'Enter one whole number from 1 to 99.',
      region: ({ text }: { text: string }) => `“${text}” is not a country code such as DE or US.`,
      hours: ({ text }: { text: string }) => `“${text}” is not a time of day such as 08:00-18:00.`,
    },
  },
  tryIt: {
    title: 'What would happen',
    intro:
      'Describe a call to see whether it would be recorded, how its people would be told and how long it would be kept, before you save.',
    draft: 'Uses your unsaved changes.',
    pbx: 'PBX',
    direction: 'Direction',
    number: 'Their number',
    extension: 'Our extension',
    queue: 'Queue',
    did: 'Number called (DID)',
    trunk: 'Trunk',
    account: 'Account code',
    variable: 'Channel variable',
    list: 'Number list',
    at: 'Date and time',
    atHelp: 'Such as 2026-03-02 14:30. Leave it empty for now.',
    button: 'Try it',
    busy: 'Trying…',
    notRecorded: 'It would not be recorded.',
    on_demand: 'It would be recorded if somebody asks for it.',
    ask: 'It would be recorded if the other party says yes.',
    kept: ({ days }: { days: number }) =>
      plural(days, {
        one: 'It would be recorded and kept for 1 day.',
        other: `It would be recorded and kept for ${count(days)} days.`,
      }),
    keptForEver: 'It would be recorded and kept forever.',
    unknown: 'Not known yet',
    unknownHelp: 'As of a call that was just answered and may still go to a queue or to somebody else.',
    byRule: ({ name, reason }: { name: string; reason: string }) => `Rule “${name}”: ${reason}`,
    byDefault: ({ reason }: { reason: string }) => `By default: ${reason}`,
  },
  save: 'Save the policy',
  saving: 'Saving…',
  discard: 'Discard changes',
  unsaved: 'You have unsaved changes.',
  saved: ({ v, all }: { v: number; all: boolean }) =>
    all
      ? `Saved as version ${v}. Recording rules apply to calls that start from now on. Existing recordings are getting their new dates.`
      : `Saved as version ${v}. Recording rules apply to calls that start from now on, retention rules to recordings made from now on.`,
  conflictTitle: 'Somebody else changed the policy while you were editing.',
  conflict: ({ who, v }: { who: string; v: number }) =>
    `${who || 'Somebody'} saved version ${v}. Your changes are neither lost nor saved yet.`,
  takeTheirs: 'Discard my changes and load theirs',
  keepMine: 'Save mine over theirs',
  finishFirst: 'Finish or cancel what you are editing, then save.',
  finishElsewhere: ({ page }: { page: string }) =>
    `A field on the page ${page} is not valid. Correct it there, then save.`,
  sentence: {
    record: ({ outcome, when }: { outcome: 'record' | 'skip' | 'on_demand' | 'ask'; when: Said }) =>
      ({
        record: `Record ${calls(when)}.`,
        skip: `Do not record ${calls(when)}.`,
        on_demand: `Record ${calls(when)} if somebody asks for it.`,
        ask: `Record ${calls(when)} only if the other party says yes.`,
      })[outcome],
    /** `seconds` null: of any length. */
    atEnd: ({ seconds, asked, when }: { seconds: number | null; asked: boolean; when: Said }) => {
      const needs = [
        ...(seconds === null
          ? []
          : [`longer than ${plural(seconds, { one: '1 second', other: `${count(seconds)} seconds` })}`]),
        ...(asked ? ['asked for by somebody'] : []),
      ];
      return needs.length === 0
        ? `Keep the audio of ${calls(when)}.`
        : `Keep the audio of ${calls(when)} only if they were ${needs.join(' and ')}.`;
    },
    /** `days` null: forever. */
    keep: ({ days, when }: { days: number | null; when: Said }) =>
      days === null
        ? `Keep recordings of ${calls(when)} forever.`
        : `Keep recordings of ${calls(when)} for ${daysOf(days)}${yearsIn(days)}.`,
  },
};
