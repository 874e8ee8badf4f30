import { FactorRoles } from '../account/factor-roles.js';
import { ErrorNote } from '../kit/error-note.js';
import { NoIcon, PlusIcon, TickIcon, WaitIcon } from '../kit/icons.js';
import { Moment } from '../kit/moment.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { meaning } from '../messages/meaning.js';
import { clean } from '../messages/numbers.js';
import { dateAndClock } from '../messages/when.js';
import { type People, type Person, peopleApi } from '../state/api-people.js';
import { minute } from '../state/live.js';
import { useView } from '../state/use-view.js';

/** Who may sign in and what each may do, in words. */
export function PeoplePage() {
  const { view, problem, load } = useView(peopleApi.people);

  const people = view?.people ?? [];
  const able = people.filter((p) => p.disabled_at === null && (p.password || p.source !== 'local'));
  return (
    <div class="sheet people">
      <header class="sheet-head">
        <h1>{t.people.title}</h1>
        {view && (
          <>
            <p class="answer">
              {t.people.summary({
                n: able.length,
                admins: able.filter((p) => p.roles.includes('admin')).length,
              })}
            </p>
            {!view.may_change && <p class="quiet">{t.people.readOnly}</p>}
            {view.may_change && people.length === 1 && <p class="quiet">{t.people.alone}</p>}
          </>
        )}
        {view?.may_change && (
          <p>
            <a class="button button-main" href="/people/new">
              <PlusIcon />
              {t.people.add}
            </a>
          </p>
        )}
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!view && problem === null && <p class="quiet">{t.common.loading}</p>}
      {view && (
        <table class="table people-table">
          <TableHead columns={t.people.columns} />
          <tbody>
            {people.map((person) => (
              <Row key={person.id} person={person} view={view} />
            ))}
          </tbody>
        </table>
      )}
      {view && <FactorRoles mayChange={view.may_change} />}
    </div>
  );
}

function Row({ person, view }: { person: Person; view: People }) {
  const name = clean(person.name);
  return (
    <tr>
      <td class="table-call">
        <a href={`/people/${encodeURIComponent(person.id)}`}>
          <Verbatim text={name} />
        </a>
        {person.id === view.you && <span class="tag">{t.people.you}</span>}
        <p class="quiet">{person.roles.map((role) => t.people.roles[role]).join(', ')}</p>
      </td>
      <td>
        <ul class={person.disabled_at ? 'means quiet' : 'means'}>
          {meaning(name, person, view.grantable).map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </td>
      <td class="people-when">
        <TableLabel name={t.people.columns.signedIn} />
        {person.signed_in_at ? <Moment at={person.signed_in_at} /> : t.people.never}
      </td>
      <td>
        <State person={person} />
      </td>
    </tr>
  );
}

export function State({ person }: { person: Person }) {
  if (person.disabled_at)
    return (
      <span class="badge badge-alarm">
        <NoIcon />
        {t.people.states.disabled}
      </span>
    );
  if (person.password || person.source !== 'local')
    return (
      <span class="badge badge-good">
        <TickIcon />
        {person.source === 'local' ? t.people.states.active : t.factors.outside[person.source]}
      </span>
    );
  const until = person.invited_until;
  return (
    <span class="badge badge-wait">
      <WaitIcon />
      {until && Date.parse(until) > minute.value
        ? t.people.states.invited({ until: dateAndClock(until) })
        : t.people.states.expired}
    </span>
  );
}
