import { count, plural } from '../locale.js';

/** The messages of every import of a CSV file. */
export const csvText = {
  file: 'CSV file',
  busy: 'Importing…',
  noFile: 'Choose a CSV file.',
  tooLong: 'The file is larger than 1 MB. Split it into several files.',
  faultsTitle: ({ n }: { n: number }) =>
    plural(n, {
      one: 'Nothing was imported: 1 line must be corrected.',
      other: `Nothing was imported: ${count(n)} lines must be corrected.`,
    }),
  line: ({ line }: { line: number }) => `Line ${count(line)}`,
  moreFaults: ({ n }: { n: number }) => `And ${count(n)} more.`,
};
