import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { FaultSummary, type Faults, Field } from '../kit/field.js';
import { PlusIcon } from '../kit/icons.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { left, useFaults, useSending } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { proven } from '../sign-in/proof-dialog.js';
import { type NumberList, rulesApi } from '../state/api-rules.js';
import { mayDo } from '../state/rights.js';
import { useView } from '../state/use-view.js';
import { ListPage } from './list.js';

/** The lists of numbers, or the one of this name. */
export function ListsPage({ name }: { name: string | null }) {
  const { view, problem, load } = useView(rulesApi.lists);
  if (name !== null)
    return <ListPage name={name} lists={view?.lists ?? null} problem={problem} load={load} />;
  return <AllLists lists={view?.lists ?? null} problem={problem} load={load} />;
}

export type ListsProps = { lists: NumberList[] | null; problem: unknown; load: () => void };

function AllLists({ lists, problem, load }: ListsProps) {
  const [adding, setAdding] = useState(false);
  const fixed = !mayDo('settings');
  return (
    <div class="sheet lists">
      <header class="sheet-head">
        <h1>{t.lists.title}</h1>
        {lists && (
          <p class="answer">
            {t.lists.summary({
              lists: lists.length,
              n: lists.reduce((sum, { numbers }) => sum + numbers, 0),
            })}
          </p>
        )}
        <p class="quiet">{t.lists.intro}</p>
        {fixed && <p class="quiet">{t.rights.readOnly}</p>}
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!lists && problem === null && <p class="quiet">{t.common.loading}</p>}
      {lists && lists.length > 0 && <Lists lists={lists} />}
      {lists &&
        !fixed &&
        (adding ? (
          <NewList done={() => left(() => setAdding(false), 'list-new')} />
        ) : (
          <p>
            <button id="list-new" type="button" class="button" onClick={() => setAdding(true)}>
              <PlusIcon />
              {t.lists.create}
            </button>
          </p>
        ))}
    </div>
  );
}

function Lists({ lists }: { lists: NumberList[] }) {
  return (
    <table class="table">
      <TableHead columns={t.lists.columns} />
      <tbody>
        {lists.map(({ name, note, numbers, rules }) => (
          <tr key={name}>
            <td class="table-call">
              <a href={`/lists/${encodeURIComponent(name)}`}>
                <Verbatim text={name} />
              </a>
              {note && (
                <p class="quiet">
                  <Verbatim text={note} />
                </p>
              )}
            </td>
            <td>{t.lists.numbers({ n: numbers })}</td>
            <td class="lists-rules">
              <TableLabel name={t.lists.columns.used} />
              {rules.length === 0 ? (
                <span class="quiet">{t.lists.unused}</span>
              ) : (
                t.lists.usedBy({ rules: rules.map(clean) })
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NewList({ done }: { done: () => void }) {
  const [name, setName] = useState('');
  const [note, setNote] = useState('');
  const { busy, problem, send } = useSending();
  const found: Faults = name.trim() ? [] : [{ id: 'list-name', text: t.lists.badName }];
  const { attempt, faults, fault, tried } = useFaults(found);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!tried()) return;
    const made = { name: name.trim(), note: note.trim() };
    if (await send(() => proven(() => rulesApi.addList(made)))) done();
  };
  return (
    <form class="form lists-form" noValidate onSubmit={submit} aria-labelledby="list-new-title">
      <h2 id="list-new-title">{t.lists.create}</h2>
      <FaultSummary faults={faults} attempt={attempt} />
      {problem !== null && <ErrorNote problem={problem} />}
      <Field
        id="list-name"
        label={t.lists.name}
        help={t.lists.nameHelp}
        value={name}
        onInput={setName}
        error={fault('list-name')}
        maxLength={80}
        autofocus
      />
      <Field
        id="list-note"
        label={t.lists.note}
        help={t.lists.listNoteHelp}
        value={note}
        onInput={setNote}
        maxLength={200}
        spellcheck
      />
      <div class="save-acts">
        <button type="button" class="button" onClick={done}>
          {t.common.cancel}
        </button>
        <button type="submit" class="button button-main" disabled={busy}>
          {busy ? t.lists.creating : t.lists.createButton}
        </button>
      </div>
    </form>
  );
}
