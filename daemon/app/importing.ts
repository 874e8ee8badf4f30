import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ulid } from 'ulid';
import { times } from '../domain/days.js';
import { fail } from '../domain/error.js';
import { adoptPlan } from '../encode/adopt.js';
import { siteOf } from '../ops/config.js';
import type { JobHandler } from '../ops/jobs.js';
import { socketOf } from '../originals/apart/place.js';
import { endRemote, listRemote } from '../originals/apart/remote.js';
import { listOriginals, type Original } from '../originals/list.js';
import type { BringDeps } from '../recordings/importing/bring.js';
import { createImporting } from '../recordings/importing.js';
import { hashContent } from '../vault/open.js';
import { sealStream } from '../vault/seal.js';
import { importCdrs } from './import-cdrs.js';
import type { Base, Parts, Recordings } from './parts.js';

/** How long it is waited between two looks whether calls leave time, in ms. */
const LOOK_MS = 500;
/** How often the room on the data disk is looked at, in ms. */
const ROOM_MS = 5_000;

type Sealing = Pick<BringDeps, 'encoder' | 'recovery' | 'version' | 'bitrate' | 'complexity' | 'vouch'> &
  Pick<Recordings, 'preserver'>;

/** The job that imports recordings of other recorders. Calls go first: their recordings are made before the next file is read. */
export function createImport(
  { config, time, clock, gate }: Base,
  parts: Parts,
  { preserver, ...sealing }: Sealing,
): JobHandler {
  const {
    data: { catalogue, keys, store, lists, standing, note },
    pbxes,
  } = parts;
  const site = siteOf(config);
  const idle = () => pbxes.every(({ calls }) => calls.recorder.now().calls === 0);
  const waits = gate.waiter();
  let roomSeenAt = Number.NEGATIVE_INFINITY;

  return createImporting({
    ...sealing,
    ...{ catalogue, judgeCatalogue: catalogue, keys, clock },
    plan: adoptPlan,
    seal: (...given) => sealStream(store, ...given),
    content: (...given) => hashContent(store, ...given),
    removeSealed: store.remove,
    mint: (at) => ulid(at),
    say: times(site.timeZone),
    list: ({ dir, ...order }, ...given) => folderList(dir, socketOf({ dir, ...order }), ...given),
    unneeded: (order) => endRemote(socketOf(order)),
    judging({ pbx, zone, cdr }) {
      const found = pbxes.find(({ section }) => section.id === pbx);
      if (!found) throw fail('pbx_unknown', `"${pbx}"`);
      return {
        ...{ pbx, trunkContexts: found.section.trunk_contexts, site, clock, behind: time.behind },
        cdrsAt: importCdrs({ cdr, zone, region: site.region }, found.section),
        ...{ listsOf: lists.namesFor, standing },
      };
    },
    atOnce: () => (idle() ? Math.max(1, Math.min(config.encode.at_once, availableParallelism())) : 1),
    async calm(signal) {
      while (preserver.busy() > 0 || waits()) await sleep(LOOK_MS, undefined, { signal });
      signal.throwIfAborted();
    },
    async room() {
      if (performance.now() - roomSeenAt < ROOM_MS) return;
      if (!(await parts.operations.room.enough()))
        throw fail('disk_full', 'The reserve of the data disk is not touched by an import.');
      roomSeenAt = performance.now();
    },
    ended: (job, dir, counts) =>
      note('import', { object: 'job', object_id: job, detail: { what: 'end', dir, ...counts } }),
  });
}

/**
 * The audio files of a folder: as the process at this socket opens them, if there is one, or as we may open them. Throws `import_folder`
 * where it cannot be read.
 */
export async function* folderList(
  dir: string,
  socket: string,
  after: string,
  denied: (path: string, code: string) => void,
): AsyncGenerator<Original> {
  try {
    yield* existsSync(socket) ? listRemote(socket, after, denied) : listOriginals(dir, after, denied);
  } catch (e) {
    const { code = '' } = e as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP'].includes(code))
      throw fail('import_folder', `${dir} (${code})`, e);
    throw e;
  }
}
