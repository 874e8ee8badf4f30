import type { Segments } from '../../capture/segments.js';
import type { Catalogue } from '../../catalogue/catalogue.js';
import { answeredBySound } from '../../domain/call/answered.js';
import { type Directed, saidIn } from '../../domain/call/directive.js';
import { factsOf } from '../../domain/call/facts-of.js';
import { type Site, times } from '../../domain/days.js';
import {
  type Asked,
  askedOf,
  type Course,
  courseOf,
  excluded,
  type Fate,
  fateOf,
  hasToAgree,
  ruleOf,
} from '../../domain/policy/course.js';
import type { CallFacts } from '../../domain/policy/facts.js';
import {
  decideRecord,
  type KeptDecision,
  type Policy,
  type RecordDecision,
  type RecordRule,
} from '../../domain/policy/policy.js';
import type { StandingOf } from '../../domain/policy/standing/standing.js';
import { because, together } from '../../domain/reason/reason.js';
import { inWords } from '../../domain/reason/words.js';
import { lostMs } from '../../domain/recording/lost.js';
import { isMeantGap } from '../../domain/recording/mask.js';
import type { CallId, CallRecord, Coverage, Segment } from '../../domain/recording/recording.js';
import type { Log } from '../../ops/log.js';
import { notForLong } from '../../ops/turns.js';
import { type CaptureSurroundings, type CapturingDeps, createCapturing, stands } from './capturing.js';
import type { Inform } from './inform.js';
import { uncaptured } from './informing.js';
import type { Changed, Ended, Live } from './live.js';
import { createReasons, type ReasonDeps } from './reasons.js';

export type StepDeps = ReasonDeps &
  CapturingDeps & {
    site: Site;
    /** The lists of numbers that a number is on. */
    listsOf: (number: string) => string[];
    /** The standing consents and objections of a number. */
    standing: StandingOf;
    catalogue: Catalogue;
    segments: Segments;
    /** Length of a spool file's audio, ms, and whether Asterisk came to close it; null when it cannot be read. */
    spoolAudio: (segment: Segment) => Promise<{ ms: number; closed: boolean } | null>;
    log: Log;
    /** A call has ended and has captured audio. */
    onCaptured: (id: CallId) => void;
  };
export type Surroundings = CaptureSurroundings & {
  inform: Inform;
  /** The decline of a call that can still be taken back; null where there is none. */
  undoable: (id: CallId) => { seq: number } | null;
  /** Takes up captures of a call that have no row. */
  takeUp: (call: CallRecord, l: Live, row: () => Promise<void>) => Promise<void>;
  /** When the PBX was last heard before it was lost, ms since 1970. */
  lostAt: () => number;
};

/** What was decided of a call, by which rule, policy and facts. */
type Decision = {
  kept: KeptDecision;
  decided: RecordDecision;
  rule: RecordRule | null;
  policy: Policy;
  facts: CallFacts;
};

export type Steps = ReturnType<typeof createSteps>;

