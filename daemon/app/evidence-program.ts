import { pipeline } from 'node:stream/promises';
import { evidencePack } from '../assurance/evidence/pack.js';
import { createSqliteReader } from '../catalogue/sqlite/reading/reader.js';
import type { PackAsked, PackBegun, PackOrder } from '../domain/assurance/packing.js';
import { fail } from '../domain/error.js';
import { catalogueFile } from '../domain/paths.js';
import { serveOrder } from '../ops/process/streamed-program.js';
import { evidenceDeps } from '../vault/evidence.js';
import { openRecordings } from '../vault/store/tiers.js';

/*
 * The program that makes one evidence pack for the recorder: see `runPack`. It has the key of one recording, writes nothing to the data
 * directory, and asks the recorder for the entry of the export and for the signature of the log.
 */
serveOrder<PackOrder>(async (order, orderer) => {
  const ask = (asked: PackAsked) => orderer.ask(asked);
  const catalogue = createSqliteReader({ path: catalogueFile(order.dataDir) });
  await catalogue.start();
  try {
    const stored = await catalogue.calls.get(order.call);
    const recording = await catalogue.recordings.get(order.recording);
    if (!stored || recording?.callId !== stored.id) throw fail('call_unknown');
    const call = { ...stored, recording };
    const { dataDir, archive } = order;
    const recordings = openRecordings({ dataDir, archive, owner: catalogue.audit.id });
    const pack = await evidencePack(
      {
        ...evidenceDeps(order.dataDir, recordings, async () => order.identity),
        catalogue,
        registered: async () => order.registered,
        recorder: {
          key: async () => order.signer,
          sign: async () => (await ask({ sign: true })) as string,
        },
        write: async ({ detail = {} }) => void (await ask({ write: detail })),
        site: order.site,
        version: order.version,
        now: Date.now,
      },
      call,
      { by: order.by, reason: order.reason },
    );
    await orderer.begin({ name: pack.name } satisfies PackBegun);
    await pipeline(pack.stream, process.stdout);
  } finally {
    await catalogue.stop();
  }
});
