import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { copyCatalogue } from '../../catalogue/sqlite/backup/snapshot.js';
import { describeCatalogue } from '../../catalogue/sqlite/upgrade/describe.js';
import { versionOf } from '../../catalogue/sqlite/upgrade/older.js';
import { diskError, fail } from '../../domain/error.js';
import { KEEP_COPY_MS, type RoomNeeded, roomNeeded, UpgradeCopy } from '../../domain/operations/upgrade.js';
import { catalogueFile, keysFile, upgradeFolder } from '../../domain/paths.js';
import { sizeText } from '../../domain/written.js';
import { syncDirNow } from '../../ops/files/sync-dir.js';
import { placeNow } from '../../vault/place.js';
import { copyKeys, KEYS_COPY } from '../../vault/upgrade/key-copies.js';

const CATALOGUE_COPY = 'catalogue.db';
const ABOUT = 'upgrade.json';
/** A copy that was not written to for this long, in ms, was interrupted. */
const INTERRUPTED_MS = 3_600_000;

/** A copy from before an upgrade: where it is, and what is known of it. */
export type FoundCopy = { folder: string; about: UpgradeCopy; keepUntil: number };

/** Returns the copies that are there, newest first. Folders that were not finished are left out. */
export function findCopies(dataDir: string): FoundCopy[] {
  const root = upgradeFolder(dataDir);
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .flatMap((name): FoundCopy[] => {
      if (!/^\d{8}T\d{6}Z$/.test(name)) return [];
      const about = readAbout(join(root, name));
      return about ? [{ folder: join(root, name), about, keepUntil: about.at + KEEP_COPY_MS }] : [];
    })
    .sort((a, b) => b.about.at - a.about.at);
}

function readAbout(folder: string): UpgradeCopy | null {
  try {
    const found: unknown = JSON.parse(readFileSync(join(folder, ABOUT), 'utf8'));
    return Value.Check(UpgradeCopy, found) ? found : null;
  } catch {
    return null;
  }
}

/** The catalogue in a copy. */
export const catalogueIn = ({ folder }: Pick<FoundCopy, 'folder'>): string => join(folder, CATALOGUE_COPY);

/** Returns what an upgrade needs and what is free, in bytes. Throws `upgrade_room` where that is too little. */
export function checkRoom(
  dataDir: string,
  reserveBytes: number,
  { copied = false }: { copied?: boolean } = {},
): RoomNeeded & { free: number } {
  const sizes = {
    catalogue: size(catalogueFile(dataDir)) + size(`${catalogueFile(dataDir)}-wal`),
    keys: size(keysFile(dataDir)),
    reserve: reserveBytes,
  };
  const whole = roomNeeded(sizes);
  const needed = copied ? { ...whole, copies: 0, total: whole.total - whole.copies } : whole;
  const { bavail, bsize } = statfsSync(dataDir);
  const free = bavail * bsize;
  if (free < needed.total)
    throw fail(
      'upgrade_room',
      `${sizeText(needed.total)} are needed in ${dataDir} (${sizeText(needed.copies)} for the copy, ${sizeText(needed.migration)} for the conversion, ${sizeText(needed.reserve)} stay free for calls), ${sizeText(free)} are free.`,
    );
  return { ...needed, free };
}

/**
 * Copies catalogue and keys, each as it is at one moment, while a recorder may be writing both. It takes as long as reading them: for
 * a process that gives way to calls. The copy has its name once it is whole and durable, and takes the place of all earlier ones.
 * Throws `upgrade_room` before anything is written.
 */
