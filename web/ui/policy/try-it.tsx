import { useState } from 'preact/hooks';
import { writePbx } from '../../../daemon/domain/place.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { NoIcon, TickIcon } from '../kit/icons.js';
import { Sentence } from '../kit/sentence.js';
import { useSending } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { api, type Policy, type PolicyTest, type PolicyVerdict } from '../state/api.js';
import { pbxes, severalPbxes } from '../state/pbxes.js';

const facts = ['number', 'extension', 'queue', 'did', 'trunk', 'account', 'variable', 'list', 'at'] as const;

/** Asks the server what the rules on the page, saved or not, would do with a call. */
export function TryIt({ policy, unsaved }: { policy: Policy; unsaved: boolean }) {
  const [direction, setDirection] = useState<PolicyTest['direction']>('in');
  const [pbx, setPbx] = useState('first');
  const [texts, setTexts] = useState(facts.map(() => ''));
  const [verdict, setVerdict] = useState<{ by: Policy; said: PolicyVerdict } | null>(null);
  const { busy, problem, send } = useSending();

  const submit = async (event: Event) => {
    event.preventDefault();
    const test: PolicyTest = { policy, direction, ...(severalPbxes() ? { pbx } : {}) };
    facts.forEach((f, i) => {
      const text = texts[i]?.trim();
      if (text) test[f] = text;
    });
    const done = await send(async () => setVerdict({ by: policy, said: await api.testPolicy(test) }));
    if (!done) setVerdict(null);
  };
  return (
    <section class="try" aria-labelledby="try-title">
      <h2 id="try-title">{t.policy.tryIt.title}</h2>
      <p class="quiet">{t.policy.tryIt.intro}</p>
      {unsaved && <p class="try-draft">{t.policy.tryIt.draft}</p>}
      <form class="form" noValidate onSubmit={submit}>
        {severalPbxes() && (
          <div class="field">
            <label for="try-pbx">{t.policy.tryIt.pbx}</label>
            <div class="field-line">
              <select id="try-pbx" value={pbx} onChange={(e) => setPbx(e.currentTarget.value)}>
                {pbxes().map(({ id, name }) => (
                  <option key={id} value={writePbx(id)} translate={false}>
                    {clean(name)}
                  </option>
                ))}
              </select>
            </div>
          </div>
        )}
        <div class="field">
          <label for="try-direction">{t.policy.tryIt.direction}</label>
          <div class="field-line">
            <select
              id="try-direction"
              value={direction}
              onChange={(e) => setDirection(e.currentTarget.value as PolicyTest['direction'])}
            >
              {(['in', 'out', 'internal'] as const).map((d) => (
                <option key={d} value={d}>
                  {t.calls.directionLong[d]}
                </option>
              ))}
            </select>
          </div>
        </div>
        {facts.map((f, i) => (
          <Field
            key={f}
            id={`try-${f}`}
            label={t.policy.tryIt[f]}
            value={texts[i] ?? ''}
            help={f === 'at' ? t.policy.tryIt.atHelp : undefined}
            maxLength={80}
            onInput={(value) => setTexts(texts.map((x, n) => (n === i ? value : x)))}
          />
        ))}
        <button type="submit" class="button" disabled={busy}>
          {busy ? t.policy.tryIt.busy : t.policy.tryIt.button}
        </button>
      </form>
      {problem !== null && <ErrorNote problem={problem} />}
      <div role="status">{verdict?.by === policy && <Verdict said={verdict.said} />}</div>
    </section>
  );
}

function Verdict({ said }: { said: PolicyVerdict }) {
  return (
    <div class="verdict">
      <p class="verdict-line">
        {said.outcome === 'record' ? <TickIcon /> : <NoIcon />}
        <span>
          <strong>
            {said.outcome === 'skip'
              ? t.policy.tryIt.notRecorded
              : said.outcome !== 'record'
                ? t.policy.tryIt[said.outcome]
                : said.keep_days === null
                  ? t.policy.tryIt.keptForEver
                  : t.policy.tryIt.kept({ days: said.keep_days })}
          </strong>
        </span>
      </p>
      <Because rule={said.rule} reason={said.reason} />
      {said.outcome === 'record' && <Because rule={said.keep_rule} reason={said.keep_reason} />}
    </div>
  );
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
