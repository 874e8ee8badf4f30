import type { Verbs } from '../../catalogue/catalogue.js';
import { putOnRecord } from '../../catalogue/entries.js';
import type { StoredCall } from '../../catalogue/stored-call.js';
import { isOpen, stateOf } from '../../domain/approval/approval.js';
import { refuseNamed } from '../../domain/call/named.js';
import type { NewRun } from '../../domain/certificate/certificate.js';
import { fail } from '../../domain/error.js';
import type { ControlHandlers } from '../../domain/operations/control.js';
import { mayEver, type Person } from '../../domain/people/person.js';
import { coversAll, reachedBy } from '../../domain/people/reach.js';
import { because, type Why } from '../../domain/reason/reason.js';
import { inWords } from '../../domain/reason/words.js';
import { keptOlder, type Older, olderAmong, shownOlder } from '../../domain/recording/older.js';
import { isId, type RecordingId } from '../../domain/recording/recording.js';
import { reasonFrom } from '../../domain/typed.js';
import type { ApprovalsOf } from '../approvals.js';
import type { Asker, Askers } from '../askers.js';
import type { Taking } from '../taking.js';

type ApprovedDeps = {
  catalogue: Verbs<'calls.get' | 'recordings.get' | 'recordings.of'>;
  approvals: Pick<ApprovalsOf, 'newest'>;
};

export type OlderDeps = {
  catalogue: ApprovedDeps['catalogue'] & Verbs<'policy.newest' | 'holds.guard' | 'audit.append' | 'audited'>;
  askers: Pick<Askers, 'of' | 'proved'>;
  approvals: Pick<ApprovalsOf, 'ask' | 'use' | 'newest'>;
  /** The key of a recording. Throws `key_missing`. */
  identity: (recordingId: string) => Promise<string>;
  taking: Taking;
  /** Erases a version for good. Idempotent. */
  eraseVersion: (id: RecordingId, why: Why, run: NewRun) => Promise<void>;
  clock: () => number;
};

const asked = (of: Older) => ({ act: 'hear_older' as const, object: of.older.id, shown: shownOlder(of) });

/** Throws unless this person has that right on all of this call: an earlier version is given whole or not at all. */
function refuseOthers(person: Person, right: 'play' | 'export', call: StoredCall, { older }: Older): void {
  const { stretches } = reachedBy(person, right, call);
  if (!coversAll(stretches, older.durationMs)) throw fail('forbidden', 'You reach a part of this call only.');
}

/** Finds versions of a recording from before a redaction, and those that may be given to somebody. */
export function createKeptVersions({ catalogue, approvals }: ApprovedDeps) {
  async function known(id: string): Promise<{ call: StoredCall; of: Older }> {
    const recording = isId(id) ? await catalogue.recordings.get(id) : null;
    const call = recording && (await catalogue.calls.get(recording.callId));
    if (!recording || !call) throw fail('recording_absent');
    return { call, of: keptOlder(await catalogue.recordings.of(recording.callId), id) };
  }
  return {
    known,
    /**
     * Returns a version that this person may have now, as a second person has approved, and what the approval is used with. Throws
     * `recording_absent`, `key_missing`, `forbidden`, `approval_missing`.
     */
    async approved(asker: Asker, id: string, right: 'play' | 'export') {
      const person = hearer(asker);
      const { call, of } = await known(id);
      refuseOthers(person, right, call, of);
      const what = asked(of);
      const found = await approvals.newest(person, what);
      if (!found?.allowed) throw fail('approval_missing');
      return { person, call, of, approval: found.approval, use: { ...what, id: found.approval.id } };
    },
  };
}

/**
 * Versions of a recording from before a redaction, where they were kept. They are given to nobody, unless a second person approves that
 * somebody listens to one, for a day.
 */
