import { useMemo, useState } from 'preact/hooks';
import { LIMIT_PRESETS, type LimitPresetId } from '../../../../daemon/domain/retention/presets.js';
import { announce } from '../../kit/announcer.js';
import { Verbatim } from '../../kit/verbatim.js';
import { t } from '../../messages/language.js';
import { clean } from '../../messages/numbers.js';
import type { Limit } from '../../state/api.js';
import type { RuleFault } from '../../state/api-rules.js';
import { RuleList } from '../rule-list.js';
import { RuleNotes } from '../rule-notes.js';
import { limitSentence } from '../rule-words.js';
import { limitForm } from './limit-form.js';

type Props = {
  limits: Limit[];
  change: (limits: Limit[]) => void;
  faults: RuleFault[];
  fixed: boolean;
  open: (by: number) => void;
  off: boolean;
};

/** Minimums and maximums that no rule can leave, and those of laws to start from. */
export function Limits({ limits, change, faults, fixed, open, off }: Props) {
  const words = t.keeping.limits;
  const form = useMemo(() => limitForm(limits), [limits]);
  return (
    <>
      <RuleList
        id="limits"
        title={words.title}
        note={words.note}
        none={words.none}
        otherwise={words.otherwise}
        add={words.add}
        rules={limits}
        change={change}
        sentence={limitSentence}
        form={form}
        fresh={{ name: '', reason: '', kind: 'min', days: 365, when: {} }}
        fixed={fixed}
        open={open}
        aside={(index) => (
          <>
            <Source limit={limits[index]} />
            <RuleNotes faults={faults} list="limits" index={index} />
          </>
        )}
      />
      {!fixed && <LimitPresets limits={limits} change={change} off={off} />}
    </>
  );
}

function Source({ limit }: { limit: Limit | undefined }) {
  const text = [limit?.legal_basis, limit?.source].filter(Boolean).map((one) => clean(one!));
  if (text.length === 0) return null;
  return (
    <p class="quiet">
      <Verbatim
        text={t.keeping.limits.sourceOf({ source: [...new Set(text)].join(' · '), day: limit?.as_of ?? '' })}
      />
    </p>
  );
}

function LimitPresets({ limits, change, off }: Pick<Props, 'limits' | 'change' | 'off'>) {
  const [id, setId] = useState<LimitPresetId>('mifid');
  const words = t.keeping.presets;
  const preset = LIMIT_PRESETS[id];
  const has = limits.some(({ name }) => name === preset.name);
  const add = (event: Event) => {
    event.preventDefault();
    change([...limits, preset]);
    announce(words.added);
  };
  return (
    <details class="presets">
      <summary>{words.title}</summary>
      <form class="form" noValidate onSubmit={add}>
        <p class="quiet">{words.help}</p>
        <div class="field">
          <label for="limit-preset">{words.choose}</label>
          <div class="field-line">
            <select
              id="limit-preset"
              value={id}
              aria-describedby="limit-preset-says"
              onChange={(e) => setId(e.currentTarget.value as LimitPresetId)}
            >
              {(Object.keys(LIMIT_PRESETS) as LimitPresetId[]).map((one) => (
                <option key={one} value={one}>
                  {words.names[one]}
                </option>
              ))}
            </select>
          </div>
          <p class="field-help" id="limit-preset-says">
            {has
              ? words.has
              : t.keeping.limits.sourceOf({ source: preset.source ?? '', day: preset.as_of ?? '' })}
          </p>
        </div>
        <div class="save-acts">
          <button type="submit" class="button" disabled={off || has}>
            {words.button}
          </button>
        </div>
      </form>
    </details>
  );
}
