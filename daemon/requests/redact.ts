import type { Verbs } from '../catalogue/catalogue.js';
import { onRecord } from '../catalogue/entries.js';
import { refuseNamed } from '../domain/call/named.js';
import { fail } from '../domain/error.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import { placeOf } from '../domain/paths.js';
import { reachedBy } from '../domain/people/reach.js';
import { playable } from '../domain/recording/playable.js';
import { isId, type Recording } from '../domain/recording/recording.js';
import { checkedStretches, type RedactionOrder, stretchesSaid } from '../domain/recording/redaction.js';
import { reasonFrom } from '../domain/typed.js';
import type { Askers } from './askers.js';

export type RedactRequestDeps = {
  catalogue: Verbs<
    'calls.get' | 'recordings.get' | 'recordings.of' | 'policy.newest' | 'audit.entries' | 'audited'
  >;
  askers: Pick<Askers, 'proved' | 'may'>;
  redactor: { redact(order: RedactionOrder): Promise<Recording> };
  clock: () => number;
  mint: (at: number) => string;
};

/** More of what left are not listed. */
const MOST_LEFT = 1_000;

/** Redactions: who may have what silenced, on record before anything is done; and where the versions before have gone. */
export function createRedactRequests({
  catalogue,
  askers,
  redactor,
  clock,
  mint,
}: RedactRequestDeps): Pick<ControlHandlers, 'redact_recording' | 'redacted_versions'> {
  /** Every time that sound of these versions was given to somebody, newest first. */
  async function left(versions: readonly Recording[]) {
    const found = [];
    for (const { id, version } of versions)
      for (const { at, actor_name: by, action } of await catalogue.audit.entries({
        ...{ recording: id, actions: ['play', 'download', 'export'], outcome: 'ok', limit: MOST_LEFT },
      }))
        found.push({ at, by, action: action as 'play' | 'download' | 'export', version });
    return found.toSorted((a, b) => b.at.localeCompare(a.at)).slice(0, MOST_LEFT);
  }

  const before = async ({ callId, of, version }: Recording) =>
    (await catalogue.recordings.of(callId)).filter((r) => r.of === of && r.version < version);

  return {
    async redact_recording(body) {
      const asker = await askers.proved('redact_recording', body, 'settings');
      const known = isId(body.recording) ? await catalogue.recordings.get(body.recording) : null;
      const stored = known && (await catalogue.calls.get(known.callId));
      if (!known || !stored) throw fail('recording_absent');
      const call = asker.person ? reachedBy(asker.person, 'view', stored).call : stored;
      const older = playable(call);
      if (older.id !== known.id) throw fail('redaction_refused', 'It is not the version that people hear.');
      const reason = reasonFrom(body.reason);
      if (reason === '') throw fail('request_invalid', 'reason: say why it is redacted');
      refuseNamed(stored, reason);
      const stretches = checkedStretches(
        body.stretches.map(({ side, from_ms: fromMs, until_ms: untilMs }) => ({ side, fromMs, untilMs })),
        older.durationMs,
      );
      const rule = (await catalogue.policy.newest()).policy.redaction?.older;
      const kept = rule === undefined ? body.older === 'keep' : rule === 'two_people';
      const at = clock();
      const by = asker.person?.name ?? ('console' in body.by ? `${body.by.console} (command line)` : '');
      const order: RedactionOrder = {
        ...placeOf(mint(at), call.startedAt),
        ...{ older: older.id, olderKept: kept, stretches, by, reason, at },
      };
      const about = {
        ...{ object: 'call', object_id: call.id, reason },
        detail: {
          recording: older.id,
          newer: order.id,
          older: kept ? 'keep' : 'destroy',
          stretches: stretchesSaid(stretches),
        },
      };
      await onRecord(catalogue, asker.entry('redact', about), (c) => c.recordings.redact(order));
      const made = await redactor.redact(order);
      return {
        recording: made.id,
        version: made.version,
        older: older.id,
        older_kept: (await catalogue.recordings.get(older.id))?.state === 'sealed',
        left: await left(await before(made)),
      };
    },

    async redacted_versions({ by, call: id }) {
      const { person } = await askers.may(by, 'settings');
      const stored = isId(id) ? await catalogue.calls.get(id) : null;
      const call = person ? reachedBy(person, 'view', stored).call : stored;
      if (!call) throw fail('call_unknown');
      const versions = call.recording ? await before(call.recording) : [];
      return { left: await left(versions) };
    },
  };
}
