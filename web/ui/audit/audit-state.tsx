import { AlarmIcon, DownloadIcon, TickIcon } from '../kit/icons.js';
import { Sentence } from '../kit/sentence.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { dayAndClock } from '../messages/when.js';
import type { AuditState } from '../state/api.js';
import { checkpointUrl } from '../state/api.js';
import { minute } from '../state/live.js';

/** Whether the log is whole and signed, and where what was signed is kept. */
export function AuditStateNote({ state }: { state: AuditState }) {
  const { checkpoint, refused, entries } = state;
  return (
    <>
      <p class="answer">
        {refused === null && checkpoint ? <TickIcon class="audit-good" /> : <AlarmIcon class="audit-bad" />}{' '}
        {t.audit.count({ n: entries })} {refused === null && entries > 0 && t.audit.chained}{' '}
        {checkpoint
          ? t.audit.signed({ when: dayAndClock(checkpoint.at, minute.value), size: checkpoint.size })
          : t.audit.notSigned}
      </p>
      {refused !== null && (
        <div class="note note-alarm" role="alert">
          <AlarmIcon />
          <div>
            <p class="note-title">{t.audit.refusedTitle}</p>
            <p translate={false}>{clean(refused)}</p>
            <p>{t.audit.refusedHint}</p>
          </div>
        </div>
      )}
      <Targets targets={state.targets} />
      <p class="quiet">{t.audit.how}</p>
      {checkpoint && (
        <p>
          <a class="button" href={checkpointUrl()} download>
            <DownloadIcon />
            {t.audit.takeCheckpoint}
          </a>
        </p>
      )}
    </>
  );
}

function Targets({ targets }: { targets: AuditState['targets'] }) {
  if (targets === null) return <p class="quiet">{t.audit.noDaemon}</p>;
  if (targets.length === 0)
    return (
      <div class="note note-warn">
        <AlarmIcon />
        <p>{t.audit.noTargets}</p>
      </div>
    );
  const when = (at: string) => dayAndClock(at, minute.value);
  return (
    <section class="audit-targets" aria-label={t.audit.targetsTitle}>
      <h2>{t.audit.targetsTitle}</h2>
      <ul>
        {targets.map((target) => (
          <li key={target.name}>
            {target.failing_since ? <AlarmIcon class="audit-bad" /> : <TickIcon class="audit-good" />}
            <span>
              <Sentence
                of={(marks) =>
                  t.audit.target({ ...marks, name: t.audit.targets[target.name] ?? target.name })
                }
                parts={{ target: <Verbatim text={target.target} /> }}
              />{' '}
              <span class="quiet">
                {t.audit.targetState({
                  last: target.last_sent_at && when(target.last_sent_at),
                  waiting: target.waiting,
                })}
              </span>
              {target.failing_since && (
                <span class="audit-problem">
                  {t.audit.failing({ since: when(target.failing_since), problem: clean(target.problem) })}
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
