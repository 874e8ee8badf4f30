import { useEffect, useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { PlusIcon } from '../kit/icons.js';
import { TableHead } from '../kit/table-head.js';
import { left } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { type Consent, type Consents, consentsApi } from '../state/api-consents.js';
import { mayDo } from '../state/rights.js';
import { AddConsent } from './add-consent.js';
import { ConsentRow } from './consent-row.js';
import { ImportConsents } from './import-consents.js';

/** Standing consents and objections: a page of them at first, or those for numbers with some digits. */
export function ConsentsPage() {
  const [digits, setDigits] = useState('');
  const [found, setFound] = useState<Consents | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [adding, setAdding] = useState<'one' | 'file' | null>(null);
  const [changed, setChanged] = useState(0);
  const fixed = !mayDo('settings');
  const wanted = digits.replace(/\D/g, '');
  const load = () => {
    let asked = true;
    setProblem(null);
    consentsApi.list(wanted).then(
      (page) => {
        if (asked) setFound(page);
      },
      (cause) => {
        if (asked) setProblem(cause);
      },
    );
    return () => {
      asked = false;
    };
  };
  useEffect(load, [changed, wanted]);
  const more = (before: number) =>
    consentsApi
      .list(wanted, before)
      .then(
        (page) => setFound({ ...page, consents: [...(found?.consents ?? []), ...page.consents] }),
        setProblem,
      );
  const put = (consent: Consent) =>
    setFound(
      (of) => of && { ...of, consents: of.consents.map((one) => (one.id === consent.id ? consent : one)) },
    );
  return (
    <div class="sheet consents">
      <header class="sheet-head">
        <h1>{t.consents.title}</h1>
        {found && <p class="answer">{t.consents.summary({ n: found.total })}</p>}
        <p class="quiet">{t.consents.intro}</p>
        {fixed && <p class="quiet">{t.rights.readOnly}</p>}
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!found && problem === null && <p class="quiet">{t.common.loading}</p>}
      {found && (
        <div class="consents-acts">
          {!fixed && !adding && (
            <button id="consent-new" type="button" class="button" onClick={() => setAdding('one')}>
              <PlusIcon />
              {t.consents.add.open}
            </button>
          )}
          {!fixed && !adding && (
            <button id="consents-import" type="button" class="button" onClick={() => setAdding('file')}>
              {t.consents.import.open}
            </button>
          )}
          {found.total > 0 && (
            <a class="button" href={consentsApi.csv()} download>
              {t.consents.export}
            </a>
          )}
        </div>
      )}
      {adding === 'one' && (
        <AddConsent
          done={() => {
            setChanged((n) => n + 1);
            left(() => setAdding(null), 'consent-new');
          }}
          cancel={() => left(() => setAdding(null), 'consent-new')}
        />
      )}
      {adding === 'file' && (
        <ImportConsents
          done={() => setChanged((n) => n + 1)}
          cancel={() => left(() => setAdding(null), 'consents-import')}
        />
      )}
      {found && found.total === 0 && !adding && !fixed && <p class="quiet">{t.consents.emptyHelp}</p>}
      {found && found.total > 0 && (
        <Field
          id="consent-search"
          label={t.consents.search}
          help={t.consents.searchHelp}
          value={digits}
          onInput={setDigits}
          inputMode="tel"
          maxLength={40}
          narrow
        />
      )}
      {found && found.total > 0 && found.consents.length === 0 && (
        <p class="quiet">{t.consents.noMatch({ digits: wanted })}</p>
      )}
      {found && found.consents.length > 0 && (
        <table class="table consents-table">
          <TableHead columns={columnsFor(fixed)} />
          <tbody>
            {found.consents.map((consent) => (
              <ConsentRow key={consent.id} consent={consent} fixed={fixed} put={put} />
            ))}
          </tbody>
        </table>
      )}
      {found?.before != null && (
        <p>
          <button type="button" class="button" onClick={() => more(found.before!)}>
            {t.consents.more}
          </button>
        </p>
      )}
    </div>
  );
}

function columnsFor(fixed: boolean): Record<string, string> {
  const { act, ...columns } = t.consents.columns;
  return fixed ? columns : { ...columns, act };
}
