import { Sentence } from '../../kit/sentence.js';
import { Verbatim } from '../../kit/verbatim.js';
import { t } from '../../messages/language.js';
import { count } from '../../messages/locale.js';
import { clean, readable } from '../../messages/numbers.js';
import { date } from '../../messages/when.js';
import type { Told } from './events.js';

/** As the API names a place of which nothing is known. */
const UNKNOWN = 'unknown';
const modeName = (mode: string): string => t.telling.modes[mode] ?? mode;

/** By what it was decided how people are told: the places, the rule and the policy. */
export function ToldWhy({ told }: { told: Told }) {
  const mode = modeName(told.mode);
  const language = t.telling.languages[told.language] ?? told.language;
  return (
    <details class="details told-why">
      <summary>{t.told.whyTitle}</summary>
      <p>
        {told.mode === 'silent' || told.mode === 'beep'
          ? t.told.modeSilent({ mode })
          : t.told.mode({ mode, language })}
      </p>
      <ul>
        {told.because.map((reason, i) => (
          <li key={i}>
            <Reason reason={reason} told={told} />
          </li>
        ))}
      </ul>
      {told.prompt_in_recording && <p>{t.told.inRecording}</p>}
      {told.purpose === 'said' && <p>{t.told.purposeSaid}</p>}
      {told.number !== null && (
        <p>
          {clean(told.number) ? (
            <Sentence
              of={t.told.number}
              parts={{
                number: (
                  <bdi title={clean(told.number)} translate={false}>
                    {readable(clean(told.number))}
                  </bdi>
                ),
              }}
            />
          ) : (
            t.told.withheld
          )}
        </p>
      )}
      <p class="quiet">
        {told.policy_version === 0 ? t.told.shipped : t.told.version({ n: count(told.policy_version) })}{' '}
        {t.telling.notice}
      </p>
    </details>
  );
}

function Reason({ reason, told }: { reason: Told['because'][number]; told: Told }) {
  const { wants } = t.told;
  switch (reason.code) {
    case 'default':
      return wants.default({ mode: modeName(reason.mode) });
    case 'rule': {
      const mode = modeName(reason.mode);
      if (!told.rule) return wants.ruleUnnamed({ mode });
      return (
        <Sentence
          of={(marks) => wants.rule({ ...marks, mode })}
          parts={{ rule: <Verbatim text={told.rule} /> }}
        />
      );
    }
    case 'silent_not_confirmed':
      return wants.unconfirmed;
    case 'standing_consent':
      return wants.standing;
    case 'jurisdiction': {
      const law = told.jurisdictions.find(({ id, from }) => id === reason.id && from === reason.from);
      const mode = modeName(reason.needs);
      if (reason.id === UNKNOWN)
        return wants[reason.from === 'number' ? 'unknownNumber' : 'unknownSite']({ mode });
      return (
        <>
          <Sentence
            of={(marks) => wants[reason.from]({ ...marks, mode })}
            parts={{ place: <Verbatim text={reason.name} /> }}
          />{' '}
          {law && (
            <span class="quiet">
              {law.overridden ? t.told.own : t.told.asOf({ date: date(`${law.as_of}T12:00:00Z`) })}
            </span>
          )}
        </>
      );
    }
  }
}
