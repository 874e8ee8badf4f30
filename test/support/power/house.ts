import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { createSpool } from '../../../daemon/capture/spool.js';
import { withEntries } from '../../../daemon/catalogue/entries.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { spoolName } from '../../../daemon/domain/recording/recording.js';
import { createEncoder } from '../../../daemon/encode/encoder.js';
import { createFfmpeg } from '../../../daemon/encode/ffmpeg.js';
import { createPromptSearch } from '../../../daemon/encode/prompt-search.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createGate } from '../../../daemon/ops/process/gate.js';
import { createPreserver } from '../../../daemon/recordings/preserve.js';
import { createRetain } from '../../../daemon/recordings/retain.js';
import { openDataFolder } from '../../../daemon/vault/data-folder.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { signManifest } from '../../../daemon/vault/manifest.js';
import { ensureMasterKey, openMasterKeys } from '../../../daemon/vault/master-key.js';
import { openSealed } from '../../../daemon/vault/open.js';
import { sealStream } from '../../../daemon/vault/seal.js';
import { loadOrMakeSigningKey } from '../../../daemon/vault/signing-key.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import { until } from '../recorder.js';
import { aCall } from '../recordings/a-call.js';
import { toneWav } from '../recordings/preserve-lab.js';
import { retaining } from '../recordings/retaining.js';

const NO_ALARMS = { raise: () => {}, clear: () => {} };

export const KEPT = '01ARZ3NDEKTSV4RRFFQ69G5FA0';
export const ERASED = '01ARZ3NDEKTSV4RRFFQ69G5FA1';
const DAY = 86_400_000;
const T0 = Date.UTC(2026, 0, 5, 9, 0, 0);

/**
 * What the daemon has on its disk, and the two stories that write there, on the real parts. `T0` is its first day; or `clock` says
 * what time it is, in ms since 1970.
 */
export async function openHouse(
  dir: string,
  {
    daysLater = 0,
    clock = () => T0 + 60_000 + daysLater * DAY,
    masterKeyFile = join(dir, 'master.key'),
    spoolDir = join(dir, 'spool'),
    paces = { everyMs: 5, afterMs: 0, behindMs: 500 },
    complexity = 0,
    encoder = createEncoder({ ffmpeg: createFfmpeg() }),
    beginThread,
  }: {
    daysLater?: number;
    clock?: () => number;
    masterKeyFile?: string;
    spoolDir?: string;
    paces?: Parameters<typeof createPreserver>[0]['paces'];
    complexity?: number;
    encoder?: ReturnType<typeof createEncoder>;
    beginThread?: Parameters<typeof createSqliteCatalogue>[0]['beginThread'];
  } = {},
) {
  const folder = openDataFolder(dir);
  const path = keysFile(dir);
  ensureMasterKey(masterKeyFile, path);
  const { current: masterKey, reread } = openMasterKeys(masterKeyFile);
  const keys = createKeys({ path, masterKey, reread });
  const catalogue = withEntries(createSqliteCatalogue({ path: catalogueFile(dir), beginThread }), {
    clock: () => T0,
    later: async () => {},
  });
  keys.start();
  const { signingKey } = await loadOrMakeSigningKey(dir, keys.masterKeys);
  await catalogue.start();
  const log = createLog('silent', 'test');
  const store = createDiskStore(dir);
  const absent = async () => null;
  const spool = createSpool({
    dir: spoolDir,
    workDir: join(spoolDir, 'work'),
    remote: { stored: absent, storedNames: async () => [], deleteStored: async () => {} },
  });
  const captures: { pbx: string; callId: string }[] = [];
  const callOf = async (id: string) => (await catalogue.recordings.get(id))?.callId ?? id;
  const preserver = createPreserver({
    listsOf: () => [],
    catalogue: {
      ...catalogue,
      recordings: {
        ...catalogue.recordings,
        sealed: said('row', catalogue.recordings.sealed, async (r) => r.callId),
      },
    },
    spools: new Map([['', spool]]),
    encoder,
    alarms: NO_ALARMS,
    gate: createGate({ read: () => [], clock, log }),
    alarmsOf: () => NO_ALARMS,
    keys,
    seal: (...given) => sealStream(store, ...given),
    open: (...given) => openSealed(store, ...given),
    removeSealed: store.remove,
    mint: ulid,
    vouch: async (manifest) => signManifest(manifest, signingKey),
    recovery: null,
    version: '0.0.0-test',
    site: { timeZone: 'UTC', region: '' },
    promptAudio: async () => null,
    searchPrompts: createPromptSearch,
    bitrate: 24_000,
    complexity,
    captures: () => captures,
    during: 1,
    paces,
    atOnce: 1,
    clock,
    behind: () => 0,
    onSealed: () => {},
    log,
  });
  const retain = createRetain({
    catalogue: {
      ...catalogue,
      recordings: {
        ...catalogue.recordings,
        eraseIntended: said('intent', catalogue.recordings.eraseIntended, callOf),
        erased: said('erased', catalogue.recordings.erased, callOf),
      },
    },
    keys: {
      has: keys.has,
      // One at a time: each recording's key has its own place in what is written.
      async destroyAll(ids) {
        for (const id of ids) await said('key-gone', (one: string) => keys.destroyAll([one]), callOf)(id);
      },
    },
    store,
    clock,
    ...retaining(catalogue),
    log,
  });
  return {
    catalogue,
    keys,
    preserver,
    /** The captures that run. */
    captures,
    retain,
    async close() {
      await preserver.stop();
      await retain.stop();
      keys.stop();
      await catalogue.stop();
      folder.release();
    },
  };
}

