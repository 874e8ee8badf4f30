import type { Capture } from '../capture/snoop.js';
import { answeredUnseen, type CdrTimes, whenAnswered } from '../domain/call/answered.js';
import {
  type CallState,
  type Effect,
  emptyState,
  restore,
  step,
  type TrackRules,
} from '../domain/call/call.js';
import type { LegFacts, PbxEvent, Snapshot } from '../domain/call/event.js';
import { feedOf } from '../domain/call/feed.js';
import type { CallId, LegId } from '../domain/recording/recording.js';
import { retryDelay } from '../ops/turns.js';
import { createDirecting, type DirectingDeps } from './record/directing.js';
import { createHearing, type HearingDeps } from './record/hearing.js';
import { createInform, type InformDeps } from './record/inform.js';
import { blank, type Changed, type Ended, type Live, numbersOf, running, standing } from './record/live.js';
import { createSteps, type StepDeps } from './record/steps.js';
import { createTakeUp } from './record/take-up.js';
import { createUniting } from './record/unite.js';
import { createWrong } from './record/wrong.js';

/**
 * Story 1: a PBX event is tracked, a decision is made, a leg is captured. Each call has a serial queue of its own, and in
 * it only the newest change waits, so that a slow PBX or disk never builds a backlog.
 */
export type RecordDeps = StepDeps &
  DirectingDeps &
  HearingDeps &
  InformDeps & {
    capture: Capture;
    rules: TrackRules;
    /** What the PBX tells of when legs were answered; of those that it does not tell of there is nothing. */
    answers: (legs: readonly LegId[]) => Promise<ReadonlyMap<LegId, CdrTimes>>;
    /** What it tells of the contexts in which legs began, likewise. */
    contexts: (legs: readonly LegFacts[]) => Promise<ReadonlyMap<LegId, string>>;
  };

type Heard = { event: PbxEvent; heardAt: number };
/**
 * What goes with a list of what the PBX has: when it was last watched before (ms since 1970, null for never), and whether
 * no newer list has come. One that is out of date must not end calls that began after it.
 */
type Known = { watchedUntil: number | null; current?: () => boolean };
const NEVER: Known = { watchedUntil: null };

/** After a failure it is tried again so much later, ms, as long as the leg is there. */
const AGAIN = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

