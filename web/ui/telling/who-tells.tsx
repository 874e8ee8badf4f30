import { useRef } from 'preact/hooks';
import { t } from '../messages/language.js';
import type { Policy } from '../state/api.js';

type Telling = Policy['telling'];
type Props = { telling: Telling; fixed: boolean; change: (telling: Telling) => void };

/** Whether Tapedeck tells people, or they are told in another way: a policy without `telling` is the latter. */
export function WhoTells({ telling, fixed, change }: Props) {
  /** What was chosen before somebody tried the other choice. */
  const before = useRef<Telling>(telling);
  if (telling) before.current = telling;
  const choices = [
    ['tapedeck', t.telling.who.tapedeck, t.telling.who.tapedeckMeans],
    ['others', t.telling.who.others, t.telling.who.othersMeans],
  ] as const;
  return (
    <fieldset class="who-tells" disabled={fixed}>
      <legend>
        <h2>{t.telling.who.title}</h2>
      </legend>
      {choices.map(([who, label, means]) => (
        <div class="who-tells-one" key={who}>
          <label class="check">
            <input
              type="radio"
              name="who-tells"
              checked={(who === 'tapedeck') === (telling !== undefined)}
              aria-describedby={`who-${who}`}
              onChange={() => change(who === 'tapedeck' ? (before.current ?? {}) : undefined)}
            />
            <span>{label}</span>
          </label>
          <p class="quiet" id={`who-${who}`}>
            {means}
          </p>
        </div>
      ))}
    </fieldset>
  );
}
