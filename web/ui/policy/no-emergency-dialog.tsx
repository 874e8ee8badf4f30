import { TypedDialog } from '../kit/typed-dialog.js';
import { t } from '../messages/en/messages.js';

const words = t.policy.noEmergency;
type Props = { numbers: string[]; act: () => Promise<void>; close: () => void };

/** Says what a policy without emergency numbers means, and asks for a word typed. */
export function NoEmergencyDialog({ numbers, act, close }: Props) {
  return (
    <TypedDialog
      title={words.title}
      label={words.type(words.word)}
      right={(typed) => typed === words.word}
      wrong={words.wrong(words.word)}
      button={words.button}
      busyButton={t.policy.saving}
      act={act}
      close={close}
    >
      <p>
        <strong>{words.what(numbers.join(', '))}</strong>
      </p>
      <p>{words.law}</p>
    </TypedDialog>
  );
}
