import type { LimitPresetId } from '../../../../../daemon/domain/retention/presets.js';
import type { ClockStart } from '../../../../../daemon/domain/retention/starts.js';
import { count, listAnd, plural } from '../../locale.js';
import { calls, type Said } from './said.js';

const recordings = (n: number) => plural(n, { one: '1 recording', other: `${count(n)} recordings` });
const days = (n: number) => plural(n, { one: '1 day', other: `${count(n)} days` });
const are = (n: number) => (n === 1 ? 'is' : 'are');

const starts: Record<ClockStart, string> = {
  call_end: 'The end of the call',
  month_end: 'The end of the month of the call',
  year_end: 'The end of the year of the call',
};

const presets: Record<LimitPresetId, string> = {
  mifid: 'MiFID II: at least 5 years',
  mifid_demand: 'MiFID II: at least 7 years, on demand of the authority',
  fca: 'FCA SYSC 10A: at least 5 years',
  finra: 'FINRA 3170: at least 3 years',
  cftc: 'CFTC 1.35: at least 1 year',
  gdpr: 'GDPR storage limitation: at most the days you set',
};

/** The messages of rules and limits for how long recordings are kept, and of what they do to existing ones. */
export const keepingText = {
  from: 'Count the days from',
  starts,
  purpose: 'Purpose',
  purposeHelp: 'What the recordings are kept for, such as “Proof of orders placed by phone”.',
  basis: 'Legal basis',
  basisHelp: 'What allows or requires keeping them, such as “GDPR, Article 6(1)(c)”.',
  starting: ({ from }: { from: 'month_end' | 'year_end' }) =>
    ({ month_end: 'Counted from the end of the month.', year_end: 'Counted from the end of the year.' })[
      from
    ],
  until: ({ day }: { day: string }) => `Kept until ${day}.`,
  notBefore: ({ day }: { day: string }) => `Never erased before ${day}.`,
  limits: {
    title: 'Limits',
    note: 'Bounds that no rule can leave. All limits that match a call apply: the longest minimum and the shortest maximum, counted from the end of the call.',
    none: 'No limits: the rules alone decide.',
    otherwise: 'For every other recording, the rules alone decide.',
    add: 'Add a limit',
    kind: 'This limit is',
    min: 'A minimum: never erased earlier',
    max: 'A maximum: never kept longer',
    source: 'Source',
    sourceHelp: 'Where the law, the contract or the standard says so.',
    asOf: 'Source last checked',
    asOfHelp: 'Such as 2026-03-02.',
    badDay: 'Enter a day such as 2026-03-02.',
    wins: 'Where both cannot be met, this limit wins over',
    sentence: ({ kind, days: n, when }: { kind: 'min' | 'max'; days: number; when: Said }) =>
      kind === 'min'
        ? `Keep recordings of ${calls(when)} for at least ${days(n)}.`
        : `Keep recordings of ${calls(when)} for at most ${days(n)}.`,
    bound: ({ kind, days: n }: { kind: 'min' | 'max'; days: number }) =>
      kind === 'min' ? `at least ${days(n)}` : `at most ${days(n)}`,
    sourceOf: ({ source, day }: { source: string; day: string }) =>
      day ? `${source} (checked ${day})` : source,
  },
  presets: {
    title: 'Add a limit from a law or standard',
    help: 'Information, not legal advice: ask counsel whether it applies to you. It is added to the list, where you can change it. Nothing is saved yet.',
    choose: 'Law or standard',
    names: presets,
    button: 'Add this limit',
    added: 'The limit was added to the draft.',
    has: 'This limit is in the list already.',
  },
  names: {
    title: 'Names and numbers',
    how: 'A call stays in the lists and counts after its recording is erased. This is how long it also says who was on it.',
    label: 'Remove names and numbers after (days without audio)',
    help: 'Counted from the erasure of the recording, or from the end of a call that has none. They are removed at the next retention run and cannot be brought back. Leave it empty to keep them.',
    bad: 'Enter a whole number from 1 to 36,500, or nothing.',
    preset: ({ source, day }: { source: string; day: string }) => `${source} (checked ${day}).`,
    button: ({ n }: { n: number }) => `Use ${days(n)}`,
    preview: ({ days: n, due }: { days: number; due: number }) =>
      `Names and numbers will be removed after ${days(n)} without audio. ${due === 0 ? 'No call is due now.' : `The next retention run removes those of ${plural(due, { one: '1 call', other: `${due >= 50_000 ? 'at least ' : ''}${count(due)} calls` })}.`}`,
    runButton: 'Remove names and numbers',
    run: 'Remove names and numbers now…',
    dialogTitle: 'Remove names and numbers?',
    dialogWhat: ({ n }: { n: number }) =>
      `Names and numbers of ${plural(n, { one: '1 call', other: `${n >= 50_000 ? 'at least ' : ''}${count(n)} calls` })} without audio are removed, except where a legal hold or a minimum protects them.`,
    due: ({ days: n, due }: { days: number; due: number }) =>
      `Names and numbers of calls are removed after ${days(n)} without audio: ${due === 0 ? 'none are due' : `${due >= 50_000 ? 'at least ' : ''}${plural(due, { one: '1 call is due', other: `${count(due)} calls are due` })}`}.`,
  },
  existing: {
    title: 'Existing recordings',
    dialog: 'Apply to existing recordings?',
    intro: 'See what these rules and limits would do to the recordings you already have.',
    button: 'Preview existing recordings',
    busy: 'Looking at every recording…',
    none: 'There are no existing recordings.',
    same: ({ n }: { n: number }) => `${recordings(n)} looked at: none would get another date.`,
    due: ({ n }: { n: number }) =>
      `${recordings(n)} ${plural(n, { one: 'becomes', other: 'become' })} due at the next retention run.`,
    shorter: ({ n, forever }: { n: number; forever: number }) =>
      forever === 0
        ? `${recordings(n)} ${are(n)} kept for less time.`
        : `${recordings(n)} ${are(n)} kept for less time, ${count(forever)} of them instead of forever.`,
    longer: ({ n }: { n: number }) => `${recordings(n)} ${are(n)} kept for more time.`,
    minimum: ({ n }: { n: number }) =>
      `${recordings(n)} ${plural(n, { one: 'stays', other: 'stay' })} longer than the rule says, because of a minimum.`,
    conflicts: ({ n }: { n: number }) =>
      `${recordings(n)} ${are(n)} kept forever, because two limits cannot both be met.`,
    unknown: ({ n, conditions }: { n: number; conditions: string[] }) =>
      `${recordings(n)} ${plural(n, { one: 'keeps its date', other: 'keep their date' })}: not stored with ${plural(n, { one: 'it', other: 'them' })}: ${listAnd(conditions)}.`,
    columns: {
      rule: 'Rule',
      keeps: 'Keeps',
      recordings: 'Recordings',
      due: 'Due',
      shorter: 'Shorter',
      longer: 'Longer',
      calls: 'Examples',
    },
    noRule: 'No rule matches',
    forever: 'Forever',
    days: ({ n }: { n: number }) => days(n),
    call: ({ n }: { n: number }) => `Call ${n}`,
    apply: 'Apply to',
    onlyNew: 'New recordings only. Existing recordings keep their date.',
    all: 'All recordings, new and existing',
    hold: 'A date is not an erasure: recordings with a legal hold are not erased while it stands.',
    save: 'Save the policy',
    needsApproval:
      'A second person has to approve this policy. It is kept with your request, and you save it on the page “Approvals” once it is approved.',
    approvalReason: 'Why is this needed?',
    ask: 'Ask for approval',
    asked: 'Asked. The policy is kept with your request.',
    kept: ({ page }: { page: string }) =>
      `A second person was asked to approve the policy, which is kept with your request. Once it is approved, save it under ${page}.`,
    progress: ({ done, total }: { done: number; total: number }) =>
      `Giving existing recordings their new dates: ${count(done)} of ${count(total)}.`,
    counting: 'Counting existing recordings before anything is changed.',
    done: ({ n, when }: { n: number; when: string }) =>
      `${recordings(n)} got their dates by the rules ${when}.`,
    failed: 'Existing recordings did not get new dates.',
    cancelled: 'Stopped before all recordings had their new dates.',
    label: 'Progress',
  },
};
