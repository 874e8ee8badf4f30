import type { Status } from '../api.js';
import { linked, status } from '../live.js';
import { t } from '../messages/en.js';
import { AlarmIcon, TickIcon, WaitIcon } from './icons.js';

/** What is wrong in a sentence and what to do about it, or null when all is well. */
export function problemOf(s: Status): { message: string; hint: string } | null {
  if (s.daemon === 'down') return { message: t.status.down, hint: t.status.downHint };
  if (s.pbx.problem) return s.pbx.problem;
  if (!s.pbx.ari || !s.pbx.ami) return { message: t.status.pbxLost, hint: t.status.pbxLostHint };
  return null;
}

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
        <span class="status-word">{t.status.checking}</span>
      </p>
    );
  if (problemOf(s))
    return (
      <p class="status status-alarm" role="status">
        <AlarmIcon />
        <span>{t.status.problem}</span>
      </p>
    );
  const now = [
    s.calls_now > 0 && t.status.calls(s.calls_now),
    s.recording_now > 0 && t.status.recording(s.recording_now),
    s.preserving > 0 && t.status.preserving(s.preserving),
  ].filter(Boolean);
  return (
    <p class="status status-good" title={t.status.version(s.pbx.version)}>
      <TickIcon />
      <span class="status-word">{t.status.connected}</span>
      {now.length > 0 && <span class="status-now">{now.join(', ')}</span>}
    </p>
  );
}
