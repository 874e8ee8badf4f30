import { useEffect, useRef, useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { LeftIcon, TickIcon } from '../kit/icons.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { meaning } from '../messages/meaning.js';
import { clean } from '../messages/numbers.js';
import { proven } from '../sign-in/proof-dialog.js';
import { ApiError } from '../state/api.js';
import { type Invited, type People, type Person, peopleApi, type Seen } from '../state/api-people.js';
import { changes } from '../state/live.js';
import { State } from './people.js';
import { PersonActs } from './person-acts.js';
import { type Draft, EMPTY, PersonForm } from './person-form.js';
import { PersonLink } from './person-link.js';
import { PersonSessions } from './person-sessions.js';

const NOTHING_SEEN: Seen = { extensions: [], queues: [], dids: [] };
const draftOf = ({ name, roles, scope, extensions, grants }: Person): Draft => ({
  ...{ name, roles, scope, extensions, grants },
});

/** Somebody, to be changed; `id` null: somebody new. */
export function PersonPage({ id }: { id: string | null }) {
  const [view, setView] = useState<People | null>(null);
  const [seen, setSeen] = useState<Seen>(NOTHING_SEEN);
  const [person, setPerson] = useState<Person | null>(null);
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [theirs, setTheirs] = useState<Person | null>(null);
  const [invited, setInvited] = useState<Invited | null>(null);
  const [busy, setBusy] = useState(false);
  const [saved, setSaved] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);

  const take = (now: Person) => {
    setPerson(now);
    setDraft(draftOf(now));
    setTheirs(null);
  };
  const dirty = person !== null && JSON.stringify(draft) !== JSON.stringify(draftOf(person));
  /** As they are when an answer comes: they may have been saved since it was asked for. */
  const latest = useRef({ person, dirty });
  latest.current = { person, dirty };
  const load = () => {
    peopleApi.people().then((found) => {
      const here = latest.current;
      const now = found.people.find((p) => p.id === (here.person?.id ?? id));
      if (now && here.person && now.version < here.person.version) return;
      setView(found);
      if (!now || now.version === here.person?.version) {
        if (now) setPerson(now);
        return;
      }
      if (here.person === null || !here.dirty) take(now);
      else setTheirs(now);
    }, setProblem);
  };
  const changed = changes.value;
  useEffect(load, [changed]);
  const mayChange = view?.may_change === true;
  useEffect(() => {
    if (mayChange) peopleApi.seen().then(setSeen, () => {});
  }, [mayChange]);

  const save = async (given: Draft, basedOn = person?.version ?? 0) => {
    setBusy(true);
    setSaved(false);
    setProblem(null);
    const named = { ...given, name: given.name.trim() };
    try {
      if (person) {
        const change = { ...named, disabled: person.disabled_at !== null };
        take(await proven(() => peopleApi.change(person.id, basedOn, change)));
        setSaved(true);
      } else {
        const { name, ...rights } = named;
        const added = await proven(() => peopleApi.add(name, rights));
        take(added.person);
        setInvited(added.invitation);
        // The address of what is on screen now; the page itself stays, with the link that is shown once.
        history.replaceState(null, '', `/people/${encodeURIComponent(added.person.id)}`);
      }
    } catch (cause) {
      const now = conflictOf(cause) ? await newest(person?.id) : null;
      if (now) setTheirs(now);
      else setProblem(cause);
    }
    setBusy(false);
  };
  const disable = async (disabled: boolean) => {
    if (!person) return;
    setProblem(null);
    setSaved(false);
    try {
      const change = { ...draftOf(person), disabled };
      const now = await proven(() => peopleApi.change(person.id, person.version, change));
      setPerson(now);
      if (!dirty) setDraft(draftOf(now));
    } catch (cause) {
      setProblem(cause);
      load();
    }
  };

  if (!view || (!person && (id !== null || !mayChange)))
    return (
      <div class="sheet">
        {/* The same heading as below, which may have the focus. */}
        <header class="sheet-head">
          <Back />
          <h1>{t.people.title}</h1>
        </header>
        {problem !== null ? (
          <ErrorNote problem={problem} retry={load} />
        ) : view ? (
          <p>{t.people.form.gone}</p>
        ) : (
          <p class="quiet">{t.common.loading}</p>
        )}
      </div>
    );
  const you = person !== null && person.id === view.you;
  return (
    <div class="sheet person">
      <header class="sheet-head">
        <Back />
        <h1>{person ? <Verbatim text={person.name} /> : t.people.form.addTitle}</h1>
        {you && <p class="quiet">{t.people.acts.yourself}</p>}
      </header>
      {!mayChange && person && (
        <section>
          <p class="person-state">
            <State person={person} />
            <span>{person.roles.map((role) => t.people.roles[role]).join(', ')}</span>
          </p>
          <ul class="means">
            {meaning(clean(person.name), person, view.grantable).map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
          <p class="quiet">{t.people.readOnly}</p>
        </section>
      )}
      <div role="status" class="person-said">
        {saved && !dirty && (
          <p class="note note-plain">
            <TickIcon />
            {t.people.form.saved}
          </p>
        )}
      </div>
      {problem !== null && <ErrorNote problem={problem} />}
      {theirs && (
        <div class="note note-warn" role="alert">
          <div>
            <p class="note-title">{t.people.form.conflictTitle}</p>
            <p>{t.people.form.conflict}</p>
            <ul>
              {meaning(clean(theirs.name), theirs, view.grantable).map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
            <div class="save-acts">
              <button type="button" class="button" onClick={() => take(theirs)}>
                {t.people.form.takeTheirs}
              </button>
              <button
                type="button"
                class="button button-main"
                disabled={busy}
                onClick={() => save(draft, theirs.version)}
              >
                {t.people.form.keepMine}
              </button>
            </div>
          </div>
        </div>
      )}
      {mayChange && (
        <>
          {person && (
            <PersonLink
              person={person}
              you={you}
              invited={invited}
              setInvited={setInvited}
              failed={setProblem}
            />
          )}
          <PersonForm
            draft={draft}
            change={(next) => {
              setDraft(next);
              setSaved(false);
            }}
            grantable={view.grantable}
            seen={seen}
            busy={busy}
            button={person ? t.people.form.save : t.people.form.addButton}
            save={save}
          />
          {person && !you && <PersonSessions key={person.version} id={person.id} />}
          {person && <PersonActs person={person} disable={disable} />}
        </>
      )}
    </div>
  );
}

const conflictOf = (cause: unknown) => cause instanceof ApiError && cause.code === 'person_conflict';

const newest = (id: string | undefined): Promise<Person | null> =>
  peopleApi.people().then(
    ({ people }) => people.find((p) => p.id === id) ?? null,
    () => null,
  );

function Back() {
  return (
    <p>
      <a href="/people" class="back">
        <LeftIcon />
        {t.people.form.back}
      </a>
    </p>
  );
}
