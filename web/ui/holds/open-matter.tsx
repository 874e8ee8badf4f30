import { useState } from 'preact/hooks';
import { isBlank } from '../../../daemon/domain/blank.js';
import { ErrorNote } from '../kit/error-note.js';
import { FaultSummary, type Faults, Field, FormActs } from '../kit/field.js';
import { useFaults, useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { holdsApi } from '../state/api-holds.js';
import { askedBy, formOfSearch, QueryFields } from './query-fields.js';

/** The search that the list of calls was narrowed to when somebody came from there; null for nobody. */
export function fromSearch(): URLSearchParams | null {
  const given = new URLSearchParams(location.search);
  return given.has('new') ? given : null;
}

/** Opens a matter; what it is to hold may be the search that somebody came from. */
export function OpenMatter({ cancel }: { cancel: () => void }) {
  const [query, setQuery] = useState(() => formOfSearch(fromSearch() ?? new URLSearchParams()));
  const [form, setForm] = useState({ name: '', reason: '' });
  const { busy, problem, send } = useSending();
  const c = t.holds.create;
  const put = (part: keyof typeof form) => (value: string) => setForm((of) => ({ ...of, [part]: value }));
  const found: Faults = [
    ...(isBlank(form.name) ? [{ id: 'matter-name', text: c.nameMissing }] : []),
    ...(isBlank(form.reason) ? [{ id: 'matter-reason', text: c.reasonMissing }] : []),
  ];
  const { attempt, faults, fault, tried } = useFaults(found);
  const submit = async (e: Event) => {
    e.preventDefault();
    if (!tried()) return;
    const asked = askedBy(query);
    await send(async () => {
      const { id } = await holdsApi.open({
        ...{ name: form.name.trim(), reason: form.reason.trim() },
        ...(asked && { query: asked }),
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
      <QueryFields form={query} change={setQuery} />
      {problem !== null && <ErrorNote problem={problem} />}
      <FormActs send={busy ? c.busy : c.send} cancel={cancel} busy={busy} inDialog />
    </form>
  );
}
