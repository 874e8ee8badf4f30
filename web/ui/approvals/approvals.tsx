import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { approvalsApi } from '../state/api-approvals.js';
import { useView } from '../state/use-view.js';
import { OneApproval } from './one-approval.js';

/** What waits for a second person, with exactly what is approved, and what was decided. */
export function ApprovalsPage() {
  const { view: found, problem, load } = useView(approvalsApi.list);
  const waiting = found?.open.filter(({ state }) => state === 'waiting').length ?? 0;
  return (
    <div class="sheet approvals">
      <header class="sheet-head">
        <h1>{t.approvals.title}</h1>
        {found && <p class="answer">{t.approvals.summary({ n: waiting })}</p>}
        <p class="quiet">{t.approvals.intro}</p>
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!found && problem === null && <p class="quiet">{t.common.loading}</p>}
      {found && found.open.length + found.over.length === 0 && <p class="quiet">{t.approvals.empty}</p>}
      {found && found.open.length > 0 && (
        <section aria-labelledby="approvals-open">
          <h2 id="approvals-open">{t.approvals.waiting}</h2>
          <ul class="approvals-list">
            {found.open.map((one) => (
              <OneApproval key={one.id} approval={one} again={load} />
            ))}
          </ul>
        </section>
      )}
      {found && found.over.length > 0 && (
        <section aria-labelledby="approvals-over">
          <h2 id="approvals-over">{t.approvals.over}</h2>
          <ul class="approvals-list">
            {found.over.map((one) => (
              <OneApproval key={one.id} approval={one} again={load} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
