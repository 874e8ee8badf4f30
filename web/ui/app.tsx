import { useEffect, useRef } from 'preact/hooks';
import { LocationProvider, useLocation } from 'preact-iso/router';
import { follow, linked, status } from './live.js';
import { t } from './messages/en.js';
import { signEntry } from './opened-for.js';
import { AccountPage } from './pages/account.js';
import { AuditPage } from './pages/audit.js';
import { CallsPage } from './pages/calls.js';
import { CoveragePage } from './pages/coverage.js';
import { HealthPage } from './pages/health.js';
import { PeoplePage } from './pages/people.js';
import { PersonPage } from './pages/person.js';
import { PolicyPage } from './pages/policy.js';
import { QualityPage } from './pages/quality.js';
import { ReferencePage } from './pages/reference.js';
import { RetentionPage } from './pages/retention.js';
import { SecondFactorPage } from './pages/second-factor.js';
import { SetUpPage } from './pages/set-up.js';
import { SignInPage } from './pages/sign-in.js';
import { WelcomePage } from './pages/welcome.js';
import { Announcer } from './parts/announcer.js';
import { ErrorNote } from './parts/error-note.js';
import { FailedNote } from './parts/failed-note.js';
import { Header } from './parts/header.js';
import { KeysDialog } from './parts/keys-dialog.js';
import { NoRight, NothingYet } from './parts/no-right.js';
import { PlayerDock } from './parts/player-dock.js';
import { Problem } from './parts/problem.js';
import { ReasonDialog } from './parts/reason-dialog.js';
import { mayDo, mayEver, sees } from './rights.js';
import { interrupted, loadProblem, loadSession, owing, session } from './session.js';

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
