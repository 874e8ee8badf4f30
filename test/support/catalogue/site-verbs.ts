import type { AuditFilter } from '../../../daemon/catalogue/audit.js';
import type { CallFilter } from '../../../daemon/catalogue/calls.js';
import type { Prepared } from '../../../daemon/catalogue/sqlite/nouns.js';
import type { ReachKey } from '../../../daemon/domain/people/reach.js';
import { FIRST_DUE } from '../../../daemon/domain/retention/plan.js';
import { callId, recordingId, startOf } from './busy-site.js';

const DAY_MS = 86_400_000;
const ZONE_ALL = 253_402_300_799_999;
const FIRST_SEALED = { sealedAt: -1, id: '' };

/** What is asked of a catalogue with so many calls, by the process that asks it: the heaviest way of asking that there is. */
export function verbsAt(
  calls: number,
): Record<'recorder' | 'dashboard', Record<string, (n: Prepared) => unknown>> {
  const now = startOf(calls);
  /** When that share of all calls was still to come. */
  const before = (share: number) => startOf(Math.floor(calls * (1 - share)));
  const aDay = { from: before(0.55), to: before(0.55) + DAY_MS };
  const longAgo = { from: before(0.9), to: before(0.82) };
  const year = { from: now - 365 * DAY_MS, to: now };
  const one = (i: number) => ({ call: callId(i), recording: recordingId(i) });
  const mid = one(Math.floor(calls / 2) + 3);
  const extensions = (count: number): ReachKey[] =>
    Array.from({ length: count }, (_, i) => ({ kind: 'extension', name: String(100 + i) }));
  // No recording has it, since there is none of that name.
  const NO_FLAG = 'clipping' as 'clipped';
  /** Each request reads anew what somebody reaches. */
  const list =
    ({ reach = 'all', ...filter }: Partial<CallFilter>) =>
    (n: Prepared) =>
      n.calls.list(
        { limit: 100, region: 'DE', ...filter, reach: reach === 'all' ? reach : [...reach] },
        null,
      );
  const log = (filter: Omit<AuditFilter, 'limit'>) => (n: Prepared) =>
    n.audit.entries({ ...filter, limit: 100 }, null, 100);
  const actor = 'person-7';
  return {
    recorder: {
      'calls that are open': (n) => n.calls.open(),
      'coverage of the last day (/metrics)': (n) => n.calls.coverageSince(now - DAY_MS),
      'a call': (n) => n.calls.call(mid.call),
      'growth of 30 days (health)': (n) => n.recordings.growth(now - 30 * DAY_MS, now),
      'growth of a year': (n) => n.recordings.growth(year.from, now),
      'next 20 to scrub': (n) => n.seals.toCheck(now, 20),
      'figures of the seals (health, /metrics)': (n) => n.seals.figures(),
      'whose file has this hash, a slice': (n) => n.seals.sealedAs('0'.repeat(64), 0),
      'kept recordings, a slice (plan)': (n) => n.due.keptSlice({ rule: 'rule 1', until: -1, id: '' }, now),
      'kept for ever, a slice (plan)': (n) => n.due.keptSlice({ rule: 'rule 0', until: null, id: '' }, now),
      'due ones, a slice (plan)': (n) => n.due.dueSlice(FIRST_DUE, ZONE_ALL),
      'newest sealed (plan)': (n) => n.due.newestSealedAt(),
      'calls without audio, counted (plan)': (n) => n.names.count(now, 50_000),
      'calls without audio, a page': (n) => n.names.page({ since: -1, id: '' }, now, 500),
      'names removed': (n) => n.names.removed(0, now),
      'to move to the archive': (n) => n.tiers.due(now, FIRST_SEALED, 100),
      'tier, a slice': (n) => n.tiers.slice(null),
      'recordings to give another date, a page': (n) => n.recordings.keptAfter(mid.recording, 200),
      'recordings in the order of ids, a page': (n) => n.seals.after(mid.recording, 500),
      'accounts that hang together': (n) => n.ledger.related('', ['1700500000.1']),
      'imported before, by name': (n) =>
        n.imports.followed('', ['1700500000.1'], { from: now - DAY_MS, to: now }),
      'spans of the ledger': (n) => n.ledger.spans(),
      'rows that the audit log is verified by': (n) => n.audit.rows(1, 1000),
      'calls that a hold asks for, an hour': (n) =>
        n.calls.list({ reach: 'all', from: now - 3_600_000, to: now, limit: 500 }, null),
      'schema compared (before each signature)': (n) => n.schemaFaults(),
    },
    dashboard: {
      'list, newest': list({}),
      'list, before the middle': list({ before: mid.call }),
      'list, of one day': list(aDay),
      'list, outgoing': list({ direction: 'out' }),
      'list, partial': list({ coverage: 'partial' }),
      'list, imported (none)': list({ coverage: 'imported' }),
      'search, a name that is there': list({ text: 'caller 1234' }),
      'search, a number that is there': list({ text: '030 1007919' }),
      'search, a number that is not there': list({ text: '0891234567' }),
      'search, four digits at the end': list({ text: '7919' }),
      'search, two digits': list({ text: '42' }),
      'search, one letter that is not there': list({ text: 'ß' }),
      'search, nothing fits': list({ text: 'nobody at all' }),
      'search, in a month of long ago': list({ text: 'nobody', ...longAgo }),
      'reviewer of 1 extension': list({ reach: extensions(1) }),
      'reviewer of 40 places': list({ reach: extensions(40) }),
      'reviewer of 41 places': list({ reach: extensions(41) }),
      'reviewer of 41 places, searching in vain': list({ reach: extensions(41), text: 'nobody' }),
      'reviewer of 1 extension, searching in vain': list({ reach: extensions(1), text: 'nobody' }),
      'reviewer of 5,000 places, of which one is there': list({
        reach: [
          ...extensions(1),
          ...Array.from({ length: 4_999 }, (_, i) => ({ kind: 'did' as const, name: `${900_000 + i}` })),
        ],
      }),
      'changes of a reviewer of 40 places': (n) => n.calls.reachMark(extensions(40)),
      'echo, anywhere': list({ quality: 'echo' }),
      'a flag that no recording has': list({ quality: NO_FLAG }),
      'echo of extension 117': list({ quality: 'echo', ear: { kind: 'extension', name: '117' } }),
      'every call heard by extension 117': list({ ear: { kind: 'extension', name: '117' } }),
      'a phone that was never heard': list({ ear: { kind: 'extension', name: '999' } }),
      'extensions, queues and DIDs seen': (n) => n.seen.seen(),
      'quality of a month, its first day': (n) => n.recordings.trends(now - 30 * DAY_MS, now, 'begin'),
      'quality of all time, a slice': (n) =>
        n.recordings.trends(0, now, { day: 0, kind: '', name: '', flags: '' }),
      'coverage, counts of a slice': (n) => n.ledger.counts(year),
      'coverage, calls of a slice': (n) => n.ledger.rows(year),
      'coverage, calls that only the PBX knows': (n) => n.ledger.strangers(year),
      'consent report, counts of a slice': (n) => n.toldCounts.counts(year),
      'consent report, a page': (n) => n.toldCalls.page({ ...year, limit: 200 }),
      tombstones: (n) => n.due.tombstones(200),
      'due and erasable, a page': (n) => n.due.page('erasable', FIRST_DUE, now, 200),
      'due and protected, a page': (n) => n.due.page('protected', FIRST_DUE, ZONE_ALL, 200),
      'due later, a page': (n) => n.due.page('later', FIRST_DUE, aDay.from, 200),
      'kept for ever, a page': (n) => n.due.undated('', 200),
      'damaged recordings': (n) => n.seals.damaged(200),
      'audit log, newest': log({}),
      'audit log of a person': log({ actor }),
      'audit log of a person, refused': log({ actor, outcome: 'refused' }),
      'audit log of a person, of an action that is not there': log({ actor, actions: ['export'] }),
      'audit log of a person, in a month long ago': log({ actor, ...longAgo }),
      'audit log of two actions in a month long ago': log({ actions: ['play', 'sign_in'], ...longAgo }),
      'audit log of two actions that are not there': log({ actions: ['export', 'erase'] }),
      'audit log, all that went well, of a month': log({ outcome: 'ok', ...longAgo }),
      'audit log of a day': log(aDay),
      'audit log of a call': log({ objectId: mid.call }),
      'audit log of a recording': log({ recording: mid.recording }),
      'people in the audit log': (n) => n.audit.actors(),
      peaks: (n) => n.recordings.peaks(mid.recording),
      'versions of a recording': (n) => n.recordings.ofCall(mid.call),
    },
  };
}

/** The day that was so many days before the last call. */
const dayBefore = (calls: number, days: number): string =>
  new Date(startOf(calls) - days * DAY_MS).toISOString().slice(0, 10);

/** The last year, as pages and tables are asked for it. */
export const daysOf = (calls: number): string => `from=${dayBefore(calls, 365)}&to=${dayBefore(calls, 0)}`;

/** Pages that read all of a year, or more. */
export function requestsAt(calls: number): Record<string, string> {
  const day = (daysAgo: number) => dayBefore(calls, daysAgo);
  const year = daysOf(calls);
  return {
    'quality of all time': '/quality',
    'quality of a year': `/quality?${year}`,
    'coverage of a year': `/coverage?${year}`,
    'coverage of a year, all of its calls': `/coverage?${year}&status=all`,
    'coverage of a year, a finding that is not there': `/coverage?${year}&status=surplus`,
    'consent report of a year': `/consent-report?${year}`,
    'retention, page and plan': '/retention',
    'audit log of a month long ago': `/audit?from=${day(330)}&to=${day(300)}`,
    'audit log, an action that is not there': '/audit?action=export',
    'calls, the newest': '/calls',
    'calls, a search in vain': '/calls?q=nobody',
  };
}
