import type { ComponentChildren } from 'preact';
import { t } from '../messages/language.js';
import { severalPbxes } from '../state/pbxes.js';
import { PbxSelect } from './field.js';

type Period = { from: string; to: string };
type Props<F extends string> = {
  /** What is asked for; of a period that is not given, what the report has (`shown`). */
  wanted: Period & { pbx: string };
  shown: Period | null;
  change: (part: Partial<Period & { pbx: string }>) => void;
  /** Which calls are listed, and what each choice is called. */
  filter: F;
  filters: Record<F, string>;
  choose: (filter: F) => void;
  /** Buttons after it. */
  children: ComponentChildren;
};

/** The period of a report and which calls are listed; there also when the period makes no sense, so that it can be corrected. */
export function ReportFilters<F extends string>(props: Props<F>) {
  const { wanted, shown, change, filter, filters, choose, children } = props;
  return (
    <search class="report-filters">
      {(['from', 'to'] as const).map((side) => (
        <label key={side}>
          <span>{t.coverage[side]}</span>
          <input
            type="date"
            value={wanted[side] || shown?.[side]}
            max={side === 'from' ? wanted.to || shown?.to : undefined}
            min={side === 'to' ? wanted.from || shown?.from : undefined}
            onChange={(e) => change({ [side]: e.currentTarget.value })}
          />
        </label>
      ))}
      <label>
        <span>{t.coverage.show}</span>
        <select value={filter} onChange={(e) => choose(e.currentTarget.value as F)}>
          {(Object.entries(filters) as [F, string][]).map(([name, text]) => (
            <option key={name} value={name}>
              {text}
            </option>
          ))}
        </select>
      </label>
      {(severalPbxes() || wanted.pbx) && (
        <label for="report-pbx">
          <span>{t.common.pbx}</span>
          <PbxSelect id="report-pbx" value={wanted.pbx} choose={(pbx) => change({ pbx })} />
        </label>
      )}
      {children}
    </search>
  );
}
