import { stringify } from 'csv-stringify/sync';
import type { Catalogue } from '../../catalogue/catalogue.js';
import type { ImportFile } from '../../catalogue/recordings/imports.js';
import { CSV, harmless } from '../../domain/csv.js';
import { fail } from '../../domain/error.js';
import { shownName } from '../../domain/importing/bytes.js';
import type { ImportNote, ImportOutcome } from '../../domain/importing/outcome.js';
import { NOTE_WORDS, OUTCOME_WORDS } from '../../domain/importing/outcome.js';
import type { Job } from '../../domain/operations/job.js';
import { reasonOf } from './words.js';

const PAGE = 500;
const MOST_JOBS = 1_000;

/** The imports of a folder, newest first: one at least. Throws `import_unknown`. */
export async function importJobs(catalogue: Catalogue, dir: string): Promise<Job[]> {
  const imports = (await catalogue.jobs.list(MOST_JOBS)).filter(
    ({ kind, params }) => kind === 'import' && params.dir === dir,
  );
  if (imports.length === 0) throw fail('import_unknown', dir);
  return imports;
}

/** The import with this id, or the newest; where a folder is given, of that folder. Throws `import_unknown`. */
export async function importJob(
  catalogue: Catalogue,
  { id, dir }: { id?: string | undefined; dir?: string },
): Promise<Job> {
  const imports = (await catalogue.jobs.list(MOST_JOBS)).filter(
    ({ kind, params }) => kind === 'import' && (dir === undefined || params.dir === dir),
  );
  const job = id === undefined ? imports[0] : imports.find((one) => one.id === id.toUpperCase());
  if (!job) throw fail('import_unknown', id ?? dir ?? '');
  return job;
}

/** What became of every file of an import, in the order of their paths. */
export async function* importFiles(catalogue: Catalogue, job: string): AsyncGenerator<ImportFile> {
  for (let after = ''; ; ) {
    const page = await catalogue.imports.files(job, after, PAGE);
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.path;
  }
}

export type ReportRow = {
  file: string;
  outcome: ImportOutcome;
  detail: string;
  notes: readonly ImportNote[];
  call: string | null;
  bytes: number;
  sha256: string | null;
};

export const rowOf = ({ path, callId, ...file }: ImportFile): ReportRow => ({
  ...{ file: shownName(path), outcome: file.outcome, detail: file.detail, notes: file.notes },
  ...{ call: callId, bytes: file.bytes, sha256: file.sha256 },
});

const COLUMNS = ['file', 'outcome', 'reason', 'notes', 'call', 'bytes', 'sha256'];

/** One line of the report as CSV; the heading first. */
export const csvHead = (): string => stringify([COLUMNS], { ...CSV, bom: false, header: false });
export const csvLine = (row: ReportRow): string =>
  stringify(
    [
      [
        ...[row.file, OUTCOME_WORDS[row.outcome], reasonOf(row)].map(harmless),
        ...[row.notes.map((note) => NOTE_WORDS[note]).join('; '), row.call ?? '', String(row.bytes)],
        row.sha256 ?? '',
      ],
    ],
    { ...CSV, bom: false, header: false },
  );
