import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Op } from './trace.js';

/**
 * A disk with a cache that a power cut empties. What is on it for certain: a file's bytes as they were at its last fsync,
 * and the names in a directory as they were at the directory's. The rest may have arrived or not.
 */
type Change = { at: number; data: Buffer } | { size: number; grow: boolean };
type Inode = {
  files: Map<string, Inode> | null;
  bytes: Buffer;
  waiting: Change[];
  /** The bytes with all that waits; null until somebody asks. */
  now: Buffer | null;
  names: Naming[];
};
/** Names that appear or go together, as in a rename. `journalled`: an fsync of something else has come after it. */
type Naming = {
  changes: [name: string, inode: Inode | null][];
  journalled: boolean;
  /** The other half of a rename to another directory: file systems with a journal do both at once, or neither. */
  other?: { dir: Inode; naming: Naming };
};

/** Which of what waited has arrived: nothing, all, or (ext4) all names that were older than any fsync. */
export type Outage = 'nothing' | 'everything' | 'journal' | (() => number);
/** Paths below the root, and their bytes; null for a directory. */
export type Contents = Map<string, Buffer | null>;

const file = (): Inode => ({ files: null, bytes: Buffer.alloc(0), waiting: [], now: null, names: [] });
const folder = (): Inode => ({ ...file(), files: new Map() });

export function createDisk(root: string, start: Contents) {
  const top = folder();
  const fds = new Map<number, { inode: Inode; at: number }>();

  const namesNow = (dir: Inode): Map<string, Inode> => named(dir, () => true);
  function find(path: string): Inode | undefined {
    let at: Inode | undefined = top;
    for (const part of path.slice(root.length).split('/').filter(Boolean))
      at = at?.files ? namesNow(at).get(part) : undefined;
    return at;
  }
  function rename(parent: string, changes: Naming['changes']): void {
    find(parent)!.names.push({ changes, journalled: false });
  }
  const put = (path: string, inode: Inode | null) => rename(dirname(path), [[basename(path), inode]]);

  for (const [path, bytes] of [...start].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const inode = bytes ? { ...file(), bytes } : folder();
    find(dirname(join(root, path)))!.files!.set(basename(path), inode);
  }

  function apply(op: Op): void {
    switch (op.kind) {
      case 'mark':
        return;
      case 'open': {
        const known = find(op.path);
        const inode = known ?? file();
        if (!known) put(op.path, inode);
        else if (op.truncate) change(inode, { size: 0, grow: false });
        fds.set(op.fd, { inode, at: op.append ? bytesNow(inode).length : 0 });
        return;
      }
      case 'mkdir':
        put(op.path, folder());
        return;
      case 'unlink':
        put(op.path, null);
        return;
      case 'link':
        put(op.to, find(op.from)!);
        return;
      case 'rename': {
        if (dirname(op.from) !== dirname(op.to)) {
          const [from, to] = [find(dirname(op.from))!, find(dirname(op.to))!];
          const gone: Naming = { changes: [[basename(op.from), null]], journalled: false };
          const here: Naming = { changes: [[basename(op.to), find(op.from)!]], journalled: false };
          gone.other = { dir: to, naming: here };
          here.other = { dir: from, naming: gone };
          from.names.push(gone);
          to.names.push(here);
          return;
        }
        rename(dirname(op.to), [
          [basename(op.from), null],
          [basename(op.to), find(op.from)!],
        ]);
        return;
      }
      case 'write': {
        const open = fds.get(op.fd)!;
        change(open.inode, { at: op.at ?? open.at, data: op.data });
        if (op.at === null) open.at += op.data.length;
        return;
      }
      case 'size':
        change(fds.get(op.fd)!.inode, { size: op.bytes, grow: op.grow });
        return;
      case 'sync': {
        const { inode } = fds.get(op.fd)!;
        inode.bytes = bytesNow(inode);
        inode.waiting = [];
        journal(top);
        if (!inode.files) return;
        settle(inode, inode.names.length);
      }
    }
  }

  return {
    apply,
    /** What is on the disk when the power comes back. */
    after(outage: Outage): Contents {
      const found: Contents = new Map();
      const pairs = new Map<Naming, boolean>();
      const walk = (dir: Inode, path: string): void => {
        for (const [name, inode] of named(dir, arrival(outage, dir, pairs))) {
          const at = path ? `${path}/${name}` : name;
          found.set(at, inode.files ? null : survived(inode, outage));
          if (inode.files) walk(inode, at);
        }
      };
      walk(top, '');
      return found;
    },
  };
}

