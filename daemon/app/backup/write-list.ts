import { createHash } from 'node:crypto';
import type { BackupReader } from '../../catalogue/sqlite/backup/snapshot.js';
import {
  type ListCounts,
  type ListLine,
  ListStatement,
  lineOf,
  listObject,
  listsFolder,
  NEWEST_LIST,
} from '../../domain/backup/backup.js';
import { iso } from '../../domain/days.js';
import { TapedeckError } from '../../domain/error.js';
import type { RecordingId } from '../../domain/recording/recording.js';
import { putEncrypted, putSigned, readSigned, type StatementSigner } from '../../vault/backup/objects.js';
import type { BackupTarget } from '../../vault/backup/target.js';
import type { lookForKeys } from '../../vault/keys.js';
import { nullIfDamaged } from './find.js';

/** What a list is made of. `keys`: which are not destroyed. */
export type ListSource = {
  catalogue: Pick<BackupReader, 'audit' | 'lastCertificate' | 'standing'>;
  keys: ReturnType<typeof lookForKeys>;
};
/** A list that was put there. `foreign`: recordings that the catalogue calls erased, and that are not on it. */
export type PutList = { statement: ListStatement; foreign: RecordingId[] };

/**
 * Puts the list of erasures and holds at the target: what a restore has to know, whatever backup it is made of. Where nothing has
 * changed, only its signed statement is renewed, which says until when the list is complete. A restore destroys what is on the list, so
 * the rows are not believed: a recording whose key is there was not erased.
 */
export async function putStandingList(
  target: BackupTarget,
  { catalogue, keys }: ListSource,
  { at, recipient, signer }: { at: number; recipient: string; signer: StatementSigner },
): Promise<PutList> {
  const audit = catalogue.audit(); // before the lines: they have at least all that the log has until here
  const hash = createHash('sha256');
  const foreign: RecordingId[] = [];
  const isErased = (line: ListLine): boolean => !('erased' in line) || !keys.has(line.erased);
  for (const line of catalogue.standing())
    if ('erased' in line && !isErased(line)) foreign.push(line.erased);
    else hash.update(lineOf(line));
  const plain = hash.digest('hex');
  const before = await readSigned(target, NEWEST_LIST, ListStatement).then(
    ({ statement }) => statement,
    nullIfDamaged,
  );
  const same =
    before?.plain_sha256 === plain &&
    before.audit.id === audit.id &&
    (await target.size(before.object)) === before.bytes;
  const counts: ListCounts = { erased: 0, matters: 0, held: 0, consents: 0 };
  const body = same
    ? before
    : {
        ...(await putEncrypted(
          target,
          listObject(plain),
          bytesOf(catalogue.standing(), isErased, counts),
          recipient,
        )),
        counts,
      };
  const { object, bytes, sha256, plain_bytes, plain_sha256 } = body;
  const statement: ListStatement = {
    ...{ type: 'tapedeck list of erasures and holds', format: 1, at: iso(at), audit },
    last_certificate: catalogue.lastCertificate(),
    ...{ object, bytes, sha256, plain_bytes, plain_sha256, counts: body.counts, key: signer.key },
  };
  await putSigned(target, NEWEST_LIST, statement, signer);
  await removeOthers(target, object).catch((e) => {
    if (!(e instanceof TapedeckError && e.code === 'backup_locked')) throw e; // an old list does no harm
  });
  return { statement, foreign };
}

async function removeOthers(target: BackupTarget, kept: string): Promise<void> {
  for await (const { name } of target.list(listsFolder))
    if (name !== NEWEST_LIST && name !== kept) await target.remove(name);
}

async function* bytesOf(
  lines: Iterable<ListLine>,
  isErased: (line: ListLine) => boolean,
  counts: ListCounts,
): AsyncGenerator<Uint8Array> {
  for (const line of lines) {
    if (!isErased(line)) continue;
    if ('erased' in line) counts.erased += 1;
    else if ('held' in line) counts.held += 1;
    else if ('opened_by' in line) counts.matters += 1;
    else counts.consents += 1;
    yield Buffer.from(lineOf(line));
  }
}
