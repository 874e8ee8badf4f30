import type { Verbs } from '../../catalogue/catalogue.js';
import { putOnRecord } from '../../catalogue/entries.js';
import { digestOfShown, isOpen, type JsonValue } from '../../domain/approval/approval.js';
import type { NewEntry } from '../../domain/assurance/audit.js';
import { refuseNamed } from '../../domain/call/named.js';
import { type NewRun, RETENTION_RUN } from '../../domain/certificate/certificate.js';
import { iso } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import { eraseObject } from '../../domain/operations/control/erasing.js';
import type { ControlHandlers } from '../../domain/operations/control.js';
import { mayDo } from '../../domain/people/person.js';
import { reachedBy } from '../../domain/people/reach.js';
import { matcher } from '../../domain/privacy/matching.js';
import { mayErase, type PrivacyRequest } from '../../domain/privacy/request.js';
import { because } from '../../domain/reason/reason.js';
import { reasonView, type Say } from '../../domain/reason/words.js';
import { isId, type Recording } from '../../domain/recording/recording.js';
import type { EraseResult } from '../../domain/retention/run.js';
import { reasonFrom } from '../../domain/typed.js';
import type { ApprovalsOf } from '../approvals.js';
import type { Asker, Askers } from '../askers.js';
import { nameOf } from '../rules.js';

export type EraseDeps = {
  catalogue: Verbs<
    | 'calls.get'
    | 'recordings.of'
    | 'holds.guard'
    | 'policy.newest'
    | 'privacyRequests.get'
    | 'privacyRequests.exclusions'
    | 'audit.append'
  >;
  askers: Pick<Askers, 'proved'>;
  approvals: Pick<ApprovalsOf, 'newest' | 'ask' | 'use'>;
  retain: {
    run(options: { confirm?: string; run: NewRun }): Promise<EraseResult>;
    eraseAll(
      ids: readonly string[],
      why: ReturnType<typeof because<'erased_by_hand'>>,
      run: NewRun,
    ): Promise<EraseResult>;
  };
  clock: () => number;
  say: Say;
};

/** So many calls an entry names. */
const MOST_NAMED = 100;
const NOTHING = { erased: 0, failed: 0, left: 0, protected: 0 };

