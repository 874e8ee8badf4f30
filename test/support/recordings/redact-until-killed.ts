import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { withEntries } from '../../../daemon/catalogue/entries.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { iso } from '../../../daemon/domain/days.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import type { Recording } from '../../../daemon/domain/recording/recording.js';
import type { RedactionOrder } from '../../../daemon/domain/recording/redaction.js';
import { createEncoder } from '../../../daemon/encode/encoder.js';
import { createFfmpeg } from '../../../daemon/encode/ffmpeg.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createRedactor } from '../../../daemon/recordings/redact.js';
import { createRetain } from '../../../daemon/recordings/retain.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { openManifest, signManifest } from '../../../daemon/vault/manifest.js';
import { hashContent, openSealed } from '../../../daemon/vault/open.js';
import { sealStream } from '../../../daemon/vault/seal.js';
import { loadSigningKey } from '../../../daemon/vault/signing-key.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import { alarmBoard } from '../alarm-board.js';
import type { inThisThread } from '../catalogue/in-this-thread.js';
import { countSteps } from './killed-at.js';
import { retaining } from './retaining.js';

export const NOW = 1_800_000_000_000;
/** Of the version that is made. */
export const NEWER = '01ARZ3NDEKTSV4RRFFQ69G5FAW';
const MASTER = new Uint8Array(32).fill(7);

const WRITES = new Set([
  ...['create', 'destroyAll', 'put', 'remove', 'seal', 'settle', 'redacted'],
  ...['eraseIntended', 'erased', 'dropRedaction', 'checkpoint'],
]);

type Watched = (verb: string) => void;

/** What a redaction needs, on real files in `dir`. `beforeEach` is called before every verb that writes. */
export async function openRedactHouse(
  dir: string,
  beforeEach: Watched = () => {},
  beginThread?: typeof inThisThread,
) {
  const watched = <T extends object>(name: string, part: T): T =>
    new Proxy(part, {
      get(target, verb, self) {
        const value = Reflect.get(target, verb, self);
        if (typeof value === 'object' && value !== null) return watched(`${name}.${String(verb)}`, value);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (WRITES.has(String(verb))) beforeEach(`${name}.${String(verb)}`);
          const given = value.apply(target, args);
          return String(verb) === 'register' ? watched(`${name}.register`, given) : given;
        };
      },
    });
  const catalogue = withEntries(createSqliteCatalogue({ path: catalogueFile(dir), beginThread }), {
    clock: () => NOW,
    later: async () => {},
  });
  const keys = createKeys({ path: keysFile(dir), masterKey: MASTER });
  await catalogue.start();
  keys.start();
  const store = createDiskStore(dir);
  const signingKey = loadSigningKey(dir, [MASTER]);
  const log = createLog('silent', 'test');
  const retain = createRetain({
    catalogue: watched('catalogue', catalogue),
    keys: watched('keys', keys),
    store: watched('store', store),
    clock: () => NOW,
    ...retaining(catalogue),
    log,
  });
  const { standing, alarms } = alarmBoard();
  const seen = watched('store', store);
  const ffmpeg = createFfmpeg();
  const redactor = createRedactor({
    catalogue: watched('catalogue', catalogue),
    keys: watched('keys', keys),
    encoder: createEncoder({ ffmpeg }),
    seal: (...given) => sealStream(seen, ...given),
    open: (...given) => openSealed(store, ...given),
    content: (...given) => hashContent(store, ...given),
    removeSealed: seen.remove,
    erase: retain.erase,
    vouch: async (manifest) => signManifest(manifest, signingKey),
    recovery: null,
    version: '0.0.0-test',
    bitrate: 24_000,
    complexity: 5,
    clock: () => NOW,
    alarms,
    say: iso,
    log,
  });
  return {
    ...{ catalogue, keys, retain, redactor, store, alarms: standing },
    manifest: async (id: string) => {
      const signed = (await catalogue.seals.manifest(id))!;
      return openManifest(signed, new Map([[signingKey.keyId, signingKey.publicKeyPem]]));
    },
    /** What a version sounds like: 16-bit stereo at 8 kHz. */
    async pcm(recording: Recording): Promise<Buffer> {
      const file = await openSealed(store, recording, await keys.identity(recording.id));
      const run = ffmpeg.decode(file.read(0, file.size - 1) as Readable, 8_000);
      const pcm = await buffer(run.stdout);
      await file.close();
      return pcm;
    },
    async close() {
      await redactor.stop();
      await retain.stop();
      keys.stop();
      await catalogue.stop();
    },
  };
}

/** Run as a program: carries out the redaction in `order.json` and dies by SIGKILL before the nth verb. */
if (process.argv[1] === import.meta.filename) {
  const [dir, nth] = process.argv.slice(2) as [string, string];
  const house = await openRedactHouse(dir, countSteps(dir, nth));
  const path = join(dir, 'order.json');
  if (existsSync(path)) await house.redactor.redact(JSON.parse(readFileSync(path, 'utf8')) as RedactionOrder);
  await house.close();
  process.stdout.write('finished');
}
