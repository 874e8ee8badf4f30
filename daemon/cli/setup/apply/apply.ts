import { rmdirSync, unlinkSync } from 'node:fs';
import { fail, TapedeckError } from '../../../domain/error.js';
import { atPlace, folderAt, makeFolderAt, type Place, readAt } from '../../../ops/files/others-folder.js';
import { hasBlock, withoutBlock } from '../conf/block.js';
import type { Admin } from '../machine/cdr-database.js';
import { settingIn } from '../machine/find-pbx.js';
import type { Fwconsole } from '../machine/fwconsole.js';
import type { Change, FileChange, FolderChange } from '../plan/change.js';
import { dropAccount, makeAccount } from './cdr-account.js';
import {
  type AccountDone,
  clearHalf,
  type Done,
  type FileDone,
  hashOf,
  type Journal,
  type SettingDone,
  writeWholeAt,
} from './journal.js';

/** Opens the database at a socket as its administrator. Throws `setup_database`. */
export type OpenDatabase = (socket: string) => Promise<Admin>;
type Means = {
  journal: Journal;
  /** Only FreePBX has settings of its own. */
  fwconsole?: Fwconsole;
  database?: OpenDatabase;
};
const NO_FWCONSOLE: Fwconsole = async () => ({ code: 127, out: '' });

/**
 * Makes the changes of a plan, each noted before it is made. Throws `setup_changed` when a file is no longer as it was read, and
 * `path_untrusted` for a name that somebody else has put in the way: before the first change, if it is there by then.
 */
export async function applyChanges(
  changes: readonly Change[],
  { journal, fwconsole = NO_FWCONSOLE, database }: Means,
): Promise<void> {
  for (const change of changes) if (change.kind === 'file' || change.kind === 'folder') look(change);
  for (const change of changes) {
    if (change.kind === 'setting') {
      journal.beforeSetting(change.key, change.before, change.after);
      await setSetting(fwconsole, change.key, change.after);
    } else if (change.kind === 'account') {
      journal.beforeAccount(change);
      await withDatabase(database, change.socket, (admin) => makeAccount(admin, change, change.password));
    } else if (change.kind === 'folder')
      atPlace(
        change.path,
        (place) => {
          if (change.pbx && !folderAt(place)) journal.beforeFolder(place.shown);
          makeFolderAt(place, change.mode, change.owner);
        },
        { make: true },
      );
    // A link of root's stays one: what it leads to is changed.
    else
      atPlace(
        change.path,
        (place) => {
          const was = unchanged(place, change);
          if (change.pbx) journal.beforeFile(place.shown, change.after, was);
          // Somebody may have given the file to another user since it was read.
          const uid = change.pbx && was ? was.stats.uid : change.owner.uid;
          writeWholeAt(place, change.after, change.mode, { ...change.owner, uid });
        },
        { make: true },
      );
  }
}

async function withDatabase<T>(
  open: OpenDatabase | undefined,
  socket: string,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  if (!open) throw fail('setup_database', `${socket}: this command does not open it.`);
  const admin = await open(socket);
  try {
    return await work(admin);
  } finally {
    admin.end();
  }
}

/** Throws what making this change would throw for what is there now. */
function look(change: FileChange | FolderChange): void {
  try {
    atPlace(change.path, (place) => (change.kind === 'folder' ? folderAt(place) : unchanged(place, change)));
  } catch (e) {
    // The folder that it is in has still to be made.
    if ((e as NodeJS.ErrnoException).code !== 'ENOENT') throw e;
  }
}

/** Returns what a file is before it is changed, or null. Throws `setup_changed`. */
function unchanged(place: Place, { before }: FileChange) {
  const found = readAt(place);
  const text = found?.bytes.toString('latin1') ?? null;
  if (text !== before) throw fail('setup_changed', `${place.shown}.`);
  return found && text !== null ? { text, stats: found.stats } : null;
}

/** Throws `setup_setting` when FreePBX does not take the value. */
async function setSetting(fwconsole: Fwconsole, key: string, value: string): Promise<void> {
  const { out } = await fwconsole(['setting', key, value]);
  const now = settingIn((await fwconsole(['setting', key])).out, key);
  if (now !== value) throw fail('setup_setting', `${key} = ${value}: ${out.trim().split('\n').at(-1) ?? ''}`);
}

