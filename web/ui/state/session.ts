import { signal } from '@preact/signals';
import { player } from '../player/player.js';
import { ApiError, api, isAway, onSession, type Session } from './api.js';
import { openedFor, strangersEntry } from './opened-for.js';
import { startOver } from './start-over.js';
import { listenToTabs, tellTabs } from './tabs.js';

/** Who is signed in and where; null until the first answer. Never another person than the page was opened for. */
export const session = signal<Session | null>(null);
/** True when somebody was signed in and the server has since said otherwise: pages stay as they are behind the form. */
export const interrupted = signal(false);
/** What kept the first answer from coming. */
export const loadProblem = signal<unknown>(null);

/** Why nothing can be read at the moment; null while it can. The page comes back by itself. */
export const waiting = signal<ApiError | null>(null);

/** How often a page that waits asks again, in ms. */
const ASK_AGAIN_MS = 3_000;

export const region = () => session.value?.site.region ?? '';
export const zone = () => session.value?.site.time_zone ?? 'UTC';

/** Whether somebody is signed in who may not go on yet. */
export const owing = () => (session.value?.second_factor?.owes ?? 'nothing') !== 'nothing';

/** Takes up who is signed in now. A page is one person's: for another it starts over. */
function take(now: Session): void {
  const id = now.user?.id ?? '';
  openedFor.id ||= id;
  if (id !== '' && id !== openedFor.id) startOver();
  else if (id === '' && session.value?.user) interrupt();
  else {
    session.value = now;
    if (id !== '' && !owing()) interrupted.value = false;
  }
}

function interrupt(): void {
  if (interrupted.value) return;
  interrupted.value = true;
  player.unload();
}

onSession.lost = () => {
  if (!session.value?.user || interrupted.value) return;
  interrupt();
  // It may be that only a second factor is owed since now, or that somebody else is here.
  void lookAgain();
};
onSession.other = startOver;
onSession.away = (why) => {
  const waits = waiting.value !== null;
  waiting.value = why;
  if (waits) return;
  player.unload();
  setTimeout(askAgain, ASK_AGAIN_MS);
};

async function askAgain(): Promise<void> {
  const now = await api.session(true).catch(() => null);
  if (!now) return void setTimeout(askAgain, ASK_AGAIN_MS);
  waiting.value = null;
  if (session.value) take(now);
  else void loadSession();
}

/** What passes without anybody doing anything. */
const PASSES = ['machine_busy', 'unreachable'];

/** Loads who is signed in. What passes by itself is asked again until it has; what was wrong stays on the page meanwhile. */
export async function loadSession(): Promise<void> {
  try {
    const now = await api.session();
    loadProblem.value = null;
    if (strangersEntry(now.user?.id ?? '')) return startOver();
    take(now);
    if (now.user) tellTabs('entered', now.user.id);
  } catch (problem) {
    loadProblem.value = isAway(problem) ? null : problem;
    clearTimeout(again);
    if (problem instanceof ApiError && PASSES.includes(problem.code))
      again = setTimeout(loadSession, ASK_AGAIN_MS);
  }
}

let again: ReturnType<typeof setTimeout> | undefined;

/** Takes up that somebody else is here, nobody any more, or the same person who may do other things. False: nobody answers. */
export async function lookAgain(): Promise<boolean> {
  const now = await api.session(true).catch(() => null);
  if (now) take(now);
  return now !== null;
}

/** Takes up a session that has just begun, keeping what was on screen when the last one ended. */
export async function begun(): Promise<void> {
  const now = await api.session();
  take(now);
  if (now.user) tellTabs('entered', now.user.id);
}

/** Signs out in every tab. What has sounded is told before; throws when the server refuses. */
export async function signOut(): Promise<void> {
  tellTabs('leaving', openedFor.id);
  await player.hush();
  await api.signOut().catch((cause: unknown) => {
    // They are signed out already.
    if (!(cause instanceof ApiError) || cause.status !== 401) throw cause;
  });
  tellTabs('left', openedFor.id);
  startOver();
}

/** Follows what becomes of the session elsewhere: in other tabs, and while this one stood still. */
export function followPerson(): void {
  listenToTabs(({ what, id }) => {
    const mine = id === openedFor.id;
    if (what === 'entered') {
      if (!mine && openedFor.id !== '') startOver();
      else if (!session.value?.user || interrupted.value || owing()) void lookAgain();
    } else if (mine) void (what === 'left' ? startOver() : player.hush());
  });
  // Back can lead within this document to what another person did in the one before it.
  addEventListener('popstate', () => {
    if (strangersEntry(openedFor.id)) startOver();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && session.value) void lookAgain();
  });
  // A page that the browser keeps for Back is kept without anything to see, and shown again to its own person only.
  const app = document.getElementById('app')!;
  addEventListener('pagehide', ({ persisted }) => {
    if (!persisted) return;
    void player.hush();
    app.hidden = true;
  });
  addEventListener('pageshow', async ({ persisted }) => {
    if (!persisted) return;
    if (await lookAgain()) app.hidden = false;
    else location.reload();
  });
}
