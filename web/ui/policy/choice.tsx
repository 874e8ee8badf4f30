type Props<C extends string> = {
  name: string;
  legend: string;
  value: C;
  choices: [C, string][];
  choose: (value: C) => void;
};

/** One of a few, all of which can be seen. */
export function Choice<C extends string>({ name, legend, value, choices, choose }: Props<C>) {
  return (
    <fieldset>
      <legend class="field-legend">{legend}</legend>
      {choices.map(([key, label]) => (
        <label class="check" key={key}>
          <input type="radio" name={name} checked={value === key} onChange={() => choose(key)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
