import { useState } from 'preact/hooks';
import { PRESETS, withPreset } from '../../../daemon/domain/policy/presets.js';
import { announce } from '../kit/announcer.js';
import { Field } from '../kit/field.js';
import { t } from '../messages/language.js';
import type { Policy } from '../state/api.js';

type Props = { policy: Policy; open: boolean; off: boolean; change: (part: Partial<Policy>) => void };

/** Rules to start from, filled into the form. */
export function Presets({ policy, open, off, change }: Props) {
  const [id, setId] = useState(PRESETS[0]!.id);
  const [text, setText] = useState('');
  const [tried, setTried] = useState(false);
  const preset = PRESETS.find((one) => one.id === id)!;
  const queues = [...new Set(text.split(/[,;\n]+/).map((one) => one.trim()))].filter(Boolean);
  const fault = preset.queues && queues.length === 0 ? t.rules.presets.noQueues : undefined;

  const fill = (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (fault) return document.getElementById('preset-queues')?.focus();
    change({ record: withPreset(policy, preset, queues).record });
    announce(t.rules.presets.filled);
    setTried(false);
  };
  return (
    <details class="presets" open={open}>
      <summary>{t.rules.presets.title}</summary>
      <form class="form" noValidate onSubmit={fill}>
        <p class="quiet">{t.rules.presets.help}</p>
        <div class="field">
          <label for="preset">{t.rules.presets.choose}</label>
          <div class="field-line">
            <select
              id="preset"
              value={id}
              aria-describedby="preset-says"
              onChange={(e) => setId(e.currentTarget.value as typeof id)}
            >
              {PRESETS.map((one) => (
                <option key={one.id} value={one.id}>
                  {t.rules.presets.names[one.id]}
                </option>
              ))}
            </select>
          </div>
          <p class="field-help" id="preset-says">
            {t.rules.presets.says[id]}
          </p>
        </div>
        {preset.queues && (
          <Field
            id="preset-queues"
            label={t.rules.presets.queues}
            help={t.rules.presets.queuesHelp}
            value={text}
            onInput={setText}
            maxLength={400}
            error={tried ? fault : undefined}
          />
        )}
        <div class="save-acts">
          <button type="submit" class="button" disabled={off}>
            {t.rules.presets.button}
          </button>
        </div>
      </form>
    </details>
  );
}
