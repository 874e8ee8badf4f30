import { AlarmIcon, TickIcon, WaitIcon } from '../kit/icons.js';
import { t } from '../messages/en/messages.js';
import { linked, status } from '../state/live.js';
import { mayDo } from '../state/rights.js';

export function StatusChip() {
  const s = status.value;
  if (!linked.value)
    return (
      <p class="status status-warn" role="status" title={`${t.status.lostText} ${t.status.lostHint}`}>
        <WaitIcon />
        <span>{t.status.lost}</span>
      </p>
    );
  if (!s)
    return (
      <p class="status" role="status">
        <WaitIcon />
        <span>{t.status.checking}</span>
      </p>
    );
  if (!mayDo('oversee')) return <Bare works={s.health.level !== 'red'} />;
  if (s.health.level !== 'green')
    return (
      <p class={`status status-${s.health.level === 'red' ? 'alarm' : 'warn'}`} role="status">
        <a href="/health" title={s.health.problems[0]?.message}>
          <AlarmIcon />
          <span>{s.health.level === 'red' ? t.status.problem : t.status.attention}</span>
        </a>
      </p>
    );
  const now = [
    s.calls_now > 0 && t.status.calls(s.calls_now),
    s.recording_now > 0 && t.status.recording(s.recording_now),
    s.preserving > 0 && t.status.preserving(s.preserving),
  ].filter(Boolean);
  return (
    <p class="status status-good" title={t.status.version(s.pbx.version)}>
      <a href="/health">
        <TickIcon />
        <span>{t.status.connected}</span>
        {now.length > 0 && <span class="status-now">{now.join(', ')}</span>}
      </a>
    </p>
  );
}

/** For who does not oversee the box: whether it works, and nothing to open. */
function Bare({ works }: { works: boolean }) {
  return (
    <p
      class={`status status-${works ? 'good' : 'alarm'}`}
      role="status"
      title={works ? t.rights.workingLong : t.rights.notWorking}
    >
      {works ? <TickIcon /> : <AlarmIcon />}
      <span>{works ? t.rights.working : t.status.problem}</span>
    </p>
  );
}
