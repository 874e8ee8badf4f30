import { randomBytes } from 'node:crypto';
import Database from 'better-sqlite3';
import { pino } from 'pino';
import type { Test } from 'tap';
import { createCheckpoints } from '../../../daemon/assurance/checkpoint.js';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { entryOf } from '../../../daemon/domain/assurance/audit.js';
import { catalogueFile, checkpointFile, checkpointHead } from '../../../daemon/domain/paths.js';
import { appendCheckpoint, readCheckpoints, writeHead } from '../../../daemon/vault/checkpoint-file.js';
import { signerOf, signNote } from '../../../daemon/vault/note.js';
import { createSigningKey, publicKeys, type SigningKey } from '../../../daemon/vault/signing-key.js';
import { alarmBoard } from '../alarm-board.js';
import { freshCatalogue } from './fresh.js';

export const log = pino({ level: 'silent' });
export const NOW = Date.UTC(2026, 10, 25, 17);
export const ada = { actor: 'person', actor_id: 'P1', actor_name: 'Ada', address: '::1' } as const;
export const view = (n: number) =>
  entryOf(ada, NOW + n * 1000, 'view', {
    object: 'call',
    object_id: `C${n % 7}`,
    detail: { n, of: 'Bücher' },
  });

export async function opened(
  t: Test,
  path = catalogueFile(t.testdir({})),
): Promise<Catalogue & { path: string }> {
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(path) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  return { ...catalogue, path };
}

/** A log of so many entries (besides the one that it begins with), closed, in a file without a journal. */
export async function aLog(path: string, count: number): Promise<void> {
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(path) });
  await catalogue.start();
  await Promise.all(Array.from({ length: count }, (_, n) => catalogue.audit.append(view(n))));
  await catalogue.checkpoint();
  await catalogue.stop();
}
/** What somebody can do who has the file: the triggers are no hindrance to them. */
export function tamper(path: string, how: (db: Database.Database) => void): void {
  const db = new Database(path);
  for (const name of ['audit_stays', 'audit_is_kept', 'audit_grows'])
    db.exec(`DROP TRIGGER IF EXISTS ${name}`);
  for (const by of ['actor', 'object', 'action', 'time', 'outcome'])
    db.exec(`DROP INDEX IF EXISTS audit_by_${by}`);
  how(db);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

/** A recorder's side of the log: it signs, and what it signs is kept in a list too. */
export async function signing(
  t: Test,
  dir = t.testdir({}),
  key: SigningKey = createSigningKey(dir, randomBytes(32)),
) {
  const c = await opened(t, catalogueFile(dir));
  const { standing, alarms } = alarmBoard();
  const told: string[] = [];
  const clock = { ms: NOW };
  const make = () =>
    createCheckpoints({
      catalogue: c,
      sign: (checkpoint) => signNote(key, checkpoint),
      beforeSigning: async () => {},
      ours: (note) => signerOf(note, publicKeys(dir)) !== null,
      file: {
        read: () => readCheckpoints(checkpointFile(dir)),
        append: (note) => appendCheckpoint(checkpointFile(dir), note),
      },
      head: {
        read: () => readCheckpoints(checkpointHead(dir)),
        write: (note) => writeHead(checkpointHead(dir), note),
      },
      headEveryMs: 100,
      tell: (note) => told.push(note),
      alarms,
      clock: () => (clock.ms += 1000),
      everyMs: 3_600_000,
      wordsMs: 180 * 86_400_000,
      log,
    });
  return { c, dir, key, alarms: standing, told, clock, make };
}
