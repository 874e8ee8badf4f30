import { LRUCache } from 'lru-cache';
import { type Act, exactKinds } from '../domain/people/act.js';
import { type GivenFactor, hasSecond, type Proof } from '../domain/people/factor.js';

/** How long a proof is good, in ms. */
export const FRESH_MS = 10 * 60_000;
const MOST = 10_000;

export type Proofs = ReturnType<typeof createProofs>;
/** Whose a proof is. All their proofs end with their sessions: then `epoch` goes up. */
type Owner = { id: string; epoch: number };
/** For what it was given. Its `object` is null once it counts for all acts of this kind. */
type For = Pick<Act, 'kind'> & { object: string | null };
/** `factor`: the app or the passkey that was given; null for a password and for a recovery code. */
type Given = { owner: Owner; proof: Proof; at: number; act: For | null; factor: GivenFactor | null };

/**
 * By what people have shown who they are, when and for what: what the recorder has looked at itself, in memory, so that a restart
 * asks again. A proof belongs to a session, whose id is the dashboard's to choose.
 */
export function createProofs({ clock }: { clock: () => number }) {
  const given = new LRUCache<string, Given[]>({ max: MOST });
  const same = (a: Owner, b: Owner) => a.id === b.id && a.epoch === b.epoch;
  /** Those of this session that count now. */
  const fresh = (session: string, owner: Owner): Given[] => {
    const now = clock();
    return (given.get(session) ?? []).filter(
      ({ owner: theirs, at }) => same(theirs, owner) && now - at <= FRESH_MS && at <= now,
    );
  };

  return {
    /** `act`: what it was given for; null for a sign-in, which is a proof for no act. */
    add(
      session: string,
      owner: Owner,
      proof: Proof,
      act: For | null,
      factor: GivenFactor | null = null,
    ): void {
      const others = fresh(session, owner).filter((p) => p.proof !== proof || p.act?.kind !== act?.kind);
      given.set(session, [...others, { owner, proof, at: clock(), act, factor }]);
    },
    /** What somebody has shown in this session counts on, while all their other sessions end. */
    keep(session: string, owner: Owner, epoch: number): void {
      given.set(
        session,
        fresh(session, owner).map((p) => ({ ...p, owner: { ...owner, epoch } })),
      );
    },
    /**
     * Returns by what somebody has shown in this session within the last ten minutes who they are, for this act; null where they have
     * not. `second`: by a second factor. A second factor counts once, for the object that it names: whoever sees a code gets one
     * act for it. A password can be given again by whoever has seen it, so it counts for all acts of its kind once it was used for the
     * object that it names; for an exact kind it counts once, too.
     */
    use(
      session: string,
      owner: Owner,
      act: Act,
      { second }: { second: boolean },
    ): Pick<Given, 'factor'> | null {
      const exact = exactKinds.includes(act.kind);
      const all = fresh(session, owner);
      const found = all.find(
        (p) =>
          p.act?.kind === act.kind &&
          (p.act.object === act.object || (p.act.object === null && !exact)) &&
          (!second || hasSecond([p.proof])),
      );
      if (!found?.act) return null;
      if (exact || (hasSecond([found.proof]) && found.act.object !== null))
        given.set(
          session,
          all.filter((p) => p !== found),
        );
      else found.act = { ...found.act, object: null };
      return { factor: found.factor };
    },
    /** Whether somebody has signed in to this session within the last ten minutes by what the recorder has looked at. */
    signedIn: (session: string, owner: Owner): boolean =>
      fresh(session, owner).some(({ act }) => act === null),
  };
}
