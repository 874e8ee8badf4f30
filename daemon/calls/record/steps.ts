import type { Segments } from '../../capture/segments.js';
import type { Catalogue } from '../../catalogue/catalogue.js';
import { type Directed, directed, withMain } from '../../domain/call/directive.js';
import { factsOf } from '../../domain/call/facts-of.js';
import { type Site, times } from '../../domain/days.js';
import { TapedeckError } from '../../domain/error.js';
import { type Course, courseOf, excluded, fateOf, ruleOf } from '../../domain/policy/course.js';
import {
  decideRecord,
  type KeptDecision,
  type RecordDecision,
  type RecordRule,
} from '../../domain/policy/policy.js';
import { sameCoded } from '../../domain/reason/coded.js';
import { because, becauseOf, together, type Why } from '../../domain/reason/reason.js';
import { inWords } from '../../domain/reason/words.js';
import { lostMs } from '../../domain/recording/lost.js';
import type { CallId, CallRecord, Coverage, LegId, Segment } from '../../domain/recording/recording.js';
import type { Log } from '../../ops/log.js';
import { notForLong } from '../../ops/turns.js';
import type { Changed, Ended, Live } from './live.js';
import { createReasons, type ReasonDeps } from './reasons.js';

export type StepDeps = ReasonDeps & {
  site: Site;
  /** The lists of numbers that a number is on. */
  listsOf: (number: string) => string[];
  catalogue: Catalogue;
  segments: Segments;
  /** Why nothing can be captured now (no room on the disk), or null. Asked right before a capture begins. */
  hindrance: () => Why | null;
  /** Whether the PBX falls silent in a snoop when its source changes: then each such change begins a new segment. */
  muteTrap: () => boolean;
  /** Length of a spool file's audio, ms, and whether Asterisk came to close it; null when it cannot be read. */
  spoolAudio: (segment: Segment) => Promise<{ ms: number; closed: boolean } | null>;
  /** Whether a capture could be begun; not told of a leg that hung up meanwhile, which is nobody's fault. */
  onCapture: (result: 'begun' | 'failed') => void;
  log: Log;
  /** A call has ended and has captured audio. */
  onCaptured: (id: CallId) => void;
};
export type Surroundings = {
  isUp: (leg: LegId) => boolean;
  feed: (leg: LegId) => string;
  /** Has the call looked at again after a failure of its capture. */
  again: (l: Live, times: number) => void;
  /** When the PBX was last heard before it was lost, ms since 1970. */
  lostAt: () => number;
};

