import { setImmediate } from 'node:timers/promises';
import { bounds, type Period } from '../domain/assurance/coverage.js';
import { QUARTER_MS } from '../domain/assurance/coverage-counts.js';
import { periodOf } from '../domain/assurance/coverage-view.js';
import { iso } from '../domain/days.js';
import { fail } from '../domain/error.js';
import type { PbxId } from '../domain/pbx.js';
import type { BlindWindow } from '../domain/recording/recording.js';
import { settleConsent } from '../domain/telling/consent-counts.js';
import {
  type ConsentFilter,
  consentCallView,
  createConsentReport,
  fitsConsent,
  type JudgedCall,
  judgeCall,
} from '../domain/telling/consent-report.js';
import { unwatchedIn } from '../domain/telling/told.js';
import { slices } from '../ops/turns.js';
import type { Verbs } from './catalogue.js';
import type { CoverageRange } from './ledger.js';
import type { ToldCursor } from './notices.js';

/** What the calls of a report are read by; `ConsentVerbs`: the whole report. */
export type ConsentCallVerbs = 'notices.calls' | 'watch.windows';
export type ConsentVerbs = ConsentCallVerbs | 'notices.counts' | 'ledger.spans' | 'ledger.strangers';

export type ConsentAsked = {
  from?: string | undefined;
  to?: string | undefined;
  filter: ConsentFilter;
  /** Only calls on this PBX; all of them when left out. */
  pbx?: PbxId | undefined;
};
export type ConsentScope = { period: Period; filter: ConsentFilter; pbx: PbxId | null };

/** So many calls are read at once; others are served between. */
const SLICE = 100;
/** At most so many calls are on one page of the list; the CSV has all. */
export const CONSENT_PAGE = 100;

/** What a report is about. Throws `request_invalid` for a period that ends before it begins or is too long. */
export const consentScope = (asked: ConsentAsked, zone: string, now: number): ConsentScope => ({
  period: periodOf(asked, zone, now),
  filter: asked.filter,
  pbx: asked.pbx ?? null,
});

/** Yields the answered calls of a time, newest first. Reads them in slices, and never holds them all. */
async function* callsOf(
  catalogue: Verbs<'notices.calls'>,
  { from, to, pbx }: CoverageRange,
  windows: readonly BlindWindow[],
): AsyncGenerator<JudgedCall> {
  let before: ToldCursor | undefined;
  for (;;) {
    const page = await catalogue.notices.calls({ from, to, pbx, before, limit: SLICE });
    for (const call of page.calls) {
      const its = windows.filter((window) => window.pbx === call.pbx);
      yield judgeCall({ ...call, unwatchedMs: unwatchedIn(call, its) });
    }
    if (page.next === null) return;
    before = page.next;
    await setImmediate();
  }
}

const rangeOf = ({ period, pbx }: ConsentScope): CoverageRange => ({
  ...bounds(period),
  pbx: pbx ?? undefined,
});

/** The same of those that fit the filter, for a table of all of them. */
export async function* consentCalls(
  catalogue: Verbs<ConsentCallVerbs>,
  scope: ConsentScope,
): AsyncGenerator<JudgedCall> {
  const range = rangeOf(scope);
  const windows = await catalogue.watch.windows({ from: range.from });
  for await (const call of callsOf(catalogue, range, windows))
    if (fitsConsent(call, scope.filter)) yield call;
}

export type ConsentReport = Awaited<ReturnType<typeof viewConsent>>;

/**
 * Counts the calls of a time, newest first. Of quarters of an hour that were counted before no call is read, unless one of them belongs on
 * the page.
 */
async function countInto(
  report: ReturnType<typeof createConsentReport>,
  catalogue: Verbs<ConsentCallVerbs | 'notices.counts'>,
  range: CoverageRange,
  gone: () => boolean,
): Promise<void> {
  const windows = await catalogue.watch.windows({ from: range.from });
  /** What has to be read, newer than all that was counted. Between two of its quarters nobody called. */
  let unread = null as CoverageRange | null;
  const check = () => {
    if (gone()) throw fail('request_invalid', 'The connection was closed.');
  };
  async function read(): Promise<void> {
    const stretch = unread;
    unread = null;
    if (stretch === null) return;
    for await (const call of callsOf(catalogue, stretch, windows)) {
      check();
      report.add(call);
    }
  }
  for await (const { items } of slices(
    (to: number) => catalogue.notices.counts({ ...range, to }),
    range.to,
  )) {
    check();
    for (const { at, counts } of items) {
      const end = at + QUARTER_MS;
      const whole = at >= range.from && end <= range.to;
      const all = whole && counts ? counts.map((one) => settleConsent(one, windows)) : [null];
      const settled = all.filter((one) => one !== null);
      if (settled.length === all.length) {
        await read();
        if (!report.lists(settled)) {
          for (const one of settled) report.count(one, one.calls);
          continue;
        }
      }
      unread = { to: Math.min(end, range.to), ...unread, from: Math.max(at, range.from), pbx: range.pbx };
    }
  }
  await read();
}

/**
 * The report as the API and `tapedeck consent-report --json` give it, with a page of the calls that fit the filter, from 1. `gone`: whether
 * nobody waits for it any more; then it throws `request_invalid`.
 */
export async function viewConsent(
  catalogue: Verbs<ConsentVerbs>,
  scope: ConsentScope,
  { now, page = 1, gone = () => false }: { now: number; page?: number; gone?: () => boolean },
) {
  const report = createConsentReport({
    filter: scope.filter,
    skip: (page - 1) * CONSENT_PAGE,
    limit: CONSENT_PAGE,
  });
  const range = rangeOf(scope);
  await countInto(report, catalogue, range, gone);
  const strangers = await catalogue.ledger.strangers(range);
  const spans = (await catalogue.ledger.spans()).filter(({ pbx }) => (scope.pbx ?? pbx) === pbx);
  const since = spans.length === 0 ? null : Math.min(...spans.map((span) => span.since));
  const { totals, listed, fitting } = report.result();
  return {
    now: iso(now),
    ...{ from: scope.period.from, to: scope.period.to, time_zone: scope.period.zone },
    since: since === null ? null : iso(since),
    ...{ filter: scope.filter, pbx: scope.pbx, totals, only_in_cdrs: strangers },
    ...{ page, pages: Math.max(1, Math.ceil(fitting / CONSENT_PAGE)), calls_total: fitting },
    calls: listed.map(consentCallView),
  };
}
