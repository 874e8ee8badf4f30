import { AlarmIcon, DownloadIcon, TickIcon } from '../kit/icons.js';
import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import { count, dayAndClock } from '../messages/when.js';
import type { AuditState } from '../state/api.js';
import { checkpointUrl } from '../state/api.js';
import { minute } from '../state/live.js';

const words = t.audit;

/** Whether the log is whole and signed, and where what was signed is kept. */
export function AuditStateNote({ state }: { state: AuditState }) {
  const { checkpoint, refused, entries } = state;
  return (
    <>
      <p class="answer">
        {refused === null && checkpoint ? <TickIcon class="audit-good" /> : <AlarmIcon class="audit-bad" />}{' '}
        {words.count(count(entries), entries === 1)} {refused === null && entries > 0 && words.chained}{' '}
        {checkpoint
          ? words.signed(
              dayAndClock(checkpoint.at, minute.value),
              count(checkpoint.size),
              checkpoint.size === 1,
            )
          : words.notSigned}
      </p>
      {refused !== null && (
        <div class="note note-alarm" role="alert">
          <AlarmIcon />
          <div>
            <p class="note-title">{words.refusedTitle}</p>
            <p>{clean(refused)}</p>
            <p>{words.refusedHint}</p>
          </div>
        </div>
      )}
      <Targets targets={state.targets} />
      <p class="quiet">{words.how}</p>
      {checkpoint && (
        <p>
          <a class="button" href={checkpointUrl()} download>
            <DownloadIcon />
            {words.takeCheckpoint}
          </a>
        </p>
      )}
    </>
  );
}

function Targets({ targets }: { targets: AuditState['targets'] }) {
  if (targets === null) return <p class="quiet">{words.noDaemon}</p>;
  if (targets.length === 0)
    return (
      <div class="note note-warn">
        <AlarmIcon />
        <p>{words.noTargets}</p>
      </div>
    );
  const when = (at: string) => dayAndClock(at, minute.value);
  return (
    <section class="audit-targets" aria-label={words.targetsTitle}>
      <h2>{words.targetsTitle}</h2>
      <ul>
        {targets.map((target) => (
          <li key={target.name}>
            {target.failing_since ? <AlarmIcon class="audit-bad" /> : <TickIcon class="audit-good" />}
            <span>
              {words.targets[target.name] ?? target.name}: <bdi>{clean(target.target)}</bdi>{' '}
              <span class="quiet">
                {target.last_sent_at ? words.lastSent(when(target.last_sent_at)) : words.neverSent}
                {target.waiting > 0 && `, ${words.waiting(target.waiting)}`}
              </span>
              {target.failing_since && (
                <span class="audit-problem">
                  {words.failing(when(target.failing_since))}: {clean(target.problem)}
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
