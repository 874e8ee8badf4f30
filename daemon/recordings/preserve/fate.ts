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

  /**
   * By what was decided, and by the rules for the end of a call that were in force when it began. `without` are captures that may not
   * be kept of a call that may: they were begun while somebody was there who had not agreed.
   */
  async function decide(
    call: EndedCall,
    segments: readonly Segment[],
  ): Promise<{ fate: Fate; without: Segment[] }> {
    const { decision } = call;
    const main = call.consultFor === null ? null : await heard(call.consultFor);
    const said = saidIn(await heard(call.id, call), main);
    const { notice, played } = await catalogue.notices.of(call.id);
    const statedIsEnough = notice ? notice.statedIsEnough : await statedByRule(decision);
    const informed = informedBy(notice, played, call.legs);
    const now = clock();
    const fates = segments.map((segment) => {
      const captured = { begun: begunAt(segment), statedIsEnough };
      return { segment, fate: fateOf(decision, said, call, now, informed, captured) };
    });
    const [first] = fates;
    const kept = fates.find(({ fate }) => fate.fate !== 'destroy');
    if (!first || !kept) return { fate: first?.fate ?? { fate: 'keep' }, without: [] };
    const without = fates.flatMap(({ segment, fate }) => (fate.fate === 'destroy' ? [segment] : []));
    if (kept.fate.fate !== 'keep' || !decision) return { fate: kept.fate, without };
    const { policy } = await catalogue.policy.of(decision.version);
    return { fate: keepingOf(policy, factsOf(call, site, listsOf), said, call, now), without };
  }

  /** The row says so first: what is interrupted is done again. */
  async function destroy(call: EndedCall, coverage: Coverage, segments: readonly Segment[]): Promise<void> {
    await catalogue.calls.decideCoverage(call.id, coverage);
    await drop(call, segments);
    log.info({ call: call.id, coverage: coverage.status, rule: coverage.rule }, 'Not kept');
  }

  async function drop(call: EndedCall, segments: readonly Segment[]): Promise<void> {
    await discard(call);
    for (const segment of segments) {
      for (const side of ['in', 'out'] as const) await remove(call.pbx, spoolName(segment, side));
      await catalogue.segments.save({ ...segment, state: 'dropped' });
    }
  }

  return {
    /**
     * Destroys the audio of a call that may not be kept. Returns the captures that are kept, `until: null` for a call of which none
     * is, and `until` (ms since 1970) for one that has to be decided again then.
     */
    async meet(
      call: EndedCall,
      segments: readonly Segment[],
    ): Promise<{ kept: readonly Segment[] } | { kept: null; until: number | null }> {
      const { fate, without } = await decide(call, segments);
      if (fate.fate === 'wait') return { kept: null, until: fate.until };
      if (fate.fate === 'destroy') {
        await destroy(call, fate.coverage, segments);
        return { kept: null, until: null };
      }
      if (without.length === 0) return { kept: segments };
      log.info({ call: call.id, captures: without.length }, 'Begun before everybody had agreed: not kept');
      await drop(call, without);
      return { kept: segments.filter((one) => !without.includes(one)) };
    },
  };
}

/** When a capture had begun, ms since 1970; null where that is not known. */
function begunAt({ inStartedAt, outStartedAt }: Segment): number | null {
  return inStartedAt === null && outStartedAt === null ? null : Math.max(inStartedAt ?? 0, outStartedAt ?? 0);
}
