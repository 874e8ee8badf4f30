import type { Session } from './api.js';
import { session } from './session.js';

type User = NonNullable<Session['user']>;

/** What whoever is signed in may do. It decides what pages show; the server decides what they get. */
export const mayDo = (right: User['may'][number]): boolean =>
  session.value?.user?.may.includes(right) ?? false;
export const mayEver = (right: User['calls'][number]): boolean =>
  session.value?.user?.calls.includes(right) ?? false;
export const isA = (role: User['roles'][number]): boolean =>
  session.value?.user?.roles.includes(role) ?? false;
/** Which calls they see. */
export const sees = (): User['reach'] => session.value?.user?.reach ?? 'none';
export const seesCalls = (): boolean => mayEver('view') && sees() !== 'none';
