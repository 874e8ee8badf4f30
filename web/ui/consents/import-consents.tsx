import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { CsvFaults, CsvImport } from '../kit/csv/csv-import.js';
import { t } from '../messages/language.js';
import { proven } from '../sign-in/proof-dialog.js';
import { type ConsentImport, consentsApi } from '../state/api-consents.js';
import { faultText } from './fault-text.js';

/** Consents and objections out of a file: all of them, or those whose lines are right if somebody wants that. */
export function ImportConsents({ done, cancel }: { done: () => void; cancel: () => void }) {
  const skip = useRef(false);
  const [imported, setImported] = useState<ConsentImport | null>(null);
  const title = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => title.current?.focus(), []);
  return (
    <section class="form consents-form" aria-labelledby="consents-import-title">
      <h2 id="consents-import-title" tabIndex={-1} ref={title}>
        {t.consents.import.title}
      </h2>
      {imported ? (
        <>
          <p class="save-done">{t.consents.import.done(imported)}</p>
          <div class="save-acts">
            <button type="button" class="button" onClick={cancel}>
              {t.common.close}
            </button>
          </div>
        </>
      ) : (
        <CsvImport<ConsentImport>
          id="consents-csv"
          titled="consents-import-title"
          help={t.consents.import.help}
          button={t.consents.import.button}
          cancel={cancel}
          send={async (csv) => {
            const skips = skip.current;
            skip.current = false;
            const said = await proven(() => consentsApi.import({ csv, skip: skips }));
            if (said.imported) {
              announce(t.consents.import.done(said));
              setImported(said);
              done();
            }
            return said;
          }}
          isDone={(said) => said.imported}
          result={({ faults, wrong, right }, again) => (
            <CsvFaults faults={faults.map((fault) => ({ ...fault, text: faultText(fault) }))} wrong={wrong}>
              {right > 0 && (
                <button
                  type="button"
                  class="button"
                  onClick={() => {
                    skip.current = true;
                    again();
                  }}
                >
                  {t.consents.import.skip({ right, wrong })}
                </button>
              )}
            </CsvFaults>
          )}
        />
      )}
    </section>
  );
}
