import { useEffect, useRef } from 'preact/hooks';
import { LocationProvider, useLocation } from 'preact-iso/router';
import { follow, linked, status } from './live.js';
import { t } from './messages/en.js';
import { CallsPage } from './pages/calls.js';
import { PolicyPage } from './pages/policy.js';
import { RetentionPage } from './pages/retention.js';
import { SetUpPage } from './pages/set-up.js';
import { SignInPage } from './pages/sign-in.js';
import { Announcer } from './parts/announcer.js';
import { ErrorNote } from './parts/error-note.js';
import { Header } from './parts/header.js';
import { KeysDialog } from './parts/keys-dialog.js';
import { PlayerDock } from './parts/player-dock.js';
import { Problem } from './parts/problem.js';
import { interrupted, loadProblem, loadSession, session } from './session.js';

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
  if (loadProblem.value)
    return (
      <main class="door">
        <ErrorNote problem={loadProblem.value} retry={loadSession} />
      </main>
    );
  const now = session.value;
  if (!now) return <p class="door-wait">{t.common.loading}</p>;
  if (now.setup_needed) return <SetUpPage />;
  if (!now.user) return <SignInPage />;
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
      {status.value && linked.value && <Problem status={status.value} />}
      <main id="main" class={`main main-${page.name}`} ref={main} tabIndex={-1}>
        {page.view}
      </main>
      <PlayerDock />
      <KeysDialog />
    </div>
  );
}

function pageOf(path: string) {
  const call = /^\/calls\/([^/]+)$/.exec(path)?.[1];
  if (path === '/' || path === '/calls' || call)
    return {
      name: 'calls',
      title: t.calls.title,
      view: <CallsPage chosen={call ? decodeURIComponent(call) : null} />,
    };
  if (path === '/policy') return { name: 'policy', title: t.policy.title, view: <PolicyPage /> };
  if (path === '/retention') return { name: 'retention', title: t.retention.title, view: <RetentionPage /> };
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
