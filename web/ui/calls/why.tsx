import type { ComponentChildren } from 'preact';
import { AlarmIcon, GoneIcon, LiveIcon, NoIcon, PartIcon, WaitIcon } from '../kit/icons.js';
import { Sentence } from '../kit/sentence.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { dateAndClock } from '../messages/when.js';
import type { CallDetail } from '../state/api.js';
import { mayDo } from '../state/rights.js';
import { isDeclined } from './controls.js';

type Said = { tone: string; icon: ComponentChildren; text: string; reason: string } | null;

/** Why there is nothing to hear, or not all of it; null when the recording is whole. */
function say(call: CallDetail): Said {
  const words = t.call.why;
  const { status, rule } = call.coverage;
  const reason = clean(call.coverage.reason);
  const note = (tone: string, icon: ComponentChildren, text: string, because = reason): Said => ({
    tone,
    icon,
    text,
    reason: because,
  });
  if (call.state === 'ringing') return note('plain', <WaitIcon />, words.ringing, '');
  if (call.state === 'live' && status === 'excluded') return note('plain', <NoIcon />, words.liveExcluded);
  if (call.state === 'live' && (status === 'declined' || isDeclined(call)))
    return note('plain', <NoIcon />, words.liveDeclined, '');
  if (call.state === 'live') return note('live', <LiveIcon />, words.live, '');
  const r = call.recording;
  if (r?.state === 'erased')
    return note(
      'plain',
      <GoneIcon />,
      words.erased({ when: r.erased_at ? dateAndClock(r.erased_at) : '' }),
      clean(r.erase_reason ?? ''),
    );
  if (r?.state === 'erasing') return note('plain', <GoneIcon />, words.erasing, clean(r.erase_reason ?? ''));
  switch (status) {
    case 'recorded':
      return r ? null : note('alarm', <AlarmIcon />, words.gone);
    case 'partial':
      return note('warn', <PartIcon />, words.partial);
    case 'excluded':
      return note('plain', <NoIcon />, rule ? words.excluded({ rule: clean(rule) }) : words.excludedNoRule);
    case 'declined':
      return note('plain', <NoIcon />, words.declined);
    case 'not_kept':
      return note('plain', <NoIcon />, rule ? words.notKept({ rule: clean(rule) }) : words.notKeptNoRule);
    case 'imported':
      return r ? null : note('alarm', <AlarmIcon />, words.gone);
    case 'not_recorded':
      return note('alarm', <AlarmIcon />, words.notRecorded);
    case 'pending':
      return note('live', <WaitIcon />, words.making);
    default:
      return note('plain', <NoIcon />, words.nobody[call.outcome ?? 'no_answer'], '');
  }
}

export function Why({ call }: { call: CallDetail }) {
  const said = say(call);
  return (
    <div role="status">
      {said && (
        <div class={`note note-${said.tone}`}>
          {said.icon}
          <div>
            <p class="note-title">{said.text}</p>
            {call.certificate !== null && mayDo('oversee') && (
              <p>
                <a href={`/certificates/${call.certificate}`}>{t.call.why.certificate}</a>
              </p>
            )}
            {said.reason && (
              <p>
                <Sentence of={t.call.why.because} parts={{ reason: <Verbatim text={said.reason} /> }} />
              </p>
            )}
          </div>
        </div>
      )}
    </div>
  );
}
