import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { ulid } from 'ulid';
import type { BackupOrder } from '../../../daemon/app/backup/make.js';
import { withEntries } from '../../../daemon/catalogue/entries.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import { catalogueFile, keysFile, recordingPath } from '../../../daemon/domain/paths.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createEraser } from '../../../daemon/recordings/retain/erase.js';
import { openDataFolder } from '../../../daemon/vault/data-folder.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { ensureMasterKey, openMasterKeys } from '../../../daemon/vault/master-key.js';
import { sealStream } from '../../../daemon/vault/seal.js';
import { fingerprint, loadOrMakeSigningKey } from '../../../daemon/vault/signing-key.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import { freshCatalogue } from '../catalogue/fresh.js';
import { aCall, aRecording } from '../recordings/a-call.js';

const T0 = Date.UTC(2026, 0, 5, 9, 0, 0);
const recorded = { status: 'recorded' as const, why: null, rule: null, missingMs: 0 };
/** ULIDs in the order of their numbers. */
export const recordingId = (n: number): string => `01ARZ3NDEKTSV4RRFFQ${String(n).padStart(7, '0')}`;

/** A folder of this test with places for the parts of a site: data, backups, configuration, identity and master key. */
export async function siteIn(dir: string) {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const at = (name: string) => join(dir, name);
  for (const name of ['data', 'backups']) mkdirSync(at(name), { recursive: true });
  writeFileSync(
    at('tapedeck.toml'),
    `[data]\ndir = "data"\n[keys]\nmaster_key_file = "master.key"\n[backup]\npath = "backups"\nrecipient = "${recipient}"\n`,
  );
  writeFileSync(at('identity.txt'), `# made by a test\n${identity}\n`, { mode: 0o600 });
  return {
    ...{ dir, identity, recipient, masterKeyFile: at('master.key'), configFile: at('tapedeck.toml') },
    ...{ dataDir: at('data'), backups: at('backups'), identityFile: at('identity.txt') },
  };
}
export type Site = Awaited<ReturnType<typeof siteIn>>;

/** What the recorder has open in a data directory, on its real parts. */
export async function openBox(site: Pick<Site, 'dataDir' | 'masterKeyFile' | 'configFile' | 'recipient'>) {
  const { dataDir, masterKeyFile } = site;
  const folder = openDataFolder(dataDir);
  ensureMasterKey(masterKeyFile, keysFile(dataDir));
  const { current: masterKey, reread } = openMasterKeys(masterKeyFile);
  const keys = createKeys({ path: keysFile(dataDir), masterKey, reread });
  const catalogue = withEntries(
    createSqliteCatalogue({ path: await freshCatalogue(catalogueFile(dataDir)) }),
    {
      clock: Date.now,
      later: async () => {},
    },
  );
  keys.start();
  const { signingKey } = await loadOrMakeSigningKey(dataDir, keys.masterKeys);
  await catalogue.start();
  const store = createDiskStore(dataDir);
  const eraseTogether = createEraser({
    ...{ catalogue, keys, store, clock: Date.now, log: createLog('silent', 'test') },
  });
  return {
    catalogue,
    keys,
    store,
    masterKey,
    signingKey,
    signer: {
      key: { id: signingKey.keyId, sha256: fingerprint(signingKey.publicKeyPem) },
      publicKey: signingKey.publicKeyPem,
      sign: (text: string) => signingKey.sign(Buffer.from(text)).toString('base64'),
    },
    /** Seals random bytes as the recording of a call. */
    async record(n: number, bytes = 70_000): Promise<string> {
      const id = recordingId(n);
      const startedAt = T0 + n * 60_000;
      const place = { id, file: recordingPath(id, startedAt) };
      await catalogue.calls.save(aCall(`C${n}`, { startedAt }));
      const { recipient } = await keys.create(id);
      const sealed = await sealStream(store, place, Readable.from([randomBytes(bytes)]), { recipient });
      keys.register().seal({ recordingId: id, ...sealed, manifestSha256: null });
      const recording = aRecording(id, `C${n}`, { ...place, ...sealed, sealedAt: startedAt + 60_000 });
      await catalogue.recordings.sealed(recording, Buffer.alloc(500, n), recorded);
      keys.register().settle(id);
      return id;
    },
    async erase(n: number): Promise<void> {
      const recording = (await catalogue.recordings.get(recordingId(n)))!;
      const why = because('erased_by_hand', { by: 'Ada', approvedBy: null, reason: 'Asked for' });
      await eraseTogether(
        [recording],
        () => why,
        (_, err) => {
          throw err;
        },
      );
    },
    /** Opens a matter that holds these. */
    async hold(name: string, ...ns: number[]): Promise<void> {
      const id = ulid();
      await catalogue.holds.open({
        ...{ id, name, reason: 'Dispute', query: null, openedBy: 'Eve', openedAt: T0 },
      });
      await catalogue.holds.pick(id, ns.map(recordingId), 'Eve', T0);
    },
    log: (reason: string) =>
      catalogue.audit.append(entryOf(TAPEDECK, Date.now(), 'report', { object: 'coverage', reason })),
    async close(): Promise<void> {
      await catalogue.stop();
      keys.stop();
      folder.release();
    },
  };
}
export type Box = Awaited<ReturnType<typeof openBox>>;

export const orderIn = (site: Site, more: Partial<BackupOrder> = {}): BackupOrder => {
  const at = more.at ?? Date.now();
  return {
    ...{ id: ulid(at), at, sureAt: at, dataDir: site.dataDir, configFile: site.configFile },
    ...{ masterKeyFile: site.masterKeyFile, recipient: site.recipient, audio: true, keepDays: 30 },
    keyPath: '',
    ...{ reserveBytes: 0, archive: '', site: { name: 'Test', time_zone: 'UTC' }, version: '0.0.0-test' },
    ...more,
  };
};
