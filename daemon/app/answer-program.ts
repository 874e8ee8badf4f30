import { pipeline } from 'node:stream/promises';
import { answerTo } from '../assurance/answer/answer.js';
import { findCalls } from '../catalogue/privacy/find-calls.js';
import { createPurposes } from '../catalogue/retention/purposes.js';
import { createSqliteReader } from '../catalogue/sqlite/reading/reader.js';
import { catalogueFile } from '../domain/paths.js';
import type { AnswerAsked, AnswerOpened, AnswerOrder, AnswerSigned } from '../domain/privacy/answer.js';
import { serveOrder } from '../ops/process/streamed-program.js';
import { openSealed } from '../vault/open.js';
import { within } from '../vault/sound/heard.js';
import { createMasks, isCoupled } from '../vault/sound/masked.js';
import { openRecordings } from '../vault/store/tiers.js';

/*
 * The program that makes the answer to a request for the recorder: see `runAnswer`. It has the key of one recording at a time, writes
 * nothing to a disk, and asks the recorder for each key and for the signature.
 */
serveOrder<AnswerOrder>(async (order, orderer) => {
  const ask = (asked: AnswerAsked) => orderer.ask(asked);
  const { dataDir, archive } = order;
  const catalogue = createSqliteReader({ path: catalogueFile(dataDir) });
  await catalogue.start();
  try {
    const recordings = openRecordings({ dataDir, archive, owner: catalogue.audit.id });
    const stream = await answerTo(
      {
        catalogue,
        find: (asked) => findCalls(catalogue, catalogue.calls.list, asked),
        purposeOf: createPurposes(catalogue),
        open: async (call) => (await ask({ open: call })) as AnswerOpened,
        sign: async (files) => (await ask({ sign: files })) as AnswerSigned,
        async ownSide(recording, { identity, them, us }) {
          const sealed = await openSealed(recordings, recording, identity);
          try {
            const { durationMs } = recording;
            const side = { left: within(them, durationMs), right: within(us, durationMs) };
            // Its own each time, so that what is remembered of one recording goes with it.
            return { ...(await createMasks().maskSides(sealed, recording, side)), close: sealed.close };
          } catch (e) {
            await sealed.close();
            if (isCoupled(e)) return null;
            throw e;
          }
        },
      },
      order,
    );
    await orderer.begin(true);
    await pipeline(stream, process.stdout);
  } finally {
    await catalogue.stop();
  }
});
