import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../../messages/language.js';
import { ErrorNote } from '../error-note.js';
import { AlarmIcon } from '../icons.js';
import { useSending } from '../use-form.js';

/** As much as the server takes, in characters. */
const LONGEST = 1_000_000;
const SHOWN = 20;

type Props<R> = {
  /** Of the elements in it; and of the heading that names it. */
  id: string;
  titled: string;
  /** What the first line of the file has to be. */
  help: string;
  button: string;
  /** Sends the file. Returns null where the person did not prove that it is they. */
  send: (csv: string) => Promise<R>;
  /** What is to be chosen besides the file. */
  children?: ComponentChildren;
  /** What came of it. `again` sends the same text another time. */
  result: (made: R, again: () => void) => ComponentChildren;
  /** Whether the file is done with. */
  isDone: (made: R) => boolean;
  /** Where a person can leave without importing. */
  cancel?: () => void;
};

/** A form that sends a CSV file and shows what came of it. */
export function CsvImport<R>({ id, titled, help, button, send: pass, children, ...around }: Props<R>) {
  const input = useRef<HTMLInputElement>(null);
  const [fault, setFault] = useState('');
  const [made, setMade] = useState<R | null>(null);
  const { busy, problem, send } = useSending();
  const result = useRef<HTMLDivElement>(null);
  // It may be below what the window shows.
  useEffect(() => {
    if (made) result.current?.scrollIntoView({ block: 'nearest' });
  }, [made]);

  const submit = async (event?: Event) => {
    event?.preventDefault();
    setMade(null);
    const file = input.current?.files?.[0];
    const wrong = !file ? t.csv.noFile : file.size > LONGEST ? t.csv.tooLong : '';
    setFault(wrong);
    if (!file || wrong) return input.current?.focus();
    await send(async () => {
      const said = await pass(await file.text());
      if (around.isDone(said) && input.current) input.current.value = '';
      setMade(said);
    });
  };
  return (
    <form class="form" noValidate onSubmit={submit} aria-labelledby={titled}>
      {problem !== null && <ErrorNote problem={problem} />}
      <div class={fault ? 'field field-bad' : 'field'}>
        <label for={`${id}-file`}>{t.csv.file}</label>
        <input
          id={`${id}-file`}
          ref={input}
          type="file"
          accept=".csv,text/csv"
          class="list-file"
          aria-invalid={fault ? 'true' : undefined}
          aria-describedby={fault ? `${id}-file-error ${id}-file-help` : `${id}-file-help`}
        />
        {fault && (
          <p class="field-error" id={`${id}-file-error`}>
            {fault}
          </p>
        )}
        <p class="field-help" id={`${id}-file-help`}>
          {help}
        </p>
      </div>
      {children}
      <div class="save-acts">
        {around.cancel && (
          <button type="button" class="button" onClick={around.cancel}>
            {t.common.cancel}
          </button>
        )}
        <button type="submit" class="button" disabled={busy}>
          {busy ? t.csv.busy : button}
        </button>
      </div>
      <div role="status" ref={result}>
        {made && around.result(made, submit)}
      </div>
    </form>
  );
}

/** The lines that are wrong: nothing was imported. `wrong`: how many they are, of which `faults` has the first. */
export function CsvFaults({
  faults,
  wrong = faults.length,
  children,
}: {
  faults: readonly { line: number; code: string; text: string }[];
  wrong?: number;
  children?: ComponentChildren;
}) {
  return (
    <div class="note note-alarm">
      <AlarmIcon />
      <div>
        <p class="note-title">{t.csv.faultsTitle({ n: wrong })}</p>
        <dl class="list-faults">
          {faults.slice(0, SHOWN).map((fault) => (
            <div key={`${fault.line} ${fault.code}`}>
              <dt>{t.csv.line({ line: fault.line })}</dt>
              <dd>{fault.text}</dd>
            </div>
          ))}
        </dl>
        {faults.length > SHOWN && <p>{t.csv.moreFaults({ n: faults.length - SHOWN })}</p>}
        {children}
      </div>
    </div>
  );
}
