import { fail } from '../../../domain/error.js';
import type { Nouns } from '../../catalogue.js';
import { createReader } from '../checked.js';
import { type Db, openDb } from '../db.js';
import { createNouns, type Prepared } from '../nouns.js';
import { type Read, verbsOf, type Write } from '../verbs.js';
import { type Line, readJournal } from './journal.js';

/** Lines that no catalogue takes, with what it said. */
export type ReplayFault = { line: number; verb: string; message: string };

/**
 * Writes into a catalogue of this version what its journal has and it does not have yet. All of it is one transaction, together with
 * how far the journal was taken, so each line counts once, whenever this is interrupted and however often it is called. A line
 * that cannot be written is left out, and returned. Returns null where there is no journal.
 */
export async function replayJournal(
  path: string,
  journal: string,
  at: number,
): Promise<{ lines: number; faults: ReplayFault[] } | null> {
  if (!readJournal(journal, Number.MAX_SAFE_INTEGER)) return null;
  const db = await openDb(path, { mustExist: true });
  try {
    return replayInto(db, journal, at);
  } finally {
    db.close();
  }
}

function replayInto(db: Db, journal: string, at: number) {
  const nouns = createNouns(
    db,
    createReader(() => {}),
  );
  const verbs = verbsNow(nouns);
  const known = db.prepare<[string], number>('SELECT lines FROM upgrade_journals WHERE id = ?').pluck();
  const note = db.prepare(`INSERT INTO upgrade_journals (id, lines, at) VALUES ($id, $lines, $at)
    ON CONFLICT (id) DO UPDATE SET lines = excluded.lines, at = excluded.at`);
  const one = db.transaction((line: Line) => call(verbs, line));
  const all = db.transaction(() => {
    const { id } = readJournal(journal, Number.MAX_SAFE_INTEGER)!;
    const before = known.get(id) ?? 0;
    const { lines } = readJournal(journal, before)!;
    const faults: ReplayFault[] = [];
    for (const [n, line] of lines.entries()) {
      const fault = (message: string) =>
        void faults.push({ line: before + n + 1, verb: line?.verb ?? '', message });
      if (!line) {
        fault('It cannot be read.');
        continue;
      }
      try {
        one(line);
      } catch (e) {
        // What is wrong with the whole file is wrong with every line.
        if (e instanceof Error && 'code' in e && /^SQLITE_(?!CONSTRAINT)/.test(String(e.code))) throw e;
        fault((e as Error).message);
      }
    }
    if (lines.length > 0) {
      nouns.changes.bump();
      note.run({ id, lines: before + lines.length, at });
    }
    return { lines: lines.length, faults };
  });
  return all.immediate();
}

/** The verbs of the catalogue, done at once in the transaction that is open: what they throw is thrown, and not rejected. */
function verbsNow(nouns: Prepared): Nouns {
  const now: Read & Write = ((verb: (n: Prepared) => unknown) => verb(nouns)) as never;
  return verbsOf(now, now);
}

function call(verbs: Nouns, { verb, given }: Line): void {
  const [noun, name] = verb.split('.') as [keyof Nouns, string];
  const known = Object.hasOwn(verbs, noun) ? (verbs[noun] as unknown as Record<string, unknown>) : {};
  const work = Object.hasOwn(known, name) ? known[name] : null;
  if (typeof work !== 'function') throw fail('internal', `This version does not know "${verb}".`);
  (work as (...given: unknown[]) => unknown)(...given);
}

/** What the interim catalogue is given of an earlier run of the recorder. */
export async function replayLines(nouns: Nouns, journal: string): Promise<void> {
  for (const line of readJournal(journal)?.lines ?? [])
    if (line) {
      const [noun, name] = line.verb.split('.') as [keyof Nouns, string];
      const verb = (nouns[noun] as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>)[
        name
      ];
      await verb?.(...line.given).catch(() => {});
    }
}