function journal(dir: Inode): void {
  for (const naming of dir.names) naming.journalled = true;
  for (const inode of named(dir, () => true).values()) if (inode.files) journal(inode);
}

/** Of the names that wait in one directory, which arrive: never a later one without an earlier. */
function arrival(
  outage: Outage,
  dir: Inode,
  pairs: Map<Naming, boolean>,
): (naming: Naming, n: number) => boolean {
  if (outage === 'nothing') return () => false;
  if (outage === 'everything') return () => true;
  if (outage === 'journal') return (naming) => naming.journalled;
  const many = Math.floor(outage() * (dir.names.length + 1));
  return (naming, n) => {
    const decided = naming.other && pairs.get(naming.other.naming);
    const arrives = decided ?? n < many;
    pairs.set(naming, arrives);
    return arrives;
  };
}

/** Makes the first so many waiting names of a directory certain, and what was done in the same step elsewhere. */
function settle(dir: Inode, many: number): void {
  const sure = dir.names.slice(0, many);
  dir.files = named({ ...dir, names: sure }, () => true);
  dir.names = dir.names.slice(many);
  for (const { other } of sure) {
    const at = other ? other.dir.names.indexOf(other.naming) : -1;
    if (at >= 0) settle(other!.dir, at + 1);
  }
}

function named(dir: Inode, arrived: (naming: Naming, n: number) => boolean): Map<string, Inode> {
  const names = new Map(dir.files);
  for (const { changes } of dir.names.filter(arrived))
    for (const [name, inode] of changes)
      if (inode) names.set(name, inode);
      else names.delete(name);
  return names;
}

function change(inode: Inode, one: Change): void {
  inode.waiting.push(one);
  inode.now = null;
}

function bytesNow(inode: Inode): Buffer {
  inode.now ??= changed(inode.bytes, inode.waiting);
  return inode.now;
}

/** Of the writes that wait, by chance: each not at all, whole, or its first sectors. */
function survived(inode: Inode, outage: Outage): Buffer {
  if (outage === 'everything') return bytesNow(inode);
  if (typeof outage === 'string') return inode.bytes;
  return changed(
    inode.bytes,
    inode.waiting.flatMap((change): Change[] => {
      const luck = outage();
      if (luck < 0.4) return [];
      if (luck < 0.8 || !('data' in change)) return [change];
      return [
        {
          at: change.at,
          data: change.data.subarray(0, 512 * Math.floor((outage() * change.data.length) / 512)),
        },
      ];
    }),
  );
}

function changed(bytes: Buffer, changes: Change[]): Buffer {
  if (changes.length === 0) return bytes;
  let length = bytes.length;
  let most = length;
  for (const c of changes) {
    length =
      'data' in c ? Math.max(length, c.at + c.data.length) : c.grow ? Math.max(length, c.size) : c.size;
    most = Math.max(most, length);
  }
  const now = Buffer.alloc(most);
  bytes.copy(now);
  for (const c of changes) {
    if ('data' in c) c.data.copy(now, c.at);
    else if (!c.grow) now.fill(0, c.size);
  }
  return now.subarray(0, length);
}

export function readContents(root: string): Contents {
  const found: Contents = new Map();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    found.set(path.slice(root.length + 1), entry.isDirectory() ? null : readFileSync(path));
  }
  return found;
}

export function writeContents(root: string, contents: Contents): void {
  mkdirSync(root, { recursive: true });
  for (const [path, bytes] of contents)
    if (bytes) writeFileSync(join(root, path), bytes, { mode: 0o640 });
    else mkdirSync(join(root, path), { recursive: true });
}

/** Of bytes that do not change: most files of a disk are those of the disk before. */
const hashes = new WeakMap<Buffer, string>();
function hashOf(bytes: Buffer): string {
  const known = hashes.get(bytes) ?? createHash('sha1').update(bytes).digest('hex');
  hashes.set(bytes, known);
  return known;
}

export function fingerprint(contents: Contents): string {
  const hash = createHash('sha1');
  for (const [path, bytes] of contents) hash.update(`${path}\0${bytes && hashOf(bytes)}\0`);
  return hash.digest('hex');
}
