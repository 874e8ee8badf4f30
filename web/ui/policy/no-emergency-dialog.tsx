import { TypedDialog } from '../kit/typed-dialog.js';
import { t } from '../messages/language.js';

type Props = { numbers: string[]; act: () => Promise<void>; close: () => void };

/** Says what a policy without emergency numbers means, and asks for a word typed. */
export function NoEmergencyDialog({ numbers, act, close }: Props) {
  return (
    <TypedDialog
      title={t.policy.noEmergency.title}
      label={t.policy.noEmergency.type({ word: t.policy.noEmergency.word })}
      right={(typed) => typed === t.policy.noEmergency.word}
      wrong={t.policy.noEmergency.wrong({ word: t.policy.noEmergency.word })}
      button={t.policy.noEmergency.button}
      busyButton={t.policy.saving}
      act={act}
      close={close}
    >
      <p>
        <strong>{t.policy.noEmergency.what({ list: numbers.join(', ') })}</strong>
      </p>
      <p>{t.policy.noEmergency.law}</p>
    </TypedDialog>
  );
}
