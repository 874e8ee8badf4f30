import { FieldFrame } from './field.js';

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
  return (
    <FieldFrame {...{ id, label, help, error, narrow }}>
      {(described) => (
        <select id={id} value={value} {...described} onChange={(e) => choose(e.currentTarget.value as C)}>
          {choices.map(([key, words]) => (
            <option key={key} value={key} translate={data && key !== '' ? false : undefined}>
              {words}
            </option>
          ))}
        </select>
      )}
    </FieldFrame>
  );
}
