export type Choices<C extends string> = readonly (readonly [C, string])[];
type Props<C extends string> = {
  id: string;
  label: string;
  help?: string;
  error?: string | undefined;
  value: C;
  choices: Choices<C>;
  choose: (value: C) => void;
  narrow?: boolean;
  /** The choices are data, such as names of places. */
  data?: boolean;
};

/** One of several, in a field like others of a form. */
export function Select<C extends string>(props: Props<C>) {
  const { id, label, help, error, value, choices, choose, narrow, data } = props;
  const described = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class={`field ${error ? 'field-bad' : ''} ${narrow ? 'field-narrow' : ''}`}>
      <label for={id}>{label}</label>
      <div class="field-line">
        <select
          id={id}
          value={value}
          aria-invalid={error ? 'true' : undefined}
          aria-describedby={described || undefined}
          onChange={(e) => choose(e.currentTarget.value as C)}
        >
          {choices.map(([key, words]) => (
            <option key={key} value={key} translate={data && key !== '' ? false : undefined}>
              {words}
            </option>
          ))}
        </select>
      </div>
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
    </div>
  );
}
