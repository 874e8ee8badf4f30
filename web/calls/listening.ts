import { LRUCache } from 'lru-cache';
import type { CallRight } from '../../daemon/domain/people/person.js';
import type { CallId } from '../../daemon/domain/recording/recording.js';

/** A reason is good for so long after it was last needed: a player that was left open asks again. */
const IDLE_MS = 15 * 60_000;
/** And for so long in all. */
const LONGEST_MS = 12 * 3_600_000;
const MOST = 5_000;

/** Somebody's permission to take a call in: for this session, this call and this right, with the reason that they gave. */
type Permission = { reason: string; givenAt: number; usedAt: number };

export type Listening = ReturnType<typeof createListening>;

/** Who said why they hear a call. Kept in memory: after a restart of the dashboard the page asks again. */
export function createListening({ now }: { now: () => number }) {
  const given = new LRUCache<string, Permission>({ max: MOST });
  const key = (sessionId: string, callId: CallId, right: CallRight) => `${sessionId} ${callId} ${right}`;
  const endOf = ({ givenAt, usedAt }: Permission) => Math.min(usedAt + IDLE_MS, givenAt + LONGEST_MS);
  const holds = (permission: Permission) => {
    const at = now();
    return at < endOf(permission) && permission.usedAt <= at;
  };

  return {
    /** Returns when the permission ends if it is not used, in ms since 1970. */
    permit(sessionId: string, callId: CallId, right: CallRight, reason: string): number {
      const at = now();
      const permission = { reason, givenAt: at, usedAt: at };
      given.set(key(sessionId, callId, right), permission);
      return endOf(permission);
    },

    /** The reason that was given for this, or null when none was or it is too old. */
    reason(sessionId: string, callId: CallId, right: CallRight): string | null {
      const name = key(sessionId, callId, right);
      const permission = given.get(name);
      if (!permission) return null;
      if (!holds(permission)) {
        given.delete(name);
        return null;
      }
      permission.usedAt = now();
      return permission.reason;
    },
  };
}