export function createOlderRequests(
  deps: OlderDeps,
): Pick<ControlHandlers, 'earlier_versions' | 'ask_older' | 'open_older' | 'erase_older'> {
  const { catalogue, askers, approvals, clock } = deps;
  const { known, approved } = createKeptVersions(deps);

  return {
    async earlier_versions({ by, call: id }) {
      const { person } = await askers.of(by);
      const stored = isId(id) ? await catalogue.calls.get(id) : null;
      const call = person ? reachedBy(person, 'view', stored).call : stored;
      if (!call) throw fail('call_unknown');
      const { redaction: rule } = (await catalogue.policy.newest()).policy;
      const versions = [];
      for (const of of olderAmong(await catalogue.recordings.of(call.id))) {
        const { older, redaction } = of;
        const kept = older.state === 'sealed';
        const found = person && !person.only && kept ? await approvals.newest(person, asked(of)) : null;
        versions.push({
          ...{ recording: older.id, version: older.version, duration_ms: older.durationMs, kept },
          ...{ redacted_by: redaction.by, redacted_at: redaction.at, reason: redaction.reason },
          stretches: redaction.stretches.map(({ side, fromMs, untilMs }) => ({
            ...{ side, from_ms: fromMs, until_ms: untilMs },
          })),
          ...{ erased_at: older.erasedAt, approval: found?.approval.id ?? null },
          access: found ? stateOf(found.approval, clock()) : null,
          until: found?.approval.expiresAt ?? null,
          may_ask: kept && person !== null && !person.only && hears(person, call, of),
        });
      }
      return { rule: rule?.older ?? null, versions };
    },

    async ask_older({ by, recording, reason }) {
      const asker = await askers.of(by);
      const person = hearer(asker);
      const { call, of } = await known(recording);
      refuseOthers(person, 'play', call, of);
      refuseNamed(call, reason);
      const what = asked(of);
      const before = await approvals.newest(person, what);
      if (before && isOpen(before.approval, clock())) return { approval: before.approval.id };
      return { approval: (await approvals.ask(asker, { ...what, reason })).id };
    },

    async open_older({ by, recording: id, as }) {
      const asker = await askers.of(by);
      const { person, call, of, approval, use } = await approved(asker, id, 'play');
      deps.taking.take(person);
      await approvals.use(asker, use, () => [
        asker.entry(as, {
          ...{ object: 'call', object_id: call.id, reason: approval.reason },
          detail: { recording: id, version: of.older.version, approval: approval.id },
        }),
      ]);
      if ((await catalogue.recordings.get(id))?.state !== 'sealed') throw fail('key_missing');
      return { recording: id, identity: await deps.identity(id) };
    },

    async erase_older(body) {
      const asker = await askers.proved('erase_older', body, 'settings');
      const { call, of } = await known(body.recording);
      if (asker.person) reachedBy(asker.person, 'view', call);
      const reason = reasonFrom(body.reason);
      if (reason === '') throw fail('request_invalid', 'reason: say why it is erased');
      refuseNamed(call, reason);
      // Erasing asks again, with the intent; here it keeps the log from naming an erasure that is refused.
      const kept = await catalogue.holds.guard(of.older.id, clock());
      if (kept)
        throw fail(kept.code === 'before_minimum' ? 'kept_by_minimum' : 'kept_by_hold', inWords(kept));
      const about = { object: 'call', object_id: call.id, reason };
      const detail = { recording: of.older.id, version: of.older.version };
      const entry = asker.entry('older_erase', { ...about, detail });
      await putOnRecord(catalogue, entry);
      const { actor, actor_id, actor_name: name } = entry;
      await deps.eraseVersion(of.older.id, because('redacted'), {
        ...{ kind: 'redaction', requestedBy: { actor, id: actor_id, name }, approvedBy: null },
        ...{ reference: '', reason },
      });
      return {};
    },
  };
}

/** Throws `forbidden` for the command line and for API tokens. */
function hearer({ person }: Asker): Person {
  if (!person || person.only) throw fail('forbidden', 'This cannot be done with an API token.');
  return person;
}

/** Whether somebody may play all of this call. */
function hears(person: Person, call: StoredCall, { older }: Older): boolean {
  if (!mayEver(person, 'play')) return false;
  try {
    return coversAll(reachedBy(person, 'play', call).stretches, older.durationMs);
  } catch {
    return false;
  }
}
