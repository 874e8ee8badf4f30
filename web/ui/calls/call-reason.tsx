import { useState } from 'preact/hooks';
import { isBlank } from '../../../daemon/domain/blank.js';
import { Field } from '../kit/field.js';
import { Sentence } from '../kit/sentence.js';
import { PartyName } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { dateAndClock } from '../messages/when.js';
import type { CallDetail } from '../state/api.js';

/** Which call a dialog is about. */
export function CallLine({ call }: { call: CallDetail }) {
  return (
    <p>
      <Sentence
        of={t.calls.between}
        parts={{
          them: <PartyName party={call.them} title={false} />,
          us: <PartyName party={call.us} title={false} />,
          when: dateAndClock(call.started_at),
        }}
      />
    </p>
  );
}

/** Why something is done with a call, as it is being typed into the field with this id. */
export function useReason(id: string, first = '') {
  const [typed, setTyped] = useState(first);
  const [missing, setMissing] = useState(false);
  return {
    id,
    typed,
    missing,
    /** What is typed, without the space around it. */
    text: isBlank(typed) ? '' : typed.trim(),
    type: (value: string) => {
      setTyped(value);
      setMissing(false);
    },
    /** There has to be one. */
    miss: () => {
      setMissing(true);
      document.getElementById(id)?.focus();
    },
  };
}

type Props = {
  reason: ReturnType<typeof useReason>;
  words: { label: string; help: string; missing: string };
  /** Something else is entered before it. */
  last?: boolean;
};

export function ReasonField({ reason, words, last = false }: Props) {
  return (
    <Field
      id={reason.id}
      label={words.label}
      help={words.help}
      value={reason.typed}
      onInput={reason.type}
      error={reason.missing ? words.missing : undefined}
      maxLength={200}
      spellcheck
      autofocus={!last}
    />
  );
}
