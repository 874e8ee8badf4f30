import { Select } from '../kit/select.js';
import { t } from '../messages/language.js';
import type { RecordRule } from '../state/api.js';
import { Choice } from './choice.js';

/** What becomes of a call that a rule fits, with what only some outcomes have. */
export type OutcomeOf = Pick<
  RecordRule,
  'outcome' | 'keep' | 'capture_before' | 'while_open' | 'on_hold' | 'tell' | 'stated_is_enough'
>;

type Props = { id: string; value: OutcomeOf; change: (value: OutcomeOf) => void };

export function OutcomeFields({ id, value, change }: Props) {
  const words = t.policy.form;
  const { outcome, keep = 'whole', capture_before: before = true, while_open, on_hold = 'record' } = value;
  const set = (part: Partial<OutcomeOf>) => change({ ...value, ...part });
  return (
    <>
      <Choice
        name={`${id}-outcome`}
        legend={words.action}
        value={outcome}
        choices={[
          ['skip', words.doNot],
          ['record', words.doRecord],
          ['on_demand', words.doOnDemand],
          ['ask', words.doAsk],
        ]}
        choose={(chosen) => set({ outcome: chosen })}
      />
      {outcome === 'on_demand' && (
        <>
          <Choice
            name={`${id}-what`}
            legend={words.whatIsKept}
            value={keep}
            choices={[
              ['whole', words.wholeCall],
              ['from_now', words.fromNow],
            ]}
            choose={(chosen) => set({ keep: chosen })}
          />
          <Choice
            name={`${id}-before`}
            legend={words.before}
            value={before ? 'yes' : 'no'}
            choices={[
              ['yes', words.captureBefore],
              ['no', words.nothingBefore],
            ]}
            choose={(chosen) => set({ capture_before: chosen === 'yes' })}
          />
        </>
      )}
      <Choice
        name={`${id}-open`}
        legend={words.whileOpen}
        value={while_open ?? (outcome === 'skip' || outcome === 'ask' ? 'wait' : 'capture')}
        choices={[
          ['wait', words.openWait],
          ['capture', words.openCapture],
        ]}
        choose={(chosen) => set({ while_open: chosen })}
      />
      {outcome !== 'skip' && (
        <Choice
          name={`${id}-hold`}
          legend={words.onHold}
          value={on_hold}
          choices={[
            ['record', words.holdRecord],
            ['mask', words.holdMask],
          ]}
          choose={(chosen) => set({ on_hold: chosen })}
        />
      )}
      {(outcome === 'record' || outcome === 'on_demand') && (
        <Select
          id={`${id}-tell`}
          label={words.tell}
          help={words.tellHelp}
          value={value.tell ?? ''}
          choices={[
            ['', words.tellDefault],
            ...(Object.entries(t.telling.modes) as [NonNullable<RecordRule['tell']>, string][]),
          ]}
          choose={(chosen) => set({ tell: chosen || undefined })}
        />
      )}
      {asks(value) && (
        <Choice
          name={`${id}-stated`}
          legend={words.whoseYes}
          value={value.stated_is_enough ? 'ours' : 'theirs'}
          choices={[
            ['theirs', words.theirYes],
            ['ours', words.statedYes],
          ]}
          choose={(chosen) => set({ stated_is_enough: chosen === 'ours' || undefined })}
        />
      )}
    </>
  );
}

const asks = ({ outcome, tell }: Pick<OutcomeOf, 'outcome' | 'tell'>): boolean =>
  outcome === 'ask' || (outcome !== 'skip' && tell === 'ask');

/** Without what an outcome does not have. */
export function ofOutcome({
  outcome,
  keep,
  capture_before,
  while_open,
  on_hold,
  tell,
  stated_is_enough: stated,
}: OutcomeOf): OutcomeOf {
  return {
    outcome,
    ...(outcome === 'on_demand' && keep ? { keep } : {}),
    ...(outcome === 'on_demand' && capture_before !== undefined ? { capture_before } : {}),
    ...(while_open ? { while_open } : {}),
    ...(outcome !== 'skip' && on_hold ? { on_hold } : {}),
    // Whoever is asked for a yes is told by that, and of a call that is not recorded nobody is told.
    ...((outcome === 'record' || outcome === 'on_demand') && tell ? { tell } : {}),
    ...(asks({ outcome, tell }) && stated ? { stated_is_enough: true } : {}),
  };
}
