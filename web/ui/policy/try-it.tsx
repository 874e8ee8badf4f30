import { useState } from 'preact/hooks';
import { writePbx } from '../../../daemon/domain/place.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { api, type Policy, type PolicyTest, type PolicyVerdict } from '../state/api.js';
import { pbxes, severalPbxes } from '../state/pbxes.js';
import { Verdict } from './verdict.js';

/** What may still become known of a call that was answered. */
const LATE = ['queue', 'extension', 'number', 'account', 'variable'] as const;
const facts = ['number', 'extension', 'queue', 'did', 'trunk', 'account', 'variable', 'list', 'at'] as const;

/** Asks the server what the rules on the page, saved or not, would do with a call. */
export function TryIt({ policy, unsaved }: { policy: Policy; unsaved: boolean }) {
  const [direction, setDirection] = useState<PolicyTest['direction']>('in');
  const [pbx, setPbx] = useState('first');
  const [unknown, setUnknown] = useState<readonly (typeof LATE)[number][]>([]);
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
    if (unknown.length > 0) test.unknown = [...unknown];
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
        <fieldset class="checks" aria-describedby="try-unknown">
          <legend>{t.policy.tryIt.unknown}</legend>
          <p class="field-help" id="try-unknown">
            {t.policy.tryIt.unknownHelp}
          </p>
          {LATE.map((fact) => (
            <label class="check" key={fact}>
              <input
                type="checkbox"
                checked={unknown.includes(fact)}
                onChange={(e) =>
                  setUnknown(
                    e.currentTarget.checked ? [...unknown, fact] : unknown.filter((other) => other !== fact),
                  )
                }
              />
              <span>{t.policy.tryIt[fact]}</span>
            </label>
          ))}
        </fieldset>
        <button type="submit" class="button" disabled={busy}>
          {busy ? t.policy.tryIt.busy : t.policy.tryIt.button}
        </button>
      </form>
      {problem !== null && <ErrorNote problem={problem} />}
      <div role="status">{verdict?.by === policy && <Verdict said={verdict.said} />}</div>
    </section>
  );
}