/** Recordings that are due are erased without waiting for the schedule, and recordings that somebody names. */
export function createEraseRequests({
  catalogue,
  askers,
  approvals,
  retain,
  clock,
  say,
}: EraseDeps): Pick<ControlHandlers, 'run_retention' | 'erase_calls'> {
  /** Every version that is kept, oldest call first. */
  async function recordingsOf(
    calls: readonly string[],
    person: Parameters<typeof reachedBy>[0] | null,
    reason: string,
  ) {
    const found: { recording: Recording; startedAt: number }[] = [];
    for (const id of new Set(calls)) {
      const stored = isId(id) ? await catalogue.calls.get(id) : null;
      if (!stored || stored.test) throw fail('call_unknown', id);
      const call = person ? reachedBy(person, 'view', stored).call : stored;
      refuseNamed(stored, reason);
      const versions = await catalogue.recordings.of(call.id);
      if (versions.some(({ state }) => state === 'erasing')) throw fail('recording_erasing', id);
      const sealed = versions.filter(({ state }) => state === 'sealed');
      if (sealed.length === 0) throw fail('recording_absent', id);
      for (const recording of sealed) found.push({ recording, startedAt: call.startedAt });
    }
    return found.toSorted((a, b) => a.startedAt - b.startedAt);
  }

  /** The request for which these calls are erased. Throws what `erase_calls` throws of requests. */
  async function requestOf(id: string, calls: readonly string[], { person }: Asker): Promise<PrivacyRequest> {
    if (person && !mayDo(person, 'privacy')) throw fail('forbidden');
    const request = await catalogue.privacyRequests.get(id);
    if (!request) throw fail('privacy_unknown', id);
    if (request.state === 'closed') throw fail('privacy_closed', `Request ${request.number}`);
    if (!mayErase(request.kind))
      throw fail('privacy_refused', 'This request does not ask to erase anything.');
    if (request.identity === '')
      throw fail('privacy_refused', 'Write down first how the identity of the person was checked.');
    const out = new Set((await catalogue.privacyRequests.exclusions(id)).map(({ callId }) => callId));
    const theirs = matcher(request);
    for (const one of calls) {
      const call = isId(one) ? await catalogue.calls.get(one) : null;
      if (!call || !theirs(call)) throw fail('call_unknown', one);
      if (out.has(call.id)) throw fail('privacy_refused', 'A call of these was left out of the request.');
    }
    return request;
  }

  /** The second person who has approved exactly this, or the approval that is waited for. */
  async function approvalOf(
    asker: Asker,
    what: { act: 'erase'; object: string; shown: JsonValue },
    reason: string,
  ): Promise<{ approvedBy: NewRun['approvedBy'] } | { waiting: string }> {
    if (!(await catalogue.policy.newest()).policy.approvals?.erase) return { approvedBy: null };
    const found = asker.person && (await approvals.newest(asker.person, what));
    if (found?.allowed) {
      const used = await approvals.use(asker, { ...what, id: found.approval.id });
      return { approvedBy: used.approvedBy };
    }
    const same = found?.approval.digest === digestOfShown(what.shown) && isOpen(found.approval, clock());
    return { waiting: same ? found.approval.id : (await approvals.ask(asker, { ...what, reason })).id };
  }

  return {
    async run_retention(body) {
      const asker = await askers.proved('run_retention', body, 'settings');
      const { by, confirm } = body;
      const entry = asker.entry('retention_run', { detail: { confirm: confirm ?? '' } });
      await putOnRecord(catalogue, entry);
      const run = { ...RETENTION_RUN, requestedBy: requester(entry, by, asker) };
      return retain.run(confirm === undefined ? { run } : { confirm, run });
    },

    async erase_calls(body) {
      const asker = await askers.proved('erase_calls', body, 'settings');
      const { by, calls, confirm } = body;
      const reason = reasonFrom(body.reason);
      if (reason === '') throw fail('request_invalid', 'reason: say why they are erased');
      const word = `erase ${new Set(calls).size}`;
      if (confirm !== word) throw fail('request_invalid', `confirm: send "${word}"`);
      const named = await recordingsOf(calls, asker.person, reason);
      const request = body.request === undefined ? null : await requestOf(body.request, calls, asker);
      const about: Record<string, number> = request ? { request: request.number } : {};
      const refused = [];
      for (const { recording } of named) {
        const why = await catalogue.holds.guard(recording.id, clock());
        if (why !== null)
          refused.push({ call_id: recording.callId, recording_id: recording.id, ...reasonView(why, say) });
      }
      if (refused.length > 0) return { ...NOTHING, refused, approval: null };
      const name = nameOf(by, asker.person?.name);
      const what = {
        act: 'erase' as const,
        object: eraseObject(calls),
        shown: { ...shownOf(named), ...about },
      };
      const approval = await approvalOf(asker, what, reason);
      if ('waiting' in approval) return { ...NOTHING, refused: [], approval: approval.waiting };
      const { approvedBy } = approval;
      const entry = asker.entry('erase', {
        ...{ object: 'call', object_id: calls.length === 1 ? calls[0]! : '', reason },
        detail: {
          ...{ recordings: named.length, ...about },
          ...(approvedBy === null ? {} : { approved_by: approvedBy.name }),
          calls: [...new Set(named.map(({ recording }) => recording.callId))].slice(0, MOST_NAMED),
        },
      });
      await putOnRecord(catalogue, entry);
      const why = because('erased_by_hand', { by: name, approvedBy: approvedBy?.name ?? null, reason });
      const ids = named.map(({ recording }) => recording.id);
      const result = await retain.eraseAll(ids, why, {
        ...{ kind: request ? 'request' : 'by_hand', requestedBy: requester(entry, by, asker), approvedBy },
        ...{ reference: request ? `Request ${request.number}` : '', reason },
      });
      return { ...result, refused: [], approval: null };
    },
  };
}

/** Who asks, for the certificate. */
const requester = (
  { actor, actor_id: id }: NewEntry,
  by: Parameters<typeof nameOf>[0],
  { person }: Asker,
): NewRun['requestedBy'] => ({ actor, id, name: nameOf(by, person?.name) });

/** What the second person approves: exactly these. */
const shownOf = (named: readonly { recording: Recording; startedAt: number }[]) => ({
  recordings: named.map(({ recording, startedAt }) => ({
    ...{ id: recording.id, call: recording.callId, started_at: iso(startedAt) },
  })),
});
