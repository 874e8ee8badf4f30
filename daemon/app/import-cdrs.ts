import { closeSync, openSync, readSync } from 'node:fs';
import { createCsvReader } from '../cdr/csv.js';
import type { CdrReader, ToCdr } from '../cdr/source.js';
import { cdrSources } from '../cdr/sources.js';
import { createSqliteReader } from '../cdr/sqlite.js';
import { fail } from '../domain/error.js';
import { cdrMatcher, cdrRange, type ImportCdr, type MatchCdrs } from '../domain/importing/cdr-match.js';
import { credentialOf } from '../ops/config-pbx.js';
import type { PbxConfig } from '../ops/config-schema.js';
import { csvRow, recordedAs, translateCdr } from '../pbx/cdr.js';

const DAY_MS = 86_400_000;
/** Files come in the order of their times: so many days are kept ready. */
const MOST_DAYS = 3;

/** `password` is that of the database, where it was read before. */
type ImportCdrsOrder = { cdr: string; zone: string; region: string; password?: string | null };

/**
 * Where the CDRs of an import are: `cdr` is the path of a Master.csv or an SQLite database, `configured` for those of the PBX in
 * tapedeck.toml, or `none`. Throws `cdr_unreadable`.
 */
function readersOf(
  { cdr, password }: Pick<ImportCdrsOrder, 'cdr' | 'password'>,
  section: PbxConfig,
  toCdr: ToCdr,
): CdrReader[] {
  if (cdr === 'none') return [];
  if (cdr === 'configured') {
    const held = password == null ? undefined : () => password;
    return cdrSources(section, credentialOf('cdr-password', section), csvRow, toCdr, held);
  }
  return isSqlite(cdr)
    ? [createSqliteReader({ path: cdr, toCdr })]
    : [createCsvReader({ path: cdr, toCdr: (fields) => toCdr(csvRow(fields)) })];
}

function isSqlite(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    try {
      const head = Buffer.alloc(15);
      readSync(file, head, 0, 15, 0);
      return head.toString('latin1') === 'SQLite format 3';
    } finally {
      closeSync(file);
    }
  } catch (e) {
    throw fail('cdr_unreadable', `${path}: ${(e as Error).message}`, e);
  }
}

/**
 * Returns what finds the CDRs around a time (ms since 1970): a day of them is read at once. Where one of several sources cannot be
 * read, so does it: a file must not lose its CDRs for that. `zone` is that of the PBX's clock, `region` (ISO 3166-1) of its numbers.
 */
export function importCdrs(
  { cdr, zone, region, password }: ImportCdrsOrder,
  section: PbxConfig,
): (at: number) => Promise<MatchCdrs> {
  const readers = readersOf({ cdr, password }, section, (row) => {
    const one = translateCdr(row, [zone], Number.MAX_SAFE_INTEGER);
    return one && ({ ...one, pbx: section.id, file: recordedAs(row) } satisfies ImportCdr);
  });
  const days = new Map<number, Promise<MatchCdrs>>();

  async function read(day: number): Promise<MatchCdrs> {
    const range = cdrRange(day * DAY_MS, (day + 1) * DAY_MS);
    const found = await Promise.all(readers.map((reader) => reader.read(range)));
    // What the readers return is what `toCdr` made.
    return cdrMatcher(found.flat() as ImportCdr[], region);
  }

  return (at) => {
    const day = Math.floor(at / DAY_MS);
    const known = days.get(day) ?? read(day);
    days.delete(day);
    days.set(day, known);
    known.catch(() => days.delete(day));
    for (const old of days.keys()) if (days.size > MOST_DAYS) days.delete(old);
    return known;
  };
}
