import type { Verbs } from '../catalogue/catalogue.js';
import { unwritable } from '../catalogue/entries.js';
import { type Actor, type AuditAction, entryOf, type NewEntry, TAPEDECK } from '../domain/assurance/audit.js';
import { isBlank } from '../domain/blank.js';
import { refuseNamed } from '../domain/call/named.js';
import { iso } from '../domain/days.js';
import { fail } from '../domain/error.js';
import type { Told } from '../domain/operations/control/recordings.js';
import type { ControlBody, ControlHandlers } from '../domain/operations/control.js';
import { coversAll, owesReason, reachedBy, reachOf } from '../domain/people/reach.js';
import { isId } from '../domain/recording/recording.js';
import { createBuckets, type Limit } from '../ops/buckets.js';
import type { Asker, Askers } from './askers.js';

/** What is told later than this has both times, in ms. */
const LATE_MS = 2_000;
/** So that whoever has taken a dashboard over does not fill the disk: entries, of up to 512 characters each. */
const TOLD: Limit = { burst: 20_000, hourly: 6_000 };
const GIVEN: Limit = { burst: 2_000, hourly: 6_000 };
const CHARS = 512;

/** What people do at a dashboard that the recorder has no part in. */
const TOLD_ACTIONS: readonly AuditAction[] = ['sign_out', 'session_end', 'search', 'view', 'heard', 'report'];
/** A playback, and what is told of it, is over so long after the recording was opened, in ms: no session is longer than a day. */
const OPENED_MS = 2 * 86_400_000;
/** By so much the clock may have been set back since then, in ms. */
const SET_BACK_MS = 3_600_000;
/** So many openings of one recording by one person within that time are looked at. */
const MOST_OPENINGS = 1_000;
/** What the dashboard itself does. */
const OWN_ACTIONS: readonly AuditAction[] = ['start', 'stop'];
/** What nobody can have tried there. */
const RECORDERS: readonly AuditAction[] = [
  ...[
    'begin',
    'sealed',
    'erase',
    'erased',
    'certificate',
    'start',
    'stop',
    'blind_window',
    'key_rotation',
    'damage',
    'backup',
    'backup_check',
    'backup_drill',
    'backup_expired',
    'restore',
    'move',
  ],
  'dashboard_restart',
] as AuditAction[];

/** What tells of every call: for who oversees all of them. */
const OF_EVERY_CALL = ['consent_report', 'coverage', 'retention', 'certificate', 'certificates'];

type GiveOut = ControlBody<'give_out'>;

/**
 * What the dashboard has done without asking, written by its word, and what it is about to give out. The names are those of the
 * catalogue and the time is the recorder's; where the dashboard says that it was another time, the entry has that too.
 */
