import type { Recording } from '../../domain/recording/recording.js';
import type { RetentionRule } from '../../domain/retention/rule.js';
import type { Verbs } from '../catalogue.js';

type Kept = Pick<Recording, 'keepVersion' | 'keepRule'>;

/** Looks the purpose and the legal basis of a recording up, in the version of the policy that decided. */
export function createPurposes(
  catalogue: Verbs<'policy.of'>,
): (kept: Kept) => Promise<{ purpose: string; basis: string }> {
  const versions = new Map<number, Promise<readonly RetentionRule[]>>();
  return async ({ keepVersion: version, keepRule: rule }) => {
    if (version === null || rule === null) return { purpose: '', basis: '' };
    let known = versions.get(version);
    if (!known) {
      known = catalogue.policy
        .of(version)
        .then((kept) => (kept.version === version ? kept.policy.retention : []));
      versions.set(version, known);
    }
    const named = (await known).find(({ name }) => name === rule);
    return { purpose: named?.purpose ?? '', basis: named?.legal_basis ?? '' };
  };
}
