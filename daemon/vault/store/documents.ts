import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../domain/error.js';
import { documentsFolder } from '../../domain/paths.js';
import { makeDirDurably, removeDurably, writeDurably } from '../durable.js';
import { type AnyKeys, DOCUMENT_KEY } from '../keys.js';
import { openSealed } from '../open.js';
import { sealStream } from '../seal.js';
import type { Place, StoredFile } from './store.js';

/** The ids of documents are ULIDs: nothing else becomes a path. */
const ID = /^[0-9A-Z]{26}$/;
const ENDING = '.age';
const ALONE = 0o600;

/**
 * Signed documents, each sealed as an age file with a key of its own, as recordings are. They are small, and read and written
 * whole. `recovery`: who can open them too, '' for nobody.
 */
export function createDocuments({
  dataDir,
  keys,
  recovery,
}: {
  dataDir: string;
  keys: Pick<AnyKeys, 'create' | 'identity' | 'destroy'>;
  recovery: string;
}) {
  const folder = documentsFolder(dataDir);
  function placeOf(id: string): Place {
    if (!ID.test(id)) throw fail('internal', `"${id}" is no id of a document.`);
    return { id, file: `${id}${ENDING}` };
  }
  const store = {
    put: async ({ file }: Place, source: AsyncIterable<Uint8Array>): Promise<number> =>
      writeDurably(join(folder, file), source, ALONE),
    open: ({ file }: Place): Promise<StoredFile> => openFile(join(folder, file)),
  };

  return {
    /** Seals a document; durable when this resolves. Returns its SHA-256 in hex. Throws `disk_full` and the like. */
    async keep(id: string, bytes: Uint8Array): Promise<string> {
      const place = placeOf(id);
      await makeDirDurably(folder);
      const { recipient } = await keys.create(DOCUMENT_KEY + id);
      const sealed = await sealStream(store, place, once(bytes), {
        recipient,
        ...(recovery !== '' && { recovery }),
      });
      return sealed.plainSha256;
    },

    /** Throws `key_missing`, `seal_damaged`. */
    async read(id: string): Promise<Buffer> {
      const sealed = await openSealed(store, placeOf(id), await keys.identity(DOCUMENT_KEY + id));
      try {
        const pieces: Buffer[] = [];
        for await (const piece of sealed.read(0, sealed.size - 1)) pieces.push(piece as Buffer);
        return Buffer.concat(pieces);
      } finally {
        await sealed.close();
      }
    },

    /** Destroys a document's key, and then its file. May be repeated. */
    async destroy(id: string): Promise<void> {
      const { file } = placeOf(id);
      await keys.destroy(DOCUMENT_KEY + id);
      await removeDurably(join(folder, file));
    },
  };
}
export type Documents = ReturnType<typeof createDocuments>;

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Throws `seal_damaged` where there is none, or a link stands in its place. */
async function openFile(path: string): Promise<StoredFile> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((e) => {
    throw fail('seal_damaged', 'It is missing, or no plain file.', e);
  });
  const { size } = await handle.stat();
  return {
    size,
    async read(at, bytes) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, at);
      return buffer.subarray(0, bytesRead);
    },
    close: () => handle.close(),
  };
}
