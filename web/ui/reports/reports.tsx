import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { type Days, type Report, type ReportName, type Reports, reportsApi } from '../state/api-reports.js';
import { useView } from '../state/use-view.js';
import { MailingList } from './mailing-list.js';
import { OrganisationSection } from './organisation.js';
import { ReportForm } from './report-form.js';
import { ShownReport } from './shown-report.js';
import { SignedList } from './signed-list.js';

type Asked = Days & { report: ReportName };

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** What an address asks for; null for nothing. */
function askedIn({ report = '', from = '', to = '' }: Record<string, string>): Asked | null {
  if (!Object.hasOwn(t.reports.names, report) || !DAY.test(from) || !DAY.test(to) || from > to) return null;
  return { report: report as ReportName, from, to };
}
/** The report that an address names, of whatever days; null for none. */
const chosenIn = ({ report = '' }: Record<string, string>): ReportName | null =>
  Object.hasOwn(t.reports.names, report) ? (report as ReportName) : null;
const addressOf = (asked: Asked): string => `/reports?${new URLSearchParams(asked)}`;

/** Reports: which, of which days; what one says, as a file too; and the signatures of those that were given out. */
export function ReportsPage() {
  const { query, route } = useLocation();
  const {
    view: all,
    problem,
    load,
  } = useView<Reports>((shown) => (shown ? Promise.resolve(shown) : reportsApi.all()));
  const asked = askedIn(query);
  /** It is made anew after what it needs was entered. */
  const [round, setRound] = useState(0);
  return (
    <div class="sheet reports">
      <header class="sheet-head">
        <h1>{t.reports.title}</h1>
        <p class="quiet reports-intro">{t.reports.intro}</p>
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!all && problem === null && <p class="quiet">{t.common.loading}</p>}
      {all && (
        <ReportForm
          key={asked ? addressOf(asked) : (chosenIn(query) ?? '')}
          all={all}
          asked={asked}
          chosen={chosenIn(query)}
          show={(next) => route(addressOf(next))}
        />
      )}
      {all && asked && <OneReport key={`${addressOf(asked)} ${round}`} asked={asked} />}
      {all && asked?.report === 'processing' && <OrganisationSection saved={() => setRound(round + 1)} />}
      {all && <MailingList reports={all.reports} />}
      {all && <SignedList />}
    </div>
  );
}

/** A report is made once for each address: each is an entry of the audit log, and takes the recorder's time. */
function OneReport({ asked }: { asked: Asked }) {
  const [report, setReport] = useState<Report | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const asking = useRef<AbortController | null>(null);
  const load = () => {
    const mine = new AbortController();
    asking.current = mine;
    setProblem(null);
    reportsApi.get(asked.report, asked, mine.signal).then(
      (made) => {
        setReport(made);
        announce(t.reports.made({ name: t.reports.names[asked.report] }));
      },
      (cause) => {
        if (!mine.signal.aborted) setProblem(cause);
      },
    );
  };
  useEffect(() => {
    load();
    return () => asking.current?.abort();
  }, []);
  if (problem !== null) return <ErrorNote problem={problem} retry={load} />;
  if (!report) return <p class="quiet">{t.reports.making}</p>;
  return <ShownReport report={report} days={asked} name={asked.report} />;
}
