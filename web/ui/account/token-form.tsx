import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { FaultSummary, type Faults, Field, FormActs } from '../kit/field.js';
import { useFaults, useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { proven } from '../sign-in/proof-dialog.js';
import { peopleApi, type TokenRight } from '../state/api-people.js';

const LENGTHS = [7, 30, 90, 365];

type Props = { possible: TokenRight[]; cancel: () => void; made: (secret: string) => void };

export function TokenForm({ possible, cancel, made }: Props) {
  const [name, setName] = useState('');
  const [rights, setRights] = useState<TokenRight[]>([]);
  const [days, setDays] = useState(90);
  const { busy, problem, setProblem, send } = useSending();

  const found: Faults = [];
  if (!name.trim()) found.push({ id: 'token-name', text: t.account.tokens.noName });
  if (rights.length === 0) found.push({ id: `token-${possible[0]}`, text: t.account.tokens.noRight });
  const { attempt, faults, fault, tried } = useFaults(found);

  const submit = (event: Event) => {
    event.preventDefault();
    setProblem(null);
    if (!tried()) return;
    send(async () => made((await proven(() => peopleApi.makeToken(name.trim(), rights, days))).secret));
  };
  if (possible.length === 0) return <p class="quiet">{t.account.tokens.noRights}</p>;
  const noRight = fault(`token-${possible[0]}`);
  return (
    <form class="form account-form token-form" noValidate onSubmit={submit}>
      <FaultSummary faults={faults} attempt={attempt} />
      {problem !== null && <ErrorNote problem={problem} />}
      <Field
        id="token-name"
        label={t.account.tokens.name}
        help={t.account.tokens.nameHelp}
        value={name}
        onInput={setName}
        error={fault('token-name')}
        maxLength={60}
        autofocus
      />
      <fieldset>
        <legend class="field-legend">{t.account.tokens.rights}</legend>
        {possible.map((right) => (
          <label class="check" key={right}>
            <input
              id={`token-${right}`}
              type="checkbox"
              checked={rights.includes(right)}
              onChange={(e) =>
                setRights(e.currentTarget.checked ? [...rights, right] : rights.filter((r) => r !== right))
              }
            />
            <span>{t.account.tokens.words[right]}</span>
          </label>
        ))}
        {noRight && <p class="field-error">{noRight}</p>}
      </fieldset>
      <div class="field field-narrow">
        <label for="token-days">{t.account.tokens.days}</label>
        <select id="token-days" value={days} onChange={(e) => setDays(Number(e.currentTarget.value))}>
          {LENGTHS.map((n) => (
            <option key={n} value={n}>
              {t.account.tokens.dayWords[n]}
            </option>
          ))}
        </select>
      </div>
      <FormActs send={busy ? t.account.tokens.busy : t.account.tokens.make} cancel={cancel} busy={busy} />
    </form>
  );
}
