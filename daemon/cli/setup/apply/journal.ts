import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, type Stats, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fail } from '../../../domain/error.js';
import { atPlace, type Place } from '../../../ops/files/others-folder.js';
import { placeNow } from '../../../vault/place.js';
import type { CdrTable } from '../machine/cdr-database.js';
import type { Owner } from '../plan/change.js';

/** What setup has done to one file of the PBX. `copy` is in the folder of the journal, or null where there was no file. */
export type FileDone = Owner & {
  kind: 'file';
  path: string;
  copy: string | null;
  mode: number;
  /** SHA-256 of what setup wrote last. */
  wrote: string;
};
export type SettingDone = { kind: 'setting'; key: string; before: string; after: string };
export type FolderDone = { kind: 'folder'; path: string };
export type AccountDone = { kind: 'account' } & CdrTable;
export type Done = FileDone | SettingDone | FolderDone | AccountDone;

const JOURNAL = 'journal.json';

export const hashOf = (text: string): string =>
  createHash('sha256').update(Buffer.from(text, 'latin1')).digest('hex');

/** Where a file is written before it takes its name. */
export const halfOf = (path: string): string => join(dirname(path), `.${hashOf(path).slice(0, 12)}.tapedeck`);

/** Removes what an interrupted setup has left of a file. Returns where its next content is written first. */
export function clearHalf({ beside, shown }: Place): string {
  const half = beside(basename(halfOf(shown)));
  try {
    unlinkSync(half);
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    if (code === 'EISDIR') throw fail('path_untrusted', `${halfOf(shown)} is a folder.`, e);
    if (code !== 'ENOENT') throw e;
  }
  return half;
}

/** Writes a file so that after a power cut it is either what it was or what it is to be. */
export function writeWholeAt(place: Place, text: string, mode: number, owner: Owner): void {
  placeNow(place.path, Buffer.from(text, 'latin1'), { mode, over: true, owner, half: clearHalf(place) });
}

export const writeWhole = (path: string, text: string, mode: number, owner: Owner): void =>
  atPlace(path, (place) => writeWholeAt(place, text, mode, owner), { make: true });

/**
 * What setup has changed of a PBX, with a copy of every file from before its first change. Each step is written down before it
 * is done, so that it can be taken back when setup was interrupted. In `folder`, which is root's alone.
 */
export function openJournal(folder: string) {
  const file = join(folder, JOURNAL);
  const done: Done[] = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { done: Done[] }).done
    : [];
  const root = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

  function save(): void {
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeWhole(file, `${JSON.stringify({ done }, null, 2)}\n`, 0o600, root);
  }

  return {
    done: (): readonly Done[] => done,

    /** Before a file gets this text: keeps what it was, the first time; null where there was none. */
    beforeFile(path: string, text: string, was: { text: string; stats: Stats } | null): void {
      const known = done.find((one): one is FileDone => one.kind === 'file' && one.path === path);
      if (known) known.wrote = hashOf(text);
      else {
        const { uid, gid, mode } = was?.stats ?? { ...root, mode: 0o640 };
        const copy = was ? `${done.length + 1}-${path.split('/').at(-1)!}` : null;
        if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
        if (was && copy !== null) writeWhole(join(folder, copy), was.text, 0o600, root);
        done.push({ kind: 'file', path, copy, uid, gid, mode: mode & 0o777, wrote: hashOf(text) });
      }
      save();
    },

    beforeSetting(key: string, before: string, after: string): void {
      const known = done.find((one): one is SettingDone => one.kind === 'setting' && one.key === key);
      if (known) known.after = after;
      else done.push({ kind: 'setting', key, before, after });
      save();
    },

    beforeFolder(path: string): void {
      if (done.some((one) => one.kind === 'folder' && one.path === path)) return;
      done.push({ kind: 'folder', path });
      save();
    },

    beforeAccount({ socket, database, table }: CdrTable): void {
      if (done.some((one) => one.kind === 'account' && one.socket === socket)) return;
      done.push({ kind: 'account', socket, database, table });
      save();
    },

    copyOf: (one: FileDone): string | null =>
      one.copy === null ? null : readFileSync(join(folder, one.copy), 'latin1'),

    /** That something was taken back, and need not be again. */
    forget(one: Done): void {
      done.splice(done.indexOf(one), 1);
      save();
    },

    /** Everything was taken back. */
    remove: (): void => rmSync(folder, { recursive: true, force: true }),
  };
}
export type Journal = ReturnType<typeof openJournal>;
