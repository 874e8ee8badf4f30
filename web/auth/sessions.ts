import type { Catalogue, Session } from '../../daemon/catalogue/catalogue.js';
import { hashed, newToken } from './secrets.js';

export const IDLE_MS = 30 * 60_000;
export const LONGEST_MS = 12 * 3_600_000;
/** Use is written down at most this often, so that reading a page is not a write. */
const TOUCH_MS = 60_000;
/** A session from further in the future than this means that the clock was set back. */
const SKEW_MS = 5 * 60_000;

export type Sessions = ReturnType<typeof createSessions>;

/**
 * Who is signed in. The browser has a random token; the catalogue has its hash. A session ends 30 minutes after its last
 * use, 12 hours after it began, at sign-out, and when the clock says that it has not begun yet.
 */
export function createSessions({
  catalogue,
  now,
}: {
  catalogue: Pick<
    Catalogue,
    'addSession' | 'session' | 'touchSession' | 'removeSession' | 'removeExpiredSessions'
  >;
  now: () => number;
}) {
  function alive(session: Session, at: number): boolean {
    const ends = Math.min(session.expiresAt, session.createdAt + LONGEST_MS, session.seenAt + IDLE_MS);
    return at < ends && session.createdAt <= at + SKEW_MS && session.seenAt <= at + SKEW_MS;
  }

  return {
    /** Begins a session and gives its token. */
    async begin(userId: string): Promise<string> {
      const token = newToken();
      const at = now();
      await catalogue.addSession({
        tokenHash: hashed(token),
        userId,
        createdAt: at,
        seenAt: at,
        expiresAt: at + LONGEST_MS,
      });
      return token;
    },

    /** The living session of a token, or null. `use` counts as a sign of life of the person. */
    async find(token: string | undefined, { use }: { use: boolean }): Promise<Session | null> {
      if (token === undefined || !/^[\w-]{43}$/.test(token)) return null;
      return this.check(hashed(token), { use });
    },

    /** As `find`, for one whose hash is known. */
    async check(tokenHash: string, { use }: { use: boolean }): Promise<Session | null> {
      const session = await catalogue.session(tokenHash);
      if (!session) return null;
      const at = now();
      if (!alive(session, at)) {
        await catalogue.removeSession(tokenHash);
        return null;
      }
      if (use && at - session.seenAt >= TOUCH_MS) await catalogue.touchSession(tokenHash, at);
      return session;
    },

    end: (tokenHash: string): Promise<void> => catalogue.removeSession(tokenHash),
    sweep: (): Promise<void> => catalogue.removeExpiredSessions(now()),
  };
}