/** What became of one thing that setup had changed. */
export type Undone = {
  what: string;
  how: 'restored' | 'removed' | 'block removed' | 'unchanged' | 'kept';
  why: string;
};

/**
 * Takes back what the journal has, newest first. A file that is still as setup wrote it becomes exactly what it was; one that
 * somebody has changed since only loses our lines. Interrupted, it goes on when it is called again. What somebody has put in the way
 * is kept, and stays in the journal.
 */
export async function undoChanges(deps: Means): Promise<Undone[]> {
  const { journal } = deps;
  const undone: Undone[] = [];
  for (const one of journal.done().toReversed()) {
    try {
      undone.push(await undo(one, deps));
    } catch (e) {
      if (!(e instanceof TapedeckError) || !LEFT.includes(e.code)) throw e;
      undone.push({ what: nameOf(one), how: 'kept', why: e.detail });
      continue;
    }
    journal.forget(one);
  }
  if (journal.done().length === 0) journal.remove();
  return undone;
}

/** What keeps one thing from being taken back, and not the others. */
const LEFT: readonly string[] = ['path_untrusted', 'setup_database'];

function nameOf(one: Done): string {
  if (one.kind === 'setting') return `Advanced Setting ${one.key}`;
  return one.kind === 'account' ? 'Database user tapedeck@localhost' : one.path;
}

async function undo(one: Done, deps: Means): Promise<Undone> {
  if (one.kind === 'setting') return undoSetting(one, deps);
  if (one.kind === 'account') return undoAccount(one, deps);
  const gone: Undone = { what: one.path, how: 'unchanged', why: 'somebody has removed it' };
  try {
    return atPlace(one.path, (place) =>
      one.kind === 'file' ? undoFile(one, place, deps.journal) : undoFolder(one.path, place),
    );
  } catch (e) {
    // The folder that it was in is gone.
    if ((e as NodeJS.ErrnoException).code !== 'ENOENT') throw e;
    return gone;
  }
}

function undoFolder(what: string, place: Place): Undone {
  if (!folderAt(place)) return { what, how: 'unchanged', why: 'gone' };
  try {
    rmdirSync(place.path);
    return { what, how: 'removed', why: '' };
  } catch {
    return { what, how: 'kept', why: 'it is not empty' };
  }
}

async function undoAccount(one: AccountDone, { database }: Means): Promise<Undone> {
  const dropped = await withDatabase(database, one.socket, dropAccount);
  return dropped
    ? { what: nameOf(one), how: 'removed', why: '' }
    : { what: nameOf(one), how: 'unchanged', why: 'somebody has removed it' };
}

async function undoSetting(one: SettingDone, { fwconsole = NO_FWCONSOLE }: Means): Promise<Undone> {
  const what = nameOf(one);
  const now = settingIn((await fwconsole(['setting', one.key])).out, one.key);
  if (now === one.before) return { what, how: 'unchanged', why: `it is "${one.before}"` };
  if (now !== one.after) return { what, how: 'kept', why: `somebody has set it to "${now ?? '?'}" since` };
  await setSetting(fwconsole, one.key, one.before);
  return { what, how: 'restored', why: `"${one.before}"` };
}

function undoFile(one: FileDone, place: Place, journal: Journal): Undone {
  const what = one.path;
  clearHalf(place);
  const found = readAt(place);
  if (!found) return { what, how: 'unchanged', why: 'somebody has removed it' };
  const now = found.bytes.toString('latin1');
  const before = journal.copyOf(one);
  if (hashOf(now) === one.wrote) {
    if (before === null) {
      unlinkSync(place.path);
      return { what, how: 'removed', why: '' };
    }
    writeWholeAt(place, before, one.mode, one);
    return { what, how: 'restored', why: '' };
  }
  if (now === before) return { what, how: 'unchanged', why: '' };
  if (!hasBlock(now)) return { what, how: 'kept', why: 'it has no lines of Tapedeck any more' };
  const { uid, gid, mode } = found.stats;
  writeWholeAt(place, withoutBlock(now), mode & 0o777, { uid, gid });
  return { what, how: 'block removed', why: 'somebody has changed it since; the rest was left as it is' };
}
