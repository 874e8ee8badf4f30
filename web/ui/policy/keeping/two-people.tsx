import { t } from '../../messages/language.js';
import type { Policy } from '../../state/api.js';

type Approvals = NonNullable<Policy['approvals']>;
export const controlled = ['shorten_retention', 'erase'] as const satisfies (keyof Approvals)[];
export type Controlled = (typeof controlled)[number];

type Props = {
  approvals: Policy['approvals'];
  fixed: boolean;
  change: (approvals: Policy['approvals']) => void;
};

/** What nobody does alone. Turning it off takes two people as well. */
export function TwoPeople({ approvals = {}, fixed, change }: Props) {
  const words = t.policy.twoPeople;
  const set = (act: Controlled, on: boolean) => {
    const { [act]: _, ...others } = approvals;
    const next: Approvals = on ? { ...others, [act]: true } : others;
    change(Object.values(next).includes(true) ? next : undefined);
  };
  return (
    <section class="rules">
      <h2>{words.title}</h2>
      <p class="quiet">{words.how}</p>
      <fieldset class="plain" disabled={fixed} aria-label={words.title}>
        {controlled.map((act) => (
          <label class="check" key={act}>
            <input
              type="checkbox"
              checked={approvals[act] === true}
              onChange={(e) => set(act, e.currentTarget.checked)}
            />
            <span>{words.acts[act]}</span>
          </label>
        ))}
      </fieldset>
    </section>
  );
}
