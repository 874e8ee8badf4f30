import { LRUCache } from 'lru-cache';
import { hasSecond, type Proof } from '../domain/people/factor.js';

/** How long a proof is good, in ms. */
export const FRESH_MS = 10 * 60_000;
const MOST = 10_000;

export type Proofs = ReturnType<typeof createProofs>;

/**
 * By what people have shown who they are, and when: what the recorder has looked at itself, in memory, so that a restart asks
 * again. A proof belongs to a session, whose id is the dashboard's to choose.
 */
export function createProofs({ clock }: { clock: () => number }) {
  const given = new LRUCache<string, { person: string; proof: Proof; at: number }[]>({ max: MOST });

  return {
    add(session: string, person: string, proof: Proof): void {
      const at = clock();
      const before = (given.get(session) ?? []).filter((p) => p.person === person && p.proof !== proof);
      given.set(session, [...before, { person, proof, at }]);
    },
    /** Whether somebody has shown in this session within the last ten minutes who they are; `second`: by a second factor. */
    fresh(session: string, person: string, { second }: { second: boolean }): boolean {
      const now = clock();
      return (given.get(session) ?? []).some(
        (p) => p.person === person && now - p.at <= FRESH_MS && p.at <= now && (!second || hasSecond([p.proof])),
      );
    },
    /** Everybody's who is shut out. */
    forget(person: string): void {
      for (const [session, proofs] of given)
        if (proofs.some((p) => p.person === person)) given.delete(session);
    },
  };
}
