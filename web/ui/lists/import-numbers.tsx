import { useState } from 'preact/hooks';
import { CsvFaults, CsvImport } from '../kit/csv/csv-import.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { proven } from '../sign-in/proof-dialog.js';
import { type Imported, type ImportFault, type NumberList, rulesApi } from '../state/api-rules.js';

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
  const [replace, setReplace] = useState(false);
  return (
    <CsvImport<Imported>
      id="import"
      titled="import-title"
      help={t.lists.import.help}
      button={t.lists.import.button}
      send={async (csv) => {
        const said = await proven(() => rulesApi.importNumbers(list.name, { csv, replace }));
        if (said.imported) done();
        return said;
      }}
      isDone={({ imported }) => imported}
      result={(made) => <Result made={made} />}
    >
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
    </CsvImport>
  );
}

function Result({ made: { imported, added, removed, faults, also } }: { made: Imported }) {
  if (!imported) return <CsvFaults faults={faults.map((fault) => ({ ...fault, text: faultText(fault) }))} />;
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
