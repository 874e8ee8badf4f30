import { useRef, useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { base64 } from '../kit/base64.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field, FormActs } from '../kit/field.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { proven } from '../sign-in/proof-dialog.js';
import { type ConsentFault, consentsApi } from '../state/api-consents.js';
import { faultText } from './fault-text.js';

/** As much as the server takes, in bytes. */
const LARGEST = 5_000_000;

const EMPTY = { number: '', contact: '', extensions: '', queues: '', given: '', how: '', until: '' };
type Texts = typeof EMPTY;

/** What a fault is about. */
const FIELD_OF: Partial<Record<ConsentFault['code'], keyof Texts>> = {
  number_missing: 'number',
  number_bad: 'number',
  number_country: 'number',
  contact_long: 'contact',
  names_many: 'extensions',
  given_bad: 'given',
  given_future: 'given',
  how_missing: 'how',
  how_long: 'how',
  until_bad: 'until',
  until_past: 'until',
};

/** A consent or an objection to be entered. */
export function AddConsent({ done, cancel }: { done: () => void; cancel: () => void }) {
  const [kind, setKind] = useState<'consent' | 'objection'>('objection');
  const [texts, setTexts] = useState(EMPTY);
  const [refused, setRefused] = useState<ConsentFault[]>([]);
  const [tooLarge, setTooLarge] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  const { busy, problem, send } = useSending();

  const submit = async (event: Event) => {
    event.preventDefault();
    setRefused([]);
    const chosen = file.current?.files?.[0];
    setTooLarge((chosen?.size ?? 0) > LARGEST);
    if (chosen && chosen.size > LARGEST) return file.current?.focus();
    await send(async () => {
      const { number, given, how, ...optional } = trimmed(texts);
      const body = { kind, number: number || ' ', given, how, ...filled(optional) };
      const document = chosen && (await base64(chosen));
      const { faults } = await proven(() => consentsApi.add({ ...body, ...(document && { document }) }));
      setRefused(faults);
      const [first] = faults;
      if (first) return focusOn(first);
      announce(t.consents.add.done({ number: clean(number) }));
      done();
    });
  };
  const field = (name: keyof Texts) => ({
    id: `consent-${name}`,
    value: texts[name],
    onInput: (value: string) => setTexts({ ...texts, [name]: value }),
    error: refused.filter(({ code }) => FIELD_OF[code] === name).map(faultText)[0],
  });
  return (
    <form class="form consents-form" noValidate onSubmit={submit} aria-labelledby="consent-add-title">
      <h2 id="consent-add-title">{t.consents.add.title}</h2>
      {problem !== null && <ErrorNote problem={problem} />}
      <fieldset>
        <legend class="field-legend">{t.consents.add.kind}</legend>
        {(['objection', 'consent'] as const).map((one) => (
          <label class="check" key={one}>
            <input type="radio" name="consent-kind" checked={kind === one} onChange={() => setKind(one)} />
            <span>{t.consents.add.kindOf[one]}</span>
          </label>
        ))}
      </fieldset>
      <Field
        {...field('number')}
        label={t.consents.add.number}
        help={t.consents.add.numberHelp}
        inputMode="tel"
        maxLength={40}
        autofocus
      />
      <Field
        {...field('contact')}
        label={t.consents.add.contact}
        help={t.consents.add.contactHelp}
        maxLength={80}
      />
      <Field {...field('given')} label={t.consents.add.given} type="date" />
      <Field
        {...field('how')}
        label={t.consents.add.how}
        help={t.consents.add.howHelp}
        maxLength={200}
        spellcheck
      />
      <Field {...field('until')} label={t.consents.add.until} help={t.consents.add.untilHelp} type="date" />
      <Field
        {...field('extensions')}
        label={t.consents.add.extensions}
        help={t.consents.add.scopeHelp}
        maxLength={2_000}
      />
      <Field {...field('queues')} label={t.consents.add.queues} maxLength={2_000} />
      <div class={tooLarge ? 'field field-bad' : 'field'}>
        <label for="consent-file">{t.consents.add.file}</label>
        <input
          id="consent-file"
          ref={file}
          type="file"
          accept=".pdf,.png,.jpg,.jpeg,application/pdf,image/png,image/jpeg"
          class="list-file"
          aria-invalid={tooLarge ? 'true' : undefined}
          aria-describedby={tooLarge ? 'consent-file-error consent-file-help' : 'consent-file-help'}
        />
        {tooLarge && (
          <p class="field-error" id="consent-file-error">
            {t.consents.add.tooLarge}
          </p>
        )}
        <p class="field-help" id="consent-file-help">
          {t.consents.add.fileHelp}
        </p>
      </div>
      <FormActs send={busy ? t.consents.add.busy : t.consents.add.button} cancel={cancel} busy={busy} />
    </form>
  );
}

const trimmed = (texts: Texts): Texts =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, text.trim()])) as Texts;
/** Those that were filled in. */
const filled = (texts: Partial<Texts>): Partial<Texts> =>
  Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''));

const focusOn = ({ code }: ConsentFault): void => {
  const name = FIELD_OF[code];
  if (name) document.getElementById(`consent-${name}`)?.focus();
};
