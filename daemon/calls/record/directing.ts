import type { Verbs } from '../../catalogue/catalogue.js';
import { type Directive, directed, isMasked } from '../../domain/call/directive.js';
import { fail, TapedeckError } from '../../domain/error.js';
import type { Alarms } from '../../domain/operations/alarm.js';
import { ASK_WITHIN_MS } from '../../domain/policy/course.js';
import type { CallId } from '../../domain/recording/recording.js';
import type { Log } from '../../ops/log.js';
import type { Live } from './live.js';

export type DirectingDeps = {
  catalogue: Verbs<'directives.add' | 'calls.get' | 'policy.newest'>;
  alarms: Pick<Alarms, 'raise'>;
  clock: () => number;
  log: Log;
  /** A call has ended and has captured audio. */
  onCaptured: (id: CallId) => void;
  /** Something was said of the recording of a call that goes on, and has been stored. */
  onSaid: (said: Directive) => void;
  /** How long a decline on the dashboard can be taken back, in ms. */
  undoMs?: number;
};
type Calls = {
  /** What is kept of a call in progress. */
  find: (id: CallId) => Live | undefined;
  all: () => Iterable<Live>;
  /** Has a call looked at again. */
  reconsider: (l: Live) => void;
};

/** `at`: since when it holds, ms since 1970; now, unless it was seen late. */
export type Said = Pick<Directive, 'kind' | 'how' | 'who' | 'legId'> & { at?: number };

/** A mask ends by itself after so long unless the policy says otherwise, in ms. */
const RESUME_AFTER = 300_000;
/** Whoever declined on the dashboard can take it back for so long, in ms: the button is beside that for a mask. */
const UNDO_WITHIN_MS = 5_000;
/** An alarm about it stands for so long, in ms. */
const ALARM_FOR = 3_600_000;

export type Directing = ReturnType<typeof createDirecting>;

