import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { PlusIcon } from '../kit/icons.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { left } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { date } from '../messages/when.js';
import { holdsApi, type Matter } from '../state/api-holds.js';
import { useView } from '../state/use-view.js';
import { MatterPage } from './matter.js';
import { fromSearch, OpenMatter } from './open-matter.js';

/** Every matter, or the one with this id. */
export function HoldsPage({ id }: { id: string | null }) {
  return id === null ? <AllMatters /> : <MatterPage id={id} />;
}

function AllMatters() {
  const { view, problem, load } = useView(holdsApi.list);
  const [adding, setAdding] = useState(fromSearch() !== null);
  const open = view?.matters.filter(({ state }) => state !== 'released') ?? [];
  const held = open.reduce((sum, matter) => sum + matter.held.query + matter.held.picked, 0);
  return (
    <div class="sheet holds">
      <header class="sheet-head">
        <h1>{t.holds.title}</h1>
        {view && <p class="answer">{t.holds.summary({ open: open.length, held })}</p>}
        <p class="quiet">{t.holds.intro}</p>
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!view && problem === null && <p class="quiet">{t.common.loading}</p>}
      {view?.matters.length === 0 && <p class="quiet">{t.holds.emptyHelp}</p>}
      {view && view.matters.length > 0 && (
        <table class="table">
          <TableHead columns={t.holds.columns} />
          <tbody>
            {view.matters.map((matter) => (
              <Row key={matter.id} matter={matter} />
            ))}
          </tbody>
        </table>
      )}
      {view &&
        (adding ? (
          <OpenMatter cancel={() => left(() => setAdding(false), 'matter-new')} />
        ) : (
          <p>
            <button id="matter-new" type="button" class="button" onClick={() => setAdding(true)}>
              <PlusIcon />
              {t.holds.create.open}
            </button>
          </p>
        ))}
    </div>
  );
}

function Row({ matter: { id, name, reason, state, held, opened_by, opened_at } }: { matter: Matter }) {
  return (
    <tr>
      <td class="table-call">
        <a href={`/holds/${encodeURIComponent(id)}`}>
          <Verbatim text={name} />
        </a>
        <p class="quiet">
          <Verbatim text={reason} />
        </p>
      </td>
      <td>
        <TableLabel name={t.holds.columns.state} />
        {t.holds.states[state]}
      </td>
      <td>
        <TableLabel name={t.holds.columns.held} />
        {t.holds.held(held)}
      </td>
      <td>
        <TableLabel name={t.holds.columns.opened} />
        {t.holds.openedBy({ who: clean(opened_by), day: date(opened_at) })}
      </td>
    </tr>
  );
}
