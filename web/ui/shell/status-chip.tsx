import { AlarmIcon, TickIcon, WaitIcon } from '../kit/icons.js';
import { t } from '../messages/language.js';
import { clock } from '../messages/when.js';
import { linked, silentSince, status } from '../state/live.js';
import { mayDo } from '../state/rights.js';

export function StatusChip() {
  const s = status.value;
  if (!linked.value)
    return (
      <p class="status status-warn" role="status" title={`${t.status.lostText} ${t.status.lostHint}`}>
        <WaitIcon />
        <span>
          {silentSince.value === null ? t.status.lost : t.status.silent({ since: clock(silentSince.value) })}
        </span>
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
        <a href="/health" title={s.health.problems[0]?.message} data-said="title">
          <AlarmIcon />
          <span>{s.health.level === 'red' ? t.status.problem : t.status.attention}</span>
        </a>
      </p>
    );
  const now = t.status.now({ calls: s.calls_now, recording: s.recording_now, processing: s.preserving });
  return (
    <p
      class="status status-good"
      title={t.status.version({ v: s.pbxes.map((pbx) => pbx.version).join(', ') })}
    >
      <a href="/health">
        <TickIcon />
        <span>{t.status.connected}</span>
        {now && <span class="status-now">{now}</span>}
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
