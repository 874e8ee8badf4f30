import type { CallDetail } from '../api.js';
import { t } from '../messages/en.js';
import { nameOf } from '../messages/people.js';
import { dateAndClock } from '../messages/when.js';
import { Field } from './field.js';

/** Which call a dialog is about. */
export function CallLine({ call }: { call: CallDetail }) {
  return (
    <p>
      <bdi>{nameOf(call.them)}</bdi> {t.calls.with} <bdi>{nameOf(call.us)}</bdi>,{' '}
      {dateAndClock(call.started_at)}
    </p>
  );
}

type Props = {
  id: string;
  words: { label: string; help: string; missing: string };
  value: string;
  missing: boolean;
  onInput: (value: string) => void;
};

/** Why something is done with a call. */
export function ReasonField({ id, words, value, missing, onInput }: Props) {
  return (
    <Field
      id={id}
      label={words.label}
      help={words.help}
      value={value}
      onInput={onInput}
      error={missing ? words.missing : undefined}
      maxLength={200}
      spellcheck
      autofocus
    />
  );
}
