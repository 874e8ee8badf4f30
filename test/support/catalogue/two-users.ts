import { chmodSync, renameSync } from 'node:fs';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { pino } from 'pino';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { createOutbox } from '../../../daemon/catalogue/outbox.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { createSqliteReader } from '../../../daemon/catalogue/sqlite/reading/reader.js';
import { type AuditAction, entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import { TapedeckError } from '../../../daemon/domain/error.js';
import { createUnlock } from '../../../daemon/operations/unlock.js';
import { restartDashboard } from '../../../daemon/ops/process/restart-dashboard.js';
import { aCall } from '../recordings/a-call.js';

/*
 * One side of a catalogue as a process of its own: "writer PATH" as the recorder has it open, "reader PATH" as the dashboard. Each
 * line of its input is something to do, each line of its output what came of it, as JSON.
 */
const [, , side, path] = process.argv as unknown as [string, string, string, string];
const changes: string[] = [];
let catalogue: Catalogue;
let outbox: ReturnType<typeof createOutbox>;
/** As the recorder has it, with what it raises and clears among the changes. */
const unlock = createUnlock({
  file: path,
  restart: () => restartDashboard(),
  restarted: (detail) =>
    outbox.catalogue.note(entryOf(TAPEDECK, Date.now(), 'dashboard_restart', { detail })),
  alarms: {
    raise: (key, { severity }) => void changes.push(`${key}, ${severity}`),
    clear: (key) => void changes.push(`${key} is over`),
  },
  elapsed: () => performance.now(),
  log: pino({ level: 'silent' }),
});

const ACTS: Record<string, (what: string) => unknown> = {
  async start() {
    catalogue =
      side === 'writer'
        ? createSqliteCatalogue({ path, onLock: unlock.locked })
        : createSqliteReader({ path, onChange: (fault) => changes.push(fault?.code ?? 'readable') });
    await catalogue.start();
    outbox = createOutbox(catalogue, {
      log: pino({ level: 'silent' }),
      onWaiting: ({ code }) => changes.push(code),
      onWritten: () => changes.push('written'),
    });
  },
  stop: () => catalogue.stop(),
  /** Has the dashboard restarted when the catalogue is locked. */
  unlock: () => unlock.start(),
  entries: async (action) =>
    (await catalogue.audit.entries({ actions: [action as AuditAction], limit: 99 })).map((e) => e.detail),
  save: (id) => catalogue.calls.save(aCall(id)),
  /** As calls are followed: what cannot be written waits in memory. */
  keep: (id) => outbox.catalogue.calls.save(aCall(id)),
  call: async (id) => (await catalogue.calls.get(id))?.id ?? null,
  calls: async () => (await catalogue.calls.list({ limit: 10_000 })).length,
  count: () => catalogue.changeCount(),
  changes: () => changes.splice(0),
  /** What another version would have done. */
  version(text) {
    const db = new Database(path);
    const before = db.pragma('user_version', { simple: true });
    db.pragma(`user_version = ${text}`);
    db.close();
    return before;
  },
  integrity() {
    const db = new Database(path);
    const said = db.pragma('integrity_check', { simple: true });
    db.close();
    return said;
  },
  /** A backup takes the place of the file, as "install" puts it there. */
  restore(from) {
    for (const ending of ['', '-wal', '-shm'])
      try {
        renameSync(`${path}${ending}`, `${path}.before${ending}`);
      } catch {
        // there is none
      }
    renameSync(from, path);
    chmodSync(path, 0o640);
  },
};

process.umask(0o027);
for await (const line of createInterface({ input: process.stdin })) {
  const [act, ...what] = line.split(' ');
  let said: unknown;
  try {
    said = (await ACTS[act!]!(what.join(' '))) ?? null;
  } catch (e) {
    said = { error: e instanceof TapedeckError ? e.code : String(e) };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
