import { useEffect, useRef, useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { AlarmIcon } from '../kit/icons.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { proven } from '../sign-in/proof-dialog.js';
import { type Imported, type ImportFault, type NumberList, rulesApi } from '../state/api-rules.js';

/** As much as the server takes, in characters. */
const LONGEST = 1_000_000;
const SHOWN = 20;

type Props = { list: NumberList; fixed: boolean; done: () => void };

/** A list out of a file, and into one. */
export function ImportNumbers({ list, fixed, done }: Props) {
  return (
    <section class="form" aria-labelledby="import-title">
      <h2 id="import-title">{t.lists.import.title}</h2>
      {!fixed && <ImportForm list={list} done={done} />}
      {list.numbers > 0 && (
        <p>
          <a class="button" href={rulesApi.listCsv(list.name)} download>
            {t.lists.import.export}
          </a>
        </p>
      )}
    </section>
  );
}

function ImportForm({ list, done }: Omit<Props, 'fixed'>) {
  const input = useRef<HTMLInputElement>(null);
  const [replace, setReplace] = useState(false);
  const [fault, setFault] = useState('');
  const [made, setMade] = useState<Imported | null>(null);
  const { busy, problem, send } = useSending();
  const result = useRef<HTMLDivElement>(null);
  // It may be below what the window shows.
  useEffect(() => {
    if (made) result.current?.scrollIntoView({ block: 'nearest' });
  }, [made]);

  const submit = async (event: Event) => {
    event.preventDefault();
    setMade(null);
    const file = input.current?.files?.[0];
    const wrong = !file ? t.lists.import.noFile : file.size > LONGEST ? t.lists.import.tooLong : '';
    setFault(wrong);
    if (!file || wrong) return input.current?.focus();
    await send(async () => {
      const csv = await file.text();
      const said = await proven(() => rulesApi.importNumbers(list.name, { csv, replace }));
      setMade(said);
      if (!said.imported) return;
      if (input.current) input.current.value = '';
      done();
    });
  };
  return (
    <form class="form" noValidate onSubmit={submit} aria-labelledby="import-title">
      {problem !== null && <ErrorNote problem={problem} />}
      <div class={fault ? 'field field-bad' : 'field'}>
        <label for="import-file">{t.lists.import.file}</label>
        <input
          id="import-file"
          ref={input}
          type="file"
          accept=".csv,text/csv"
          class="list-file"
          aria-invalid={fault ? 'true' : undefined}
          aria-describedby={fault ? 'import-file-error import-file-help' : 'import-file-help'}
        />
        {fault && (
          <p class="field-error" id="import-file-error">
            {fault}
          </p>
        )}
        <p class="field-help" id="import-file-help">
          {t.lists.import.help}
        </p>
      </div>
      {list.numbers > 0 && (
        <fieldset>
          <legend class="field-legend">{t.lists.import.how}</legend>
          <label class="check">
            <input type="radio" name="import-how" checked={!replace} onChange={() => setReplace(false)} />
            <span>{t.lists.import.add}</span>
          </label>
          <label class="check">
            <input type="radio" name="import-how" checked={replace} onChange={() => setReplace(true)} />
            <span>{t.lists.import.replace({ n: list.numbers })}</span>
          </label>
        </fieldset>
      )}
      <div class="save-acts">
        <button type="submit" class="button" disabled={busy}>
          {busy ? t.lists.import.busy : t.lists.import.button}
        </button>
      </div>
      <div role="status" ref={result}>
        {made && <Result made={made} />}
      </div>
    </form>
  );
}

function Result({ made: { imported, added, removed, faults, also } }: { made: Imported }) {
  if (!imported)
    return (
      <div class="note note-alarm">
        <AlarmIcon />
        <div>
          <p class="note-title">{t.lists.import.faultsTitle({ n: faults.length })}</p>
          <dl class="list-faults">
            {faults.slice(0, SHOWN).map((fault) => (
              <div key={`${fault.line} ${fault.code}`}>
                <dt>{t.lists.import.line({ line: fault.line })}</dt>
                <dd>{faultText(fault)}</dd>
              </div>
            ))}
          </dl>
          {faults.length > SHOWN && <p>{t.lists.import.moreFaults({ n: faults.length - SHOWN })}</p>}
        </div>
      </div>
    );
  return (
    <>
      <p class="save-done">{t.lists.import.done({ added, removed })}</p>
      {Object.entries(also).map(([list, n]) => (
        <p key={list}>{t.lists.import.also({ n, list: clean(list) })}</p>
      ))}
    </>
  );
}

/** What is wrong with a number that was to be put on a list. */
export const faultText = ({ code, text, other }: ImportFault): string =>
  t.lists.faults[code]({ text: clean(text), other: other ?? 0 });
