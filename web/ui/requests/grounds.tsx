import { t } from '../messages/language.js';
import type { PrivacyAnswer } from '../state/api-requests.js';

export type Ground = PrivacyAnswer['grounds'][number];

type Props = { legend: string; grounds: readonly Ground[]; choose: (grounds: readonly Ground[]) => void };

/** Why something is refused: any number of these. */
export function Grounds({ legend, grounds, choose }: Props) {
  const put = (ground: Ground, on: boolean) =>
    choose([...grounds.filter((one) => one !== ground), ...(on ? [ground] : [])]);
  return (
    <fieldset class="requests-grounds">
      <legend>{legend}</legend>
      {(Object.entries(t.requests.grounds) as [Ground, string][]).map(([ground, text]) => (
        <label key={ground}>
          <input
            type="checkbox"
            checked={grounds.includes(ground)}
            onChange={(e) => put(ground, e.currentTarget.checked)}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
