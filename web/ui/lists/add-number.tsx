import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { type Faults, Field } from '../kit/field.js';
import { useFaults, useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { proven } from '../sign-in/proof-dialog.js';
import { type ImportFault, type NumberList, rulesApi } from '../state/api-rules.js';
import { faultText } from './import-numbers.js';

/** A number to be put on a list. */
export function AddNumber({ list, done }: { list: NumberList; done: () => void }) {
  const [number, setNumber] = useState('');
  const [note, setNote] = useState('');
  const [until, setUntil] = useState('');
  const [refused, setRefused] = useState<ImportFault[]>([]);
  const { busy, problem, send } = useSending();
  const found: Faults = number.trim() ? [] : [{ id: 'number-add', text: t.lists.add.none }];
  const { fault, tried } = useFaults(found);
  const ofEnd = refused.filter(({ code }) => code.startsWith('until'));
  const ofNumber = refused.filter(({ code }) => !code.startsWith('until'));

  const submit = async (event: Event) => {
    event.preventDefault();
    setRefused([]);
    if (!tried()) return document.getElementById('number-add')?.focus();
    await send(async () => {
      const given = { number: number.trim(), note: note.trim(), ...(until && { until }) };
      const { faults } = await proven(() => rulesApi.addNumber(list.name, given));
      setRefused(faults);
      if (faults.length > 0) return;
      announce(t.lists.add.done({ number: clean(number) }));
      setNumber('');
      setNote('');
      setUntil('');
      done();
    });
  };
  return (
    <form class="form" noValidate onSubmit={submit} aria-labelledby="number-add-title">
      <h2 id="number-add-title">{t.lists.add.title}</h2>
      {problem !== null && <ErrorNote problem={problem} />}
      <Field
        id="number-add"
        label={t.lists.add.number}
        help={t.lists.add.numberHelp}
        value={number}
        onInput={setNumber}
        inputMode="tel"
        maxLength={40}
        error={fault('number-add') ?? ofNumber.map(faultText)[0]}
      />
      <Field
        id="number-note"
        label={t.lists.note}
        help={t.lists.add.noteHelp}
        value={note}
        onInput={setNote}
        maxLength={200}
        spellcheck
      />
      <Field
        id="number-until"
        label={t.lists.add.until}
        help={t.lists.add.untilHelp}
        type="date"
        value={until}
        onInput={setUntil}
        error={ofEnd.map(faultText)[0]}
        narrow
      />
      <div class="save-acts">
        <button type="submit" class="button button-main" disabled={busy}>
          {busy ? t.lists.add.busy : t.lists.add.button}
        </button>
      </div>
    </form>
  );
}
