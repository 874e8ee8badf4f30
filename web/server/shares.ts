import type { ServerResponse } from 'node:http';
import { fail } from '../../daemon/domain/error.js';

/** What is held open for as long as its reader takes: how much of it at once, and of that for one person. */
type Most = { all: number; ofOne: number };

/** Limits how many one person may hold at once, so that nobody takes all of them. */
export function createShares(most: Most, says: string) {
  const held = new Map<string, number>();
  let all = 0;
  return {
    /** Takes one for this person; gives what to call once when it is over. Throws `too_many`. */
    take(personId: string): () => void {
      const their = held.get(personId) ?? 0;
      if (all >= most.all || their >= most.ofOne) throw fail('too_many', says);
      all += 1;
      held.set(personId, their + 1);
      let over = false;
      return () => {
        if (over) return;
        over = true;
        all -= 1;
        const left = held.get(personId)! - 1;
        if (left > 0) held.set(personId, left);
        else held.delete(personId);
      };
    },
  };
}

/** A player that was paused asks anew for what it has not got. */
const IDLE_MS = 120_000;

/** Lets a reader go who takes nothing of this answer for two minutes (`idleMs`): what they read is held open meanwhile. */
export function lettingGo(answer: ServerResponse, idleMs = IDLE_MS): void {
  // Nothing is sent that could be taken slowly.
  if (answer.req.method !== 'HEAD') answer.setTimeout(idleMs, () => answer.destroy());
}
