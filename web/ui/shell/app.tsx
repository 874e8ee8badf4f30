import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { LocationProvider, useLocation } from 'preact-iso/router';
import { awaited } from '../calls/list/ahead.js';
import { ReasonDialog } from '../calls/reason-dialog.js';
import { Announcer } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { FailedNote } from '../kit/failed-note.js';
import { t } from '../messages/language.js';
import { PlayerDock } from '../player/player-dock.js';
import { ProofHost } from '../sign-in/proof-dialog.js';
import { SecondFactorPage } from '../sign-in/second-factor.js';
import { SetUpPage } from '../sign-in/set-up.js';
import { SignInPage } from '../sign-in/sign-in.js';
import { WelcomePage } from '../sign-in/welcome.js';
import { follow, linked, status } from '../state/live.js';
import { signEntry } from '../state/opened-for.js';
import { interrupted, loadProblem, loadSession, owing, session, waiting } from '../state/session.js';
import { focusPage } from './focus.js';
import { Header } from './header.js';
import { KeysDialog } from './keys-dialog.js';
import { Navigation } from './navigation.js';
import { pageAt, preloadLinked } from './pages.js';
import { Problem } from './problem.js';
import { WaitingPage } from './waiting.js';

/** Addresses of the API are the server's, not the desk's. */
const scope = /^\/(?!api\/)/;

export function App() {
  return (
    <LocationProvider scope={scope}>
      <Announcer silent={interrupted.value || !session.value?.user} />
      <ProofHost />
      <Desk />
    </LocationProvider>
  );
}

function Desk() {
  const { path, url } = useLocation();
  const known = session.value?.user?.id;
  useEffect(signEntry, [url, known]);
  if (waiting.value) return <WaitingPage why={waiting.value} />;
  if (loadProblem.value)
    return (
      <main class="door">
        <ErrorNote problem={loadProblem.value} retry={loadSession} />
      </main>
    );
  const now = session.value;
  if (!now || awaited.value) return <p class="door-wait">{t.common.loading}</p>;
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
  useEffect(follow, []);
  useEffect(preloadLinked, []);

  const page = pageAt(path);
  const shown = useRef(page.name);
  // With the drawing: a page that is there has its title and the focus, which nothing takes from what is typed next.
  useLayoutEffect(() => {
    document.title = t.title({ page: page.title, site: session.value?.site.name ?? '' });
    if (shown.current === page.name) return;
    shown.current = page.name;
    focusPage();
  }, [url]);

  const away = interrupted.value;
  return (
    <div class="desk" inert={away} hidden={away}>
      <a class="skip" href="#main">
        {t.skip}
      </a>
      <Header />
      <Navigation path={path} />
      {status.value && linked.value && <Problem status={status.value} path={path} />}
      {/* Those with a keyboard can scroll a page, even one in which nothing else takes focus. */}
      <main id="main" class={`main main-${page.name}`} tabIndex={page.name === 'calls' ? -1 : 0}>
        {page.view}
      </main>
      <PlayerDock />
      <KeysDialog />
      {!away && <FailedNote />}
      <ReasonDialog />
    </div>
  );
}
