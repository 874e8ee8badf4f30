import { because, readWhy, type Why } from '../../daemon/domain/reason/reason.js';
import { inWords, type Say } from '../../daemon/domain/reason/words.js';

/** Any reason, for a test that does not look into it: what an admin wrote beside a rule. */
export const noted = (reason: string): Why => because('rule', { reason });

/** Returns the sentence of a reason that was read straight from its column. */
export const wordsIn = (column: string): string => inWords(readWhy(column));

const NAMES: Record<string, string> = { why: 'reason', keepWhy: 'keepReason', eraseWhy: 'eraseReason' };

/** Returns a value with each reason in it as its sentence: `why` as `reason`, `keepWhy` as `keepReason`, and so on. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever comes back
export function worded(value: unknown, say?: Say): any {
  if (Array.isArray(value)) return value.map((each) => worded(each, say));
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (isWhy(value)) return inWords(value, say);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const name = NAMES[key];
      if (!name) return [key, key === 'because' && inner === null ? '' : worded(inner, say)];
      return [name, key === 'eraseWhy' && inner === null ? null : inWords(inner as Why | null, say)];
    }),
  );
}

const isWhy = (value: object): value is Why => Object.keys(value).join() === 'code,params';
