import { join } from 'node:path';
import { pino } from 'pino';
import type { Test } from 'tap';
import { openStore, type Store } from '../../web/store/store.js';

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
