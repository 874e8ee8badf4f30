import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import type { Test } from 'tap';
import type { ReadEntry } from '../../daemon/catalogue/audit.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile, controlSocket, ownerSocket } from '../../daemon/domain/paths.js';
import { FOUNDER } from '../../daemon/domain/people/person.js';
import { createControl } from '../../daemon/operations/control.js';
import { ask as askRecorder } from '../../daemon/ops/control-client.js';
import { createAskers } from '../../daemon/requests/askers.js';
import { createTelling } from '../../daemon/requests/tell.js';
import type { Ask } from '../../web/server/ask.js';
import { freshCatalogue } from './catalogue/fresh.js';
import { handlersOf, streamsOf } from './control-handlers.js';

type Handlers = ReturnType<typeof createTelling>;

/** A recorder that takes what a dashboard tells over its real socket, and that can be started late and stopped. */
export async function tellingRecorder(t: Test, around: (handlers: Handlers) => Handlers = (h) => h) {
  // A socket's path is short.
  const dir = mkdtempSync(join(tmpdir(), 'told-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  for (const socket of [controlSocket(dir), ownerSocket(dir)])
    mkdirSync(dirname(socket), { recursive: true });
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(catalogueFile(dir)) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  const clock = { ms: Date.UTC(2026, 10, 27, 9) };
  const now = () => clock.ms;
  const askers = createAskers({ catalogue, proofs: { signedIn: () => false, use: () => null }, clock: now });
  const handlers = around(createTelling({ catalogue, askers, clock: now }));
  let control: ReturnType<typeof createControl> | null = null;

  const lab = {
    ...{ dir, catalogue, clock, now },
    ask: ((name, body) => askRecorder(dir, name, body as never)) as Ask,
    async start(): Promise<void> {
      control = createControl({
        ...{ socket: controlSocket(dir), ownerSocket: ownerSocket(dir), log: pino({ level: 'silent' }) },
        ...{ handlers: handlersOf(handlers), streams: streamsOf() },
      });
      await control.start();
    },
    async stop(): Promise<void> {
      await control?.stop();
      control = null;
    },
    add: (id: string) =>
      catalogue.people.add({
        ...FOUNDER,
        ...{ id, name: id.toUpperCase(), passwordHash: 'x', createdAt: clock.ms },
      }),
    /** All but the first, which the log begins with; oldest first. */
    async entries(): Promise<ReadEntry[]> {
      const found = await catalogue.audit.entries({ limit: 10_000 });
      return found.toReversed().filter(({ action }) => action !== 'begin');
    },
  };
  t.teardown(() => lab.stop());
  return lab;
}