/** Stores directives and carries them out. */
export function createDirecting(deps: DirectingDeps, calls: Calls) {
  const { catalogue, clock } = deps;

  /**
   * Resolves when the directive has been carried out, or one attempt has failed and is being retried. Does nothing if the call is
   * already in that state. Throws `call_unknown`, `decline_stands` for an `undo` that comes too late or from somebody else, and
   * `call_over` for a call that has ended: for a minute it can still be kept.
   */
  async function direct(id: CallId, said: Said): Promise<void> {
    const live = calls.find(id) ?? calls.find((await catalogue.calls.get(id))?.id ?? '');
    if (!live) return late(id, said);
    if (said.kind === 'undo') return undo(id, live, said);
    if (holds(live, said)) return;
    // An answer that follows does not save what was declined.
    if (said.kind === 'allow' && live.undo) await destroyNow(live);
    const undoable = canBeUndone(live, said);
    const kept = await keep(live, { callId: id, at: clock(), ...said });
    live.said = [...live.said, kept];
    if (undoable) {
      const over = setTimeout(() => void destroyNow(live), deps.undoMs ?? UNDO_WITHIN_MS);
      live.undo = { seq: kept.seq, who: kept.who, over };
    }
    await done(live, kept);
  }

  async function done(live: Live, kept: Directive): Promise<void> {
    deps.log.info(
      { call: kept.callId, kind: kept.kind, how: kept.how },
      'The recording of a call was directed',
    );
    deps.onSaid(kept);
    await carryOut(live, kept);
  }

  /**
   * Takes back a decline. Until that is durable, what was captured is neither destroyed nor added to. The window is known to this
   * process only: after a restart a decline stands.
   */
  async function undo(id: CallId, live: Live, said: Said): Promise<void> {
    const open = live.undo;
    const { declined } = directed(live.said, live.newest?.call.legs ?? []);
    if (!open || open.who !== said.who || declined?.seq !== open.seq) throw fail('decline_stands');
    clearTimeout(open.over);
    try {
      const kept = await keep(live, { callId: id, at: clock(), ...said });
      live.said = [...live.said, kept];
      if (live.undo === open) live.undo = null;
      await done(live, kept);
    } catch (e) {
      if (live.undo === open) await destroyNow(live);
      throw e;
    }
  }

  /** A decline can no longer be taken back: what was captured goes. */
  async function destroyNow(live: Live): Promise<void> {
    closeUndo(live);
    const callId = live.newest?.call.id ?? live.said.at(-1)!.callId;
    await carryOut(live, { callId, kind: 'decline' });
  }

  /** The row of a new call may not have been written yet. */
  async function keep(live: Live, given: Omit<Directive, 'seq'>): Promise<Directive> {
    try {
      return await catalogue.directives.add(given);
    } catch (e) {
      if (!(e instanceof TapedeckError && e.code === 'call_unknown')) throw e;
      await live.working;
      return catalogue.directives.add(given);
    }
  }

  async function carryOut(live: Live, { callId, kind }: Pick<Directive, 'callId' | 'kind'>): Promise<void> {
    watchMask(live);
    calls.reconsider(live);
    const about = [live];
    // It applies to consultations too.
    if (kind === 'decline' || kind === 'allow' || kind === 'undo')
      for (const other of calls.all())
        if (other.newest?.call.consultFor === callId) {
          calls.reconsider(other);
          about.push(other);
        }
    await Promise.all(about.map((l) => l.working));
  }

  /** The call is over. */
  async function late(id: CallId, said: Said): Promise<void> {
    const call = await catalogue.calls.get(id);
    if (!call) throw fail('call_unknown', id);
    const since = clock() - (call.endedAt ?? clock());
    if (said.kind !== 'keep' || call.answeredAt === null || since > ASK_WITHIN_MS) throw fail('call_over');
    await catalogue.directives.add({ callId: call.id, at: clock(), ...said });
    deps.onCaptured(call.id);
  }

  /** Ends a mask that nobody has ended in time. */
  function watchMask(live: Live): void {
    if (live.unmask) clearTimeout(live.unmask);
    live.unmask = null;
    const of = directed(live.said, []);
    if (!isMasked(of) || of.stopped) return;
    void limit().then((ms) => {
      if (live.unmask || !isMasked(directed(live.said, []))) return;
      const rest = Math.min(ms, Math.max(0, of.masks.at(-1)!.from + ms - clock()));
      live.unmask = setTimeout(() => void resume(live), rest);
    });
  }

  const limit = async (): Promise<number> => {
    const { policy } = await catalogue.policy.newest().catch(() => ({ policy: null }));
    return policy?.mask ? policy.mask.resume_after_s * 1_000 : RESUME_AFTER;
  };

  async function resume(live: Live): Promise<void> {
    live.unmask = null;
    const id = live.newest?.call.id ?? live.said.at(-1)!.callId;
    try {
      await direct(id, { kind: 'resume', how: 'timer', who: '', legId: null });
      deps.alarms.raise('mask_timed_out', {
        severity: 'warning',
        why: { code: 'mask_timed_out', params: {} },
        forMs: ALARM_FOR,
      });
    } catch (err) {
      if (err instanceof TapedeckError && err.code === 'call_over') return;
      deps.log.error({ err, call: id }, 'A mask could not be ended when its time was up');
      watchMask(live);
    }
  }

  return {
    direct,

    /** What was said of a call before a restart. */
    takeUp: watchMask,

    /** What was said of a call that became part of another holds for that. */
    unite(from: Live, into: Live): void {
      into.said = [...into.said, ...from.said].sort((a, b) => a.seq - b.seq);
      from.said = [];
      forget(from);
      watchMask(into);
      calls.reconsider(into);
    },

    forget,
  };

  function forget(live: Live): void {
    if (live.unmask) clearTimeout(live.unmask);
    live.unmask = null;
    closeUndo(live);
  }
}

function closeUndo(live: Live): void {
  if (live.undo) clearTimeout(live.undo.over);
  live.undo = null;
}

/** Whether this can be taken back: a decline on the dashboard or over the API, of a call of which everything is still there. */
function canBeUndone({ said, newest, refused }: Live, { kind, how, legId }: Said): boolean {
  if (kind !== 'decline' || (how !== 'button' && how !== 'api') || legId !== null) return false;
  return refused === null && directed(said, newest?.call.legs ?? []).declined === null;
}

/** Whether a call stands already as this would have it. An answer is each party's own: another's does not stand for it. */
function holds({ said, newest }: Live, given: Said): boolean {
  const legs = newest?.call.legs ?? [];
  const of = directed(said, legs);
  switch (given.kind) {
    case 'mask':
      return isMasked(of);
    case 'stop':
      return of.stopped;
    case 'resume':
      return !isMasked(of) || of.stopped;
    case 'keep':
      return of.kept !== null;
    default:
      return of.answers.some((one) => one.kind === given.kind && one.legId === given.legId);
  }
}
