import { existsSync, lstatSync, readFileSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { fail } from '../../../domain/error.js';
import type { Run } from '../../../ops/process/run-program.js';
import { hasBlock, withoutBlock } from '../conf/block.js';
import { settingIn } from '../machine/find-pbx.js';
import type { Change } from '../plan/change.js';
import {
  type Done,
  type FileDone,
  halfOf,
  hashOf,
  type Journal,
  makeFolder,
  type SettingDone,
  writeWhole,
} from './journal.js';

/** Makes the changes of a plan, each noted before it is made. Throws `setup_changed` when a file is no longer as it was read. */
export async function applyChanges(
  changes: readonly Change[],
  { journal, run, fwconsole }: { journal: Journal; run: Run; fwconsole: string },
): Promise<void> {
  for (const change of changes) {
    if (change.kind === 'setting') {
      journal.beforeSetting(change.key, change.before, change.after);
      await setSetting(run, fwconsole, change.key, change.after);
    } else if (change.kind === 'folder') {
      if (change.pbx && !existsSync(change.path)) journal.beforeFolder(change.path);
      makeFolder(change.path, change.mode, change.owner);
    } else {
      // A link stays one: what it leads to is changed.
      const path = existsSync(change.path) ? realpathSync(change.path) : change.path;
      const now = existsSync(path) ? readFileSync(path, 'latin1') : null;
      if (now !== change.before) throw fail('setup_changed', `${change.path}.`);
      if (change.pbx) journal.beforeFile(path, change.after);
      writeWhole(path, change.after, change.mode, change.owner);
    }
  }
}

/** Throws `setup_setting` when FreePBX does not take the value. */
async function setSetting(run: Run, fwconsole: string, key: string, value: string): Promise<void> {
  const { out } = await run(fwconsole, ['setting', key, value]);
  const now = settingIn((await run(fwconsole, ['setting', key])).out, key);
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
 * somebody has changed since only loses our lines. Interrupted, it goes on when it is called again.
 */
export async function undoChanges(deps: {
  journal: Journal;
  run: Run;
  fwconsole: string;
}): Promise<Undone[]> {
  const { journal } = deps;
  const undone: Undone[] = [];
  for (const one of journal.done().toReversed()) {
    undone.push(await undo(one, deps));
    journal.forget(one);
  }
  journal.remove();
  return undone;
}

async function undo(one: Done, deps: { journal: Journal; run: Run; fwconsole: string }): Promise<Undone> {
  if (one.kind === 'setting') return undoSetting(one, deps);
  if (one.kind === 'file') return undoFile(one, deps.journal);
  if (!lstatSync(one.path, { throwIfNoEntry: false }))
    return { what: one.path, how: 'unchanged', why: 'gone' };
  try {
    rmdirSync(one.path);
    return { what: one.path, how: 'removed', why: '' };
  } catch {
    return { what: one.path, how: 'kept', why: 'it is not empty' };
  }
}

async function undoSetting(
  one: SettingDone,
  { run, fwconsole }: { run: Run; fwconsole: string },
): Promise<Undone> {
  const what = `Advanced Setting ${one.key}`;
  const now = settingIn((await run(fwconsole, ['setting', one.key])).out, one.key);
  if (now === one.before) return { what, how: 'unchanged', why: `it is "${one.before}"` };
  if (now !== one.after) return { what, how: 'kept', why: `somebody has set it to "${now ?? '?'}" since` };
  await setSetting(run, fwconsole, one.key, one.before);
  return { what, how: 'restored', why: `"${one.before}"` };
}

function undoFile(one: FileDone, journal: Journal): Undone {
  const what = one.path;
  // Left by a setup that was interrupted.
  rmSync(halfOf(what), { force: true });
  if (!existsSync(what)) return { what, how: 'unchanged', why: 'somebody has removed it' };
  const now = readFileSync(what, 'latin1');
  const before = journal.copyOf(one);
  if (hashOf(now) === one.wrote) {
    if (before === null) {
      rmSync(what);
      return { what, how: 'removed', why: '' };
    }
    writeWhole(what, before, one.mode, one);
    return { what, how: 'restored', why: '' };
  }
  if (now === before) return { what, how: 'unchanged', why: '' };
  if (!hasBlock(now)) return { what, how: 'kept', why: 'it has no lines of Tapedeck any more' };
  const { uid, gid, mode } = lstatSync(what);
  writeWhole(what, withoutBlock(now), mode & 0o7777, { uid, gid });
  return { what, how: 'block removed', why: 'somebody has changed it since; the rest was left as it is' };
}
