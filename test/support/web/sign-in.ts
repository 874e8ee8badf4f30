import type { LightMyRequestResponse } from 'fastify';
import { Secret, TOTP } from 'otpauth';
import type { Test } from 'tap';
import { proveAll } from '../requests/prove-all.js';
import { cookieOf, type Dashboard, openDashboard, password, post, setUp } from './dashboard.js';

export const STEP = 30_000;

export type Person = { dashboard: Dashboard; cookie: string };

export const ask = (
  { dashboard, cookie }: Person,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  payload?: unknown,
  headers: Record<string, string> = {},
): Promise<LightMyRequestResponse> =>
  dashboard.app.inject({
    ...{ method, url: `/api/v1${path}` },
    headers: {
      'x-tapedeck': '1',
      cookie,
      ...(payload !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(payload !== undefined && { payload: JSON.stringify(payload) }),
  });
export const codeOf = (secret: string, now: number) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: now });
export const why = (response: LightMyRequestResponse) => response.json().error?.code;

/** Signs in. The recorder has their proof for every kind of act. */
export async function signIn(dashboard: Dashboard, name = 'anna', given = password): Promise<Person> {
  const response = await post(dashboard.app, '/session', { name, password: given });
  if (response.statusCode !== 200) throw new Error(response.body);
  proveAll(dashboard, cookieOf(response));
  return { dashboard, cookie: cookieOf(response) };
}

/** Anna with an authenticator app. */
export async function withApp(t: Test) {
  const dashboard = await openDashboard(t);
  const anna: Person = { dashboard, cookie: await setUp(dashboard) };
  const { secret } = (await ask(anna, 'POST', '/account/factors/totp', {})).json();
  const added = await ask(anna, 'PUT', '/account/factors/totp', { code: codeOf(secret, dashboard.clock.ms) });
  if (added.statusCode !== 200) throw new Error(added.body);
  const before = anna.cookie;
  anna.cookie = cookieOf(added);
  dashboard.clock.ms += STEP;
  return {
    dashboard,
    anna,
    secret: secret as string,
    before,
    codes: added.json().recovery_codes as string[],
  };
}
