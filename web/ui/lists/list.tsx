import { useState } from 'preact/hooks';
import { Dialog } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { useSending } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { date } from '../messages/when.js';
import { proven } from '../sign-in/proof-dialog.js';
import { ApiError } from '../state/api.js';
import { type NumberList, rulesApi } from '../state/api-rules.js';
import { mayDo } from '../state/rights.js';
import { AddNumber } from './add-number.js';
import { ImportNumbers } from './import-numbers.js';
import { ListedNumbers } from './listed-numbers.js';
import type { ListsProps } from './lists.js';

/** One list: its numbers, and all that can be done to it. */
export function ListPage({ name, lists, problem, load }: ListsProps & { name: string }) {
  const list = lists?.find((one) => one.name === name);
  // The numbers are asked for again after each change that is made here.
  const [changed, setChanged] = useState(0);
  const fixed = !mayDo('settings');
  const change = () => {
    setChanged((n) => n + 1);
    load();
  };
  const unknown = lists && !list ? new ApiError(404, { code: 'list_unknown' }) : null;
  return (
    <div class="sheet lists">
      <header class="sheet-head">
        <p>
          <a href="/lists">{t.lists.back}</a>
        </p>
        <h1>
          <Verbatim text={name} />
        </h1>
        {list && <About list={list} />}
        {fixed && <p class="quiet">{t.rights.readOnly}</p>}
      </header>
      {(problem ?? unknown) !== null && <ErrorNote problem={problem ?? unknown} retry={load} />}
      {!lists && problem === null && <p class="quiet">{t.common.loading}</p>}
      {list && (
        <div class="list-parts">
          <ListedNumbers list={list} changed={changed} fixed={fixed} change={change} />
          <div class="list-side">
            {!fixed && <AddNumber list={list} done={change} />}
            <ImportNumbers list={list} fixed={fixed} done={change} />
            {!fixed && <DeleteList list={list} />}
          </div>
        </div>
      )}
    </div>
  );
}

function About({ list: { note, rules, added_at, added_by, numbers } }: { list: NumberList }) {
  return (
    <>
      <p class="answer">{t.lists.numbers({ n: numbers })}</p>
      {note && (
        <p>
          <Verbatim text={note} />
        </p>
      )}
      <p class="quiet">
        {rules.length === 0 ? t.lists.notInUse : t.lists.inUse({ rules: rules.map(clean) })}{' '}
        {t.lists.made({ who: clean(added_by), when: date(added_at) })}
      </p>
    </>
  );
}

function DeleteList({ list: { name, numbers, rules } }: { list: NumberList }) {
  const [asking, setAsking] = useState(false);
  const { busy, problem, send } = useSending();
  const remove = async () => {
    if (await send(() => proven(() => rulesApi.removeList(name)))) location.assign('/lists');
  };
  return (
    <section>
      <button
        type="button"
        class="button button-alarm"
        disabled={rules.length > 0}
        onClick={() => setAsking(true)}
      >
        {t.lists.delete.button}
      </button>
      {rules.length > 0 && <p class="field-help">{t.lists.delete.used}</p>}
      {asking && (
        <Dialog title={t.lists.delete.title({ name: clean(name) })} onClose={() => setAsking(false)}>
          <div class="dialog-body">
            <p>{t.lists.delete.what({ n: numbers })}</p>
            {problem !== null && <ErrorNote problem={problem} />}
            <div class="dialog-acts">
              <button type="button" class="button" onClick={() => setAsking(false)}>
                {t.common.cancel}
              </button>
              <button type="button" class="button button-main button-alarm" disabled={busy} onClick={remove}>
                {busy ? t.lists.delete.busy : t.lists.delete.button}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </section>
  );
}
