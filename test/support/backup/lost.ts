import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Test } from 'tap';
import { putStandingList } from '../../../daemon/app/backup/write-list.js';
import { openForBackup } from '../../../daemon/catalogue/sqlite/backup/snapshot.js';
import { backup } from '../../../daemon/cli/backup/backup.js';
import { move } from '../../../daemon/cli/backup/move.js';
import { restore } from '../../../daemon/cli/backup/restore.js';
import { createCliContext } from '../../../daemon/cli/common/context.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { createFolderTarget } from '../../../daemon/vault/backup/folder.js';
import { lookForKeys } from '../../../daemon/vault/keys.js';
import { hashContent } from '../../../daemon/vault/open.js';
import { scratch } from '../recordings/sealed.js';
import { type Box, openBox, recordingId, type Site, siteIn } from './box.js';

/** A site with five recordings, one of them held. */
export async function furnished(t: Test) {
  const site = await siteIn(scratch(t));
  const box = await openBox(site);
  for (let n = 1; n <= 5; n++) await box.record(n);
  await box.hold('Smith', 5);
  return { site, box, target: createFolderTarget(site.backups) };
}

export const renewList = async (site: Site, box: Box, at = Date.now()) => {
  const catalogue = openForBackup(catalogueFile(site.dataDir));
  const keys = lookForKeys(keysFile(site.dataDir));
  const put = { at, recipient: site.recipient, signer: box.signer };
  await putStandingList(createFolderTarget(site.backups), { catalogue, keys }, put)
    .finally(catalogue.close)
    .finally(keys.close);
};

/** The command line of a site. */
export async function run(
  site: Site,
  ...argv: string[]
): Promise<{ text: string; code: number; error: string }> {
  const said: string[] = [];
  const before = process.exitCode;
  process.exitCode = 0;
  const real = createCliContext(() => site.configFile);
  const program = new Command('tapedeck').exitOverride().configureOutput({ writeErr: () => {} });
  const ctx = { ...real, out: (s: string) => void said.push(s), err: (s: string) => void said.push(s) };
  backup(program, ctx);
  restore(program, ctx);
  move(program, ctx);
  const error = await program.parseAsync(argv, { from: 'user' }).then(
    () => '',
    (e: Error & { code?: string }) => `${e.code}: ${e.message}`,
  );
  await real.close();
  const code = Number(process.exitCode);
  process.exitCode = before;
  return { text: said.join('\n'), code, error };
}

export const lose = (site: Site): void => {
  for (const name of readdirSync(site.dataDir)) rmSync(join(site.dataDir, name), { recursive: true });
};
export const restoreAll = (site: Site, ...more: string[]) =>
  run(site, 'restore', '--identity', site.identityFile, ...more);

/** What a box has of a recording, and that it is what was recorded if it is there. */
export async function whatIs(box: Box, n: number) {
  const id = recordingId(n);
  const recording = (await box.catalogue.recordings.get(id))!;
  const file = (await box.store.exists(recording)) !== null;
  const key = box.keys.has(id);
  const opens =
    key && file
      ? (await hashContent(box.store, recording, await box.keys.identity(id))).sha256 ===
        recording.plainSha256
      : false;
  const held = (await box.catalogue.holds.of([id])).map(({ name }) => name);
  return { state: recording.state, key, file, opens, held };
}
export const kept = { state: 'sealed', key: true, file: true, opens: true, held: [] as string[] };
export const erased = { state: 'erased', key: false, file: false, opens: false, held: [] as string[] };
