import { useState } from 'preact/hooks';
import { t } from '../messages/language.js';
import type { Days, ReportName, Reports } from '../state/api-reports.js';

type Asked = Days & { report: ReportName };
type Props = { all: Reports; asked: Asked | null; chosen: ReportName | null; show: (asked: Asked) => void };

/** Which report, and of which days. */
export function ReportForm({ all, asked, chosen, show }: Props) {
  const [report, setReport] = useState<ReportName>(asked?.report ?? chosen ?? all.reports[0]!);
  const first = all.presets[0]!;
  const [days, setDays] = useState<Days>(asked ?? { from: first.from, to: first.to });
  const preset = all.presets.find(({ from, to }) => from === days.from && to === days.to);
  const reversed = days.from > days.to;
  return (
    <form
      class="report-filters"
      onSubmit={(event) => {
        event.preventDefault();
        if (!reversed) show({ report, from: days.from, to: days.to });
      }}
    >
      <label>
        <span>{t.reports.report}</span>
        <select
          value={report}
          aria-describedby="report-about"
          onChange={(e) => setReport(e.currentTarget.value as ReportName)}
        >
          {all.reports.map((name) => (
            <option key={name} value={name}>
              {t.reports.names[name]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{t.reports.period}</span>
        <select
          value={preset?.name ?? ''}
          onChange={(e) => {
            const chosen = all.presets.find(({ name }) => name === e.currentTarget.value);
            if (chosen) setDays({ from: chosen.from, to: chosen.to });
          }}
        >
          {all.presets.map(({ name }) => (
            <option key={name} value={name}>
              {t.reports.presets[name]}
            </option>
          ))}
          {!preset && <option value="">{t.reports.custom}</option>}
        </select>
      </label>
      {(['from', 'to'] as const).map((side) => (
        <label key={side}>
          <span>{t.reports[side]}</span>
          <input
            type="date"
            required
            value={days[side]}
            aria-invalid={reversed || undefined}
            aria-describedby={reversed ? 'report-reversed' : undefined}
            onInput={(e) => {
              const { value } = e.currentTarget;
              if (value) setDays({ ...days, [side]: value });
            }}
          />
        </label>
      ))}
      <button type="submit" class="button button-main">
        {t.reports.show}
      </button>
      <p class="quiet report-about" id="report-about">
        {t.reports.about[report]} {t.reports.zone({ zone: all.time_zone })}
      </p>
      {reversed && (
        <p class="note note-warn report-about" id="report-reversed" role="alert">
          {t.reports.reversed}
        </p>
      )}
    </form>
  );
}
