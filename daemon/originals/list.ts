import type { Dirent } from 'node:fs';
import { type FileHandle, readdir } from 'node:fs/promises';
import { shownName } from '../domain/importing/bytes.js';
import { epochOf, readFileName } from '../domain/importing/file-name.js';
import { isSoundName } from '../domain/importing/sound-file.js';
import { openFolder, openRoot, within } from './beneath.js';
import { type OpenOriginal, openOriginal } from './open.js';

/** A file of another recorder. `path` is from the folder that is imported, in bytes, one character each. */
export type Original = {
  path: string;
  /** The same for people. */
  shown: string;
  kind: 'file' | 'link' | 'other';
  /** Throws what open(2) does. */
  open: () => Promise<OpenOriginal>;
};

/** Deeper folders are not entered: no recorder makes them. */
const MOST_DEPTH = 16;

/**
 * Every audio file in a folder and those below it, from after this path on. The files of a folder come before those of its folders, in
 * the order of the times in their names, so that their CDRs are read once; folders in the order of their names. Links are never
 * followed. Throws what open(2) and readdir(2) do for the folder itself; one below that cannot be read is told to `denied`.
 */
export async function* listOriginals(
  dir: string,
  after = '',
  denied: (path: string, code: string) => void = () => {},
): AsyncGenerator<Original> {
  yield* listBelow(await openRoot(dir), after, denied);
}

/** The same of an open folder, which is closed then. */
export async function* listBelow(
  root: FileHandle,
  after: string,
  denied: (path: string, code: string) => void,
): AsyncGenerator<Original> {
  yield* folder(root, '', after === '' ? null : after.split('/'), denied, 0);
}

async function* folder(
  handle: FileHandle,
  path: string,
  after: string[] | null,
  denied: (path: string, code: string) => void,
  depth: number,
): AsyncGenerator<Original> {
  try {
    const entries = await entriesOf(handle);
    const [first, ...rest] = after ?? [];
    const at = first !== undefined && rest.length === 0 ? first : null;
    // Within a folder below, the files of this one are done.
    const files =
      rest.length > 0 ? [] : entries.filter(({ name, entry }) => isFile(entry) && isSoundName(name));
    const ordered = inOrder(files, path);
    const from = at === null ? 0 : ordered.findIndex(({ key }) => key > keyOf(path, at));
    for (const { name, entry } of from < 0 ? [] : ordered.slice(from)) {
      const full = path + name;
      yield {
        ...{ path: full, shown: shownName(full), kind: kindOf(entry) },
        open: () => openOriginal(handle, name),
      };
    }
    if (depth === MOST_DEPTH) return;
    const folders = entries.filter(({ entry }) => entry.isDirectory()).map(({ name }) => name);
    for (const name of folders.sort()) {
      if (rest.length > 0 && name < first!) continue;
      const below = await openFolder(handle, name).catch((e: NodeJS.ErrnoException) => {
        denied(`${path}${name}`, e.code ?? '');
        return null;
      });
      if (!below) continue;
      const resume = rest.length > 0 && name === first ? rest : null;
      try {
        yield* folder(below, `${path}${name}/`, resume, denied, depth + 1);
      } catch (e) {
        const { code } = e as NodeJS.ErrnoException;
        if (code !== 'EACCES' && code !== 'EPERM') throw e;
        denied(`${path}${name}`, code);
      }
    }
  } finally {
    await handle.close();
  }
}

type Entry = { name: string; entry: Dirent<Buffer> };

async function entriesOf(handle: FileHandle): Promise<Entry[]> {
  const entries = await readdir(within(handle, '.'), { withFileTypes: true, encoding: 'buffer' });
  return entries.map((entry) => ({ name: entry.name.toString('latin1'), entry }));
}

const isFile = (entry: Dirent<Buffer>): boolean => !entry.isDirectory();
const kindOf = (entry: Dirent<Buffer>): Original['kind'] =>
  entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'other';

const inOrder = (files: Entry[], path: string) =>
  files
    .map((file) => ({ ...file, key: keyOf(path, file.name) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));

/** By the time in a name, then by the name. */
function keyOf(path: string, name: string): string {
  const { local, uniqueid } = readFileName(shownName(path + name));
  return `${String(local ?? epochOf(uniqueid) ?? 0).padStart(15, '0')} ${name}`;
}
