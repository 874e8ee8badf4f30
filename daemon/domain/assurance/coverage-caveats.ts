import type { BlindWindow } from '../recording/recording.js';
import type { Span, Totals } from './coverage.js';

/**
 * What a coverage report cannot vouch for. A report without exceptions and without caveats may say that every answered
 * call is accounted for; with one of these it may not.
 */
export const CAVEATS = {
  not_installed: 'The whole period is before Tapedeck was installed.',
  future: 'The whole period is in the future.',
  partly_not_installed: 'The period starts before Tapedeck was installed.',
  pbx_added: 'A PBX was added after the period starts.',
  monitoring_gaps: 'Tapedeck did not monitor the PBX all the time.',
  cdr_gaps:
    'Asterisk could not report its CDRs all the time, and the missing ones were not read from another source.',
  no_witness: 'Asterisk has never sent a CDR, on at least one PBX.',
  unwitnessed: 'Some calls have no CDR to compare them with.',
  pending: 'Some recordings are still being processed.',
} as const;
export type Caveat = keyof typeof CAVEATS;

export type Grounds = {
  /** Of the period, ms since 1970; `to` is not included. */
  from: number;
  to: number;
  now: number;
  /** Of each PBX; none where Tapedeck has not run yet. */
  spans: readonly Span[];
  totals: Pick<Totals, 'unwitnessed' | 'pending'>;
  blind: readonly BlindWindow[];
  /** Gaps of the witness that no other source has filled. */
  unfilled: readonly BlindWindow[];
};

export function caveatsOf(g: Grounds): Caveat[] {
  if (g.from >= g.now) return ['future'];
  const since = g.spans.map((span) => span.since);
  const first = Math.min(...since);
  if (g.to <= first) return ['not_installed'];
  const witnessed = g.spans.every(({ witness }) => witness !== null);
  const found: [Caveat, boolean][] = [
    ['partly_not_installed', g.from < first],
    ['pbx_added', since.some((at) => at > first && at > g.from)],
    ['monitoring_gaps', g.blind.length > 0],
    ['cdr_gaps', g.unfilled.length > 0],
    ['no_witness', !witnessed],
    ['unwitnessed', witnessed && g.totals.unwitnessed > 0],
    ['pending', g.totals.pending > 0],
  ];
  return found.filter(([, holds]) => holds).map(([caveat]) => caveat);
}

/** Nothing at all is known of the period. */
export const isUnknown = (caveats: readonly Caveat[]): boolean =>
  caveats.includes('not_installed') || caveats.includes('future');
