import { type CallTime, callTime } from '../../domain/importing/call-time.js';
import { type FileName, readFileName } from '../../domain/importing/file-name.js';
import type { ImportNote, ImportOutcome, Unreadable } from '../../domain/importing/outcome.js';
import { HEAD_BYTES, readSoundFile, type SoundFile } from '../../domain/importing/sound-file.js';
import type { Original } from '../../originals/list.js';
import type { OpenOriginal } from '../../originals/open.js';

/** What keeps a file from being imported. */
export type Refusal = { outcome: Exclude<ImportOutcome, 'imported'>; detail: string };

/** A file whose name and header were read. The caller closes it. */
export type Looked = {
  original: Original;
  file: OpenOriginal;
  name: FileName;
  sound: SoundFile;
  time: CallTime;
  notes: ImportNote[];
};

/** Somebody may still write to a file that was written to so short a time ago, in ms. */
const QUIET_MS = 60_000;
const MOST_BYTES = 4_000_000_000;

const NOTES = {
  ambiguous: 'time_ambiguous',
  skipped: 'time_skipped',
  zone: 'time_zone',
  from_file: 'time_from_file',
} as const;

export const unreadable = (why: Unreadable): Refusal => ({ outcome: 'unreadable', detail: why });

/** Opens a file and reads its name and its header. `zone` is the PBX's; `now` in ms since 1970. */
export async function look(
  original: Original,
  { zone, now }: { zone: string; now: number },
): Promise<Looked | (Refusal & { bytes: number })> {
  if (original.kind !== 'file') return { outcome: 'link', detail: original.kind, bytes: 0 };
  let file: OpenOriginal;
  try {
    file = await original.open();
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') return { ...unreadable('denied'), bytes: 0 };
    if (code === 'ELOOP' || code === 'ENXIO') return { outcome: 'link', detail: 'link', bytes: 0 };
    if (code === 'ENOENT') return { ...unreadable('removed'), bytes: 0 };
    throw e;
  }
  try {
    const found = await read(original, file, zone, now);
    if ('outcome' in found) await file.close();
    return 'outcome' in found ? { ...found, bytes: file.bytes } : found;
  } catch (e) {
    await file.close();
    throw e;
  }
}

async function read(
  original: Original,
  file: OpenOriginal,
  zone: string,
  now: number,
): Promise<Looked | Refusal> {
  if (!file.plain) return { outcome: 'link', detail: 'link' };
  if (Math.abs(now - file.writtenAt) < QUIET_MS) return { outcome: 'growing', detail: '' };
  if (file.bytes > MOST_BYTES) return unreadable('too_large');
  const sound = readSoundFile(original.shown, await file.head(HEAD_BYTES), file.bytes);
  if (typeof sound === 'string') return unreadable(sound);
  const name = readFileName(original.shown);
  const time = callTime(name, zone, { writtenAt: file.writtenAt, durationMs: sound.durationMs });
  const notes: ImportNote[] = time.note ? [NOTES[time.note]] : [];
  if (sound.truncated) notes.push('truncated');
  return { original, file, name, sound, time, notes };
}
