import { LRUCache } from 'lru-cache';
import { hasSecond, type Proof } from '../domain/people/factor.js';

/** How long a proof is good, in ms. */
export const FRESH_MS = 10 * 60_000;
const MOST = 10_000;

export type Proofs = ReturnType<typeof createProofs>;
/** Whose a proof is. All their proofs end with their sessions: then `epoch` goes up. */
type Owner = { id: string; epoch: number };

/**
 * By what people have shown who they are, and when: what the recorder has looked at itself, in memory, so that a restart asks
 * again. A proof belongs to a session, whose id is the dashboard's to choose.
 */
export function createProofs({ clock }: { clock: () => number }) {
  const given = new LRUCache<string, { owner: Owner; proof: Proof; at: number }[]>({ max: MOST });
  const same = (a: Owner, b: Owner) => a.id === b.id && a.epoch === b.epoch;

  return {
    add(session: string, owner: Owner, proof: Proof): void {
      const at = clock();
      const before = (given.get(session) ?? []).filter((p) => same(p.owner, owner) && p.proof !== proof);
      given.set(session, [...before, { owner, proof, at }]);
    },
    /** What somebody has shown in this session counts on, while all their other sessions end. */
    keep(session: string, owner: Owner, epoch: number): void {
      const theirs = (given.get(session) ?? []).filter((p) => same(p.owner, owner));
      given.set(
        session,
        theirs.map((p) => ({ ...p, owner: { ...owner, epoch } })),
      );
    },
    /** Whether somebody has shown in this session within the last ten minutes who they are; `second`: by a second factor. */
    fresh(session: string, owner: Owner, { second }: { second: boolean }): boolean {
      const now = clock();
      return (given.get(session) ?? []).some(
        (p) =>
          same(p.owner, owner) && now - p.at <= FRESH_MS && p.at <= now && (!second || hasSecond([p.proof])),
      );
    },
  };
}
