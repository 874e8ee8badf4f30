import { ulid } from 'ulid';
import { type PlanVerbs, readPlan } from '../../../daemon/catalogue/retention/planned.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import type { EraseResult } from '../../../daemon/domain/retention/run.js';
import type { SafetyLimit } from '../../../daemon/domain/retention/safety.js';

/** A policy by which recordings become due. */
export const ruled: Policy = {
  ...defaultPolicy,
  retention: [{ name: 'Short', reason: '', when: {}, keep_days: 30 }],
};

/** What a retention of a test needs besides its catalogue, keys and files. */
export function retaining(catalogue: PlanVerbs, given: Partial<SafetyLimit> = {}) {
  const limit = { percent: 100, count: 1_000_000, ...given };
  return {
    plan: (now: number) => readPlan(catalogue, now, limit, 'UTC'),
    mint: () => ulid(),
    alarms: { raise: () => {}, clear: () => {} },
    config: { schedule: '15 3 * * *', timeZone: 'UTC', limit },
  };
}

/** A retention that only says what it did. */
export function retainOf(given: Partial<EraseResult> = {}) {
  const result = async () => ({ erased: 0, failed: 0, left: 0, protected: 0, ...given });
  return { run: result, eraseAll: result };
}

/** What tapedeck.toml says of it to a dashboard under test. */
export const retentionSettings = {
  ...{ schedule: '15 3 * * *', breakerPercent: 20, breakerCount: 10_000 },
  ...{ whenFull: ['archive', 'erase'] as const, archiveAfterDays: 30 },
};
