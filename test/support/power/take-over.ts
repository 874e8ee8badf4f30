import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { openDataFolder } from '../../../daemon/vault/data-folder.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { aCall } from '../recordings/a-call.js';

export const CALLS = 40;
const masterKeyIn = (dir: string) => readFileSync(join(dir, 'master.bin'));
const pending = { status: 'pending', why: null, rule: null, missingMs: 0 } as const;

/** A data directory with calls and keys. Ends as a kill would have it: the newest calls are in the write-ahead log only. */
async function furnish(dir: string): Promise<never> {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'master.bin'), randomBytes(32));
  openDataFolder(dir);
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dir) });
  const keys = createKeys({ path: keysFile(dir), masterKey: masterKeyIn(dir) });
  await catalogue.start();
  keys.start();
  await keys.create('KEPT');
  await keys.create('GONE');
  await keys.destroy('GONE');
  for (let n = 0; n < CALLS; n++) await catalogue.calls.save(aCall(`C${n}`), pending);
  process.kill(process.pid, 'SIGKILL');
  return await new Promise(() => {});
}

/** What is wrong with the directory once a recorder has started on it; nothing, when all is well. */
export async function judge(dir: string): Promise<string[]> {
  const wrong: string[] = [];
  const folder = openDataFolder(dir);
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dir), mustExist: true });
  const keys = createKeys({ path: keysFile(dir), masterKey: masterKeyIn(dir) });
  try {
    wrong.push(...folder.strange);
    await catalogue.start();
    keys.start();
    const calls = (await catalogue.calls.list({ limit: 2 * CALLS })).length;
    if (calls !== CALLS) wrong.push(`${calls} calls of ${CALLS}`);
    if (!keys.has('KEPT')) wrong.push('a key is gone');
    if (keys.has('GONE')) wrong.push('a destroyed key is back');
    await keys.identity('KEPT');
  } catch (e) {
    wrong.push((e as Error).message);
  } finally {
    keys.stop();
    await catalogue.stop();
    folder.release();
  }
  return wrong;
}

/** Run as a program: `furnish`, or the take-over by itself. */
if (process.argv[1] === import.meta.filename) {
  const [, , what, dir] = process.argv;
  if (what === 'furnish') await furnish(dir!);
  else openDataFolder(dir!).release();
}
