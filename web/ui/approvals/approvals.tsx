import { useEffect, useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { type Approvals, approvalsApi } from '../state/api-approvals.js';
import { OneApproval } from './one-approval.js';

/** What waits for a second person, with exactly what is approved, and what was decided. */
export function ApprovalsPage() {
  const [found, setFound] = useState<Approvals | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [changed, setChanged] = useState(0);
  const load = () => {
    let wanted = true;
    setProblem(null);
    approvalsApi.list().then(
      (all) => {
        if (wanted) setFound(all);
      },
      (cause) => {
        if (wanted) setProblem(cause);
      },
    );
    return () => {
      wanted = false;
    };
  };
  useEffect(load, [changed]);
  const again = () => setChanged((n) => n + 1);
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
              <OneApproval key={one.id} approval={one} again={again} />
            ))}
          </ul>
        </section>
      )}
      {found && found.over.length > 0 && (
        <section aria-labelledby="approvals-over">
          <h2 id="approvals-over">{t.approvals.over}</h2>
          <ul class="approvals-list">
            {found.over.map((one) => (
              <OneApproval key={one.id} approval={one} again={again} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