export function createRecorder(deps: RecordDeps) {
  let state: CallState = emptyState;
  /** What happens until the open calls have been taken up waits here. */
  let backlog: Heard[] | null = [];
  let stopped = false;
  let lostAt = 0;
  const live = new Map<CallId, Live>();
  /** Work outside the queues of calls: uniting two calls, and discarding captures that belong to none. */
  let aside: Promise<unknown> = Promise.resolve();

  const isUp = (legId: string): boolean => state.legs.get(legId)?.goneAt === null;
  const inform = createInform(deps, {
    state: () => state,
    find: (id) => live.get(id),
    reconsider: (l) => reconsider(l),
    hear: (event) => hear(event),
  });
  const steps = createSteps(deps, {
    ...{ isUp, inform },
    feed: (leg) => feedOf(state, leg),
    takeUp: (...call) => takeUp.take(...call),
    lostAt: () => lostAt,
    undoable: (id) => live.get(id)?.undo ?? null,
    again: (l, times) => {
      if (l.again) clearTimeout(l.again);
      l.again = after(times, () => {
        l.again = null;
        reconsider(l);
      });
    },
  });

  const takeUp = createTakeUp(
    { ...deps, pbx: deps.rules.pbx },
    {
      ...{ live, unwatched: steps.unwatched },
      of: (id) => of(id),
      forget: (id) => void live.delete(id),
      informed: inform.takeUp,
    },
  );

  const wrong = createWrong({ all: () => live.values(), isUp, reconsider: (l) => reconsider(l) });

  const directing = createDirecting(deps, {
    find: (id) => live.get(id),
    all: () => live.values(),
    reconsider: (l) => reconsider(l),
  });

  const uniting = createUniting(deps, {
    ...{ live, steps, inform, directing },
    of: (id) => of(id),
    goOn: async (id, l) => {
      goOn(id, l);
      await l.working;
    },
  });

  const hearing = createHearing(deps, {
    state: () => state,
    direct: directing.direct,
    answersOf: inform.answersOf,
    hasAnswered: (id, leg) =>
      live.get(id)?.said.some(({ how, legId }) => how === 'dialplan' && legId === leg) === true,
  });

  function after(times: number, what: () => void): NodeJS.Timeout | null {
    return stopped ? null : setTimeout(what, retryDelay(AGAIN, times));
  }

  const of = (id: CallId): Live => {
    const l = live.get(id) ?? blank();
    live.set(id, l);
    return l;
  };

  function enqueue(effect: Effect, unseen: boolean, heardAt: number): void {
    if (effect.kind === 'absorbed') {
      aside = Promise.allSettled([aside, uniting.unite(effect.from, effect.into)]);
    } else {
      const change = { ...effect, unseen };
      if (change.kind === 'changed') steps.want(change, of(change.call.id), heardAt);
      put(change.call.id, change);
    }
  }

  function put(id: CallId, change: Changed | Ended): void {
    const l = of(id);
    l.newest = change.kind === 'changed' ? change : null;
    l.waiting = change;
    goOn(id, l);
  }

  /** What can be done now for a call: what becomes part of it is there before it ends. */
  const next = ({ waiting, uniting }: Live) => (waiting?.kind === 'ended' && uniting ? null : waiting);

  /** Begins only where there is something to do: work that ended at once would stand in `working` for good. */
  function goOn(id: CallId, l: Live): void {
    if (next(l)) l.working ??= work(id, l);
  }

  async function work(id: CallId, l: Live): Promise<void> {
    for (let change = next(l); change; change = next(l)) {
      l.waiting = null;
      if (l.repeat) clearTimeout(l.repeat);
      try {
        await (change.kind === 'ended' ? steps.end(change, l) : steps.follow(change, l));
        l.faults = 0;
        if (change.kind === 'ended') {
          directing.forget(l);
          inform.end(id);
          live.delete(id);
        }
      } catch (err) {
        deps.log.error({ err, call: id }, 'Recording step failed; retrying');
        if (!l.waiting)
          l.repeat = after(l.faults++, () => {
            if (!l.waiting && live.get(id) === l) put(id, change);
          });
      }
    }
    l.working = null;
  }

  /** Looks at a call again though nothing new is known of it. */
  function reconsider(l: Live): void {
    if (!l.newest || l.waiting) return;
    const { id } = l.newest.call;
    // One that has become part of another is nobody's any more.
    if (live.get(id) === l) put(id, l.newest);
  }

  function hear(event: PbxEvent): void {
    deps.capture.hear(event);
    const heardAt = deps.clock();
    if (backlog) backlog.push({ event, heardAt });
    else track(event, heardAt);
  }

  /** Nothing that the PBX says, and nothing that was stored of a call, may keep the next event from being followed. */
  function track(event: PbxEvent, heardAt: number): void {
    try {
      followed(event, heardAt);
    } catch (err) {
      deps.log.error({ err, kind: event.kind }, 'An event of the PBX could not be followed');
    }
  }

  function followed(event: PbxEvent, heardAt: number): void {
    if (event.kind === 'spool-finished' || event.kind === 'spool-failed') wrong.spoolOver(event.name);
    const next = step(state, event, deps.rules);
    state = next.state;
    for (const effect of next.effects) if (effect.kind === 'ended') hearing.ended(effect.call);
    for (const effect of next.effects) enqueue(effect, event.kind === 'snapshot', heardAt);
    hearing.hear(event);
    inform.hear(event);
  }

  /** What the PBX has now, with when it was answered as far as that can be known, and then what was heard meanwhile. */
  async function catchUp(snapshot: Snapshot, { watchedUntil, current = () => true }: Known): Promise<void> {
    const unseen = answeredUnseen(state, snapshot);
    const unknown = snapshot.legs.filter(({ id }) => !state.legs.has(id) && !state.gone.has(id));
    const [told, began] = await Promise.all([
      deps.answers(unseen.map((leg) => leg.id)),
      deps.contexts(unknown),
    ]).catch((err) => {
      deps.log.warn({ err }, 'The PBX could not be asked about calls that nobody watched');
      return [new Map<LegId, CdrTimes>(), new Map<LegId, string>()] as const;
    });
    if (!current()) return;
    const legs = snapshot.legs.map((leg) => ({ ...leg, context: began.get(leg.id) ?? leg.context }));
    const window = { watchedUntil, now: snapshot.at };
    const answered = new Map(
      unseen.map((leg) => [leg.id, whenAnswered(state, leg, told.get(leg.id) ?? null, window)]),
    );
    const heard = backlog ?? [];
    backlog = null;
    track({ ...snapshot, legs, answered }, snapshot.at);
    for (const { event, heardAt } of heard) track(event, heardAt);
  }

  async function idle(): Promise<void> {
    const inHand = [...live.values()].flatMap((l) => [l.working, l.informing.writing]);
    await Promise.all([...inHand, aside]);
  }

  return {
    hear,

    /** The PBX has been reached: what happens waits until it is known what there is. */
    hold(): void {
      backlog ??= [];
    },

    /**
     * After a start: takes up the calls that were open when this process last ran. `snapshot` is what the PBX has now;
     * calls that are not in it have ended meanwhile, and their files are taken as they are. Whatever cannot be read or
     * taken up, the events heard so far are followed afterwards, and so are all later ones.
     */
    async recover(snapshot: Snapshot, known = NEVER): Promise<void> {
      try {
        const open = await takeUp.openCalls(snapshot);
        if (open.length > 0) deps.log.info({ calls: open.length }, 'Taking up calls that were open');
        await takeUp.captures(snapshot, { ...known, start: true });
        state = restore(open);
        for (const l of live.values()) directing.takeUp(l);
        await inform.resume(snapshot, known.watchedUntil);
      } finally {
        await catchUp(snapshot, known);
      }
      // By now, every capture whose leg is in a call has been taken up.
      aside = idle().then(() => takeUp.discardOthers((leg) => state.legs.has(leg)));
    },

    /** The connection is back that was lost: the same for the calls that this process follows. */
    async resync(snapshot: Snapshot, known: Known): Promise<void> {
      if (known.current?.() === false) return;
      backlog ??= [];
      lostAt = known.watchedUntil ?? lostAt;
      try {
        await Promise.all([...live.values()].map((l) => l.working));
        await takeUp.captures(snapshot, known);
        await inform.resume(snapshot, known.watchedUntil);
      } finally {
        await catchUp(snapshot, known);
      }
      for (const l of live.values()) reconsider(l);
    },

    /** A side of a capture is dead though somebody feeds it: it is captured anew. */
    renew: (callId: CallId, seq: number): void => wrong.tell(callId, seq, 'dead'),

    /** Ends the captures that run and keeps what they have: Asterisk's disk is about to be full. */
    async endCaptures(): Promise<void> {
      for (const l of live.values()) {
        if (!l.segment) continue;
        l.full = true;
        await deps.capture.end(l.segment);
      }
    },

    /** It was the PBX that had fallen silent, from `from` on: so much of the side is missing. */
    async muted(callId: CallId, seq: number, side: 'in' | 'out', from: number): Promise<void> {
      const known = (await deps.catalogue.segments.of(callId)).find(
        (s) => s.callId === callId && s.seq === seq,
      );
      if (known?.state === 'captured')
        await deps.catalogue.segments.save({ ...known, mutedFrom: { ...known.mutedFrom, [side]: from } });
    },

    /** What hindered captures may be over: those that failed are tried again at once. */
    retry(): void {
      for (const l of live.values()) {
        if (!l.failed) continue;
        if (l.again) clearTimeout(l.again);
        l.again = null;
        reconsider(l);
      }
    },

    /** The captures that run, with who feeds each. */
    captures: () => [...live.values()].flatMap((l) => running(l, state, inform.isPlaying)),

    /** What is decided by numbers has changed: calls in progress with one of these are decided anew at once. */
    numbersChanged(affects: (number: string) => boolean): void {
      for (const l of live.values()) if (numbersOf(l).some(affects)) reconsider(l);
    },

    /** Calls in progress, and how many of them are being recorded. */
    now: () => ({ calls: state.calls.size, recording: [...live.values()].filter((l) => l.segment).length }),

    /** Calls in progress, the newest first, with whether each is being captured, and why or why not. */
    list: () =>
      [...live.values()]
        .flatMap((l) => (l.newest ? [{ call: l.newest.call, ...standing(l) }] : []))
        .sort((a, b) => b.call.startedAt - a.call.startedAt),

    /** Somebody says something about the recording of a call. */
    direct: directing.direct,

    /** Waits for what is in hand. */
    idle,

    /** Finishes what is in hand. Calls in progress go on being recorded by Asterisk. */
    async stop(): Promise<void> {
      stopped = true;
      wrong.stop();
      for (const l of live.values())
        for (const timer of [l.again, l.repeat, l.unmask, l.undo?.over]) if (timer) clearTimeout(timer);
      await idle();
      inform.stop();
      deps.capture.stop();
    },
  };
}
