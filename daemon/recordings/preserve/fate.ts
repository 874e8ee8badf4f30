import type { Verbs } from '../../catalogue/catalogue.js';
import type { StoredCall } from '../../catalogue/stored-call.js';
import { type SaidOf, saidIn } from '../../domain/call/directive.js';
import { factsOf } from '../../domain/call/facts-of.js';
import type { Site } from '../../domain/days.js';
import type { PbxId } from '../../domain/pbx.js';
import { type Fate, fateOf, keepingOf, ruleOf } from '../../domain/policy/course.js';
import { type CallId, type Coverage, type Segment, spoolName } from '../../domain/recording/recording.js';
import { informedBy } from '../../domain/telling/notice.js';
import type { Log } from '../../ops/log.js';

export type FateDeps = {
  catalogue: Verbs<
    'calls.get' | 'directives.of' | 'notices.of' | 'calls.decideCoverage' | 'segments.save' | 'policy.of'
  >;
  site: Site;
  /** The lists of numbers that a number is on. */
  listsOf: (number: string) => string[];
  remove: (pbx: PbxId, name: string) => Promise<unknown>;
  /** Nothing is left of what was encoded of a call. */
  discard: (call: EndedCall) => Promise<void>;
  clock: () => number;
  log: Log;
};
export type EndedCall = StoredCall & { answeredAt: number; endedAt: number };

/** Destroys what was captured of calls that may not be kept. */
export function createFates({ catalogue, remove, discard, site, listsOf, clock, log }: FateDeps) {
  async function heard(id: CallId, call?: EndedCall): Promise<SaidOf> {
    const legs = (call ?? (await catalogue.calls.get(id)))?.legs ?? [];
    return { legs, said: await catalogue.directives.of(id) };
  }

  /** Whether the rule that asks takes what our own side states for enough. */
  async function statedByRule(decision: EndedCall['decision']): Promise<boolean> {
    if (decision?.outcome !== 'ask') return false;
    const { policy } = await catalogue.policy.of(decision.version);
    return ruleOf(policy, decision)?.stated_is_enough === true;
  }

  /** By what was decided, and by the rules for the end of a call that were in force when it began. */
  async function decide(call: EndedCall, segments: readonly Segment[]): Promise<Fate> {
    const { decision } = call;
    const main = call.consultFor === null ? null : await heard(call.consultFor);
    const said = saidIn(await heard(call.id, call), main);
    const { notice, played } = await catalogue.notices.of(call.id);
    const starts = segments.flatMap((s) => [s.inStartedAt, s.outStartedAt].filter((at) => at !== null));
    const captured = {
      begun: starts.length === 0 ? null : Math.max(...starts),
      statedIsEnough: notice ? notice.statedIsEnough : await statedByRule(decision),
    };
    const informed = informedBy(notice, played, call.legs);
    const fate = fateOf(decision, said, call, clock(), informed, captured);
    if (fate.fate !== 'keep' || !decision) return fate;
    const { policy } = await catalogue.policy.of(decision.version);
    return keepingOf(policy, factsOf(call, site, listsOf), said, call, clock());
  }

  /** The row says so first: what is interrupted is done again. */
  async function destroy(call: EndedCall, coverage: Coverage, segments: readonly Segment[]): Promise<void> {
    await catalogue.calls.decideCoverage(call.id, coverage);
    await discard(call);
    for (const segment of segments) {
      for (const side of ['in', 'out'] as const) await remove(call.pbx, spoolName(segment, side));
      await catalogue.segments.save({ ...segment, state: 'dropped' });
    }
    log.info({ call: call.id, coverage: coverage.status, rule: coverage.rule }, 'Not kept');
  }

  return {
    /**
     * Destroys the audio of a call that may not be kept. Returns `{}` for a call that is kept, `{ until: null }` for one that was
     * destroyed, and `{ until }` (ms since 1970) for one that has to be decided again then.
     */
    async meet(call: EndedCall, segments: readonly Segment[]): Promise<{ until?: number | null }> {
      const fate = await decide(call, segments);
      if (fate.fate === 'wait') return { until: fate.until };
      if (fate.fate === 'keep') return {};
      await destroy(call, fate.coverage, segments);
      return { until: null };
    },
  };
}
