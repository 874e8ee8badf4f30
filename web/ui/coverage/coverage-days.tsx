import { TableHead } from '../kit/table-head.js';
import { t } from '../messages/language.js';
import { count, percentage } from '../messages/locale.js';
import { date } from '../messages/when.js';
import type { Coverage } from '../state/api.js';

type Day = Coverage['days'][number];

/** A line a day, with a bar for its share; the day leads to that day alone. */
export function CoverageDays({ days, address }: { days: Day[]; address: (day: string) => string }) {
  if (days.length === 0) return <p class="quiet">{t.coverage.nothing}</p>;
  return (
    <table class="table table-kept coverage-days">
      <TableHead columns={t.coverage.daysColumns} />
      <tbody>
        {days.map((d) => (
          <tr key={d.day}>
            <td>
              <a href={address(d.day)} aria-label={t.coverage.dayLink({ day: date(`${d.day}T12:00:00Z`) })}>
                {date(`${d.day}T12:00:00Z`)}
              </a>
            </td>
            <td>{count(d.answered)}</td>
            <td>{count(d.eligible)}</td>
            <td>{count(d.covered)}</td>
            <td>
              <Share day={d} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Share({ day }: { day: Day }) {
  if (day.percent === null) return <span class="quiet">–</span>;
  const partial = (day.partial / day.eligible) * 100;
  return (
    <span class="coverage-share">
      <svg class="coverage-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="coverage-lost" width="100" height="8" />
        <rect class="coverage-part" width={day.percent} height="8" />
        <rect class="coverage-full" width={Math.max(0, day.percent - partial)} height="8" />
      </svg>
      {percentage(day.percent)}
    </span>
  );
}
