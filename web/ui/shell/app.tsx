import { useEffect, useRef } from 'preact/hooks';
import { LocationProvider, useLocation } from 'preact-iso/router';
import { AccountPage } from '../account/account.js';
import { AuditPage } from '../audit/audit.js';
import { CallsPage } from '../calls/calls.js';
import { ReasonDialog } from '../calls/reason-dialog.js';
import { CoveragePage } from '../coverage/coverage.js';
import { HealthPage } from '../health/health.js';
import { Announcer } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { FailedNote } from '../kit/failed-note.js';
import { t } from '../messages/en.js';
import { PeoplePage } from '../people/people.js';
import { PersonPage } from '../people/person.js';
import { PlayerDock } from '../player/player-dock.js';
import { PolicyPage } from '../policy/policy.js';
import { QualityPage } from '../quality/quality.js';
import { ReferencePage } from '../reference/reference.js';
import { RetentionPage } from '../retention/retention.js';
import { SecondFactorPage } from '../sign-in/second-factor.js';
import { SetUpPage } from '../sign-in/set-up.js';
import { SignInPage } from '../sign-in/sign-in.js';
import { WelcomePage } from '../sign-in/welcome.js';
import { follow, linked, status } from '../state/live.js';
import { signEntry } from '../state/opened-for.js';
import { mayDo, mayEver, sees } from '../state/rights.js';
import { interrupted, loadProblem, loadSession, owing, session } from '../state/session.js';
import { Header } from './header.js';
import { KeysDialog } from './keys-dialog.js';
import { NoRight, NothingYet } from './no-right.js';
import { Problem } from './problem.js';

/** Addresses of the API are the server's, not the desk's. */
const scope = /^\/(?!api\/)/;

export function App() {
  return (
    <LocationProvider scope={scope}>
      <Announcer />
      <Desk />
    </LocationProvider>
  );
}

function Desk() {
  const { path, url } = useLocation();
  const known = session.value?.user?.id;
  useEffect(signEntry, [url, known]);
  if (loadProblem.value)
    return (
      <main class="door">
        <ErrorNote problem={loadProblem.value} retry={loadSession} />
      </main>
    );
  const now = session.value;
  if (!now) return <p class="door-wait">{t.common.loading}</p>;
  if (path === '/welcome') return <WelcomePage />;
  if (now.setup_needed) return <SetUpPage />;
  if (!now.user) return <SignInPage />;
  // What was being done when the session ended stays as it is behind the door.
  if (owing())
    return interrupted.value ? (
      <>
        <SecondFactorPage />
        <Shell />
      </>
    ) : (
      <SecondFactorPage />
    );
  return (
    <>
      {interrupted.value && <SignInPage again />}
      <Shell />
    </>
  );
}

function Shell() {
  const { path, url } = useLocation();
  const main = useRef<HTMLElement>(null);
  useEffect(follow, []);

  const page = pageOf(path);
  const shown = useRef(page.name);
  useEffect(() => {
    document.title = t.title(page.title, session.value?.site.name ?? '');
    if (shown.current === page.name) return;
    shown.current = page.name;
    main.current?.focus();
  }, [url]);

  const away = interrupted.value;
  return (
    <div class="desk" inert={away} hidden={away}>
      <a class="skip" href="#main">
        {t.skip}
      </a>
      <Header path={path} />
      {status.value && linked.value && <Problem status={status.value} path={path} />}
      <main id="main" class={`main main-${page.name}`} ref={main} tabIndex={-1}>
        {page.view}
      </main>
      <PlayerDock />
      <KeysDialog />
      {!away && <FailedNote />}
      <ReasonDialog />
    </div>
  );
}

function pageOf(path: string) {
  const call = /^\/calls\/([^/]+)$/.exec(path)?.[1];
  if (path === '/' || path === '/calls' || call)
    return {
      name: 'calls',
      title: t.calls.title,
      view:
        !mayEver('view') || sees() === 'none' ? (
          <NothingYet />
        ) : (
          <CallsPage chosen={call ? decodeURIComponent(call) : null} />
        ),
    };
  const overseen = /^\/(policy|coverage|quality|retention|health|people|audit)(\/|$)/.test(path);
  if (overseen && !mayDo('oversee'))
    return { name: 'no-right', title: t.rights.noPageTitle, view: <NoRight /> };
  if (path === '/policy') return { name: 'policy', title: t.policy.title, view: <PolicyPage /> };
  if (path === '/coverage') return { name: 'coverage', title: t.coverage.title, view: <CoveragePage /> };
  if (path === '/quality') return { name: 'quality', title: t.quality.title, view: <QualityPage /> };
  if (path === '/retention') return { name: 'retention', title: t.retention.title, view: <RetentionPage /> };
  if (path === '/audit') return { name: 'audit', title: t.audit.title, view: <AuditPage /> };
  if (path === '/health') return { name: 'health', title: t.health.title, view: <HealthPage /> };
  if (path === '/api-reference')
    return { name: 'reference', title: t.reference.title, view: <ReferencePage /> };
  if (path === '/account') return { name: 'account', title: t.account.title, view: <AccountPage /> };
  if (path === '/people') return { name: 'people', title: t.people.title, view: <PeoplePage /> };
  const person = /^\/people\/([^/]+)$/.exec(path)?.[1];
  if (person)
    return {
      name: 'person',
      title: t.people.title,
      view: <PersonPage key={person} id={person === 'new' ? null : decodeURIComponent(person)} />,
    };
  return {
    name: 'nothing',
    title: t.common.page404,
    view: (
      <div class="sheet">
        <h1>{t.common.page404}</h1>
        <p>
          <a href="/">{t.common.back404}</a>
        </p>
      </div>
    ),
  };
}
