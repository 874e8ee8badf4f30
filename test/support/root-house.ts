import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile, keysFile } from '../../daemon/domain/paths.js';
import { openDataFolder } from '../../daemon/vault/data-folder.js';
import { createKeys } from '../../daemon/vault/keys.js';
import { createSigningKey } from '../../daemon/vault/signing-key.js';
import { aCall } from './recordings/a-call.js';
import { addRecording } from './web/dashboard.js';

/** Run as the recorder's user: a data directory with one recording, under the master key on standard input. */
const dir = process.argv[2]!;
const masterKey = Buffer.from(readFileSync(0, 'utf8'), 'base64');
const folder = openDataFolder(dir);
const catalogue = createSqliteCatalogue({ path: catalogueFile(dir) });
const keys = createKeys({ path: keysFile(dir), masterKey });
await catalogue.start();
keys.start();
createSigningKey(dir, masterKey);
await addRecording({ catalogue, keys, dataDir: dir }, randomBytes(3000), {
  call: aCall('01ARZ3NDEKTSV4RRFFQ69G5FA0'),
});
keys.stop();
await catalogue.stop();
folder.release();
