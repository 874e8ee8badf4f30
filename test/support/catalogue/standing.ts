import type { CallFacts } from '../../../daemon/domain/policy/facts.js';
import { imagine } from '../../../daemon/domain/policy/imagined.js';
import { defaultPolicy, type Policy, type RecordRule } from '../../../daemon/domain/policy/policy.js';
import type { HoldingStanding, Standing } from '../../../daemon/domain/policy/standing/standing.js';
import { aStanding } from './every-row.js';

/** Calls with a number for which something stands, and rules. */
export const site = { timeZone: 'Europe/Berlin', region: 'DE' };
export const NOW = Date.UTC(2026, 4, 20, 9);
export const GIVEN = Date.UTC(2026, 4, 2, 22);
export const ANN = '+49301234567';
export const one = (more: Partial<Standing> = {}): Standing => ({
  ...aStanding(ANN),
  ...{
    givenAt: GIVEN,
    id: 1,
    addedAt: 1,
    addedBy: 'ada',
    withdrawnAt: null,
    withdrawnBy: '',
    ...{ erasedAt: null, erasedBy: '', erasedWhy: '' },
    document: null,
  },
  ...more,
});
export const holding = (kind: Standing['kind'], more: Partial<HoldingStanding> = {}): HoldingStanding => ({
  ...{ kind, number: ANN, extensions: [], queues: [], givenAt: GIVEN },
  ...more,
});
export const call = (more: Partial<CallFacts> = {}, ...given: HoldingStanding[]): CallFacts => ({
  ...imagine({ direction: 'in', number: ANN, extension: ['201'] }, NOW, site),
  standing: { holding: given, anyObjection: given.some(({ kind }) => kind === 'objection') },
  ...more,
});
export const rule = (outcome: RecordRule['outcome'], when = {}): RecordRule => ({
  ...{ name: 'R', reason: 'Because.', when, outcome },
});
export const policy = (...record: RecordRule[]): Policy => ({ ...defaultPolicy, record });
