import { useState } from 'preact/hooks';
import { isBlank } from '../../../daemon/domain/blank.js';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { FaultSummary, type Faults, Field, FormActs } from '../kit/field.js';
import { useFaults, useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { ApiError } from '../state/api.js';
import { holdsApi, type Matter } from '../state/api-holds.js';
import { askedBy, formOf, QueryFields } from './query-fields.js';

type Props = { matter: Matter; cancel: () => void; done: () => void };

/**
 * Changes what a matter asks for: at once where the recorder finds that the new query asks for all that the old one did, and else by
 * a release that a second person approves.
 */
export function ChangeQuery({ matter, cancel, done }: Props) {
  const [query, setQuery] = useState(() => formOf(matter.query));
  const [reason, setReason] = useState('');
  const [narrower, setNarrower] = useState(false);
  const { busy, problem, send } = useSending();
  const words = t.holds.change;
  const asked = askedBy(query);
  const found: Faults = isBlank(reason) ? [{ id: 'matter-reason', text: t.holds.create.reasonMissing }] : [];
  const { attempt, faults, fault, tried } = useFaults(found);

  const save = async () => {
    if (asked === null) return setNarrower(matter.query !== null);
    let less = false;
    const sent = await send(() =>
      holdsApi.widen(matter.id, asked, reason.trim()).catch((cause) => {
        less = cause instanceof ApiError && cause.code === 'hold_narrower';
        if (!less) throw cause;
      }),
    );
    if (less) setNarrower(true);
    else if (sent) finish(words.done);
  };
  const ask = async () => {
    const body = { what: 'query' as const, query: asked, reason: reason.trim() };
    if (await send(() => holdsApi.askRelease(matter.id, body))) finish(t.holds.release.asked);
  };
  const finish = (said: string) => {
    announce(said);
    done();
  };
  return (
    <form
      class="holds-form"
      noValidate
      aria-label={words.title}
      onSubmit={(e) => {
        e.preventDefault();
        if (tried()) void (narrower ? ask() : save());
      }}
    >
      <h2>{words.title}</h2>
      <p class="quiet">{words.help}</p>
      <FaultSummary faults={faults} attempt={attempt} />
      <QueryFields
        form={query}
        change={(form) => {
          setQuery(form);
          setNarrower(false);
        }}
      />
      <Field
        {...{ id: 'matter-reason', label: t.holds.create.reason, help: t.holds.create.reasonHelp }}
        {...{ value: reason, onInput: setReason, error: fault('matter-reason'), maxLength: 300 }}
      />
      {narrower && (
        <div class="note" role="alert">
          <div>
            <p class="note-title">{words.narrower}</p>
            <p>{words.narrowerWhat}</p>
            {asked === null && <p>{words.none}</p>}
          </div>
        </div>
      )}
      {problem !== null && <ErrorNote problem={problem} />}
      <FormActs
        send={busy ? words.busy : narrower ? words.ask : words.send}
        cancel={cancel}
        busy={busy}
        inDialog
      />
    </form>
  );
}
