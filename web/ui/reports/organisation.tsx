import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field, Lines } from '../kit/field.js';
import { Sentence } from '../kit/sentence.js';
import { useSending } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { dateAndClock } from '../messages/when.js';
import { type Organisation, type OrganisationKept, reportsApi } from '../state/api-reports.js';
import { useView } from '../state/use-view.js';

const SHORT: readonly (keyof Organisation)[] = ['controller', 'dpo'];

/** What the record of processing needs and this machine cannot know. */
export function OrganisationSection({ saved }: { saved: () => void }) {
  const { view, problem, load } = useView<OrganisationKept>((shown) =>
    shown ? Promise.resolve(shown) : reportsApi.organisation(),
  );
  const o = t.reports.organisation;
  return (
    <section class="reports-organisation" aria-labelledby="reports-organisation">
      <h2 id="reports-organisation">{o.title}</h2>
      <p class="quiet">{o.help}</p>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {view && <OrganisationForm kept={view} saved={saved} />}
    </section>
  );
}

function OrganisationForm({ kept, saved }: { kept: OrganisationKept; saved: () => void }) {
  const [form, setForm] = useState<Organisation>(kept.organisation);
  const [changed, setChanged] = useState(kept.changed);
  const { busy, problem, send } = useSending();
  const o = t.reports.organisation;
  const parts = Object.keys(o.parts) as (keyof Organisation)[];
  const submit = (event: Event) => {
    event.preventDefault();
    return send(async () => {
      setChanged((await reportsApi.saveOrganisation(form)).changed);
      announce(o.saved);
      saved();
    });
  };
  return (
    <form class="organisation-form" noValidate onSubmit={submit}>
      {parts.map((part) => {
        const field = {
          ...{ id: `organisation-${part}`, label: o.parts[part], value: form[part] },
          ...{ onInput: (value: string) => setForm({ ...form, [part]: value }), help: o.helps[part] },
        };
        return SHORT.includes(part) ? (
          <Field key={part} {...field} maxLength={200} />
        ) : (
          <Lines key={part} {...field} />
        );
      })}
      {problem !== null && <ErrorNote problem={problem} />}
      <p>
        <button type="submit" class="button button-main" disabled={busy}>
          {o.save}
        </button>
      </p>
      {changed && (
        <p class="quiet">
          <Sentence
            of={({ name }) => o.changed({ name, at: dateAndClock(changed.at) })}
            parts={{ name: <Verbatim text={changed.by} /> }}
          />
        </p>
      )}
    </form>
  );
}
