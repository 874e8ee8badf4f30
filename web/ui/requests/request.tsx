import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { left } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { date, dayInWords } from '../messages/when.js';
import { type PrivacyRequest, requestsApi } from '../state/api-requests.js';
import { useView } from '../state/use-view.js';
import { PrepareAnswer } from './prepare-answer.js';
import { CloseRequest, ExtendDeadline } from './request-acts.js';
import { RequestCalls } from './request-calls.js';
import { RequestForm } from './request-form.js';

/** One request: its deadline, what is known of it, its calls, and how it was answered. */
export function RequestPage({ id }: { id: string }) {
  const { view: request, problem, load } = useView(() => requestsApi.get(id));
  const [changing, setChanging] = useState(false);
  const r = t.requests;
  return (
    <div class="sheet requests">
      <p>
        <a href="/requests">{r.back}</a>
      </p>
      <header class="sheet-head">
        <h1>{request ? r.number({ n: request.number }) : r.title}</h1>
        {request && <p class={`answer requests-${request.urgency}`}>{dueWords(request)}</p>}
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!request && problem === null && <p class="quiet">{t.common.loading}</p>}
      {request && (changing || <Facts request={request} />)}
      {request && request.state !== 'closed' && !changing && (
        <div class="requests-acts">
          <button id="request-change" type="button" class="button" onClick={() => setChanging(true)}>
            {r.form.change}
          </button>
          <PrepareAnswer request={request} />
          {request.may_extend && <ExtendDeadline request={request} done={load} />}
          <CloseRequest request={request} done={load} />
        </div>
      )}
      {request && changing && (
        <RequestForm
          request={request}
          cancel={() => left(() => setChanging(false), 'request-change')}
          send={(facts) => requestsApi.change(id, facts)}
          done={() => {
            left(() => setChanging(false), 'request-change');
            load();
          }}
        />
      )}
      {request && !changing && <RequestCalls key={JSON.stringify(request)} request={request} />}
    </div>
  );
}

function dueWords({ closed, last_day, urgency }: PrivacyRequest): string {
  const { due, outcomes } = t.requests;
  if (closed) {
    const done = due.done({ day: dayInWords(closed.day), outcome: outcomes[closed.outcome] });
    return closed.in_time ? done : `${done} ${due.late}`;
  }
  return due[urgency === 'none' ? 'by' : urgency]({ day: dayInWords(last_day) });
}

function windowWords({ from, to }: PrivacyRequest): string {
  const { window } = t.requests;
  if (from && to) return window.both({ from: dayInWords(from), to: dayInWords(to) });
  if (from) return window.from({ day: dayInWords(from) });
  return to ? window.to({ day: dayInWords(to) }) : window.all;
}

function Facts({ request }: { request: PrivacyRequest }) {
  const r = t.requests;
  const { facts } = r;
  const { closed, extended, forgotten_at } = request;
  const rows: [string, ComponentChildren][] = [
    [facts.kind, r.kinds[request.kind]],
    [facts.name, request.name ? <Verbatim text={request.name} /> : r.forgotten],
    ...(forgotten_at === null
      ? ([
          [facts.contact, request.contact ? <Verbatim text={request.contact} /> : r.noContact],
          [facts.identity, request.identity ? <Verbatim text={request.identity} /> : r.noIdentity],
          [facts.numbers, <Verbatim key="n" text={request.numbers.join(', ')} />],
          [facts.window, windowWords(request)],
        ] as [string, ComponentChildren][])
      : []),
    [
      facts.received,
      r.receivedBy({
        ...{ day: dayInWords(request.received), manner: r.manners[request.manner] },
        who: clean(request.entered_by),
      }),
    ],
    [facts.deadline, r.counting[request.law]],
  ];
  const { confirmed, confirm_by: by } = request;
  if (confirmed) rows.push([facts.confirm, r.confirmedOn({ day: dayInWords(confirmed) })]);
  else if (by) rows.push([facts.confirm, r.confirmBy({ day: dayInWords(by) })]);
  if (extended) {
    const [who, reason] = [clean(extended.by), clean(extended.reason)];
    rows.push([facts.extended, r.extendedBy({ who, day: date(extended.at), reason })]);
  }
  if (closed) {
    const grounds = closed.grounds.map((ground) => r.grounds[ground]).join('; ');
    const outcome = r.outcomes[closed.outcome];
    rows.push([facts.answer, r.answered({ outcome, grounds, who: clean(closed.by) })]);
    if (closed.note) rows.push([facts.note, <Verbatim key="note" text={closed.note} />]);
    rows.push([
      facts.kept,
      forgotten_at
        ? r.forgottenOn({ day: date(forgotten_at) })
        : r.forgetOn({ day: dayInWords(request.forget_on ?? closed.day) }),
    ]);
  }
  return (
    <dl class="requests-facts">
      {rows.map(([name, value]) => (
        <>
          <dt key={`${name} name`}>{name}</dt>
          <dd key={name}>{value}</dd>
        </>
      ))}
    </dl>
  );
}
