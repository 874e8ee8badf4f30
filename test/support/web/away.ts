import type { Dashboard } from './dashboard.js';

/** Has the recorder's half of a dashboard answer nothing until what this returns is called: all `daemon_unreachable`. */
export function goAway({ handlers }: Pick<Dashboard, 'handlers'>): () => void {
  const all = { ...handlers };
  for (const name of Object.keys(all)) delete (handlers as Record<string, unknown>)[name];
  return () => void Object.assign(handlers, all);
}
