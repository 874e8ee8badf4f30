import { createHash } from 'node:crypto';
import type { Rights } from '../../../daemon/domain/people/person.js';
import { proveAll } from '../requests/prove-all.js';
import { cookieOf, type Dashboard, password, post } from './dashboard.js';

export const NONE = { all: false, extensions: [], queues: [], dids: [] };
export const rights = (change: Partial<Rights>): Rights => ({
  ...{ roles: [], scope: NONE, extensions: [], grants: [] },
  ...change,
});
export const sha = (text: string) => createHash('sha256').update(text).digest('hex');

export const send = (
  app: Dashboard['app'],
  method: 'PUT' | 'DELETE',
  path: string,
  cookie: string,
  payload?: unknown,
) =>
  app.inject({
    ...{ method, url: `/api/v1${path}`, headers: { cookie, 'x-tapedeck': '1' } },
    ...(payload === undefined ? {} : { payload: payload as object }),
  });

/** Adds somebody and lets them choose a password by their link. Gives their id and cookie. */
export async function addPerson(dashboard: Dashboard, admin: string, name: string, given: Rights) {
  const { app } = dashboard;
  const added = await post(app, '/people', { name, ...given }, { cookie: admin });
  if (added.statusCode !== 200) throw new Error(added.body);
  const { person, invitation } = added.json();
  await post(app, '/welcome', { code: invitation.code, password: `${password} of ${name}` });
  return { id: person.id as string, cookie: await signIn(dashboard, name) };
}
/** Signs in. The recorder has their proof for every kind of act. */
export async function signIn(dashboard: Dashboard, name: string, headers = {}): Promise<string> {
  const answer = await post(dashboard.app, '/session', { name, password: `${password} of ${name}` }, headers);
  if (answer.statusCode !== 200) throw new Error(answer.body);
  proveAll(dashboard, cookieOf(answer));
  return cookieOf(answer);
}
