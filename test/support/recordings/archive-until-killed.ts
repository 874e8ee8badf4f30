import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { withEntries } from '../../../daemon/catalogue/entries.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import type { NewAlarm } from '../../../daemon/domain/operations/alarm.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createArchiving } from '../../../daemon/recordings/archiving.js';
import { createRetain } from '../../../daemon/recordings/retain.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { createSigningKey, loadSigningKey } from '../../../daemon/vault/signing-key.js';
import { createArchive, markArchive } from '../../../daemon/vault/store/archive.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import { createTieredStore } from '../../../daemon/vault/store/tiers.js';
import type { inThisThread } from '../catalogue/in-this-thread.js';
import { certifying } from '../certificates/certifying.js';
import { noted } from '../words.js';
import { aCall, aRecording } from './a-call.js';
import { countSteps } from './killed-at.js';
import { retaining, ruled } from './retaining.js';

export const NOW = 1_800_000_000_000;
const DAY = 86_400_000;
/** Each with its days of age. */
export const AGES = { R1: 60, R2: 45, R3: 1 };

const WRITES = new Set([
  ...['begin', 'moved', 'back', 'removed', 'copy', 'removeHot', 'removeArchived', 'remove'],
  ...['destroyAll', 'eraseIntended', 'erased'],
]);

/** What moves and erases recordings, on real files in `dir`. `beforeEach` is called before every verb that writes. */
export async function openArchiveHouse(
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
          if (WRITES.has(String(verb))) beforeEach(`${name}.${String(verb)}`);
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
  const directory = join(dir, 'archive');
  // The log has an id from its first entry on.
  if ((await catalogue.audit.id()) === '') await catalogue.audit.append(entryOf(TAPEDECK, NOW, 'start'));
  const owner = await catalogue.audit.id();
  const archive = createArchive({ directory, dataDir: dir, owner });
  const store = createTieredStore(createDiskStore(dir), archive);
  const alarms = new Map<string, NewAlarm>();
  const board = {
    raise: (key: string, alarm: NewAlarm) => void alarms.set(key, alarm),
    clear: (key: string) => void alarms.delete(key),
  };
  const log = createLog('silent', 'test');
  const ran: object[] = [];
  const saved: object[] = [];
  let asked = 0;
  const archiving = createArchiving({
    ...{ catalogue: watched('catalogue', catalogue), store: watched('store', store) },
    ...{ room: () => archive.room(), clock: () => NOW, alarms: board, log },
    ask: async () => {
      asked += 1;
    },
    config: { directory, afterDays: 30, schedule: '30 4 * * *', timeZone: 'UTC', reserveBytes: 0 },
    ran: async (run) => void ran.push(run),
  });
  const certify = certifying({
    ...{ catalogue, clock: () => NOW, key: loadSigningKey(dir, [masterKey]) },
    hasKey: (id) => keys.has(id),
    hasFile: async (place) => (await store.exists(place)) !== null,
  });
  const retain = createRetain({
    ...{
      catalogue: watched('catalogue', catalogue),
      keys: watched('keys', keys),
      store: watched('store', store),
    },
    ...retaining(catalogue),
    ...{ clock: () => NOW, certify, log },
  });
  return {
    ...{ catalogue, keys, store, archive, archiving, retain, directory, owner, alarms, ran, saved },
    asked: () => asked,
    /** Does the job once. */
    run: () =>
      archiving.job({
        ...{ id: 'J', params: {}, askedAt: NOW, signal: new AbortController().signal },
        ...{
          progress: { cursor: '', done: 0, total: null, faults: 0 },
          save: async (at) => void saved.push(at),
          waits: async () => {},
        },
      }),
    async close() {
      await archiving.stop();
      await retain.stop();
      keys.stop();
      await catalogue.stop();
    },
  };
}
export type ArchiveHouse = Awaited<ReturnType<typeof openArchiveHouse>>;

/** Furnishes a directory with recordings of these ages and a marked archive. Returns what each file has in it. */
export async function furnishArchive(dir: string, keep: Record<string, number | null> = {}) {
  mkdirSync(join(dir, 'archive'), { recursive: true });
  const masterKey = randomBytes(32);
  writeFileSync(join(dir, 'master.bin'), masterKey);
  createSigningKey(dir, masterKey);
  const house = await openArchiveHouse(dir);
  await markArchive(house.directory, house.owner);
  await house.catalogue.policy.save(ruled, 'test', NOW, 0);
  const files = new Map<string, Buffer>();
  for (const [id, age] of Object.entries(AGES)) {
    const bytes = randomBytes(600_000);
    files.set(id, bytes);
    await house.keys.create(id);
    await house.catalogue.calls.save(aCall(`C${id}`));
    const recording = aRecording(id, `C${id}`, {
      ...{ sealedAt: NOW - age * DAY, sealedBytes: bytes.length },
      sealedSha256: createHash('sha256').update(bytes).digest('hex'),
      ...{ keepUntil: keep[id] ?? null, keepRule: 'Short', keepWhy: noted('Law') },
    });
    await house.store.put(recording, Readable.from([bytes]));
    const recorded = { status: 'recorded', why: null, rule: null, missingMs: 0 } as const;
    await house.catalogue.recordings.sealed(recording, Buffer.alloc(300), recorded);
  }
  await house.close();
  return files;
}

/** Where the file of a recording is. */
export function whereIs(dir: string, id: string): string {
  const { file } = aRecording(id, '');
  const [hot, archived] = [existsSync(join(dir, file)), existsSync(join(dir, 'archive', file))];
  return hot ? (archived ? 'both' : 'hot') : archived ? 'archive' : 'neither';
}

/** Run as a program: moves, or erases, what is due in a directory and dies by SIGKILL before the nth verb that writes. */
if (process.argv[1] === import.meta.filename) {
  const [dir, nth] = process.argv.slice(2) as [string, string];
  const house = await openArchiveHouse(dir, countSteps(dir, nth));
  await house.run();
  await house.close();
  process.stdout.write('finished');
}
