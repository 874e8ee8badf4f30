import {
  type ImportNote,
  type ImportOutcome,
  importOutcomes,
  NOTE_WORDS,
  OUTCOME_WORDS,
  UNREADABLE_WORDS,
} from '../../domain/importing/outcome.js';

export type Tally = {
  outcomes: Partial<Record<ImportOutcome, number>>;
  notes: Partial<Record<ImportNote, number>>;
};

export const newTally = (): Tally => ({ outcomes: {}, notes: {} });

export function count(
  tally: Tally,
  { outcome, notes }: { outcome: ImportOutcome; notes: readonly ImportNote[] },
): void {
  tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + 1;
  if (outcome === 'imported') for (const note of notes) tally.notes[note] = (tally.notes[note] ?? 0) + 1;
}

/** Why a file has its outcome, in words; empty where the outcome says it. */
export function reasonOf({ outcome, detail }: { outcome: ImportOutcome; detail: string }): string {
  if (outcome === 'unreadable') return UNREADABLE_WORDS[detail as keyof typeof UNREADABLE_WORDS] ?? detail;
  if (outcome === 'already' && detail === 'erased') return NOTE_WORDS.erased;
  if (outcome === 'rules' || outcome === 'due') return detail === '' ? '' : `rule "${detail}"`;
  if (outcome === 'recorded' || outcome === 'withheld') return `call ${detail}`;
  return '';
}

const WOULD: Partial<Record<ImportOutcome, string>> = {
  imported: 'would be imported',
  due: 'past their retention: not imported. --with-due imports them; the next retention run would erase them',
};

/** How many files came to what, a line each. `planned`: nothing was imported yet. */
export function tallyText(tally: Tally, planned: boolean): string {
  const rows = (entries: [number | undefined, string][]) =>
    entries.flatMap(([n, said]) => (n ? [`${String(n).padStart(9)}  ${said}`] : []));
  const outcomes = rows(
    importOutcomes.map((one) => [
      tally.outcomes[one],
      (planned ? WOULD[one] : undefined) ?? OUTCOME_WORDS[one],
    ]),
  );
  const notes = rows(
    (Object.keys(NOTE_WORDS) as ImportNote[]).map((note) => [tally.notes[note], NOTE_WORDS[note]]),
  );
  const about = planned ? 'Of those that would be imported:' : 'Of those imported:';
  return [
    ...(outcomes.length === 0 ? ['        0  audio files'] : outcomes),
    ...(notes.length > 0 ? [about, ...notes] : []),
  ].join('\n');
}
