import { join } from 'node:path';
import { pino } from 'pino';
import type { Test } from 'tap';
import type { KeptSession } from '../../web/store/sessions.js';
import { openStore, type Store } from '../../web/store/store.js';
import type { Untold } from '../../web/store/telling.js';

export const NOW = Date.UTC(2026, 10, 27, 9);
/** Of somebody who has just signed in. */
export const session: KeptSession = {
  ...{ id: 'S', tokenHash: 'one', userId: 'ada', epoch: 0, gains: 0 },
  ...{ createdAt: NOW, seenAt: NOW, expiresAt: NOW + 1_000_000, address: '::1', agent: 'x' },
  ...{ proofs: ['password'], provedAt: NOW, failed: { count: 2, lastAt: NOW - 5 } },
};
/** What is still to be told to the recorder. */
export const entry = (n: number): Untold => ({
  ...{ at: NOW, person: 'ada', address: '', action: 'view', outcome: 'ok' },
  ...{ object: 'call', object_id: '', reason: '', detail: { n } },
});

/** A store that can be opened again, as by a process that ends and starts; and what was logged of it. */
export function aStore(t: Test, path = join(t.testdir(), 'web', 'web.db')) {
  const logged: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  let store: Store | null = null;
  const lab = {
    ...{ path, log, logged },
    open(): Store {
      store?.close();
      store = openStore({ path, log });
      return store;
    },
    close(): void {
      store?.close();
      store = null;
    },
  };
  t.teardown(() => lab.close());
  return lab;
}
