import { randomBytes } from 'node:crypto';
import type { Verbs } from '../../daemon/catalogue/catalogue.js';
import type { Standing } from '../../daemon/catalogue/people.js';
import { isDiskError } from '../../daemon/domain/error.js';
import { type Owes, owes } from '../../daemon/domain/people/factor.js';
import type { Person } from '../../daemon/domain/people/person.js';
import { hashed, newToken } from '../../daemon/ops/secrets/codes.js';
import type { Audit } from '../audit/audit.js';
import type { EndedSession, KeptSession } from '../store/sessions.js';
import type { Store } from '../store/store.js';

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

export type Session = Omit<KeptSession, 'userId'> & {
  /** As they are now, not as they were when it began. */
  person: Person;
  /** Its owner can do more than when its token was made: it has to have a new one. */
  renew: boolean;
  /** By their factors and roles as they are now. */
  owes: Owes;
};

/** What the recorder has answered to a proof, for the session with this id. `failed` null: as it was before. */
export type Begun = Pick<KeptSession, 'id' | 'epoch' | 'gains' | 'proofs'> & {
  person: string;
  failed: KeptSession['failed'] | null;
};

export type Sessions = ReturnType<typeof createSessions>;

/**
 * Who is signed in. The browser has a random token; the dashboard's database has its hash, and the catalogue who they are. A
 * session ends 30 minutes after its last use, 12 hours after it began (or as tapedeck.toml says), at sign-out, when its person
 * is disabled, removed, gets a new password or is shut out, when the clock says that it has not begun yet, and when a second
 * factor is owed and not given within ten minutes.
 */
export function createSessions({
  store: { sessions },
  catalogue,
  audit,
  now,
  limits = LIMITS,
}: {
  store: Pick<Store, 'sessions'>;
  catalogue: Verbs<'people.standing'>;
  audit: Pick<Audit, 'note' | 'by'>;
  now: () => number;
  limits?: SessionLimits | undefined;
}) {
  /** Those that go on when all others of their person are being ended. */
  const kept = new Set<string>();

  /** It has ended by itself. */
  const overdue = ({ userId, createdAt }: EndedSession) =>
    audit.by({ id: userId }, '', 'session_end', {
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

  /** A session as its person is now; null where all of theirs were ended since it began. */
  function withPerson({ userId: _, ...session }: KeptSession, standing: Standing | null): Session | null {
    if (!standing || (standing.epoch !== session.epoch && !kept.has(session.id))) return null;
    const { person, state, gains } = standing;
    return { ...session, person, renew: session.gains < gains, owes: owes(session.proofs, state) };
  }

  /** A session if it has not ended; else what is left of it goes. */
  async function living(found: KeptSession | null): Promise<Session | null> {
    if (!found) return null;
    const session = withPerson(found, await catalogue.people.standing(found.userId));
    if (session && alive(session, now())) return session;
    if (attempt(() => sessions.remove(found.id)) && session) audit.note(overdue(found));
    return null;
  }

  const verbs = {
    /** The id of a session that is to begin: the recorder is asked for it before there is one. */
    newId: (): string => randomBytes(16).toString('hex'),

    /**
     * Begins a session for which the recorder has looked at a proof, and gives its token. `from` goes on as this one, under the
     * same id. Null when that has ended meanwhile.
     */
    async begin(
      { person, failed, proofs, ...begun }: Begun & Pick<KeptSession, 'address' | 'agent'>,
      from: Pick<Session, 'tokenHash' | 'createdAt' | 'proofs' | 'failed'> | null,
    ): Promise<string | null> {
      const token = newToken();
      const at = now();
      const createdAt = from?.createdAt ?? at;
      const session = {
        ...begun,
        tokenHash: hashed(token),
        userId: person,
        ...{ createdAt, seenAt: at, expiresAt: createdAt + limits.longestMs, provedAt: at },
        proofs: [...new Set([...(from?.proofs ?? []), ...proofs])],
        failed: failed ?? from?.failed ?? { count: 0, lastAt: null },
      };
      return sessions.add(session, from?.tokenHash ?? null) ? token : null;
    },

    /**
     * Gives a session a new token, as it has to have when its owner can do more than before. Null when another request
     * has just done so. `atOnce`: the old token is good for nothing more.
     */
    async renew(
      session: Session,
      { atOnce = false } = {},
    ): Promise<{ token: string; session: Session } | null> {
      const standing = await catalogue.people.standing(session.person.id);
      if (!standing) return null;
      const { gains } = standing;
      const token = newToken();
      const tokenHash = hashed(token);
      const at = now();
      const until = at + (atOnce ? 0 : OLD_TOKEN_MS);
      if (!sessions.renew(session.tokenHash, tokenHash, { gains, at, until })) return null;
      return { token, session: { ...session, tokenHash, gains, renew: false } };
    },

    /** The living session of a token, or null. `use` counts as a sign of life of the person. */
    async find(token: string | undefined, { use }: { use: boolean }): Promise<Session | null> {
      if (token === undefined || !/^[\w-]{43}$/.test(token)) return null;
      return verbs.check(hashed(token), { use });
    },

    /** As `find`, for one whose hash is known. */
    async check(tokenHash: string, { use }: { use: boolean }): Promise<Session | null> {
      const session = await living(sessions.byToken(tokenHash, now()));
      if (session && use && now() - session.seenAt >= TOUCH_MS)
        attempt(() => sessions.touch(session.id, now()));
      return session;
    },

    /** A session as it is now, whatever token it has by now; null when it has ended. No sign of life of the person. */
    current: ({ id }: Pick<Session, 'id'>): Promise<Session | null> => living(sessions.byId(id)),

    /** The living sessions of somebody, the one used last first. */
    async of(userId: string): Promise<Session[]> {
      const standing = await catalogue.people.standing(userId);
      return sessions
        .of(userId)
        .map((session) => withPerson(session, standing))
        .filter((session): session is Session => session !== null && alive(session, now()));
    },

    /** Ends the session of a token, with whatever else opens it. False when there is none. */
    async end(tokenHash: string): Promise<boolean> {
      const session = sessions.byToken(tokenHash, now());
      return session !== null && sessions.remove(session.id);
    },
    /** False when this person has no such session. */
    endOne: async (userId: string, id: string): Promise<boolean> => sessions.end(userId, { id }) > 0,
    /** Returns how many ended. */
    endOthers: async (userId: string, keep: string): Promise<number> => sessions.end(userId, { keep }),
    endAll: async (userId: string): Promise<number> => sessions.end(userId, { keep: null }),

    /**
     * Has the recorder end all sessions of a person but this one, whose epoch is then the one that it answers with. Gives its
     * answer, and how many others ended. Throws what `change` throws.
     */
    async keepOnly<T extends { epoch: number }>(
      { id, person }: Pick<Session, 'id' | 'person'>,
      change: () => Promise<T>,
    ): Promise<T & { ended: number }> {
      // It may be looked at before the answer is here.
      kept.add(id);
      try {
        const answer = await change();
        sessions.raise(id, answer.epoch);
        return { ...answer, ended: sessions.end(person.id, { keep: id }) };
      } finally {
        kept.delete(id);
      }
    },

    async sweep(): Promise<void> {
      for (const gone of sessions.removeExpired(now())) audit.note(overdue(gone));
    },
  };

  /** Writes what can wait: on a full disk people still see what is to be done about it. Undefined where it was not written. */
  function attempt<T>(write: () => T): T | undefined {
    try {
      return write();
    } catch (e) {
      if (!isDiskError(e)) throw e;
      return undefined;
    }
  }

  return verbs;
}
