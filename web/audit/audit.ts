import type { FastifyRequest } from 'fastify';
import type { Entries } from '../../daemon/catalogue/audit.js';
import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import { onRecord, unwritable } from '../../daemon/catalogue/entries.js';
import type { Ended } from '../../daemon/catalogue/people.js';
import {
  type About,
  type Actor,
  type AuditAction,
  entryOf,
  type NewEntry,
  TAPEDECK,
} from '../../daemon/domain/assurance/audit.js';
import type { Person } from '../../daemon/domain/people/person.js';
import { createBuckets, type Limit } from '../../daemon/ops/buckets.js';
import type { Log } from '../../daemon/ops/log.js';
import { plainAddress } from '../auth/came-from.js';
import { network } from '../auth/tries.js';

/** What a route writes into the audit log, or why it writes nothing. */
export type Audited = AuditAction | readonly AuditAction[] | { nothing: string };

export type Audit = ReturnType<typeof createAudit>;

/** What waits for a catalogue that cannot be written, at most. */
const MOST_WAITING = 10_000;
const AGAIN_MS = 5_000;
/** Who is refused again and again fills no disk, and hides nobody else who is: entries for each, and for all together. */
const REFUSALS: Record<'each' | 'all', Limit> = {
  each: { burst: 30, hourly: 360 },
  all: { burst: 300, hourly: 3_600 },
};

/**
 * The dashboard's side of the audit log. Whatever plays, gives out or changes something is written before the answer goes
 * out, and is not done when it cannot be written (`audit_unwritable`). What was only looked at is written too, and waits
 * in memory while that cannot be done.
 */
export function createAudit(deps: {
  catalogue: Pick<Catalogue, 'audit' | 'audited'>;
  now: () => number;
  log: Pick<Log, 'warn' | 'error'>;
}) {
  const waiting: NewEntry[] = [];
  let flushing: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let lost = 0;
  const refusals = createBuckets(deps);
  let unsaid = 0;

  async function writeAll(): Promise<void> {
    try {
      for (let next = waiting[0]; next; next = waiting[0]) {
        await deps.catalogue.audit(next);
        waiting.shift();
      }
    } catch (err) {
      if (timer === undefined)
        deps.log.warn({ err, waiting: waiting.length }, 'Entries of the audit log wait');
      timer ??= setTimeout(() => {
        timer = undefined;
        void flush();
      }, AGAIN_MS).unref();
    }
  }
  const flush = (): Promise<void> => {
    flushing ??= writeAll().finally(() => {
      flushing = null;
    });
    return flushing;
  };

  /** Whether one more refusal of this one is written. */
  function admitted({ actor_id, address }: NewEntry): boolean {
    const each = refusals.level(actor_id || `from ${network(address)}`, REFUSALS.each);
    const all = refusals.level('all', REFUSALS.all);
    if (each.left < 1 || all.left < 1) return false;
    each.left -= 1;
    all.left -= 1;
    return true;
  }

  const audit = {
    /** Writes an entry; resolves when it is durable. Throws `audit_unwritable`. */
    async write(entry: NewEntry): Promise<void> {
      await deps.catalogue.audit(entry).catch((e) => {
        throw unwritable(e);
      });
    },

    /** The catalogue's verbs, with these entries: see `onRecord`. Throws `audit_unwritable`. */
    audited: <T>(entries: Entries<T>): Catalogue => onRecord(deps.catalogue, entries),

    /** Writes an entry as soon as that can be done; nobody waits for it. */
    note(entry: NewEntry): void {
      if (waiting.length >= MOST_WAITING) {
        lost += 1;
        return;
      }
      if (lost > 0) {
        const detail = { ...entry.detail, entries_lost_before: lost };
        lost = 0;
        waiting.push({ ...entry, detail });
      } else waiting.push(entry);
      void flush();
    },

    /** The same for something that was refused; of a storm of them the first, and later how many more there were. */
    refused(entry: NewEntry): void {
      if (!admitted(entry)) {
        unsaid += 1;
        return;
      }
      const detail = unsaid > 0 ? { ...entry.detail, refusals_before: unsaid } : entry.detail;
      unsaid = 0;
      audit.note({ ...entry, outcome: 'refused', detail });
    },

    /** An entry of what whoever asks does now. */
    of(request: FastifyRequest, action: AuditAction, about: About = {}): NewEntry {
      const entry = entryOf(actorOf(request), deps.now(), action, about);
      if (entry.actor !== 'token') return entry;
      return { ...entry, detail: { ...entry.detail, token: request.session!.id } };
    },
    /** An entry of what this person does now, who need not have a session yet. */
    by: (person: Pick<Person, 'id' | 'name'>, address: string, action: AuditAction, about: About = {}) =>
      entryOf(personAt(person, address), deps.now(), action, about),
    /** An entry of what the dashboard does by itself. */
    own: (action: AuditAction, about: About = {}): NewEntry => entryOf(TAPEDECK, deps.now(), action, about),

    /** Tries once more, and says what is lost. */
    async stop(): Promise<void> {
      await flushing;
      await flush();
      clearTimeout(timer);
      if (waiting.length + lost > 0)
        deps.log.error({ entries: waiting.length + lost }, 'Entries of the audit log could not be written');
    },
  };
  return audit;
}

/** For a verb that tells whether it did anything, or how often: this entry if it did. */
export const ifDone =
  (entry: NewEntry) =>
  (done: boolean | number): NewEntry | null =>
    done ? entry : null;

/** In an entry of a new password: the API tokens that it ended. */
export const tokensEnded = ({ tokens }: Pick<Ended, 'tokens'>): NewEntry['detail'] =>
  tokens.length > 0 ? { tokens_ended: tokens } : {};

const personAt = ({ id, name }: Pick<Person, 'id' | 'name'>, address: string): Actor => ({
  actor: 'person',
  actor_id: id,
  actor_name: name,
  address: plainAddress(address),
});

/** Who asks: the person of the session, by themselves or by a token of theirs, or nobody that is known. */
function actorOf({ session, ip }: FastifyRequest): Actor {
  if (session)
    return {
      ...personAt(session.person, ip),
      actor: session.person.only === undefined ? 'person' : 'token',
    };
  return { actor: 'person', actor_id: '', actor_name: '', address: plainAddress(ip) };
}
