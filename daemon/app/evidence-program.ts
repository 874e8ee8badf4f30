import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { evidencePack } from '../assurance/evidence/pack.js';
import { createSqliteReader } from '../catalogue/sqlite/reading/reader.js';
import type { PackAnswer, PackMessage, PackOrder } from '../domain/assurance/packing.js';
import { fail, TapedeckError } from '../domain/error.js';
import { catalogueFile } from '../domain/paths.js';
import { evidenceDeps } from '../vault/evidence.js';
import { openRecordings } from '../vault/store/tiers.js';

/**
 * The program that makes one evidence pack for the recorder and ends: see `runPack`. It has the key of one recording, writes
 * nothing to the data directory, and asks the recorder for the entry of the export and for the signature of the log.
 */
async function main(): Promise<void> {
  const [order] = (await once(process, 'message')) as [PackOrder];
  const catalogue = createSqliteReader({ path: catalogueFile(order.dataDir) });
  await catalogue.start();
  try {
    const call = await catalogue.calls.get(order.call);
    if (!call) throw fail('call_unknown');
    const { dataDir, archive } = order;
    const recordings = openRecordings({ dataDir, archive, owner: catalogue.audit.id });
    const pack = await evidencePack(
      {
        ...evidenceDeps(order.dataDir, recordings, async () => order.identity),
        catalogue,
        registered: async () => order.registered,
        recorder: {
          key: async () => order.signer,
          sign: async () => (await ask({ sign: true })) ?? '',
        },
        write: async ({ detail = {} }) => void (await ask({ write: detail })),
        site: order.site,
        version: order.version,
        now: Date.now,
      },
      call,
      order,
    );
    await say({ begun: { name: pack.name } });
    await pipeline(pack.stream, process.stdout);
  } finally {
    await catalogue.stop();
  }
}

/** Resolves when it is on its way. */
const say = (message: PackMessage): Promise<void> =>
  new Promise((resolve, reject) => {
    process.send!(message, undefined, undefined, (e) => (e ? reject(e) : resolve()));
  });

async function ask(message: PackMessage): Promise<string | null> {
  const answered = once(process, 'message');
  await say(message);
  const [answer] = (await answered) as [PackAnswer];
  if ('error' in answer) throw fail(answer.error, answer.detail);
  return answer.value;
}

// Nobody wants it any more.
process.once('disconnect', () => process.exit(1));
main().then(
  () => process.exit(0),
  async (e: unknown) => {
    const { code, detail } = e instanceof TapedeckError ? e : fail('internal', (e as Error).message);
    await say({ error: code, detail }).catch(() => {});
    process.exit(1);
  },
);
