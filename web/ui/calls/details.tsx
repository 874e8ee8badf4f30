import type { ComponentChildren } from 'preact';
import { badgeFor } from '../kit/badge.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { count } from '../messages/locale.js';
import { clean } from '../messages/numbers.js';
import { exact, length, size } from '../messages/when.js';
import { Sound, soundOf } from '../player/sound.js';
import type { CallDetail } from '../state/api.js';
import { pbxBeside } from '../state/pbxes.js';

/** Everything that is known of a call and its recording, for whoever has to check. */
export function Details({ call }: { call: CallDetail }) {
  const f = t.call.fields;
  const r = call.recording;
  const time = (iso: string | null | undefined) => iso && <time datetime={iso}>{exact(iso)}</time>;
  const text = (s: string | null | undefined) => s && clean(s) && <Verbatim text={s} />;
  const lines: [string, ComponentChildren][] = [
    [f.coverage, badgeFor(call).word],
    [f.reason, text(call.coverage.reason)],
    [
      f.rule,
      text(call.coverage.rule) ??
        (call.coverage.status === 'none' || call.coverage.status === 'imported' ? null : f.noRule),
    ],
    [
      f.policyVersion,
      call.decision && call.coverage.status !== 'none'
        ? call.decision.policy_version === 0
          ? f.asShipped
          : count(call.decision.policy_version)
        : null,
    ],
    [f.outcome, call.outcome && t.badge.outcomes[call.outcome]],
    [f.started, time(call.started_at)],
    [f.answered, time(call.answered_at)],
    [f.ended, time(call.ended_at)],
    [f.dialled, text(call.dialled)],
    [f.did, text(call.did)],
    [f.queue, text(call.queue)],
    [t.call.namesRemoved, time(call.names_removed_at)],
    [t.common.pbx, text(pbxBeside(call.pbx))],
    ...(call.imported
      ? ([
          [t.call.imported.file, text(call.imported.file)],
          [t.call.imported.format, `${call.imported.format}, ${size(call.imported.bytes)}`],
          [t.call.imported.cdrs, count(call.imported.cdr_rows)],
          [
            t.call.imported.sha,
            <code translate={false} key="original">
              {call.imported.sha256}
            </code>,
          ],
        ] satisfies [string, ComponentChildren][])
      : []),
    ...(r
      ? ([
          [f.length, length(r.duration_ms)],
          [f.size, size(r.bytes)],
          ...(r.quality
            ? ([
                [f.sound, <Sound key="sound" quality={r.quality} />],
                [f.soundThem, soundOf(r.quality, 'them')],
                [f.soundUs, soundOf(r.quality, 'us')],
              ] satisfies [string, ComponentChildren][])
            : []),
          [f.sealed, time(r.sealed_at)],
          [f.keepUntil, time(r.keep_until) ?? t.when.forEver],
          [f.keepRule, text(r.keep_rule) ?? f.noKeepRule],
          [t.call.kept.purpose, text(call.retention?.purpose ?? '')],
          [t.call.kept.basis, text(call.retention?.legal_basis ?? '')],
          [t.call.kept.notBefore, time(r.not_before)],
          [f.keepReason, text(r.keep_reason)],
          [
            t.call.kept.version,
            r.keep_version === null ? t.call.kept.older : t.call.kept.versionOf({ v: r.keep_version }),
          ],
          [f.erased, time(r.erased_at)],
          [
            f.sha,
            <code translate={false} key="sha">
              {r.sha256}
            </code>,
          ],
          [
            f.sealedSha,
            <code translate={false} key="sealed">
              {r.sealed_sha256}
            </code>,
          ],
          [
            f.recordingId,
            <code translate={false} key="id">
              {r.id}
            </code>,
          ],
        ] satisfies [string, ComponentChildren][])
      : []),
    [
      f.callId,
      <code translate={false} key="call">
        {call.id}
      </code>,
    ],
  ];
  return (
    <details class="details">
      <summary>{t.call.details}</summary>
      <dl>
        {lines
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </details>
  );
}
