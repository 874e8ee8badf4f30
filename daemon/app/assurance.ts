import { ulid } from 'ulid';
import { createCheckpoints } from '../assurance/checkpoint.js';
import { createCounting } from '../assurance/counting.js';
import { createDoubts } from '../assurance/doubts.js';
import { createStrangers } from '../assurance/strangers.js';
import { checkpointFile, checkpointHead } from '../domain/paths.js';
import { appendCheckpoint, readCheckpoints, writeHead } from '../vault/checkpoint-file.js';
import { signerOf, signNote } from '../vault/note.js';
import { publicKeys } from '../vault/signing-key.js';
import { strangersIn } from '../vault/strangers.js';
import type { Assurance, Base, Parts } from './parts.js';

/** What makes sure, and lets others make sure, that all that is said is so. */
export function createAssurance({ config, log, clock, dir }: Base, parts: Parts): Assurance {
  const {
    data: { catalogue, folder },
    alarming: { alert, away },
    recordings: { custody },
  } = parts;
  const doubts = createDoubts({ catalogue, alarms: alert, clock, log: log.child({ part: 'doubts' }) });
  const strangers = createStrangers({
    ...{ dir, found: folder.strange, look: () => strangersIn(dir) },
    ...{ keysWereOpen: folder.keysWereOpen, keysTold: folder.keysTold },
    ...{ alarms: alert, log: log.child({ part: 'strangers' }) },
  });
  const checkpoints = createCheckpoints({
    catalogue,
    sign: (checkpoint) => signNote(custody.signer(), checkpoint),
    beforeSigning: doubts.beforeSigning,
    ours: (note) => signerOf(note, publicKeys(dir)) !== null,
    file: {
      read: () => readCheckpoints(checkpointFile(dir)),
      append: (note) => appendCheckpoint(checkpointFile(dir), note),
    },
    head: {
      read: () => readCheckpoints(checkpointHead(dir)),
      write: (note) => writeHead(checkpointHead(dir), note),
    },
    tell(note, at) {
      away.tell({ id: ulid(), kind: 'checkpoint', at, alarms: [], checkpoint: note });
      void parts.backups.list();
    },
    alarms: alert,
    clock,
    everyMs: config.audit.checkpoint_minutes * 60_000,
    wordsMs: config.audit.words_days * 86_400_000,
    log: log.child({ part: 'checkpoint' }),
  });
  const counting = createCounting({ catalogue, log: log.child({ part: 'counting' }) });
  return { checkpoints, counting, doubts, strangers };
}
