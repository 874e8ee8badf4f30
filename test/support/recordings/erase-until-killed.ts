import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCheckpoints } from '../../../daemon/assurance/checkpoint.js';
import { withEntries } from '../../../daemon/catalogue/entries.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createRegistering } from '../../../daemon/recordings/registering.js';
import { createRetain, type Retain } from '../../../daemon/recordings/retain.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { loadSigningKey } from '../../../daemon/vault/signing-key.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import { alarmBoard } from '../alarm-board.js';
import type { inThisThread } from '../catalogue/in-this-thread.js';
import { certifying } from '../certificates/certifying.js';
import { countSteps } from './killed-at.js';
import { retaining } from './retaining.js';

export const NOW = 1_800_000_000_000;

/** What retention needs, on real files in `dir`. `beforeEach` is called before every verb of the three parts. */
export async function openHouse(
  dir: string,
  beforeEach: (verb: string) => void = () => {},
  beginThread?: typeof inThisThread,
) {
  const watched = <T extends object>(name: string, part: T): T =>
    new Proxy(part, {
      get(target, verb, self) {
        const value = Reflect.get(target, verb, self);
        if (typeof value === 'object' && value !== null) return watched(`${name}.${String(verb)}`, value);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          beforeEach(`${name}.${String(verb)}`);
          return value.apply(target, args);
        };
      },
    });
  const masterKey = readFileSync(join(dir, 'master.bin'));
  const catalogue = withEntries(createSqliteCatalogue({ path: catalogueFile(dir), beginThread }), {
    clock: () => NOW,
    later: async () => {},
  });
  const keys = createKeys({ path: keysFile(dir), masterKey });
  await catalogue.start();
  keys.start();
  const store = createDiskStore(dir);
  const log = createLog('silent', 'test');
  const { standing, alarms } = alarmBoard();
  const { registered } = createRegistering({
    ...{ catalogue, register: keys.register, clock: () => NOW, log },
  });
  const checkpoints = createCheckpoints({
    ...{ catalogue, alarms, log, clock: () => NOW, everyMs: 3_600_000, wordsMs: 1e12 },
    ...{ sign: () => '', ours: () => false, beforeSigning: async () => {}, tell: () => {} },
    file: { read: async () => '', append: async () => {} },
    head: { read: async () => '', write: async () => {} },
  });
  const certify = certifying({
    ...{
      catalogue: watched('catalogue', catalogue),
      clock: () => NOW,
      key: loadSigningKey(dir, [masterKey]),
    },
    hasKey: (id) => keys.has(id),
    hasFile: async (place) => (await store.exists(place)) !== null,
    isHot: async (place) => (await store.exists(place)) !== null,
    ...{ registered, alarms, sealedLog: checkpoints.follow },
  });
  const retain: Retain = createRetain({
    catalogue: watched('catalogue', catalogue),
    keys: watched('keys', keys),
    store: watched('store', store),
    clock: () => NOW,
    ...retaining(catalogue),
    certify,
    log,
  });
  return {
    ...{ catalogue, keys, retain, registered },
    /** Alarms of certificates, as they stand. */
    alarms: standing,
    async close() {
      await retain.stop();
      keys.stop();
      await catalogue.stop();
    },
  };
}

/** Run as a program: erases what is due in a directory and dies by SIGKILL before the nth verb. */
if (process.argv[1] === import.meta.filename) {
  const [dir, nth] = process.argv.slice(2) as [string, string];
  const house = await openHouse(dir, countSteps(dir, nth));
  await house.retain.run();
  await house.close();
  process.stdout.write('finished');
}
