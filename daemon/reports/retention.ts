import type { HeldIn } from '../catalogue/retention/holds.js';
import { createPurposes } from '../catalogue/retention/purposes.js';
import type { StoredCall } from '../catalogue/stored-call.js';
import { dates, dayAfter, startOfDay } from '../domain/days.js';
import { inWords } from '../domain/reason/words.js';
import type { Recording } from '../domain/recording/recording.js';
import { monthStart } from '../domain/report/period.js';
import { counted, type Findings, type Report, type Row } from '../domain/report/report.js';
import { protection } from '../domain/retention/plan.js';
import { callPages, column, hidden, type Making, under } from './making.js';

/** What is so of a recording when the report is made. */
type State = 'kept' | 'held' | 'minimum' | 'due' | 'erased';
const STATES: Record<State, string> = {
  kept: 'Kept',
  held: 'Kept past its date: legal hold',
  minimum: 'Kept past its date: minimum',
  due: 'Due, not erased yet',
  erased: 'Erased',
};

/** The figures of one rule of one version of the policy. */
type ByRule = {
  rule: string;
  version: number | null;
  purpose: string;
  basis: string;
  counts: Record<State | 'forEver', number>;
  last: number | null;
};

const MOST_RULES = 2_000;
const PAGE = 200;

/** What is kept of the calls of a period, by which rule, for what purpose and until when; and what is due next month. */
export function retentionReport({ catalogue, period, now, say }: Making): Report {
  const rules = createPurposes(catalogue);
  const byRule = new Map<string, ByRule>();
  const totals: Record<State | 'forEver', number> = blank();
  let calls = 0;

  async function rowsOf(page: readonly StoredCall[]): Promise<Row[]> {
    const found = page.flatMap((call) => (call.recording ? [{ call, recording: call.recording }] : []));
    const sealed = found.filter(({ recording }) => recording.state === 'sealed');
    const held = await catalogue.holds.of(sealed.map(({ recording }) => recording.id));
    const rows: Row[] = [];
    for (const { call, recording } of found) {
      const { purpose, basis } = await rules(recording);
      const state = stateOf(recording, held, now);
      count(recording, state, purpose, basis);
      const matters = held.filter((one) => one.recordingId === recording.id).map((one) => one.name);
      rows.push([
        ...[call.startedAt, call.id, recording.id, call.direction],
        ...[call.them.number, call.them.name, call.us.number, call.us.name],
        ...[STATES[state], recording.keepUntil, recording.keepRule ?? '', recording.keepVersion],
        ...[purpose, basis, inWords(recording.keepWhy, say), matters.join('; ')],
        ...[recording.erasedAt, inWords(recording.eraseWhy, say)],
      ]);
    }
    return rows;
  }

  function count(recording: Recording, state: State, purpose: string, basis: string): void {
    const rule = recording.keepRule ?? '';
    const key = JSON.stringify([rule, recording.keepVersion]);
    let found = byRule.get(key);
    if (!found && byRule.size < MOST_RULES) {
      found = { rule, version: recording.keepVersion, purpose, basis, counts: blank(), last: null };
      byRule.set(key, found);
    }
    for (const counts of [totals, ...(found ? [found.counts] : [])]) {
      counts[state] += 1;
      if (state !== 'erased' && recording.keepUntil === null) counts.forEver += 1;
    }
    if (found && state !== 'erased' && recording.keepUntil !== null)
      found.last = Math.max(found.last ?? 0, recording.keepUntil);
  }

  /** How many recordings, of any period, are due in the next month, by rule. */
  async function dueNextMonth() {
    const day = dates(period.zone)(now);
    const [first, after] = [monthStart(day, 1), monthStart(day, 2)];
    const ends = startOfDay(after, period.zone);
    const counts = new Map<string, number>();
    let place = { until: startOfDay(first, period.zone) - 1, id: '\uffff' };
    for (;;) {
      const { items, next } = await catalogue.due.page('later', place, now, PAGE);
      for (const { recording } of items) {
        if (!recording?.keepUntil) continue;
        if (recording.keepUntil >= ends) return { first, last: dayAfter(after, -1), counts };
        const rule = recording.keepRule ?? '';
        counts.set(rule, (counts.get(rule) ?? 0) + 1);
      }
      if (next !== null) place = next;
      else return { first, last: dayAfter(after, -1), counts };
    }
  }

  async function findings(): Promise<Findings> {
    const next = await dueNextMonth();
    const coming = [...next.counts.values()].reduce((sum, n) => sum + n, 0);
    const all = totals.kept + totals.held + totals.minimum + totals.due + totals.erased;
    const kept = all - totals.erased;
    return {
      answer: [
        all === 0
          ? `There is no recording of the ${counted(calls, 'call')} in this period.`
          : `${counted(calls, 'call')} in this period ${calls === 1 ? 'has' : 'have'} ${counted(all, 'recording')}: ${counted(kept, 'is', 'are')} kept and ${counted(totals.erased, 'was', 'were')} erased.`,
        ...(kept > 0
          ? [
              totals.forEver === 0
                ? 'Each of those kept has an end date.'
                : `Of those kept, ${counted(kept - totals.forEver, 'has', 'have')} an end date and ${counted(totals.forEver, 'has', 'have')} none.`,
            ]
          : []),
        totals.due === 0
          ? 'No recording of this period is past its date without a reason.'
          : `${counted(totals.due, 'recording is', 'recordings are')} past ${totals.due === 1 ? 'its' : 'their'} date and not erased yet.`,
        ...(totals.held + totals.minimum > 0
          ? [
              `Past their date and protected: ${totals.held} by a legal hold, ${totals.minimum} by a minimum of the policy.`,
            ]
          : []),
        coming === 0
          ? `No recording of any period becomes due from ${next.first} to ${next.last}.`
          : `${counted(coming, 'recording')} of any period ${coming === 1 ? 'becomes' : 'become'} due from ${next.first} to ${next.last}.`,
      ],
      caveats: byRule.size < MOST_RULES ? [] : [`The table of rules has the first ${MOST_RULES} only.`],
      tables: [
        {
          key: 'by_rule',
          title: 'By rule',
          columns: [
            column('rule', 'Rule', 'text', 24),
            column('policy_version', 'Policy', 'count', 9),
            column('purpose', 'Purpose', 'text', 26),
            column('legal_basis', 'Legal basis', 'text', 26),
            column('kept', 'Kept', 'count', 10),
            column('for_ever', 'No end', 'count', 9),
            column('protected', 'Protected', 'count', 15),
            column('due', 'Due', 'count', 8),
            column('erased', 'Erased', 'count', 10),
            column('last_until', 'Last end date', 'time', 18),
          ],
          rows: [...byRule.values()].map(({ rule, version, purpose, basis, counts, last }) => [
            ...[rule || '(kept by default)', version, purpose, basis],
            ...[counts.kept + counts.held + counts.minimum + counts.due, counts.forEver],
            ...[counts.held + counts.minimum, counts.due, counts.erased, last],
          ]),
        },
        {
          key: 'due_next_month',
          title: `Due from ${next.first} to ${next.last}, of any period`,
          columns: [column('rule', 'Rule', 'text', 60), column('recordings', 'Recordings', 'count', 40)],
          rows: [...next.counts].map(([rule, n]) => [rule || '(kept by default)', n]),
        },
      ],
    };
  }

  return {
    title: 'Recordings of calls in this period',
    method:
      'Every call that began in the period, with the newest version of its recording, as the catalogue had it when the report was made. Purpose and legal basis are those of the rule in the version of the policy that decided.',
    columns: [
      column('started_at', 'Call began', 'time', 16),
      hidden('call_id', 'hash'),
      hidden('recording_id', 'hash'),
      hidden('direction', 'text'),
      column('them_number', 'Other party', 'text', 20),
      under('them_number', 'them_name', 'Name', 'text'),
      column('us_number', 'At', 'text', 15),
      under('us_number', 'us_name', 'Name', 'text'),
      column('state', 'State', 'text', 16),
      column('keep_until', 'Kept until', 'time', 16),
      column('rule', 'Rule', 'text', 18),
      hidden('policy_version', 'count'),
      column('purpose', 'Purpose, legal basis', 'text', 22),
      under('purpose', 'legal_basis', 'Legal basis', 'text'),
      column('reason', 'Why', 'text', 26),
      under('reason', 'matters', 'Legal holds', 'text'),
      under('reason', 'erased_at', 'Erased', 'time'),
      under('reason', 'erase_reason', 'Why erased', 'text'),
    ],
    async *rows() {
      for await (const page of callPages(catalogue, period)) {
        calls += page.length;
        yield* await rowsOf(page);
      }
    },
    findings,
  };
}

const blank = (): Record<State | 'forEver', number> => ({
  ...{ kept: 0, held: 0, minimum: 0, due: 0, erased: 0, forEver: 0 },
});

function stateOf(recording: Recording, held: readonly HeldIn[], now: number): State {
  if (recording.state === 'erased') return 'erased';
  if (recording.keepUntil === null || recording.keepUntil > now) return 'kept';
  const why = protection(recording, held, now);
  if (why === null) return 'due';
  return held.some(({ recordingId }) => recordingId === recording.id) ? 'held' : 'minimum';
}
