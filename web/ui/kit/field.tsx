import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { writePbx } from '../../../daemon/domain/place.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { pbxes } from '../state/pbxes.js';

type FieldProps = {
  id: string;
  label: string;
  value: string;
  onInput: (value: string) => void;
  help?: string;
  error?: string | undefined;
  type?: 'text' | 'password' | 'number' | 'date';
  autocomplete?: string;
  maxLength?: number;
  inputMode?: 'text' | 'numeric' | 'tel';
  autofocus?: boolean;
  spellcheck?: boolean;
  narrow?: boolean;
  children?: ComponentChildren;
};

type FrameProps = {
  id: string;
  label: string;
  help?: string | undefined;
  error?: string | undefined;
  narrow?: boolean | undefined;
  /** The control, given what describes it. */
  children: (described: { 'aria-invalid'?: 'true'; 'aria-describedby'?: string }) => ComponentChildren;
};

/** What is around a control: label above, the error and the help under it. */
export function FieldFrame({ id, label, help, error, narrow, children }: FrameProps) {
  const described = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class={`field ${error ? 'field-bad' : ''} ${narrow ? 'field-narrow' : ''}`}>
      <label for={id}>{label}</label>
      <div class="field-line">
        {children({
          ...(error ? { 'aria-invalid': 'true' as const } : {}),
          ...(described ? { 'aria-describedby': described } : {}),
        })}
      </div>
      <Below {...{ id, help, error }} />
    </div>
  );
}

/** The error and the help under a control. */
function Below({ id, help, error }: Pick<FrameProps, 'id' | 'help' | 'error'>) {
  return (
    <>
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
      {help && (
        <p class="field-help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </>
  );
}

/** A text field: label above, help under it, the error beside. */
export function Field(props: FieldProps) {
  const { id, label, value, help, error, narrow, type = 'text' } = props;
  const input = useRef<HTMLInputElement>(null);
  // With the drawing, as in what follows: a key that is pressed right after it would go elsewhere.
  useLayoutEffect(() => {
    if (props.autofocus) input.current?.focus();
  }, []);
  return (
    <FieldFrame {...{ id, label, help, error, narrow }}>
      {(described) => (
        <>
          <input
            id={id}
            ref={input}
            {...({ type } as { type: 'text' })}
            value={value}
            autocomplete={props.autocomplete ?? 'off'}
            maxLength={props.maxLength}
            inputMode={props.inputMode}
            spellcheck={props.spellcheck ?? false}
            autofocus={props.autofocus}
            {...described}
            onInput={(e) => props.onInput(e.currentTarget.value)}
          />
          {props.children}
        </>
      )}
    </FieldFrame>
  );
}

type LinesProps = Pick<FieldProps, 'id' | 'label' | 'value' | 'onInput' | 'help' | 'error'> & {
  /** What it holds is about to be replaced: what is typed now would be lost. */
  waiting?: boolean;
};

/** A field for several lines. */
export function Lines({ id, label, value, onInput, help, error, waiting = false }: LinesProps) {
  const described = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class={`field ${error ? 'field-bad' : ''}`}>
      <label for={id}>{label}</label>
      <textarea
        id={id}
        rows={Math.min(12, Math.max(3, value.split('\n').length))}
        value={value}
        spellcheck={false}
        readOnly={waiting}
        aria-busy={waiting}
        aria-invalid={error ? 'true' : undefined}
        aria-describedby={described || undefined}
        onInput={(e) => onInput(e.currentTarget.value)}
      />
      <Below {...{ id, help, error }} />
    </div>
  );
}

type FormActsProps = { send: string; cancel: () => void; busy?: boolean; inDialog?: boolean };

/** The buttons at the end of a form: cancel and submit. */
export function FormActs({ send, cancel, busy = false, inDialog = false }: FormActsProps) {
  return (
    <div class={inDialog ? 'dialog-acts' : 'save-acts'}>
      <button type="button" class="button" onClick={cancel}>
        {t.common.cancel}
      </button>
      <button type="submit" class="button button-main" disabled={busy}>
        {send}
      </button>
    </div>
  );
}

export type Faults = { id: string; text: string }[];

/** Lists what has to be corrected, takes focus when it appears or changes, and leads to each field. */
export function FaultSummary({ faults, attempt }: { faults: Faults; attempt: number }) {
  const box = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    if (faults.length > 0) box.current?.focus();
  }, [attempt]);
  if (faults.length === 0) return null;
  return (
    <section
      class="note note-alarm"
      ref={box}
      tabIndex={-1}
      aria-label={t.common.faults({ n: faults.length })}
    >
      <div>
        <p class="note-title">{t.common.faults({ n: faults.length })}</p>
        <ul>
          {faults.map((f) => (
            <li key={f.id}>
              <a
                href={`#${f.id}`}
                onClick={(e) => {
                  e.preventDefault();
                  document.getElementById(f.id)?.focus();
                }}
              >
                {f.text}
              </a>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

type PbxSelectProps = {
  id?: string;
  value: string;
  choose: (pbx: string) => void;
  class?: string;
  label?: string;
};

/** One PBX or all of them, as an address has it: empty for all. */
export function PbxSelect({ id: selectId, value, choose, class: name, label }: PbxSelectProps) {
  const known = pbxes().map(({ id, name }): [string, string] => [writePbx(id), clean(name)]);
  const gone = value && !known.some(([id]) => id === value) ? [[value, clean(value)] as const] : [];
  return (
    <select
      id={selectId}
      class={name}
      aria-label={label}
      value={value}
      data-set={value ? '' : undefined}
      onChange={(e) => choose(e.currentTarget.value)}
    >
      <option value="">{t.common.allPbxes}</option>
      {[...known, ...gone].map(([id, text]) => (
        <option key={id} value={id} translate={false}>
          {text}
        </option>
      ))}
    </select>
  );
}
