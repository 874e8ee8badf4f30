import { NoIcon, TickIcon } from '../kit/icons.js';
import { Sentence } from '../kit/sentence.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { dateAndClock } from '../messages/when.js';
import type { PolicyVerdict } from '../state/api.js';

type WouldTell = NonNullable<PolicyVerdict['telling']>;

/** What would happen to a call: whether it is recorded, how its people are told, how long it is kept, and why. */
export function Verdict({ said }: { said: PolicyVerdict }) {
  const { outcome, open } = said;
  return (
    <div class="verdict">
      {open && (
        <>
          <p>
            <strong>{t.would.open({ facts: said.awaits })}</strong>
          </p>
          <p>{t.would.meanwhile[said.meanwhile]}</p>
          <p>{t.would.otherwise}</p>
        </>
      )}
      <p class="verdict-line">
        {outcome === 'record' ? <TickIcon /> : <NoIcon />}
        <span>
          <strong>
            {outcome === 'skip'
              ? t.policy.tryIt.notRecorded
              : outcome !== 'record'
                ? t.policy.tryIt[outcome]
                : said.keep_days === null
                  ? t.policy.tryIt.keptForEver
                  : t.policy.tryIt.kept({ days: said.keep_days })}
          </strong>
        </span>
      </p>
      <Because rule={said.rule} reason={said.reason} />
      {(outcome !== 'skip' || open) && <Told telling={said.telling} />}
      {outcome !== 'skip' && (
        <>
          {outcome !== 'record' && <p>{t.would.retention({ days: said.keep_days })}</p>}
          <Because rule={said.keep_rule} reason={said.keep_reason} />
          {said.not_before && (
            <p class="quiet">{t.keeping.notBefore({ day: dateAndClock(said.not_before) })}</p>
          )}
          {said.keep_until && <p class="quiet">{t.keeping.until({ day: dateAndClock(said.keep_until) })}</p>}
        </>
      )}
    </div>
  );
}

function Told({ telling }: { telling: WouldTell | null }) {
  if (!telling) return <p>{t.would.tellsNobody}</p>;
  const { mode, beep_seconds: seconds, language } = telling;
  const spoken = mode !== 'silent' && mode !== 'beep';
  return (
    <>
      <p>
        {t.would.told({
          how: seconds === null ? t.would.how[mode] : t.would.tone({ s: seconds }),
          language: spoken ? (t.telling.languages[language] ?? language) : '',
        })}
      </p>
      <ul class="verdict-why quiet">
        {telling.because.map((one) => (
          <li key={`${one.code} ${one.from} ${one.id}`}>{becauseOf(one, telling.rule)}</li>
        ))}
        {telling.prompt_in_recording && <li>{t.telling.inRecording}</li>}
        {telling.purpose_and_identity && (
          <li>{telling.lacks_purpose ? t.telling.saysNotWho : t.telling.saysWhoAndWhy}</li>
        )}
      </ul>
    </>
  );
}

function becauseOf(one: WouldTell['because'][number], rule: string | null): string {
  if (one.code === 'jurisdiction')
    return t.would.place({
      ...{ name: clean(one.name ?? ''), from: one.from ?? 'site' },
      how: t.would.needs[one.needs ?? 'ask'],
    });
  return one.code === 'rule' ? t.would.byRule({ name: clean(rule ?? '') }) : t.would[one.code];
}

function Because({ rule, reason }: { rule: string | null; reason: string }) {
  return (
    <p class="quiet">
      <Sentence
        of={(marks) =>
          rule === null
            ? t.policy.tryIt.byDefault(marks)
            : t.policy.tryIt.byRule({ ...marks, name: clean(rule) })
        }
        parts={{ reason: <Verbatim text={reason} /> }}
      />
    </p>
  );
}
