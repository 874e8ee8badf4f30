import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorCode, fail, TapedeckError } from '../domain/error.js';
import { keysFile } from '../domain/paths.js';
import { serialQueue } from '../ops/turns.js';
import { createKeys } from '../vault/keys.js';
import { openMasterKeys } from '../vault/master-key.js';
import type { Unlocked } from '../vault/passphrase.js';
import { finishRotation } from '../vault/rotation.js';

/** `by` opens a master key that is locked with a passphrase. */
export type KeysOrder = { dataDir: string; masterKeyFile: string; by?: string | Unlocked };
export type KeysAsked = {
  id: number;
  part: 'keys' | 'register' | 'rotation';
  verb: string;
  given: unknown[];
};
/** The answer to 0, which nobody asks, is that keys.db is open. */
export type KeysAnswer = { id: number; value?: unknown; error?: { code: ErrorCode; detail: string } };

/*
 * The thread that has keys.db open for the recorder: see `createKeysApart`. It answers one after the other, a change of the master
 * key excepted, which takes seconds and pauses for the others by itself. What is thrown before keys.db is open ends it.
 */
const { dataDir, masterKeyFile, by } = workerData as KeysOrder;
const master = openMasterKeys(masterKeyFile, by);
const keys = createKeys({ path: keysFile(dataDir), masterKey: master.current, reread: master.reread });
keys.start();

let going = true;
const parts: Record<KeysAsked['part'], Record<string, (...given: never[]) => unknown>> = {
  keys: {
    ...keys,
    // A Buffer would be sent with all that is beside it in its pool.
    masterKeys: () => keys.masterKeys().map((key) => Uint8Array.from(key)),
  },
  register: keys.register(),
  rotation: {
    finish: () => finishRotation(dataDir, master, { going: () => going }),
    end() {
      going = false;
    },
  },
};
const queue = serialQueue();

parentPort!.on('message', async ({ id, part, verb, given }: KeysAsked) => {
  const work = async () => parts[part][verb]!(...(given as never[]));
  const answer: KeysAnswer = await (part === 'rotation' ? work() : queue.run(work)).then(
    (value) => ({ id, value }),
    (e: unknown) => {
      const { code, detail } = e instanceof TapedeckError ? e : fail('internal', (e as Error).message);
      return { id, error: { code, detail } };
    },
  );
  parentPort!.postMessage(answer);
});
parentPort!.postMessage({ id: 0 } satisfies KeysAnswer);
