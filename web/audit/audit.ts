import type { FastifyRequest } from 'fastify';
import type { About, AuditAction, AuditEvent } from '../../daemon/domain/assurance/audit.js';
import type { Person } from '../../daemon/domain/people/person.js';
import { createBuckets, type Limit } from '../../daemon/ops/buckets.js';
import type { Log } from '../../daemon/ops/log.js';
import { plainAddress } from '../auth/came-from.js';
import { network } from '../auth/tries.js';
import type { Ask } from '../server/ask.js';
import type { Store } from '../store/store.js';
import type { Untold } from '../store/telling.js';
import { createTeller } from './teller.js';

/** What a route writes into the audit log, or why it writes nothing. */
export type Audited = AuditAction | readonly AuditAction[] | { nothing: string };

export type Audit = ReturnType<typeof createAudit>;

/** What waits for a database that cannot be written, at most. */
const MOST_GATHERED = 10_000;
const AGAIN_MS = 5_000;
/** Who is refused again and again fills no disk, and hides nobody else who is: entries for each, and for all together. */
const REFUSALS: Record<'each' | 'all', Limit> = {
  each: { burst: 30, hourly: 360 },
  all: { burst: 300, hourly: 3_600 },
};
/** Of an entry as JSON. */
const MOST_CHARS = 8_192;

/**
 * What the dashboard tells the recorder for the audit log: looks, searches, what sounded, sign-outs, refusals. It is kept in
 * the dashboard's database until the recorder has written it. Whatever plays, gives out or changes something is asked of the
 * recorder instead, which writes the entry before it answers.
 */
export function createAudit(deps: {
  store: Pick<Store, 'telling'>;
  ask: Ask;
  now: () => number;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** After how long what could not be kept or told is tried again, in ms. */
  againMs?: number;
}) {
  const { againMs = AGAIN_MS } = deps;
  const { telling } = deps.store;
  const teller = createTeller({ telling, ask: deps.ask, log: deps.log, againMs });
  const refusals = createBuckets(deps);
  let unsaid = 0;
  /** Of this turn of the event loop, or since the database could not be written. */
  let gathered: Untold[] = [];
  let dropped = 0;
  let turn: NodeJS.Immediate | undefined;
  let timer: NodeJS.Timeout | undefined;

  function keep(): void {
    turn = undefined;
    timer = undefined;
    if (gathered.length === 0) return;
    try {
      telling.add(gathered, dropped);
      gathered = [];
      dropped = 0;
    } catch (err) {
      deps.log.warn({ err, waiting: gathered.length }, 'Entries of the audit log wait in memory');
      timer = setTimeout(keep, againMs).unref();
      return;
    }
    teller.soon();
  }

  /** Whether one more refusal of this one is written. */
  function admitted({ person, address }: Untold): boolean {
    const each = refusals.level(person || `from ${network(address)}`, REFUSALS.each);
    const all = refusals.level('all', REFUSALS.all);
    if (each.left < 1 || all.left < 1) return false;
    each.left -= 1;
    all.left -= 1;
    return true;
  }

  const entry = (
    by: Pick<Untold, 'person' | 'address' | 'token' | 'own'>,
    action: AuditAction,
    about: About,
  ) => ({
    ...{ at: deps.now(), ...by, action, outcome: 'ok' as const },
    ...{ object: '', object_id: '', reason: '', detail: {}, ...about },
  });

  const audit = {
    /** Has an entry written as soon as that can be done; nobody waits for it. */
    note(entry: Untold): void {
      if (gathered.length >= MOST_GATHERED) {
        dropped += 1;
        return;
      }
      gathered.push(fit(entry));
      if (timer === undefined) turn ??= setImmediate(keep);
    },

    /** The same for something that was refused; of a storm of them the first, and later how many more there were. */
    refused(entry: Untold): void {
      if (!admitted(entry)) {
        unsaid += 1;
        return;
      }
      const detail = unsaid > 0 ? { ...entry.detail, refusals_before: unsaid } : entry.detail;
      unsaid = 0;
      audit.note({ ...entry, outcome: 'refused', detail });
    },

    /** An entry of what whoever asks does now: the person of the session, by themselves or by a token, or nobody known. */
    of(
      { session, ip }: Pick<FastifyRequest, 'session' | 'ip'>,
      action: AuditAction,
      about: About = {},
    ): Untold {
      const by = { person: session?.person.id ?? '', address: plainAddress(ip) };
      const byToken = session?.person.only !== undefined;
      return entry(byToken ? { ...by, token: session.id } : by, action, about);
    },
    /** An entry of what this person does now, who need not have a session yet. */
    by: ({ id }: Pick<Person, 'id'>, address: string, action: AuditAction, about: About = {}): Untold =>
      entry({ person: id, address: plainAddress(address) }, action, about),
    /** An entry of what the dashboard does by itself. */
    own: (action: AuditAction, about: About = {}): Untold =>
      entry({ person: '', address: '', own: true }, action, about),

    /** Tries once more to tell all; what is left is told after the next start. What cannot be kept for that is told past the database. */
    async stop(): Promise<void> {
      clearImmediate(turn);
      clearTimeout(timer);
      keep();
      clearTimeout(timer);
      await teller.stop();
      if (gathered.length > 0) {
        const [first, ...others] = gathered;
        const detail = { ...first!.detail, ...(dropped > 0 && { entries_lost_before: dropped }) };
        gathered = await teller.past([{ ...first!, detail }, ...others]);
        if (gathered.length === 0) dropped = 0;
      }
      if (gathered.length + dropped > 0)
        deps.log.error(
          { entries: gathered.length + dropped },
          'Entries of the audit log could not be written',
        );
    },
  };
  return audit;
}

const cut = (text: string, most: number): string => text.slice(0, most).toWellFormed();

/** What the contract takes as the name of a detail, and how many of them. */
const NAME = /^[a-z0-9_]{1,40}$/;
const MOST_NAMES = 40;

/** What anybody gave, as the contract has it. An entry that it does not take would be lost: nobody may look unwritten by what they ask. */
function fit({ words, ...entry }: Untold): Untold {
  const detail: AuditEvent['detail'] = {};
  const named = Object.entries(entry.detail).filter(([name]) => NAME.test(name));
  for (const [name, value] of named.slice(0, MOST_NAMES))
    detail[name] =
      typeof value === 'string'
        ? cut(value, 1_000)
        : Array.isArray(value)
          ? value.slice(0, 100).map((each) => cut(each, 1_000))
          : value;
  const fitting = {
    ...entry,
    ...{
      object: cut(entry.object, 40),
      object_id: cut(entry.object_id, 100),
      reason: cut(entry.reason, 300),
    },
    ...{ address: cut(entry.address, 80), person: cut(entry.person, 100), detail },
    ...(words === undefined ? {} : { words: cut(words, 300) }),
  };
  const chars = JSON.stringify(fitting).length;
  return chars <= MOST_CHARS ? fitting : { ...fitting, detail: { too_long: chars } };
}
