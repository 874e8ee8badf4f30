import { opendir } from 'node:fs/promises';
import { isSoundName } from '../../../domain/importing/sound-file.js';
import type { JobView } from '../../../domain/operations/job.js';
import type { Terminal } from '../talk/terminal.js';
import { jsonIn, type Tapedeck } from './services.js';

/** The search for one audio file stops after so many entries. */
const MAX_ENTRIES = 20_000;
/** A dry run reads a header for each file: enough for some 100,000. */
const DRY_RUN_TIMEOUT_MS = 30 * 60_000;

/** Returns whether a folder has a file with the name of an audio file. Follows no links below it. */
async function hasAudio(folder: string): Promise<boolean> {
  let left = MAX_ENTRIES;
  try {
    for await (const entry of await opendir(folder, { recursive: true })) {
      if (entry.isFile() && isSoundName(entry.name)) return true;
      left -= 1;
      if (left === 0) return false;
    }
  } catch {
    // Most machines have no such folder.
  }
  return false;
}

/** Offers to import the recordings that FreePBX or another recorder left in a folder, unless an import was requested before. */
export async function offerImport(
  terminal: Terminal,
  tapedeck: Tapedeck,
  { folder, asks }: { folder: string; asks: boolean },
): Promise<void> {
  if (!(await hasAudio(folder)) || (await importedBefore(tapedeck))) return;
  const [look, run] = [`tapedeck import --dry-run ${folder}`, `tapedeck import ${folder}`];
  if (!asks)
    return terminal.note(`${folder} has earlier recordings. To import them, run "${look}", then "${run}".`);
  terminal.title('Offer  Earlier recordings');
  terminal.note(
    `${folder} has recordings of FreePBX or another recorder. Tapedeck can import them: you can then search, play and erase them like all others, and the original files stay where they are. Retention counts from the end of each call; recordings past their retention are not imported. "look" shows what would be imported, without importing anything.`,
  );
  terminal.say();
  for (;;) {
    const typed = (await terminal.ask('Import now? look, yes or no', 'no')).toLowerCase();
    if (/^no?$/.test(typed)) return terminal.note(`To import them later, run "${look}", then "${run}".`);
    if (/^y(es)?$/.test(typed)) {
      const { code, out } = await tapedeck(['import', folder]);
      for (const line of out.trim().split('\n')) terminal.note(line);
      return terminal.note(
        code === 0
          ? 'The import runs in the background. "tapedeck jobs" shows its progress.'
          : `Try again with "${run}".`,
      );
    }
    if (typed === 'look') {
      terminal.note('Reading names and headers. With many files this takes minutes.');
      const { out } = await tapedeck(['import', '--dry-run', folder], DRY_RUN_TIMEOUT_MS);
      for (const line of out.trim().split('\n')) terminal.say(`  ${line}`);
    } else terminal.note('Type look, yes or no.');
  }
}

/** Ended jobs are kept for 90 days. After that, setup asks again. */
async function importedBefore(tapedeck: Tapedeck): Promise<boolean> {
  const { out } = await tapedeck(['jobs', '--json']);
  return (jsonIn<JobView[]>(out) ?? []).some(({ kind }) => kind === 'import');
}
