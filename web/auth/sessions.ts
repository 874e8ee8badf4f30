import { randomBytes } from 'node:crypto';
import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import type { NewSession, Session } from '../../daemon/catalogue/people.js';
import type { NewEntry } from '../../daemon/domain/assurance/audit.js';
import type { Person } from '../../daemon/domain/people/person.js';
import { type Audit, ifDone } from '../audit/audit.js';
import { hashed, newToken } from './secrets.js';

/** How long a session lasts: after its last use, and at all, in ms. */
export type SessionLimits = { idleMs: number; longestMs: number };
const LIMITS: SessionLimits = { idleMs: 30 * 60_000, longestMs: 12 * 3_600_000 };
/** For how long the old token of a session that got a new one is good: for requests that were on their way. */
const OLD_TOKEN_MS = 30_000;
/** Whoever owes a second factor has this long after the password. */
const INCOMPLETE_MS = 10 * 60_000;
/** Use is written down at most this often, so that reading a page is not a write. */
const TOUCH_MS = 60_000;
/** A session from further in the future than this means that the clock was set back. */
const SKEW_MS = 5 * 60_000;

export type Sessions = ReturnType<typeof createSessions>;

/**
 * Who is signed in. The browser has a random token; the catalogue has its hash. A session ends 30 minutes after its last
 * use, 12 hours after it began (or as tapedeck.toml says), at sign-out, when the clock says that it has not begun yet,
 * and when a second factor is owed and not given within ten minutes.
 */
export function createSessions({
  catalogue,
  audit,
  now,
  limits = LIMITS,
}: {
  catalogue: Pick<
    Catalogue,
    | 'addSession'
    | 'session'
    | 'touchSession'
    | 'removeSession'
    | 'removeExpiredSessions'
    | 'renewSession'
    | 'endSessions'
    | 'sessionsOf'
  >;
  audit: Pick<Audit, 'audited' | 'note' | 'by'>;
  now: () => number;
  limits?: SessionLimits | undefined;
}) {
  /** It has ended by itself. */
  const overdue = ({
    person,
    createdAt,
  }: Pick<Session, 'createdAt'> & { person: Pick<Person, 'id' | 'name'> }) =>
    audit.by(person, '', 'session_end', {
      detail: {
        because: now() >= createdAt + limits.longestMs ? 'the session expired' : 'the session was idle',
      },
    });

  function alive(session: Session, at: number): boolean {
    const ends = Math.min(
      session.expiresAt,
      session.createdAt + limits.longestMs,
      session.seenAt + limits.idleMs,
      session.owes === 'nothing' ? Number.POSITIVE_INFINITY : session.provedAt + INCOMPLETE_MS,
    );
    return at < ends && session.createdAt <= at + SKEW_MS && session.seenAt <= at + SKEW_MS;
  }

  return {
    /**
     * Begins a session, writes the entry, and gives its token. `from` goes on as this one, under the same id. Null when that has ended, or the
     * password was changed meanwhile, or they may not sign in any more. Throws `audit_unwritable`.
     */
    async begin(
      userId: string,
      {
        from,
        ...more
      }: Pick<NewSession, 'proofs' | 'failed' | 'address' | 'agent' | 'passwordHash'> & {
        from: Pick<Session, 'id' | 'tokenHash' | 'createdAt'> | null;
      },
      entry: NewEntry,
    ): Promise<string | null> {
      const token = newToken();
      const at = now();
      const createdAt = from?.createdAt ?? at;
      const begun = await audit.audited(ifDone(entry)).addSession({
        tokenHash: hashed(token),
        id: from?.id ?? randomBytes(16).toString('hex'),
        userId,
        after: from?.tokenHash,
        createdAt,
        seenAt: at,
        expiresAt: createdAt + limits.longestMs,
        provedAt: at,
        ...more,
      });
      return begun ? token : null;
    },

    /**
     * Gives a session a new token, as it has to have when its owner can do more than before. Null when another request
     * has just done so. `atOnce`: the old token is good for nothing more.
     */
    async renew(
      session: Session,
      { atOnce = false } = {},
    ): Promise<{ token: string; session: Session } | null> {
      const token = newToken();
      const until = now() + (atOnce ? 0 : OLD_TOKEN_MS);
      if (!(await catalogue.renewSession(session.tokenHash, hashed(token), until))) return null;
      return { token, session: { ...session, tokenHash: hashed(token), renew: false } };
    },

    /** Those of a list that have not ended by themselves. */
    living: (sessions: Session[]): Session[] => sessions.filter((session) => alive(session, now())),

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
        if (await catalogue.removeSession(tokenHash)) audit.note(overdue(session));
        return null;
      }
      if (use && at - session.seenAt >= TOUCH_MS) await catalogue.touchSession(tokenHash, at);
      return session;
    },

    /** A session as it is now, whatever token it has by now; null when it has ended. No sign of life of the person. */
    async current({ tokenHash, id, person }: Session): Promise<Session | null> {
      const found = await this.check(tokenHash, { use: false });
      if (found) return found;
      const same = (await catalogue.sessionsOf(person.id)).find((session) => session.id === id);
      return same && alive(same, now()) ? same : null;
    },

    /** With whatever else opens it. Throws `audit_unwritable`: it ends with its entry. */
    async end(tokenHash: string, entry: NewEntry): Promise<void> {
      const session = await catalogue.session(tokenHash);
      if (session) await audit.audited(ifDone(entry)).endSessions(session.person.id, { id: session.id });
    },
    async sweep(): Promise<void> {
      for (const gone of await catalogue.removeExpiredSessions(now())) audit.note(overdue(gone));
    },
  };
}