/** The steps of a call's life. None of them runs beside another of the same call, and each may be repeated. */
export function createSteps(deps: StepDeps, around: Surroundings) {
  const { want, lateness, why, unwatched } = createReasons(deps);
  /** A time as people at the site read it. */
  const say = times(deps.site.timeZone);

  async function follow(change: Changed, l: Live): Promise<void> {
    const { call } = change;
    const { kept, decided, rule } = await decide(call, l);
    const row = deps.catalogue.calls.save(call, undefined, kept);
    row.catch((err) =>
      deps.log.error({ err, call: call.id }, 'A call could not be written to the catalogue'),
    );
    if (call.answeredAt !== null) {
      const course = courseOf(decided, rule, await saidOf(call, l));
      await (course.course === 'destroy' ? destroy(call.id, course.coverage, l) : capture(change, course, l));
    }
    await notForLong(row);
  }

  /** Has the call captured as it is to be. What is written of that comes after what is being written of the call. */
  async function capture({ call, anchor, ...change }: Changed, course: Course, l: Live): Promise<void> {
    if (l.refused) await deps.catalogue.calls.decideCoverage(call.id, PENDING);
    l.refused = null;
    const masked = course.course === 'mask';
    if (l.segment && l.segment.legId === anchor) await (masked ? mute(l, true) : mend(l));
    // The next capture does not wait until the last one has been put away: what is said meanwhile would be lost.
    const left = l.segment && l.segment.legId !== anchor ? leave(l) : null;
    left?.catch(() => {}); // told when it is waited for
    if (course.course !== 'capture') {
      if (!l.segment) l.because = course.course === 'wait' ? course.why : because('masked');
    } else {
      const waits = l.again !== null && l.failed?.leg === anchor;
      if (!l.segment && anchor && !waits && stands(l, anchor))
        await begin({ ...change, call, anchor }, anchor, l);
    }
    await left;
  }

  async function saidOf(call: CallRecord, l: Live): Promise<Directed> {
    const own = directed(l.said);
    if (own.declined || call.consultFor === null) return own;
    return withMain(own, directed(await deps.catalogue.directives.of(call.consultFor)));
  }

  /** Nothing of the call may be kept: what is being captured goes, and what was captured before it. */
  async function destroy(id: CallId, coverage: Coverage, l: Live): Promise<void> {
    if (l.segment) await drop(l);
    if (l.refused === coverage.status) return;
    for (const s of await deps.catalogue.segments.of(id))
      if (s.state === 'captured') await deps.segments.remove(s);
    await deps.catalogue.calls.decideCoverage(id, coverage);
    l.refused = coverage.status;
    l.because = because(coverage.status === 'declined' ? 'declined_until_then' : 'excluded_until_then');
  }

  /** Has the PBX write silence in place of what is said, or write that again. Where it does neither, it writes nothing. */
  async function mute(l: Live, on: boolean): Promise<void> {
    const segment = l.segment!;
    const masked = l.said.some((d) => d.kind === 'mask');
    if (l.muting ? l.muting.seq === segment.seq && l.muting.on === on : !on && !masked) return;
    const done = await deps.segments.mute(segment, on).catch((err) => {
      deps.log.error({ err, call: segment.callId, on }, 'The PBX did not mask a capture, so it is ended');
      return false;
    });
    if (done) {
      l.muting = { seq: segment.seq, on, at: deps.clock() };
      return;
    }
    await leave(l, true);
    l.because = because('masked');
  }

  /** Rules apply to calls that begin from then on: a call is decided by the version in force when it was first seen. */
  async function decide(
    call: CallRecord,
    l: Live,
  ): Promise<{ kept: KeptDecision; decided: RecordDecision; rule: RecordRule | null }> {
    const before = l.decision;
    const { policy, version } = await (before
      ? deps.catalogue.policy.of(before.version)
      : deps.catalogue.policy.newest());
    const decided = decideRecord(policy, factsOf(call, deps.site, deps.listsOf));
    const { outcome, rule, why } = decided;
    const kept = { version: before?.version ?? version, outcome, rule, why };
    if (before?.outcome !== outcome || before.rule !== rule)
      deps.log.info({ call: call.id, outcome, rule }, inWords(why, say));
    l.decision = kept;
    return { kept, decided, rule: ruleOf(policy, decided) };
  }

  async function begin({ call, swapped }: Changed, legId: LegId, l: Live): Promise<void> {
    const hindrance = deps.hindrance();
    if (hindrance) return failed(l, call.id, legId, hindrance);
    const askedAt = deps.clock();
    const known = why(call, l, askedAt);
    l.beginning = l.next++;
    try {
      const segment = await deps.segments.begin(
        { callId: call.id, seq: l.beginning, legId, swapped, fed: around.feed(legId) },
        known,
      );
      const begunAt = Math.max(segment.inStartedAt!, segment.outStartedAt!);
      const late = known === null ? lateness(call, l, askedAt, begunAt) : null;
      l.segment = late === null ? segment : { ...segment, because: late };
      l.muting = { seq: segment.seq, on: false, at: deps.clock() };
      if (l.segment !== segment) await deps.catalogue.segments.save(l.segment);
      if (l.wanted) l.wanted.met = true;
      l.failed = null;
      l.because = null;
      deps.onCapture('begun');
      deps.log.info({ call: call.id, leg: legId, seq: l.segment.seq }, 'Recording');
    } catch (e) {
      deps.log.error({ err: e, call: call.id, leg: legId }, 'A call could not be captured');
      notBegun(l, call.id, legId, e, askedAt);
    } finally {
      l.beginning = null;
    }
  }

  function notBegun(l: Live, id: CallId, leg: LegId, e: unknown, since: number): void {
    const why = whyOf(e);
    if (why.code !== 'party_hung_up') deps.onCapture('failed');
    failed(l, id, leg, why, since);
  }

  /** It is tried again for as long as the leg is there: what is missing until then is a gap with this reason. */
  function failed(l: Live, id: CallId, leg: LegId, why: Why, at = deps.clock()): void {
    const times = l.failed?.leg === leg ? l.failed.times + 1 : 0;
    if (times === 0 || !sameCoded(why, l.failed!.why))
      deps.log.error({ call: id, leg, reason: inWords(why, say) }, 'A call is not being captured');
    const since = times === 0 ? at : l.failed!.since;
    l.failed = { leg, why, times, since };
    around.again(l, times);
  }

  /** The party who was captured is no longer the one to follow: its audio is kept. */
  async function leave(l: Live, running = around.isUp(l.segment!.legId)): Promise<void> {
    const segment = l.segment!;
    l.segment = null;
    l.because = because('taken_over');
    await deps.segments.close(segment, running);
  }

  /** A capture that stopped, or in which a mute is to be feared or has been heard, is begun anew. */
  async function mend(l: Live): Promise<void> {
    await mute(l, false);
    const segment = l.segment;
    if (!segment) return;
    const feed = around.feed(segment.legId);
    const wrong = l.wrong?.seq === segment.seq ? l.wrong.how : null;
    const changed = feed !== '' && feed !== segment.fed;
    const feared = deps.muteTrap() && changed && segment.fed !== '';
    const turned = because(l.takenUp === segment.seq ? 'source_changed_unwatched' : 'source_changed');
    if (wrong === 'stopped') {
      l.segment = null;
      await deps.segments.close(segment, true, true);
      failed(l, segment.callId, segment.legId, because(l.full ? 'ended_for_room' : 'recording_stopped'));
      l.full = false;
    } else if (
      (wrong || feared) &&
      !(await renew(segment, feed || segment.fed, wrong ? because('side_silent') : turned, l))
    )
      return;
    else if (changed && !wrong && !feared) await note(segment, feed, l);
    l.wrong = null;
    l.takenUp = null;
  }

  /** Keeps the source of a segment. It is stored only where a change has to be known after a restart. */
  async function note(segment: Segment, fed: string, l: Live): Promise<void> {
    l.segment = { ...segment, fed };
    if (deps.muteTrap()) await deps.catalogue.segments.save(l.segment);
  }

  /** False when the PBX did not answer: it is still to be done when the call is looked at next, after the link is back. */
  async function renew(segment: Segment, fed: string, why: Why, l: Live): Promise<boolean> {
    l.segment = null;
    l.beginning = l.next++;
    try {
      const next = { seq: l.beginning, fed };
      l.segment = await deps.segments.renew(segment, next, why, () => stands(l, segment.legId));
      l.because = l.segment ? null : why;
      if (l.segment === segment) return false;
      if (!l.segment) return true;
      l.muting = { seq: l.segment.seq, on: false, at: deps.clock() };
      deps.onCapture('begun');
      deps.log.info(
        { call: segment.callId, seq: l.segment.seq, because: inWords(why, say) },
        'Captured anew',
      );
    } catch (e) {
      notBegun(l, segment.callId, segment.legId, e, deps.clock());
    } finally {
      l.beginning = null;
    }
    return true;
  }

  /** Policy says no: what was captured so far goes, and is not kept anywhere. */
  async function drop(l: Live): Promise<void> {
    const segment = l.segment!;
    l.segment = null;
    await deps.segments.drop(segment);
  }

  async function end(change: Ended, l: Live): Promise<void> {
    let { call } = change;
    if (call.answeredAt === null) {
      const why = change.unseen ? together(unwatched(call.endedAt!), because('answer_unknown')) : null;
      await deps.catalogue.calls.save(call, { status: 'none', why, rule: null, missingMs: 0 });
      return;
    }
    const { kept: decision, decided, rule } = await decide(call, l);
    const said = await saidOf(call, l);
    const course = courseOf(decided, rule, said);
    if (course.course === 'destroy') {
      await destroy(call.id, course.coverage, l);
      await deps.catalogue.calls.save(call, course.coverage, decision);
      return;
    }
    if (l.segment) {
      const segment = l.segment;
      l.segment = null;
      await deps.segments.close(segment, around.isUp(segment.legId));
    }
    const segments = (await deps.catalogue.segments.of(call.id)).filter((s) => s.state === 'captured');
    if (change.unseen) call = { ...call, endedAt: await endOf(call, segments) };
    // Nobody asked for it, or agreed: nothing was captured, as the rule says.
    const fate = fateOf(decision, said, call, Number.MAX_SAFE_INTEGER);
    const meant = course.course === 'wait' ? course.why : l.because?.code === 'masked' ? l.because : null;
    if (segments.length === 0 && (fate.fate === 'destroy' || meant)) {
      const coverage = fate.fate === 'destroy' ? fate.coverage : excluded({ rule: null, why: meant! });
      await deps.catalogue.calls.save(call, coverage, decision);
      return;
    }
    if (segments.length === 0) {
      const never = call.endedAt!;
      const told =
        why(call, l, never) ?? (change.unseen ? unwatched(never) : null) ?? because('ended_before_capture');
      const missingMs = call.endedAt! - call.answeredAt!;
      const coverage = { status: 'not_recorded', why: told, rule: null, missingMs } as const;
      await deps.catalogue.calls.save(call, coverage, decision);
      deps.log.error({ call: call.id, reason: inWords(told, say) }, 'A call was not recorded');
      return;
    }
    // Why the end is missing, if it is: told with the gap once the recording is made.
    const missing = l.failed?.why ?? null;
    const coverage = { status: 'pending', why: missing, rule: decision.rule, missingMs: 0 } as const;
    await deps.catalogue.calls.save(call, coverage, decision);
    deps.onCaptured(call.id);
  }

  /** Nobody saw the end of the call: Asterisk went on recording until then, so the audio tells when it was. */
  async function endOf(call: CallRecord, segments: Segment[]): Promise<number> {
    const ends = await Promise.all(
      segments.map(async (s) => {
        const from = s.inStartedAt ?? s.outStartedAt;
        const audio = await deps.spoolAudio(s);
        if (from === null || !audio) return 0;
        // A file that Asterisk did not close ended with it: what it still had in hand is missing.
        const until = from + audio.ms + Math.max(lostMs(s.lost?.in ?? []), lostMs(s.lost?.out ?? []));
        return audio.closed ? until : Math.max(until, around.lostAt());
      }),
    );
    const last = Math.max(0, ...ends);
    return last > call.answeredAt! ? Math.min(call.endedAt!, last) : call.endedAt!;
  }

  return { follow, end, drop, want, unwatched };
}

/** Whether nothing newer is known by which another leg is to be captured, or none: in a transfer it is all of a moment. */
function stands({ waiting }: Live, leg: LegId): boolean {
  return waiting === null || (waiting.kind === 'changed' && waiting.anchor === leg);
}

const PENDING: Coverage = { status: 'pending', why: null, rule: null, missingMs: 0 };

function whyOf(e: unknown): Why {
  if (!(e instanceof TapedeckError)) return because('pbx_refused');
  return /channel (was )?not found/i.test(e.detail) ? because('party_hung_up') : becauseOf(e);
}
