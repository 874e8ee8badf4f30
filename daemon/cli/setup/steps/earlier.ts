import { type Dirent, opendirSync } from 'node:fs';
import { join } from 'node:path';
import { isSoundName } from '../../../domain/importing/sound-file.js';
import type { JobView } from '../../../domain/operations/job.js';
import type { Terminal } from '../talk/terminal.js';
import { jsonIn, type Tapedeck } from './services.js';

/** Names that are looked at for one of audio, and folders in folders. */
const MOST_NAMES = 20_000;
const DEEPEST = 6;
/** Headers and CDRs of some 100,000 files. */
const LOOK_MS = 30 * 60_000;

/** Whether a folder has audio files, as far as their names say. Links are not followed. */
export function hasAudio(folder: string): boolean {
  let left = MOST_NAMES;
  const within = (dir: string, depth: number): boolean => {
    const folders: string[] = [];
    for (const entry of entriesOf(dir)) {
      left -= 1;
      if (left < 0) return false;
      if (entry.isFile() && isSoundName(entry.name)) return true;
      if (entry.isDirectory() && depth < DEEPEST) folders.push(join(dir, entry.name));
    }
    return folders.some((one) => within(one, depth + 1));
  };
  return within(folder, 0);
}

function* entriesOf(dir: string): Generator<Dirent> {
  try {
    const open = opendirSync(dir);
    try {
      for (let entry = open.readSync(); entry; entry = open.readSync()) yield entry;
    } finally {
      open.closeSync();
    }
  } catch {
    // It is not there, or nobody's business.
  }
}

/** Offers to import what another recorder, or FreePBX itself, has left in a folder, unless that was done before. */
export async function offerImport(
  terminal: Terminal,
  tapedeck: Tapedeck,
  { folder, asks }: { folder: string; asks: boolean },
): Promise<void> {
  if (!hasAudio(folder) || (await importedBefore(tapedeck))) return;
  const [look, run] = [`tapedeck import --dry-run ${folder}`, `tapedeck import ${folder}`];
  if (!asks)
    return terminal.note(`${folder} has recordings of before. To import them: "${look}", then "${run}".`);
  terminal.title('Offer  Recordings of before');
  terminal.note(
    `${folder} has recordings of another recorder, such as FreePBX's own. Imported, they are found, played and erased like all others; the originals stay where they are. Retention counts from the end of each call, and what is past it is left out. "look" shows what would be imported, and imports nothing.`,
  );
  terminal.say();
  for (;;) {
    const typed = (await terminal.ask('Import now? look, yes or no', 'no')).toLowerCase();
    if (/^no?$/.test(typed)) return terminal.note(`Later: "${look}", then "${run}".`);
    if (/^y(es)?$/.test(typed)) {
      const { code, out } = await tapedeck(['import', folder]);
      for (const line of out.trim().split('\n')) terminal.note(line);
      return terminal.note(
        code === 0
          ? 'It goes on by itself: "tapedeck jobs" shows how far it is.'
          : `Try again with "${run}".`,
      );
    }
    if (typed === 'look') {
      terminal.note('Looking. Many files take minutes.');
      const { out } = await tapedeck(['import', '--dry-run', folder], LOOK_MS);
      for (const line of out.trim().split('\n')) terminal.say(`  ${line}`);
    } else terminal.note('Write look, yes or no.');
  }
}

/** Jobs are known for 90 days: whoever runs setup again after that is asked once more. */
async function importedBefore(tapedeck: Tapedeck): Promise<boolean> {
  const { out } = await tapedeck(['jobs', '--json']);
  return (jsonIn<JobView[]>(out) ?? []).some(({ kind }) => kind === 'import');
}
