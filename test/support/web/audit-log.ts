import type { ReadEntry } from '../../../daemon/catalogue/audit.js';
import type { AuditAction } from '../../../daemon/domain/assurance/audit.js';
import { until } from '../recorder.js';
import type { Dashboard } from './dashboard.js';

/** The entries, oldest first, without what the processes say of themselves. */
export async function log({ catalogue }: Dashboard): Promise<ReadEntry[]> {
  const all = await catalogue.audit.entries({ limit: 1000 });
  return all.filter((e) => !['begin', 'start', 'stop'].includes(e.action)).reverse();
}
export const actions = async (d: Dashboard) =>
  (await log(d)).map((e) => (e.outcome === 'ok' ? e.action : `${e.action} ${e.outcome}`));
/** Waits for entries that nobody had to wait for. */
export const written = (d: Dashboard, action: AuditAction, count = 1) =>
  until(`${count} of ${action}`, async () => {
    const found = (await log(d)).filter((e) => e.action === action);
    return found.length >= count && found;
  });

/** Waits until the recorder has written all that was noted before. */
export async function told({ store }: Pick<Dashboard, 'store'>): Promise<void> {
  // What is noted is kept in the next turn of the event loop.
  await new Promise(setImmediate);
  await until('all told', () => store.telling.waiting() === 0);
}

export const del = (d: Dashboard, path: string, cookie: string) =>
  d.app.inject({ method: 'DELETE', url: `/api/v1${path}`, headers: { cookie, 'x-tapedeck': '1' } });
export const put = (d: Dashboard, path: string, payload: object, cookie: string) =>
  d.app.inject({
    method: 'PUT',
    url: `/api/v1${path}`,
    headers: { cookie, 'x-tapedeck': '1', 'content-type': 'application/json' },
    payload: JSON.stringify(payload),
  });