export async function makeCopy({
  dataDir,
  reserveBytes,
  at,
  by,
}: {
  dataDir: string;
  reserveBytes: number;
  at: number;
  by: string;
}): Promise<FoundCopy> {
  const catalogue = catalogueFile(dataDir);
  const version = versionOf(catalogue);
  if (version === null) throw fail('catalogue_missing', `${catalogue}.`);
  removeUnfinished(dataDir);
  checkRoom(dataDir, reserveBytes);
  const root = upgradeFolder(dataDir);
  const folder = join(root, stampOf(at));
  const fresh = `${folder}.${randomBytes(4).toString('hex')}.new`;
  makeFolder(root, dataDir);
  makeFolder(fresh, dataDir);
  try {
    // The keys first: what is sealed in between is in the catalogue without its key, and a way back keeps the keys that are there.
    if (existsSync(keysFile(dataDir))) await copyKeys(keysFile(dataDir), join(fresh, KEYS_COPY));
    copyCatalogue(catalogue, join(fresh, CATALOGUE_COPY));
    const about: UpgradeCopy = {
      ...{ format: 1, at, by },
      catalogue: { version, ...(await described(join(fresh, CATALOGUE_COPY))) },
      keys: { bytes: size(join(fresh, KEYS_COPY)) },
      upgradedTo: null,
    };
    for (const name of [KEYS_COPY, CATALOGUE_COPY])
      if (existsSync(join(fresh, name))) await settle(join(fresh, name), dataDir);
    write(fresh, about, dataDir);
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
    syncDirNow(root);
    for (const older of findCopies(dataDir)) if (older.folder !== folder) removeCopy(older);
    return { folder, about, keepUntil: at + KEEP_COPY_MS };
  } catch (e) {
    rmSync(fresh, { recursive: true, force: true });
    throw diskError(e);
  }
}

/** Notes that the upgrade which the newest copy was made for is over: the next one makes another. */
export function settleCopy(dataDir: string, version: number): void {
  const [copy] = findCopies(dataDir);
  if (!copy || copy.about.upgradedTo !== null) return;
  write(copy.folder, { ...copy.about, upgradedTo: version }, dataDir);
}

function write(folder: string, about: UpgradeCopy, like: string): void {
  placeNow(join(folder, ABOUT), `${JSON.stringify(about, null, 2)}\n`, { mode: 0o600, over: true, like });
}

/** Removes copies whose time is over, and what an interrupted one has left; one that is being made stays. */
export function tidyCopies(dataDir: string, now: number): void {
  removeUnfinished(dataDir, now - INTERRUPTED_MS);
  for (const copy of findCopies(dataDir)) if (copy.keepUntil < now) removeCopy(copy);
}

/** What names it goes first: half a copy is none. */
export function removeCopy({ folder }: Pick<FoundCopy, 'folder'>): void {
  rmSync(join(folder, ABOUT), { force: true });
  rmSync(folder, { recursive: true, force: true });
}

/** All, or those that nothing was written to since then (ms since 1970). */
function removeUnfinished(dataDir: string, since?: number): void {
  const root = upgradeFolder(dataDir);
  if (!existsSync(root)) return;
  for (const name of readdirSync(root)) {
    const half = /^\d{8}T\d{6}Z$/.test(name) && !existsSync(join(root, name, ABOUT));
    if (!half && !name.endsWith('.new')) continue;
    if (since === undefined || writtenAt(join(root, name)) < since)
      rmSync(join(root, name), { recursive: true, force: true });
  }
}

/** When a folder or a file in it was last written, in ms since 1970. One that has got its name meanwhile was written just now. */
function writtenAt(folder: string): number {
  try {
    return Math.max(...['.', ...readdirSync(folder)].map((name) => statSync(join(folder, name)).mtimeMs));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Returns the hash of a file, read to its end. */
export async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

async function described(file: string): Promise<Omit<UpgradeCopy['catalogue'], 'version'>> {
  return { ...describeCatalogue(file), bytes: size(file), sha256: await hashOf(file) };
}

/** 20261129T021500Z */
const stampOf = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

function makeFolder(folder: string, like: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  own(folder, like);
}

async function settle(file: string, like: string): Promise<void> {
  chmodSync(file, 0o600);
  own(file, like);
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What root makes belongs to the recorder. */
function own(path: string, like: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(like);
  chownSync(path, uid, gid);
}
