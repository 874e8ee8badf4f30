import type { LightMyRequestResponse } from 'fastify';
import { type Dashboard, post } from './dashboard.js';

export const signIn = (dashboard: Dashboard, name: string, given: string) =>
  post(dashboard.app, '/session', { name, password: given });
export const why = (response: LightMyRequestResponse) => response.json().error?.code;

/** Who came in, and who did not, as the log has it. */
export async function signIns({ catalogue }: Dashboard) {
  const all = await catalogue.audit.entries({ limit: 200, actions: ['sign_in'] });
  return all.reverse().map((e) => [e.actor_name, e.outcome, e.detail.with ?? e.detail.because]);
}