export type House = Awaited<ReturnType<typeof openHouse>>;

/** Tells the trace what has been promised of a call: `<verb>-begins` when it is asked for and `<verb>` when it has answered. */
function said<A extends unknown[], R>(
  verb: string,
  work: (...args: A) => Promise<R>,
  call: (...args: A) => Promise<string>,
) {
  return async (...args: A): Promise<R> => {
    const id = await call(...args);
    mark(`${verb}-begins ${id}`);
    const result = await work(...args);
    mark(`${verb} ${id}`);
    return result;
  };
}

/** A system call that does nothing and has a name: it stands in the trace at the right place. */
function mark(text: string): void {
  try {
    openSync(`/mark/${text}`, 'r');
  } catch {}
}

/** An answered call of two seconds, unless it is said otherwise, whose two spool files are there: it goes on, or has ended. */
export async function haveCall(
  house: House,
  id: string,
  extension: string,
  state: 'capturing' | 'captured',
  ms = 2_000,
): Promise<void> {
  const goneAt = state === 'captured' ? T0 + ms : null;
  const at = { seenAt: T0, upAt: T0, goneAt };
  const legs = [{ id: 'leg', party: { number: extension, name: '', ours: true }, endpoint: '', ...at }];
  const call = aCall(id, { startedAt: T0, answeredAt: T0, endedAt: goneAt, legs });
  await house.catalogue.calls.save(call, {
    status: 'pending',
    why: null,
    rule: null,
    missingMs: 0,
  });
  const segment = {
    callId: id,
    seq: 0,
    token: '',
    legId: 'leg',
    inStartedAt: T0,
    outStartedAt: T0,
    because: null,
  };
  const mutedFrom = { in: null, out: null };
  await house.catalogue.segments.save({ ...segment, mutedFrom, swapped: false, fed: '', state });
  mark(`${state} ${id}`);
}

/**
 * Run as a program, in a directory that has only `spool`: the first start, two recordings sealed, one of them while its call
 * goes on, the other erased when its time has come, and a stop.
 */
if (process.argv[1] === import.meta.filename) {
  const dir = process.argv[2]!;
  const house = await openHouse(dir);
  const { version } = await house.catalogue.policy.newest();
  const when = { extension: ['102'] };
  const rule = { name: 'Short', reason: 'The law.', when, keep_days: 1 };
  await house.catalogue.policy.save({ ...defaultPolicy, retention: [rule] }, 'test', T0, version);
  await haveCall(house, KEPT, '101', 'capturing');
  house.captures.push({ pbx: '', callId: KEPT });
  house.preserver.start();
  await until('most of it is encoded', () => (house.preserver.ahead()[0]?.ms ?? 0) >= 1_500);
  house.captures.pop();
  await haveCall(house, KEPT, '101', 'captured');
  await haveCall(house, ERASED, '102', 'captured');
  for (const id of [KEPT, ERASED]) house.preserver.enqueue('', id);
  await until('both are sealed', () => house.preserver.waiting() === 0);
  await house.close();
  const later = await openHouse(dir, { daysLater: 2 });
  await later.retain.recover();
  const { erased } = await later.retain.run();
  await later.close();
  process.stdout.write(`erased ${erased}`);
}

/** A call that went on when the power was cut has ended when it is back. */
export async function endCalls(house: House): Promise<void> {
  for (const id of [KEPT])
    if ((await house.catalogue.calls.get(id))?.endedAt === null) await haveCall(house, id, '101', 'captured');
}

/** The spool as the PBX has left it: on the disk, before any of this begins. */
export function furnish(dir: string): void {
  mkdirSync(join(dir, 'spool'), { recursive: true });
  for (const [n, id] of [KEPT, ERASED].entries())
    for (const side of ['in', 'out'] as const)
      writeFileSync(
        join(dir, 'spool', `${spoolName({ callId: id, seq: 0, token: '' }, side)}.wav`),
        toneWav(2, undefined, 3 + n),
      );
}
