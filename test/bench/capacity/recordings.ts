import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createSqliteReader } from '../../../daemon/catalogue/sqlite/reading/reader.js';
import type { StoredCall } from '../../../daemon/catalogue/stored-call.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { loadMasterKey } from '../../../daemon/vault/master-key.js';
import { openSealed } from '../../../daemon/vault/open.js';
import { createDiskReader } from '../../../daemon/vault/store/disk.js';
import { type RecorderLab, until } from '../../support/recorder.js';
import { decode } from '../../support/recordings/audio.js';
import { numberIn } from './calls.js';
import { RATE } from './sound.js';

/** Pause between two looks at the catalogue, in ms. */
const LOOK_AGAIN = 500;
const NEWEST = 1_000;

export type Recordings = Awaited<ReturnType<typeof openRecordings>>;

/**
 * The recordings of a recorder that runs, read from its files: the dashboard gives nobody a thousand recordings in an hour, and
 * would cost processor time.
 */
export async function openRecordings({ dataDir, config }: RecorderLab) {
  const catalogue = createSqliteReader({ path: catalogueFile(dataDir) });
  await catalogue.start();
  const masterKey = loadMasterKey(join(dirname(config), 'master.key'));
  const keys = createKeys({ path: keysFile(dataDir), masterKey, readonly: true });
  keys.start();

  return {
    /** Waits until Tapedeck has finished with the newest calls, which have these numbers, and returns them by number. */
    async of(numbers: readonly string[]): Promise<Map<string, StoredCall>> {
      const finished = async () => {
        await wait(LOOK_AGAIN);
        const list = await catalogue.calls.list({ limit: numbers.length });
        const done = list.filter((call) => call.endedAt !== null && call.coverage.status !== 'pending');
        const found = new Map(done.map((call) => [numberIn(call.us.number), call]));
        return numbers.every((number) => found.has(number)) && found;
      };
      return until('the recordings', finished, 180_000);
    },

    /** Waits until nothing is left to be done of calls that have ended, of a step that failed as well. */
    idle: (): Promise<unknown> =>
      until(
        'the recordings of all calls',
        async () => {
          await wait(LOOK_AGAIN);
          const list = await catalogue.calls.list({ limit: NEWEST });
          return list.every((call) => call.endedAt !== null && call.coverage.status !== 'pending');
        },
        300_000,
      ),

    /** Returns the sides of a call's recording; none where there is no recording. */
    async sides({ recording }: StoredCall): Promise<Float32Array[]> {
      if (!recording) return [];
      const sealed = await openSealed(
        createDiskReader(dataDir),
        recording,
        await keys.identity(recording.id),
      );
      const parts: Buffer[] = [];
      for await (const chunk of sealed.read(0, sealed.size - 1)) parts.push(chunk as Buffer);
      await sealed.close();
      return (await decode(Buffer.concat(parts), RATE)).channels;
    },

    async close(): Promise<void> {
      keys.stop();
      await catalogue.stop();
    },
  };
}
