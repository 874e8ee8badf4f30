import type { ComponentChildren } from 'preact';
import { t } from '../messages/language.js';
import type { CallSummary } from '../state/api.js';
import {
  AlarmIcon,
  GoneIcon,
  ImportIcon,
  LiveIcon,
  MissedIcon,
  NoIcon,
  PartIcon,
  TickIcon,
  WaitIcon,
} from './icons.js';

type Look = { word: string; tone: string; icon: ComponentChildren };

/** What became of a call, in a word, a sign and a colour; the usual case is only a sign. */
export function badgeFor(call: CallSummary): Look {
  const { status } = call.coverage;
  if (call.state === 'ringing') return { word: t.badge.ringing, tone: 'wait', icon: <WaitIcon /> };
  if (call.state === 'live' && (status === 'pending' || status === 'none'))
    return { word: t.badge.live, tone: 'live', icon: <LiveIcon /> };
  if (call.recording?.state === 'erased') return { word: t.badge.erased, tone: 'quiet', icon: <GoneIcon /> };
  if (call.recording?.state === 'erasing')
    return { word: t.badge.erasing, tone: 'quiet', icon: <GoneIcon /> };
  switch (status) {
    case 'recorded':
      return { word: t.badge.recorded, tone: 'good', icon: <TickIcon /> };
    case 'partial':
      return { word: t.badge.partial, tone: 'warn', icon: <PartIcon /> };
    case 'excluded':
      return { word: t.badge.excluded, tone: 'quiet', icon: <NoIcon /> };
    case 'declined':
      return { word: t.badge.declined, tone: 'quiet', icon: <NoIcon /> };
    case 'not_kept':
      return { word: t.badge.not_kept, tone: 'quiet', icon: <NoIcon /> };
    case 'imported':
      return { word: t.badge.imported, tone: 'quiet', icon: <ImportIcon /> };
    case 'not_recorded':
      return { word: t.badge.not_recorded, tone: 'alarm', icon: <AlarmIcon /> };
    case 'pending':
      return { word: t.badge.making, tone: 'wait', icon: <WaitIcon /> };
    default:
      return { word: t.badge.outcomes[call.outcome ?? 'no_answer'], tone: 'quiet', icon: <MissedIcon /> };
  }
}

export function Badge({ call }: { call: CallSummary }) {
  const { word, tone, icon } = badgeFor(call);
  return (
    <span
      class={`badge badge-${tone}`}
      title={call.coverage.reason || word}
      data-said={call.coverage.reason ? 'title' : undefined}
    >
      {icon}
      <span class={tone === 'good' ? 'unseen' : 'badge-word'}>{word}</span>
    </span>
  );
}
