import type { BlindWindow } from '../recording/recording.js';
import type { Totals, Witness } from './coverage.js';

/**
 * What a coverage report cannot vouch for. A report without exceptions and without caveats may say that every answered
 * call is accounted for; with one of these it may not.
 */
export const CAVEATS = {
  not_installed: 'The whole period is before Tapedeck was installed.',
  future: 'The whole period is in the future.',
  partly_not_installed: 'The period starts before Tapedeck was installed.',
  monitoring_gaps: 'Tapedeck did not monitor the PBX all the time.',
  cdr_gaps:
    'Asterisk could not report its CDRs all the time, and the missing ones were not read from another source.',
  no_witness: 'Asterisk has never sent a CDR.',
  unwitnessed: 'Some calls have no CDR to compare them with.',
  pending: 'Some recordings are still being processed.',
} as const;
export type Caveat = keyof typeof CAVEATS;

export type Grounds = {
  /** Of the period, ms since 1970; `to` is not included. */
  from: number;
  to: number;
  now: number;
  /** When Tapedeck began to keep its account; null when it has not run yet. */
  since: number | null;
  totals: Pick<Totals, 'unwitnessed' | 'pending'>;
  witness: Witness;
  blind: readonly BlindWindow[];
  /** Gaps of the witness that no other source has filled. */
  unfilled: readonly BlindWindow[];
};

export function caveatsOf(g: Grounds): Caveat[] {
  if (g.from >= g.now) return ['future'];
  if (g.since === null || g.to <= g.since) return ['not_installed'];
  const found: [Caveat, boolean][] = [
    ['partly_not_installed', g.from < g.since],
    ['monitoring_gaps', g.blind.length > 0],
    ['cdr_gaps', g.unfilled.length > 0],
    ['no_witness', g.witness === null],
    ['unwitnessed', g.witness !== null && g.totals.unwitnessed > 0],
    ['pending', g.totals.pending > 0],
  ];
  return found.filter(([, holds]) => holds).map(([caveat]) => caveat);
}

/** Nothing at all is known of the period. */
export const isUnknown = (caveats: readonly Caveat[]): boolean =>
  caveats.includes('not_installed') || caveats.includes('future');
