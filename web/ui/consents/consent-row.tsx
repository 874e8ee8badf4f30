import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { Dialog } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { TableLabel } from '../kit/table-label.js';
import { useSending } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean, readable } from '../messages/numbers.js';
import { placeName } from '../messages/places.js';
import { date, dateAndClock, size } from '../messages/when.js';
import { proven } from '../sign-in/proof-dialog.js';
import { type Consent, consentsApi } from '../state/api-consents.js';
import { EraseConsent } from './erase-consent.js';

type Props = { consent: Consent; fixed: boolean; put: (consent: Consent) => void };

/** One consent or objection, and what can be done to it. */
export function ConsentRow({ consent, fixed, put }: Props) {
  const { kind, number, contact, state, given_at, how, added_by, added_at } = consent;
  const shown = readable(clean(number));
  return (
    <tr class={state === 'in_force' ? undefined : 'consent-over'}>
      <td class="consent-number">
        {state === 'erased' ? (
          <span class="quiet">{t.consents.gone}</span>
        ) : (
          <bdi translate={false}>{shown}</bdi>
        )}
        {contact && <Verbatim text={contact} class="consent-contact" />}
      </td>
      <td>
        <TableLabel name={t.consents.columns.kind} />
        <span class="consent-kind">{t.consents.kinds[kind]}</span>
        <Scope consent={consent} />
      </td>
      <td class="consent-given">
        <TableLabel name={t.consents.columns.given} />
        <time datetime={given_at}>{date(given_at)}</time>
        {how && <Verbatim text={how} class="consent-how" />}
        <span class="quiet consent-entered">
          {t.consents.enteredBy({ who: clean(added_by), day: date(added_at) })}
        </span>
      </td>
      <td class="consent-holds">
        <TableLabel name={t.consents.columns.until} />
        <span>{holds(consent)}</span>
        {consent.erased_why && <Verbatim text={consent.erased_why} class="consent-how" />}
      </td>
      <td class="consent-document">
        <TableLabel name={t.consents.columns.document} />
        <DocumentOf consent={consent} fixed={fixed} number={shown} put={put} />
      </td>
      {!fixed && (
        <td class="consent-act">
          {state === 'in_force' && <Withdraw consent={consent} number={shown} put={put} />}
          {state !== 'erased' && <EraseConsent consent={consent} number={shown} put={put} />}
        </td>
      )}
    </tr>
  );
}

function Scope({ consent: { extensions, queues } }: { consent: Consent }) {
  if (extensions.length === 0 && queues.length === 0) return null;
  const scope = t.consents.scope({ extensions: extensions.map(placeName), queues: queues.map(placeName) });
  return <span class="quiet consent-scope">{t.consents.onlyFor({ scope })}</span>;
}

function holds({ state, until, withdrawn_at, withdrawn_by, erased_at, erased_by }: Consent): string {
  if (state === 'erased') return t.consents.states.erased({ who: clean(erased_by), day: date(erased_at!) });
  const end = until === null ? '' : endsAt(until);
  if (state !== 'withdrawn') return t.consents.states[state]({ until: end });
  return t.consents.states.withdrawn({ who: clean(withdrawn_by), day: date(withdrawn_at!) });
}

/** An end at midnight is the end of the day before. */
const endsAt = (until: string): string => {
  const before = new Date(Date.parse(until) - 1).toISOString();
  return date(before) === date(until) ? dateAndClock(until) : date(before);
};

type Act = { consent: Consent; number: string; put: (consent: Consent) => void };

function DocumentOf({ consent, fixed, number, put }: Act & { fixed: boolean }) {
  const [asking, setAsking] = useState(false);
  const { busy, problem, send } = useSending();
  const { document: kept, id } = consent;
  if (!kept) return <span class="quiet">{t.consents.document.none}</span>;
  if (kept.erased_at)
    return (
      <span class="quiet">
        {t.consents.document.erased({ who: clean(kept.erased_by), day: date(kept.erased_at) })}
      </span>
    );
  const erase = async () => {
    if (await send(async () => put(await proven(() => consentsApi.eraseDocument(id))))) setAsking(false);
  };
  const bytes = size(kept.bytes);
  return (
    <>
      <a
        href={consentsApi.document(id)}
        download
        aria-label={t.consents.document.saveOf({ number, size: bytes })}
      >
        {t.consents.document.save({ size: bytes })}
      </a>
      {!fixed && (
        <button
          type="button"
          class="button"
          aria-label={t.consents.document.eraseOf({ number })}
          onClick={() => setAsking(true)}
        >
          {t.consents.document.erase}
        </button>
      )}
      {asking && (
        <Dialog title={t.consents.document.eraseTitle} onClose={() => setAsking(false)}>
          <div class="dialog-body">
            <p>{t.consents.document.eraseWhat}</p>
            {problem !== null && <ErrorNote problem={problem} />}
            <div class="dialog-acts">
              <button type="button" class="button" onClick={() => setAsking(false)}>
                {t.common.cancel}
              </button>
              <button type="button" class="button button-main button-alarm" disabled={busy} onClick={erase}>
                {busy ? t.consents.document.erasing : t.consents.document.erase}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Withdraw({ consent: { id, kind }, number, put }: Act) {
  const [asking, setAsking] = useState(false);
  const { busy, problem, send } = useSending();
  const withdraw = async () => {
    const done = await send(async () => put(await proven(() => consentsApi.withdraw(id))));
    if (!done) return;
    setAsking(false);
    announce(t.consents.withdraw.done({ number }));
  };
  return (
    <>
      <button
        type="button"
        class="button"
        aria-label={t.consents.withdraw.of({ kind, number })}
        onClick={() => setAsking(true)}
      >
        {t.consents.withdraw.button}
      </button>
      {asking && (
        <Dialog title={t.consents.withdraw.title({ kind, number })} onClose={() => setAsking(false)}>
          <div class="dialog-body">
            <p>{t.consents.withdraw.what}</p>
            {problem !== null && <ErrorNote problem={problem} />}
            <div class="dialog-acts">
              <button type="button" class="button" onClick={() => setAsking(false)}>
                {t.common.cancel}
              </button>
              <button type="button" class="button button-main" disabled={busy} onClick={withdraw}>
                {busy ? t.consents.withdraw.busy : t.consents.withdraw.button}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