export function createTelling(deps: {
  catalogue: Verbs<'audit.append' | 'audit.entries' | 'calls.get' | 'audit.tell' | 'people.get'>;
  askers: Pick<Askers, 'of' | 'may'>;
  clock: () => number;
  limits?: { told?: Limit; given?: Limit };
}) {
  const { told = TOLD, given = GIVEN } = deps.limits ?? {};
  const buckets = createBuckets({ now: deps.clock });

  /** Does it with its share of what may be written. Throws `too_many`, and what `write` throws, which then took nothing. */
  async function within<T>(name: string, limit: Limit, entries: readonly object[], write: () => Promise<T>) {
    const cost = entries.reduce((sum, entry) => sum + Math.ceil(JSON.stringify(entry).length / CHARS), 0);
    const bucket = buckets.level(name, limit);
    if (bucket.left < cost) throw fail('too_many', 'The dashboard has more to write than people do there.');
    bucket.left -= cost;
    return write().catch((e: unknown) => {
      bucket.left += cost;
      throw unwritable(e);
    });
  }

  /** Whether the recorder has given the key of the recording to this person, by its own entry, before they are said to have heard it. */
  async function wasOpened({ person, detail: { recording }, at }: Told): Promise<boolean> {
    if (typeof recording !== 'string' || recording === '' || person === '') return false;
    const opened = await deps.catalogue.audit.entries({
      ...{ recording, actor: person, actions: ['play'], outcome: 'ok', limit: MOST_OPENINGS },
      ...{ from: at - OPENED_MS, to: at + SET_BACK_MS },
    });
    return opened.some(({ detail }) => typeof detail.bytes !== 'number');
  }

  async function actors(entries: readonly Told[]): Promise<(entry: Told) => Actor> {
    const ids = [...new Set(entries.map(({ person }) => person))].filter((id) => id !== '');
    const found = await Promise.all(ids.map((id) => deps.catalogue.people.get(id)));
    const names = new Map(found.map((user) => [user?.id, user?.name]));
    return ({ own, token, person, address }) =>
      own
        ? TAPEDECK
        : {
            actor: token === undefined ? 'person' : 'token',
            ...{ actor_id: person, actor_name: names.get(person) ?? '', address },
          };
  }

  return {
    async tell({ source, entries }) {
      const wrong = entries.find((entry) => !isTold(entry));
      if (wrong)
        throw fail('request_invalid', `"${wrong.action}" (${wrong.outcome}) is not told but asked for.`);
      for (const entry of entries)
        if (isHearing(entry) && !(await wasOpened(entry)))
          throw fail('request_invalid', `"${entry.action}": the recording was not opened for this person.`);
      const actorOf = await actors(entries);
      const at = deps.clock();
      const written = entries.map((entry) => ({
        seq: entry.seq,
        entry: asWritten(entry, actorOf(entry), at),
      }));
      return {
        seq: await within('told', told, entries, () => deps.catalogue.audit.tell(source, written, at)),
      };
    },

    async give_out({ by, object, object_id, reason, detail }) {
      const asker = await allowed(by, object, object_id, reason);
      const entry = asker.entry('export', { object, object_id, reason, detail });
      await within('given', given, [entry], () => deps.catalogue.audit.append(entry));
      return {};
    },
  } satisfies Pick<ControlHandlers, 'tell' | 'give_out'>;

  async function allowed(by: GiveOut['by'], object: string, id: string, reason: string): Promise<Asker> {
    if (object === 'audit' || object === 'checkpoint') return deps.askers.may(by, 'audit');
    if (object === 'list' || object === 'consent' || object === 'hold') return deps.askers.may(by, 'oversee');
    if (OF_EVERY_CALL.includes(object)) {
      const asker = await deps.askers.may(by, 'oversee');
      if (asker.person && reachOf(asker.person, 'view') !== 'all')
        throw fail('forbidden', 'It tells of every call.');
      return asker;
    }
    if (object !== 'call') throw fail('request_invalid', `Nothing is given out of "${object}".`);
    const asker = await deps.askers.of(by);
    // A dashboard asks for people; the command line gives out nothing of a call.
    if (!asker.person) throw fail('forbidden');
    const found = isId(id) ? await deps.catalogue.calls.get(id) : null;
    const { call, stretches } = reachedBy(asker.person, 'export', found);
    if (!coversAll(stretches, call.recording?.durationMs ?? 0)) throw fail('forbidden');
    if (isBlank(reason) && owesReason(asker.person, 'export', call)) throw fail('reason_needed');
    refuseNamed(call, reason);
    return asker;
  }
}

function isTold({ own, action, outcome, detail }: Told): boolean {
  if (own) return outcome === 'ok' && OWN_ACTIONS.includes(action);
  if (outcome === 'refused') return !RECORDERS.includes(action);
  // That somebody begins to play is asked for; what was sent without a player that says so is told.
  const known = TOLD_ACTIONS.includes(action) || (action === 'play' && typeof detail.bytes === 'number');
  return outcome === 'ok' && known;
}

/** What says that somebody heard something, or was sent it. */
const isHearing = ({ own, action, outcome }: Told): boolean =>
  !own && outcome === 'ok' && (action === 'heard' || action === 'play');

function asWritten(told: Told, actor: Actor, at: number): NewEntry {
  const { object, object_id, reason, outcome, words, token } = told;
  const detail = { ...told.detail, ...(token !== undefined && { token }) };
  const entry = entryOf(actor, at, told.action, { object, object_id, reason, outcome, detail });
  if (Math.abs(at - told.at) > LATE_MS) entry.detail.happened = iso(told.at);
  return words === undefined ? entry : { ...entry, words };
}
