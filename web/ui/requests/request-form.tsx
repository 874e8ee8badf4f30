import { useState } from 'preact/hooks';
import { isBlank } from '../../../daemon/domain/blank.js';
import { ErrorNote } from '../kit/error-note.js';
import { FaultSummary, type Faults, Field, FormActs } from '../kit/field.js';
import { Select } from '../kit/select.js';
import { useFaults, useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { dayOf } from '../messages/when.js';
import type { PrivacyFacts, PrivacyRequest } from '../state/api-requests.js';
import { minute } from '../state/live.js';

type Props<T> = {
  /** The one that is changed; null for a new one. */
  request: PrivacyRequest | null;
  cancel: () => void;
  send: (facts: PrivacyFacts) => Promise<T>;
  done: (answer: T) => void;
};

const listed = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** Everything that is written down of a request. */
export function RequestForm<T>({ request, cancel, send: save, done }: Props<T>) {
  const [form, setForm] = useState({
    ...{ name: request?.name ?? '', contact: request?.contact ?? '', identity: request?.identity ?? '' },
    ...{ numbers: request?.numbers.join(', ') ?? '', from: request?.from ?? '', to: request?.to ?? '' },
    received: request?.received ?? dayOf(minute.value),
    confirmed: request?.confirmed ?? '',
  });
  const [kind, setKind] = useState<PrivacyFacts['kind']>(request?.kind ?? 'access');
  const [manner, setManner] = useState<PrivacyFacts['manner']>(request?.manner ?? 'email');
  /** Under the CCPA alone. */
  const confirms = kind === 'know' || kind === 'delete' || kind === 'correct';
  const { busy, problem, send } = useSending();
  const { form: f, kinds, manners } = t.requests;
  const numbers = listed(form.numbers);
  const found: Faults = [
    ...(isBlank(form.name) ? [{ id: 'request-name', text: f.nameMissing }] : []),
    ...(numbers.length === 0 ? [{ id: 'request-numbers', text: f.numbersMissing }] : []),
    ...(form.received === '' ? [{ id: 'request-received', text: f.receivedMissing }] : []),
  ];
  const { attempt, faults, fault, tried } = useFaults(found);
  /** One part of the form, as a field has it. */
  const part = (key: keyof typeof form) => ({
    ...{ id: `request-${key}`, label: f[key], value: form[key], error: fault(`request-${key}`) },
    onInput: (value: string) => setForm((of) => ({ ...of, [key]: value })),
  });
  const submit = async (e: Event) => {
    e.preventDefault();
    if (!tried()) return;
    const { name, contact, identity, from, to, received, confirmed } = form;
    await send(async () =>
      done(
        await save({
          ...{ kind, manner, numbers, received, from: from || null, to: to || null },
          confirmed: (confirms && confirmed) || null,
          ...{ name: name.trim(), contact: contact.trim(), identity: identity.trim() },
        }),
      ),
    );
  };
  const title = request ? f.changeTitle : f.title;
  return (
    <form class="requests-form" onSubmit={submit} noValidate aria-label={title}>
      <h2>{title}</h2>
      <FaultSummary faults={faults} attempt={attempt} />
      <Select
        {...{ id: 'request-kind', label: f.kind, value: kind, choose: setKind }}
        choices={Object.entries(kinds) as [PrivacyFacts['kind'], string][]}
      />
      <Field {...part('name')} maxLength={120} autofocus />
      <Field {...part('contact')} help={f.contactHelp} maxLength={300} />
      <Field {...part('identity')} help={f.identityHelp} maxLength={300} />
      <Field {...part('numbers')} help={f.numbersHelp} />
      <Field {...part('from')} type="date" narrow />
      <Field {...part('to')} help={f.windowHelp} type="date" narrow />
      <Select
        {...{ id: 'request-manner', label: f.manner, value: manner, choose: setManner, narrow: true }}
        choices={Object.entries(manners) as [PrivacyFacts['manner'], string][]}
      />
      <Field {...part('received')} help={f.receivedHelp} type="date" narrow />
      {confirms && <Field {...part('confirmed')} help={f.confirmedHelp} type="date" narrow />}
      {problem !== null && <ErrorNote problem={problem} />}
      <FormActs send={busy ? f.busy : f.send} cancel={cancel} busy={busy} inDialog />
    </form>
  );
}
