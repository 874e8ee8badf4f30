import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { FaultSummary, type Faults, Field } from '../kit/field.js';
import { Select } from '../kit/select.js';
import { useFaults, useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { holdsApi, type NewMatter } from '../state/api-holds.js';

type Query = NonNullable<NewMatter['query']>;
type Direction = '' | NonNullable<Query['direction']>;

/** The search that the list of calls was narrowed to when somebody came from there; null for nobody. */
export function fromSearch(): URLSearchParams | null {
  const given = new URLSearchParams(location.search);
  return given.has('new') ? given : null;
}

const listed = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** Opens a matter; what it is to hold may be the search that somebody came from. */
export function OpenMatter({ cancel }: { cancel: () => void }) {
  const [given] = useState(() => fromSearch() ?? new URLSearchParams());
  const [form, setForm] = useState({
    ...{ name: '', reason: '', numbers: '', extensions: '', queues: '' },
    ...{ text: given.get('q') ?? '', from: given.get('from') ?? '', to: given.get('to') ?? '' },
  });
  const [direction, setDirection] = useState((given.get('direction') ?? '') as Direction);
  const { busy, problem, send } = useSending();
  const c = t.holds.create;
  const put = (part: keyof typeof form) => (value: string) => setForm((of) => ({ ...of, [part]: value }));
  const found: Faults = [
    ...(form.name.trim() === '' ? [{ id: 'matter-name', text: c.nameMissing }] : []),
    ...(form.reason.trim() === '' ? [{ id: 'matter-reason', text: c.reasonMissing }] : []),
  ];
  const { attempt, faults, fault, tried } = useFaults(found);
  const submit = async (e: Event) => {
    e.preventDefault();
    if (!tried()) return;
    const { text, from, to } = form;
    const query: Query = {
      ...(text.trim() && { text: text.trim() }),
      ...(form.numbers && { numbers: listed(form.numbers) }),
      ...(form.extensions && { extensions: listed(form.extensions) }),
      ...(form.queues && { queues: listed(form.queues) }),
      ...(from && { from }),
      ...(to && { to }),
      ...(direction && { direction }),
      ...(given.get('pbx') && { pbx: given.get('pbx')! }),
    };
    await send(async () => {
      const asks = Object.keys(query).length > 0;
      const { id } = await holdsApi.open({
        ...{ name: form.name.trim(), reason: form.reason.trim() },
        ...(asks && { query }),
      });
      location.assign(`/holds/${id}`);
    });
  };
  return (
    <form class="holds-form" onSubmit={submit} noValidate aria-label={c.title}>
      <h2>{c.title}</h2>
      <FaultSummary faults={faults} attempt={attempt} />
      <Field
        {...{ id: 'matter-name', label: c.name, help: c.nameHelp, value: form.name, onInput: put('name') }}
        {...{ error: fault('matter-name'), maxLength: 80, autofocus: true }}
      />
      <Field
        {...{ id: 'matter-reason', label: c.reason, help: c.reasonHelp, value: form.reason }}
        {...{ onInput: put('reason'), error: fault('matter-reason'), maxLength: 300 }}
      />
      <fieldset>
        <legend>{c.which}</legend>
        <p class="quiet">{c.whichHelp}</p>
        <Field
          {...{ id: 'matter-text', label: c.text, help: c.textHelp, value: form.text, onInput: put('text') }}
          maxLength={200}
        />
        <Field
          {...{ id: 'matter-numbers', label: c.numbers, help: c.several, value: form.numbers }}
          onInput={put('numbers')}
        />
        <Field
          {...{ id: 'matter-extensions', label: c.extensions, help: c.several, value: form.extensions }}
          onInput={put('extensions')}
        />
        <Field
          {...{ id: 'matter-queues', label: c.queues, help: c.several, value: form.queues }}
          onInput={put('queues')}
        />
        <Field
          {...{
            id: 'matter-from',
            label: c.from,
            value: form.from,
            onInput: put('from'),
            type: 'date' as const,
          }}
          narrow
        />
        <Field
          {...{ id: 'matter-to', label: c.to, help: c.toHelp, value: form.to, onInput: put('to') }}
          {...{ type: 'date' as const, narrow: true }}
        />
        <Select<Direction>
          {...{ id: 'matter-direction', label: c.direction, value: direction, choose: setDirection }}
          choices={[['', c.any], ...Object.entries(t.holds.query.directions)] as [Direction, string][]}
          narrow
        />
      </fieldset>
      {problem !== null && <ErrorNote problem={problem} />}
      <div class="dialog-acts">
        <button type="button" class="button" onClick={cancel}>
          {t.common.cancel}
        </button>
        <button type="submit" class="button button-main" disabled={busy}>
          {busy ? c.busy : c.send}
        </button>
      </div>
    </form>
  );
}
