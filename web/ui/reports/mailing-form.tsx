import { useState } from 'preact/hooks';
import { Dialog } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { FaultSummary, type Faults, Field } from '../kit/field.js';
import { CrossIcon } from '../kit/icons.js';
import { Select } from '../kit/select.js';
import { useFaults, useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { proven } from '../sign-in/proof-dialog.js';
import { type Mailing, type MailingFacts, type Mailings, mailingsApi } from '../state/api-mailings.js';
import type { ReportName } from '../state/api-reports.js';

type Props = Pick<Mailings, 'people' | 'nameless'> & {
  reports: readonly ReportName[];
  /** The one that is changed; null for a new one. */
  mailing: Mailing | null;
  close: () => void;
  done: () => void;
};
type Recipient = MailingFacts['recipients'][number];

/** As the server has it: what it refuses besides, it says. */
const ADDRESS = /^[^\s@<>(),;:"]{1,100}@[^\s@<>(),;:"]{1,99}$/;
const LAST_DAY = 28;
const MOST = 20;

/** Which report is sent, of which days, when, to whom, and whether its file is in the mail. */
export function MailingForm({ reports, people, nameless, mailing, close, done }: Props) {
  const [report, setReport] = useState<ReportName>(mailing?.report ?? reports[0]!);
  const [period, setPeriod] = useState<MailingFacts['period']>(mailing?.period ?? 'last_month');
  const [day, setDay] = useState(String(mailing?.day ?? 2));
  const personal = !nameless.includes(report);
  /** Null until somebody has chosen: a report that names people is not attached by itself. */
  const [chosen, setChosen] = useState<boolean | null>(mailing?.attach ?? null);
  const attach = chosen ?? !personal;
  const [to, setTo] = useState<Recipient[]>(
    mailing?.recipients.map(({ person, address }) => ({ person, address })) ?? [{ person: '', address: '' }],
  );
  const { busy, problem, send } = useSending();
  const f = t.reports.mailings.form;
  const n = Number(day);
  const found: Faults = [
    ...(Number.isInteger(n) && n >= 1 && n <= LAST_DAY ? [] : [{ id: 'mailing-day', text: f.dayHelp }]),
    ...to.flatMap(({ person, address }, at) => [
      ...(person === '' ? [{ id: `mailing-person-${at}`, text: f.personMissing }] : []),
      ...(ADDRESS.test(address.trim()) ? [] : [{ id: `mailing-address-${at}`, text: f.addressWrong }]),
    ]),
  ];
  const { attempt, faults, fault, tried } = useFaults(found);
  const change = (at: number, part: Partial<Recipient>) =>
    setTo(to.map((one, k) => (k === at ? { ...one, ...part } : one)));
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!tried()) return;
    const recipients = to.map(({ person, address }) => ({ person, address: address.trim() }));
    const facts = { report, period, day: n, attach, recipients };
    if (await send(() => proven(() => mailingsApi.save(mailing?.id ?? null, facts)))) done();
  };
  const nameOf = (id: string) => people.find((one) => one.id === id)?.name ?? '';
  return (
    <Dialog title={f.title} onClose={close}>
      <form class="dialog-body" noValidate onSubmit={submit}>
        <FaultSummary faults={faults} attempt={attempt} />
        <Select
          {...{ id: 'mailing-report', label: f.report, value: report, choose: setReport }}
          choices={reports.map((name) => [name, t.reports.names[name]] as const)}
        />
        <Select
          {...{ id: 'mailing-period', label: f.period, value: period, choose: setPeriod, narrow: true }}
          choices={Object.entries(t.reports.mailings.periods) as [MailingFacts['period'], string][]}
        />
        <Field
          {...{ id: 'mailing-day', label: f.day, value: day, onInput: setDay, help: f.dayHelp, narrow: true }}
          {...{ type: 'number', inputMode: 'numeric', error: fault('mailing-day') }}
        />
        <fieldset>
          <legend class="field-legend">{f.what}</legend>
          {[true, false].map((file) => (
            <label key={String(file)} class="check">
              <input
                type="radio"
                name="mailing-what"
                checked={attach === file}
                onChange={() => setChosen(file)}
              />
              <span>{file ? f.attach : f.link}</span>
            </label>
          ))}
          {personal && attach && <p class="note note-warn">{f.personal}</p>}
        </fieldset>
        <fieldset class="mailing-to">
          <legend class="field-legend">{f.recipients}</legend>
          {to.map(({ person, address }, at) => (
            <div key={at} class="mailing-recipient">
              <Select
                {...{ id: `mailing-person-${at}`, label: f.person, value: person, data: true }}
                {...{ choose: (id) => change(at, { person: id }), error: fault(`mailing-person-${at}`) }}
                choices={[['', f.choose], ...people.map(({ id, name }) => [id, name] as [string, string])]}
              />
              <Field
                {...{ id: `mailing-address-${at}`, label: f.address, value: address, maxLength: 200 }}
                {...{
                  onInput: (text) => change(at, { address: text }),
                  error: fault(`mailing-address-${at}`),
                }}
              />
              {to.length > 1 && (
                <button
                  type="button"
                  class="icon-button"
                  aria-label={f.fewer({ name: nameOf(person) })}
                  onClick={() => setTo(to.filter((_, k) => k !== at))}
                >
                  <CrossIcon />
                </button>
              )}
            </div>
          ))}
          {to.length < MOST && (
            <button type="button" class="button" onClick={() => setTo([...to, { person: '', address: '' }])}>
              {f.more}
            </button>
          )}
        </fieldset>
        {problem !== null && <ErrorNote problem={problem} />}
        <div class="dialog-acts">
          <button type="button" class="button" onClick={close}>
            {t.common.cancel}
          </button>
          <button type="submit" class="button button-main" disabled={busy}>
            {f.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
