import type { Limit } from './rule.js';

/**
 * Limits to start from. They are filled into the form, and nothing is saved. They are information, not legal advice: whether one
 * applies is for counsel to say. Years are days that cover every leap day in them. Rules that are about something else than recordings,
 * such as the six years of HIPAA for documentation, or that nobody could verify, are left out.
 */
export const limitPresetIds = [
  ...(['mifid', 'mifid_demand', 'fca', 'finra', 'cftc', 'gdpr'] as const),
] as const;
export type LimitPresetId = (typeof limitPresetIds)[number];

/** When the sources were last checked. */
const AS_OF = '2026-11-28';

export const LIMIT_PRESETS: Record<LimitPresetId, Limit> = {
  mifid: {
    name: 'MiFID II, 5 years',
    reason: 'Telephone records of orders are kept for five years.',
    ...{ kind: 'min', days: 1_827, when: {} },
    legal_basis: 'Directive 2014/65/EU, Article 16(7)',
    source: 'Delegated Regulation (EU) 2017/565, Article 76',
    as_of: AS_OF,
  },
  mifid_demand: {
    name: 'MiFID II, 7 years on demand',
    reason: 'The authority has asked for seven years.',
    ...{ kind: 'min', days: 2_557, when: {} },
    legal_basis: 'Directive 2014/65/EU, Article 16(7)',
    source: 'Delegated Regulation (EU) 2017/565, Article 76',
    as_of: AS_OF,
  },
  fca: {
    name: 'FCA, 5 years',
    reason: 'Recorded conversations are kept for five years.',
    ...{ kind: 'min', days: 1_827, when: {} },
    legal_basis: 'FCA Handbook, SYSC 10A.1',
    source: 'FCA Handbook, SYSC 10A.1.6 to 10A.1.15',
    as_of: AS_OF,
  },
  finra: {
    name: 'FINRA, 3 years',
    reason: 'Taping firms keep recordings of all calls for three years.',
    ...{ kind: 'min', days: 1_096, when: {} },
    legal_basis: 'FINRA Rule 3170',
    source: 'finra.org, Rule 3170',
    as_of: AS_OF,
  },
  cftc: {
    name: 'CFTC, 1 year',
    reason: 'Pre-trade oral communications are kept for one year.',
    ...{ kind: 'min', days: 366, when: {} },
    legal_basis: '17 CFR 1.35(a), 23.202',
    source: '77 FR 75523, 80 FR 80247',
    as_of: AS_OF,
  },
  gdpr: {
    name: 'GDPR storage limitation',
    reason: 'Personal data is kept no longer than its purpose needs.',
    ...{ kind: 'max', days: 180, when: {} },
    legal_basis: 'GDPR, Article 5(1)(e)',
    source: 'Regulation (EU) 2016/679; the number of days is yours to decide',
    as_of: AS_OF,
  },
};

/** How long names and numbers stay without audio, to start from. It is information, not legal advice. */
export const NAMES_PRESET = {
  days: 90,
  source: 'GDPR, Article 5(1)(e): no longer than the purpose needs; the number of days is yours to decide',
  as_of: AS_OF,
};