/** The steps of a call's life. None of them runs beside another of the same call, and each may be repeated. */
export function createSteps(deps: StepDeps, around: Surroundings) {
  const reasons = createReasons(deps);
  const { want, why, unwatched } = reasons;
  const { inform } = around;
  /** A time as people at the site read it. */
  const say = times(deps.site.timeZone);
  const { begin, leave, mend, mute, drop } = createCapturing(deps, around, reasons, say);

  async function follow(change: Changed, l: Live): Promise<void> {
    const { call } = change;
    const { kept, decided, rule, policy, facts } = await decide(call, l);
    const row = deps.catalogue.calls.save(call, undefined, kept);
    row.catch((err) =>
      deps.log.error({ err, call: call.id }, 'A call could not be written to the catalogue'),
    );
    if (call.answeredAt !== null) {
      await around.takeUp(call, l, () => row);
      if (decided.outcome !== 'skip') {
        inform.decide(call, l, { policy, version: kept.version }, { rule, agreed: decided.agreed, facts });
      }
      const said = await saidOf(call, l);
      const asked = askedIn(call, l, rule, 'now');
      const awaited = hasToAgree(decided, said, asked, inform.telling(l));
      if (decided.outcome !== 'skip') await inform.prepare(call, l, awaited);
      const course = courseIn(call, said, (given) =>
        courseOf(decided, rule, given, asked, inform.telling(l)),
      );
      await (course.course === 'destroy' ? destroy(call.id, course.coverage, l) : capture(change, course, l));
      if (change.anchor !== null && (l.segment || awaited)) inform.follow(call.id, change.anchor, l);
    }
    await notForLong(row);
  }

  /** Has the call captured as it is to be. What is written of that comes after what is being written of the call. */
  async function capture(
    { call, anchor, ...change }: Changed,
    course: Exclude<Course, { course: 'destroy' }>,
    l: Live,
  ): Promise<void> {
    if (l.refused) await deps.catalogue.calls.decideCoverage(call.id, PENDING);
    l.refused = null;
    const masked = course.course === 'mask';
    const stops = course.course === 'stop';
    if (stops && course.why.code === 'consent_awaited') await silenceUnwatched(call.id, l);
    // One that has to stop is not mended: that would capture anew.
    if (l.segment && l.segment.legId === anchor && !stops) await (masked ? mute(l, true) : mend(l));
    // The next capture does not wait until the last one has been put away: what is said meanwhile would be lost.
    const ends = l.segment && (l.segment.legId !== anchor || stops);
    if (ends) inform.pause(call.id, l.segment!.legId);
    const left = ends ? leave(l) : null;
    left?.catch(() => {}); // told when it is waited for
    if (course.course !== 'capture') {
      if (!l.segment) l.because = course.course === 'mask' ? because('masked') : course.why;
    } else {
      const waits = l.again !== null && l.failed?.leg === anchor;
      if (!l.segment && anchor && !waits && stands(l, anchor))
        await begin({ ...change, call, anchor }, anchor, l);
    }
    await left;
  }

  /**
   * Somebody has to agree first, and may have come while nobody watched and the PBX wrote on: when they came is not known, so
   * nothing is kept of what was written since.
   */
  async function silenceUnwatched(callId: CallId, l: Live): Promise<void> {
    if (!l.segment || l.takenUp?.seq !== l.segment.seq) return;
    const say = (kind: 'mask' | 'resume', at: number) =>
      deps.catalogue.directives.add({ callId, at, kind, how: 'unwatched', who: '', legId: null });
    // Both at once: nothing that somebody says comes between.
    l.said = [...l.said, ...(await Promise.all([say('mask', l.takenUp.since), say('resume', deps.clock())]))];
    l.takenUp = null;
    deps.log.warn(
      { call: callId },
      'Somebody has to agree who may have joined while nobody watched: what was captured meanwhile is silenced',
    );
  }

  /** While a decline can be taken back, nothing is captured and nothing is destroyed that it alone forbids. */
  function courseIn(
    { id, consultFor }: CallRecord,
    said: Directed,
    judge: (said: Directed) => Course,
  ): Course {
    const undoable = around.undoable(id) ?? (consultFor === null ? null : around.undoable(consultFor));
    if (!undoable || said.declined?.seq !== undoable.seq) return judge(said);
    const without = judge({ ...said, declined: null });
    return without.course === 'destroy' ? without : { course: 'stop', why: because('declined_until_then') };
  }

  async function saidOf({ legs, consultFor: id }: CallRecord, { said }: Live): Promise<Directed> {
    if (id === null) return saidIn({ said, legs }, null);
    const main = await deps.catalogue.calls.get(id);
    return saidIn({ said, legs }, { said: await deps.catalogue.directives.of(id), legs: main?.legs ?? [] });
  }

  const askedIn = ({ legs }: CallRecord, l: Live, rule: RecordRule | null, when: 'now' | 'ever'): Asked =>
    askedOf(legs, l.informing.notice?.statedIsEnough ?? rule?.stated_is_enough === true, when);

  /** Nothing of the call may be kept: what is being captured goes, and what was captured before it. */
  async function destroy(id: CallId, coverage: Coverage, l: Live): Promise<void> {
    inform.end(id);
    if (l.segment) await drop(l);
    if (l.refused === coverage.status) return;
    for (const s of await deps.catalogue.segments.of(id))
      if (s.state === 'captured') await deps.segments.remove(s);
    await deps.catalogue.calls.decideCoverage(id, coverage);
    l.refused = coverage.status;
    const then = coverage.status === 'declined' ? 'declined_until_then' : 'excluded_until_then';
    l.because = coverage.status === 'not_recorded' ? coverage.why : because(then);
  }

  /** Rules apply to calls that begin from then on: a call is decided by the version in force when it was first seen. */
  async function decide(call: CallRecord, l: Live): Promise<Decision> {
    const before = l.decision;
    const { policy, version } = await (before
      ? deps.catalogue.policy.of(before.version)
      : deps.catalogue.policy.newest());
    const facts = factsOf(call, deps.site, deps.listsOf, deps.standing);
    const decided = decideRecord(policy, facts);
    const { outcome, rule, why, agreed } = decided;
    const kept = { version: before?.version ?? version, outcome, rule, why, ...(agreed && { agreed }) };
    if (before?.outcome !== outcome || before.rule !== rule)
      deps.log.info({ event: 'call_decided', call: call.id, outcome, rule }, inWords(why, say));
    l.decision = kept;
    return { kept, decided, rule: ruleOf(policy, decided), policy, facts };
  }

  async function end(change: Ended, l: Live): Promise<void> {
    let call = change.unseen ? await unseenAnswer(change.call) : change.call;
    if (call.answeredAt === null) {
      const why = change.unseen ? together(unwatched(call.endedAt!), because('answer_unknown')) : null;
      await deps.catalogue.calls.save(call, { status: 'none', why, rule: null, missingMs: 0 });
      return;
    }
    const { kept: decision, decided, rule } = await decide(call, l);
    await around.takeUp(call, l, () => deps.catalogue.calls.save(call, undefined, decision));
    const said = await saidOf(call, l);
    inform.end(call.id);
    await l.informing.writing;
    const course = courseOf(decided, rule, said, askedIn(call, l, rule, 'ever'));
    if (course.course === 'destroy') {
      await destroy(call.id, course.coverage, l);
      await deps.catalogue.calls.save(call, course.coverage, decision);
      return;
    }
    const stopped = l.segment === null && isMeantGap({ why: l.because }) ? l.because : null;
    if (l.segment) {
      const segment = l.segment;
      l.segment = null;
      await deps.segments.close(segment, around.isUp(segment.legId));
    }
    const segments = (await deps.catalogue.segments.of(call.id)).filter((s) => s.state === 'captured');
    if (change.unseen) call = { ...call, endedAt: await endOf(call, segments) };
    // Nobody asked for it, or agreed, or was there to be told: nothing was captured, as the rule says.
    const coverage =
      segments.length > 0
        ? null
        : notCaptured(
            l,
            course,
            fateOf(decision, said, call, Number.MAX_SAFE_INTEGER, uncaptured(l.informing), {
              begun: null,
              statedIsEnough: askedIn(call, l, rule, 'ever').statedIsEnough,
            }),
          );
    if (coverage) {
      await deps.catalogue.calls.save(call, coverage, decision);
      return;
    }
    if (segments.length === 0) {
      const never = call.endedAt!;
      const told =
        why(call, l, never) ?? (change.unseen ? unwatched(never) : null) ?? because('ended_before_capture');
      const missingMs = call.endedAt! - call.answeredAt!;
      const missed = { status: 'not_recorded', why: told, rule: null, missingMs } as const;
      await deps.catalogue.calls.save(call, missed, decision);
      deps.log.error({ call: call.id, reason: inWords(told, say) }, 'A call was not recorded');
      return;
    }
    // Why the end is missing, if it is: told with the gap once the recording is made.
    const missing = l.failed?.why ?? stopped;
    const pending = { ...PENDING, why: missing, rule: decision.rule };
    await deps.catalogue.calls.save(call, pending, decision);
    deps.onCaptured(call.id);
  }

  async function unseenAnswer(call: CallRecord): Promise<CallRecord> {
    if (call.answeredAt !== null) return call;
    const starts = (await deps.catalogue.segments.of(call.id)).flatMap((s) =>
      s.state === 'captured' ? [s.inStartedAt, s.outStartedAt].filter((at) => at !== null) : [],
    );
    return starts.length === 0 ? call : answeredBySound(call, Math.min(...starts));
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

/** How coverage accounts for a call that was not captured on purpose; null where it should have been. */
function notCaptured(l: Live, course: Course, fate: Fate): Coverage | null {
  if (fate.fate === 'destroy') return fate.coverage;
  const last = l.because?.code === 'masked' || l.because?.code === 'nobody_to_tell' ? l.because : null;
  const meant = course.course === 'wait' || course.course === 'stop' ? course.why : last;
  return meant && excluded({ rule: null, why: meant });
}

const PENDING: Coverage = { status: 'pending', why: null, rule: null, missingMs: 0 };
