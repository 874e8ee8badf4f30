import { Badge } from '../../kit/badge.js';
import { InIcon, InternalIcon, MissedIcon, OutIcon } from '../../kit/icons.js';
import { Sentence } from '../../kit/sentence.js';
import { OnPbx } from '../../kit/verbatim.js';
import { t } from '../../messages/language.js';
import { exactParty, isNamed, nameOf, numberBeside } from '../../messages/people.js';
import { exact, length, lengthInWords, recently } from '../../messages/when.js';
import type { Picking } from '../../retention/retention-table.js';
import type { CallSummary } from '../../state/api.js';
import { minute, second } from '../../state/live.js';
import { Match } from '../match.js';

type Props = {
  call: CallSummary;
  href: string;
  chosen: boolean;
  reachable: boolean;
  search: string;
  /** Its position in its day, from 1, and how many calls the day has; -1 while that is not known. */
  position: number;
  size: number;
  /** Calls are being picked; left out while they are not. */
  picking?: Picking | undefined;
};

/** One call in one line. */
export function CallRow({ call, href, chosen, reachable, search, position, size, picking }: Props) {
  const number = numberBeside(call.them);
  const name = nameOf(call.them);
  const nameIsNumber = /^\+?[\d ()-]+$/.test(name);
  return (
    <li
      class={picking ? 'row-picking' : undefined}
      data-item={call.id}
      aria-posinset={position}
      aria-setsize={size}
    >
      {picking && <Pick call={call} picking={picking} />}
      <a
        id={`row-${call.id}`}
        class="call-row"
        href={href}
        data-call={call.id}
        tabIndex={reachable ? 0 : -1}
        aria-current={chosen ? 'true' : undefined}
      >
        <DirectionIcon call={call} />
        <span class="unseen">
          {t.calls.rowDirection({ direction: t.calls.directionLong[call.direction] })}
        </span>
        <span
          class="row-them"
          title={exactParty(call.them)}
          translate={isNamed(call.them) ? false : undefined}
        >
          <Match text={name} search={search} class={nameIsNumber ? 'row-name row-name-number' : 'row-name'} />
          {number && <Match text={number} search={search} class="row-number" />}
          <span class="row-pbx">
            <OnPbx id={call.pbx} />
          </span>
        </span>
        <span class="row-us" title={exactParty(call.us)} data-said="title">
          <Sentence
            of={t.calls.rowUs}
            parts={{ us: <Match text={nameOf(call.us)} search={search} said={isNamed(call.us)} /> }}
            between="unseen"
          />{' '}
          <OnPbx id={call.pbx} />
        </span>
        <span class="row-badges">
          <Badge call={call} />
          {call.held && (
            <span class="badge badge-quiet row-held" title={t.held.badgeHelp} data-said="title">
              <span class="badge-word">{t.held.badge}</span>
            </span>
          )}
        </span>
        <Length call={call} />
        <time class="row-when" datetime={call.started_at} title={exact(call.started_at)}>
          {recently(call.started_at, minute.value)}
        </time>
      </a>
    </li>
  );
}

/** Of a call without a recording there is nothing to erase. */
function Pick({ call, picking }: { call: CallSummary; picking: Picking }) {
  return (
    <input
      type="checkbox"
      disabled={call.recording?.state !== 'sealed'}
      checked={picking.picked.has(call.id)}
      onChange={() => picking.toggle(call.id)}
      aria-label={t.erase.pick({ who: nameOf(call.them), when: exact(call.started_at) })}
    />
  );
}

export function DirectionIcon({ call }: { call: CallSummary }) {
  if (call.state === 'ended' && call.outcome !== 'answered' && call.direction === 'in')
    return <MissedIcon class="row-missed" />;
  if (call.direction === 'in') return <InIcon class="row-direction" />;
  return call.direction === 'out' ? (
    <OutIcon class="row-direction" />
  ) : (
    <InternalIcon class="row-direction" />
  );
}

function Length({ call }: { call: CallSummary }) {
  if (call.state === 'live') return <Running since={call.answered_at ?? call.started_at} />;
  if (call.talk_ms === null || call.state === 'ringing') return <span class="row-length">–</span>;
  return (
    <span class="row-length" title={lengthInWords(call.talk_ms)}>
      {length(call.talk_ms)}
    </span>
  );
}

export function Running({ since }: { since: string }) {
  return <span class="row-length row-running">{length(Math.max(0, second.value - Date.parse(since)))}</span>;
}
