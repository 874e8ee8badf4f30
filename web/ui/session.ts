import { signal } from '@preact/signals';
import { api, type Session, sessionLost } from './api.js';

/** Who is signed in and where; null until the first answer. */
export const session = signal<Session | null>(null);
/** True when somebody was signed in and the server has since said otherwise: pages stay as they are behind the form. */
export const interrupted = signal(false);
/** What kept the first answer from coming. */
export const loadProblem = signal<unknown>(null);

export const zone = () => session.value?.site.time_zone ?? 'UTC';

/** Whether somebody is signed in who may not go on yet. */
export const owing = () => (session.value?.second_factor?.owes ?? 'nothing') !== 'nothing';

sessionLost.heard = () => {
  if (!session.value?.user || interrupted.value) return;
  interrupted.value = true;
  // It may be that only a second factor is owed since now.
  api.session().then(
    (now) => {
      if (now.user) session.value = now;
    },
    () => {},
  );
};

export async function loadSession(): Promise<void> {
  loadProblem.value = null;
  try {
    session.value = await api.session();
  } catch (problem) {
    loadProblem.value = problem;
  }
}

/** Takes up that whoever is signed in may do other things than before. */
export async function renewed(): Promise<void> {
  const now = await api.session().catch(() => null);
  if (now?.user) session.value = now;
}

/** Takes up a session that has just begun, keeping what was on screen when the last one ended. */
export async function begun(): Promise<void> {
  session.value = await api.session();
  if (!owing()) interrupted.value = false;
}

export async function signOut(): Promise<void> {
  await api.signOut();
  session.value = await api.session();
  interrupted.value = false;
}
