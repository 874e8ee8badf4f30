import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { createDoubts } from '../../../daemon/assurance/doubts.js';
import type { BadRow, Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { withEntries } from '../../../daemon/catalogue/entries.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createRetain } from '../../../daemon/recordings/retain.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import { alarmBoard } from '../alarm-board.js';
import { aCall, aRecording } from '../recordings/a-call.js';
import { retaining, ruled } from '../recordings/retaining.js';
import { craft, T0 } from './crafted.js';

export const log = createLog('silent', 'test');
export const DAY = 86_400_000;
export const recorded = { status: 'recorded', why: null, rule: null, missingMs: 0 } as const;

/** A catalogue as the recorder opens it, with an alarm board. */
export async function opened(t: Test) {
  const dir = t.testdir({});
  const path = join(dir, 'catalogue.db');
  const { standing, alarms } = alarmBoard();
  const bad: BadRow[] = [];
  const catalogue: Catalogue = withEntries(
    createSqliteCatalogue({
      path,
      onBadRow: (row) => {
        bad.push(row);
        doubts.row(row);
      },
    }),
    { clock: () => T0, later: async () => {} },
  );
  const doubts = createDoubts({ catalogue, alarms, clock: () => T0, log, everyMs: 20 });
  await catalogue.start();
  t.teardown(async () => {
    await doubts.stop();
    await catalogue.stop();
  });
  return { dir, path, catalogue, doubts, standing, alarms, bad };
}
export type Opened = Awaited<ReturnType<typeof opened>>;

/** Retention over real files. `removed` has what was destroyed or removed. */
export function retention({ dir, catalogue, alarms }: Opened, breakerPercent = 100) {
  const removed: string[] = [];
  const store = createDiskStore(dir);
  const made = retaining(catalogue, { percent: breakerPercent });
  return {
    removed,
    plan: () => made.plan(T0 + DAY),
    ...createRetain({
      catalogue,
      keys: {
        async destroyAll(ids) {
          removed.push(...ids.map((id) => `key ${id}`));
        },
        has: () => false,
      },
      store: {
        ...store,
        remove: (place) => {
          removed.push(place.file);
          return store.remove(place);
        },
      },
      clock: () => T0 + DAY,
      ...made,
      alarms,
      log,
    }),
  };
}

export async function keep(
  { dir, catalogue }: Opened,
  id: string,
  keepUntil: number | null = null,
): Promise<void> {
  if ((await catalogue.policy.newest()).version === 0) await catalogue.policy.save(ruled, 'test', T0, 0);
  await catalogue.calls.save(aCall(`C${id}`));
  const recording = aRecording(id, `C${id}`, { keepUntil, sealedAt: T0 });
  const path = join(dir, recording.file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'sealed');
  await catalogue.recordings.sealed(recording, Buffer.alloc(10), recorded);
}

/** Copies the only row of a table so many times, with other ids and with what `cells` says, in SQL, of some columns. */
export function multiply(
  { path }: Opened,
  table: string,
  times: number,
  cells: Record<string, string>,
): void {
  craft(path, (db) => {
    const columns = (db.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name);
    const said: Record<string, string> = {
      id: 'id || n',
      of_id: 'id || n',
      call_id: 'call_id || n',
      ...cells,
    };
    db.exec(`INSERT INTO ${table} (${columns.join()})
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${times})
      SELECT ${columns.map((name) => said[name] ?? name).join()} FROM ${table}, numbers`);
  });
}
