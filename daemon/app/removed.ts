import { keyOf, pbxOfKey } from '../domain/operations/alarm-pbx.js';
import { FIRST } from '../domain/pbx.js';
import type { Base, Parts } from './parts.js';

const ALARM = 'pbx_removed';

/**
 * Says which calls are unfinished because their PBX is not in the configuration any more: nothing of them is lost, and
 * nothing is done with them until it is back. Other alarms about such a PBX end, since nobody looks at it any more.
 */
export async function tellOfRemoved(
  { config, log }: Base,
  { data, alarming: { alert } }: Parts,
): Promise<void> {
  const known = new Set(config.pbxes.map(({ id }) => id));
  const left = new Map<string, { open: number; waiting: number }>();
  const count = (id: string, what: 'open' | 'waiting') => {
    if (known.has(id)) return;
    const of = left.get(id) ?? { open: 0, waiting: 0 };
    of[what]++;
    left.set(id, of);
  };
  try {
    for (const { call } of await data.catalogue.calls.open()) count(call.pbx, 'open');
    for (const id of await data.catalogue.segments.callsToPreserve()) {
      const call = await data.catalogue.calls.get(id);
      if (call) count(call.pbx, 'waiting');
    }
  } catch (err) {
    log.error({ err }, 'Calls of PBXs that are not set up any more could not be looked for');
    return;
  }
  for (const { key } of alert.standing()) {
    const id = pbxOfKey(key);
    if (id === FIRST) continue;
    if (!known.has(id) || key === keyOf(ALARM, id)) alert.clear(key);
  }
  for (const [id, { open, waiting }] of left)
    alert.raise(keyOf(ALARM, id), {
      severity: 'critical',
      why: { code: 'pbx_removed', params: { id, open, waiting } },
    });
}
