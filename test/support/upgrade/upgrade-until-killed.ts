import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failpoint, type Order } from './failpoint.js';

/** What each run of a recorder is told: the folder of the trial, a name for the run, and what to end itself at. */
export type Trial = { base: string; run: string; order: Order; letGo: boolean };

export const NOW = 1_700_000_000_000;

/*
 * Run as a program: the catalogue of a recorder, which finds one of an earlier version; calls are saved while it is upgraded, when
 * that is let go on, and afterwards. What is written is noted in the file "said" once it counts as written.
 */
if (process.argv[1] === import.meta.filename) {
  const { base, run, order, letGo } = JSON.parse(process.argv[2]!) as Trial;
  failpoint(order, 'recorder');
  // From here on what is loaded sees the steps counted.
  const { createUpgrade } = await import('../../../daemon/app/upgrade/upgrade.js');
  const { createSqliteCatalogue } = await import('../../../daemon/catalogue/sqlite/catalogue.js');
  const { entryOf, TAPEDECK } = await import('../../../daemon/domain/assurance/audit.js');
  const { catalogueFile } = await import('../../../daemon/domain/paths.js');
  const { createLog } = await import('../../../daemon/ops/log.js');
  const { openDataFolder } = await import('../../../daemon/vault/data-folder.js');
  const { aCall } = await import('../recordings/a-call.js');

  const dir = order.dir;
  const said = (what: string) => appendFileSync(join(base, 'said'), `${what}\n`);
  const folder = openDataFolder(dir);
  for (const path of folder.strange) said(`strange ${path}`);
  const config = { data: { reserve_mb: 1 } } as never;
  const alert = {
    raise: (_: string, { why }: { why: unknown }) => said(`alarm ${JSON.stringify(why)}`),
    clear: () => {},
  };
  const { catalogue, upgrading, whole, ...upgrade } = createUpgrade(
    { config, log: createLog('silent', 'test'), clock: Date.now, dir },
    { alarming: { alert } } as never,
    createSqliteCatalogue({ path: catalogueFile(dir) }),
    (locked) => said(`locked ${locked}`),
    { patienceMs: 0, retryMs: 20 },
  );
  let n = 0;
  /** A call that is saved twice is one; an entry of the audit log that is written twice is two. */
  const write = async () => {
    n += 1;
    const name = `${run}${n}`;
    await catalogue.calls.save(aCall(`K${name}`, { startedAt: NOW + n * 1_000, endedAt: null }));
    said(`call K${name}`);
    await catalogue.audit.append(entryOf(TAPEDECK, NOW, 'stop', { object_id: name }));
    said(`entry ${name}`);
  };
  await catalogue.start();
  said(upgrading() ? 'upgrading' : 'upgraded');
  for (let at = 0; at < 3; at += 1) await write();
  if (letGo) writeFileSync(order.go, '');
  await whole();
  await write();
  await upgrade.stop();
  await catalogue.stop();
  folder.release();
  said('finished');
  process.exit();
}
