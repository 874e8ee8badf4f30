import { once } from 'node:events';
import { openForBackup } from '../../catalogue/sqlite/backup/snapshot.js';
import { iso } from '../../domain/days.js';
import { type ErrorCode, fail, TapedeckError } from '../../domain/error.js';
import { catalogueFile, drillFolder, keysFile } from '../../domain/paths.js';
import type { RecordingId } from '../../domain/recording/recording.js';
import { createBackupKeys } from '../../vault/backup/backup-keys.js';
import { type Destination, openDestination } from '../../vault/backup/destination.js';
import type { StatementSigner } from '../../vault/backup/objects.js';
import type { BackupTarget } from '../../vault/backup/target.js';
import { lookForKeys } from '../../vault/keys.js';
import { type Checked, checkBackup } from './check.js';
import { type Drilled, drillBackup, putDrill } from './drill.js';
import { findBackup } from './find.js';
import { type BackupOrder, type MadeBackup, makeBackup } from './make.js';
import { refuseFull } from './room.js';
import { putStandingList } from './write-list.js';

/** So many are told. */
const MOST_FOREIGN = 1_000;

export type ProgramOrder = {
  destination: Destination;
  keyPath: string;
  key: StatementSigner['key'];
  publicKey: string;
} & (
  | { what: 'backup'; order: BackupOrder }
  | { what: 'list'; dataDir: string; recipient: string; at: number }
  | { what: 'drill'; order: BackupOrder; masterKey: Uint8Array }
  | { what: 'check' }
  | { what: 'expire'; newest: string | null; now: number; keepDays: number }
);
export type ProgramSaid =
  | { done: number; total: number }
  | { sign: string }
  | { made: MadeBackup; drilled: Drilled | null }
  | { checked: Checked & { id: string } }
  | { listed: { foreign: RecordingId[] } }
  | { destroyed: string[] }
  | { error: { code: ErrorCode; detail: string } };

/*
 * The process that makes and reads backups for the recorder, which follows calls meanwhile: everything in it takes long. The key that
 * signs stays with the recorder, which is asked for each signature.
 */
const [given] = (await once(process, 'message')) as [ProgramOrder];
const say = (said: ProgramSaid): void => void process.send!(said);
const signer: StatementSigner = {
  key: given.key,
  publicKey: given.publicKey,
  async sign(text) {
    say({ sign: text });
    const [{ signature }] = (await once(process, 'message')) as [{ signature: string }];
    return signature;
  },
};
// Nobody waits for it once the recorder is gone.
process.once('disconnect', () => process.exit(1));

/** Messages cost the recorder more than files do this process. */
function sparingly(): (done: number, total: number) => void {
  let saidAt = 0;
  return (done, total) => {
    if (performance.now() - saidAt < 500) return;
    saidAt = performance.now();
    say({ done, total });
  };
}

async function work(): Promise<ProgramSaid> {
  const target = openDestination(given.destination);
  return workAt(target).finally(() => target.close().catch(() => {}));
}

async function workAt(target: BackupTarget): Promise<ProgramSaid> {
  if (given.what === 'backup')
    return { made: await makeBackup(target, given.order, signer, sparingly()), drilled: null };
  if (given.what === 'drill') return drill(target, given);
  const keys = createBackupKeys(target, given.keyPath);
  if (given.what === 'check') {
    const backup = await findBackup(target, null);
    const checked = await checkBackup(target, backup, sparingly(), { keys });
    return { checked: { id: backup.statement.id, ...checked } };
  }
  if (given.what === 'expire') return { destroyed: await keys.destroyDue(given) };
  const { dataDir, recipient, at } = given;
  await target.ready();
  const catalogue = openForBackup(catalogueFile(dataDir));
  const live = lookForKeys(keysFile(dataDir));
  try {
    const { foreign } = await putStandingList(target, { catalogue, keys: live }, { at, recipient, signer });
    return { listed: { foreign: foreign.slice(0, MOST_FOREIGN) } };
  } finally {
    live.close();
    catalogue.close();
  }
}

/** Makes a backup and restores it for trial while its key is known: nothing on this machine opens it later. */
async function drill(
  target: BackupTarget,
  { order, masterKey }: Extract<ProgramOrder, { what: 'drill' }>,
): Promise<ProgramSaid> {
  const { id, site, dataDir } = order;
  let drilled: Drilled | null = null;
  const made = await makeBackup(
    target,
    order,
    signer,
    () => {},
    async ({ statement, backupKey }) => {
      refuseFull(order, [catalogueFile(dataDir), keysFile(dataDir)]);
      const given = { target, statement, backupKey, masterKey, folder: drillFolder(dataDir) };
      const live = openForBackup(catalogueFile(dataDir));
      const erasedSince = (id: string) => live.state(id) !== 'sealed';
      drilled = await drillBackup({ ...given, erasedSince, progress: sparingly() }).finally(live.close);
      const about = { backup: id, at: iso(Date.now()), site, tool: statement.tool };
      await putDrill(target, drilled, about, signer);
      return drilled.faults.length === 0;
    },
  );
  return { made, drilled };
}

const said = await work().catch((e: unknown): ProgramSaid => {
  const { code, detail } = e instanceof TapedeckError ? e : fail('internal', (e as Error).message);
  return { error: { code, detail } };
});
process.send!(said, () => process.exit());
