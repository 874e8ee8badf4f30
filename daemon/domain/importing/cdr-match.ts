import { type Cdr, isBare } from '../assurance/cdr.js';
import { sameNumber } from '../phone.js';
import { type FileName, stemOf } from './file-name.js';

/** A CDR with the name of the recording that its source has beside it (`recordingfile`, `userfield`), or ''. */
export type ImportCdr = Cdr & { file: string };

/** By what a file was joined to its CDRs. */
export const matchWays = ['uniqueid', 'linkedid', 'file', 'numbers'] as const;
export type MatchWay = (typeof matchWays)[number];

/** `several`: rows of more than one call fit, so none is used. */
export type CdrMatch = { cdrs: ImportCdr[]; by: MatchWay | null; several: boolean };

const NONE: CdrMatch = { cdrs: [], by: null, several: false };
/** A count begins again when Asterisk is restarted: rows of the same uniqueid are of one call within this, in ms. */
const SAME_CALL = 86_400_000;
/** Times are whole seconds, and a name is made a moment after its channel. In ms. */
const NEAR = 5_000;
const SECOND = 1_000;

type Index = {
  uniqueid: Map<string, ImportCdr[]>;
  linkedid: Map<string, ImportCdr[]>;
  file: Map<string, ImportCdr[]>;
  second: Map<number, ImportCdr[]>;
};

/**
 * Returns what joins a file to these CDRs: by uniqueid, then linkedid, then the file name beside the CDR, then both numbers and the
 * second. It returns all rows of the call, the oldest first. `path` is as `readFileName` takes it; `at` is when the call began, in
 * ms since 1970; `region` (ISO 3166-1) is that of numbers without a country code.
 */
export function cdrMatcher(cdrs: readonly ImportCdr[], region: string) {
  const index: Index = { uniqueid: new Map(), linkedid: new Map(), file: new Map(), second: new Map() };
  for (const cdr of cdrs) {
    add(index.uniqueid, cdr.uniqueid, cdr);
    // A dialplan's own names may leave out the name of the system.
    const bare = /-(\d{9,11}\.\d+)$/.exec(cdr.uniqueid)?.[1];
    if (bare !== undefined) add(index.uniqueid, bare, cdr);
    add(index.linkedid, cdr.linkedid || cdr.uniqueid, cdr);
    add(index.file, cdr.file && stemKey(cdr.file), cdr);
    add(index.second, Math.floor(cdr.startAt / SECOND), cdr);
  }

  function found(way: MatchWay, path: string, name: FileName, at: number): readonly ImportCdr[] {
    if (way === 'file') return index.file.get(stemKey(path)) ?? [];
    if (way === 'numbers') return name.uniqueid === '' ? byNumbers(name, at) : [];
    if (!name.uniqueid.endsWith('.')) return index[way].get(name.uniqueid) ?? [];
    // The seconds alone are known of it.
    return inSeconds(at).filter((cdr) => cdr[way].startsWith(name.uniqueid));
  }

  const inSeconds = (at: number): ImportCdr[] => {
    const [first, last] = [at - NEAR, at + NEAR].map((ms) => Math.floor(ms / SECOND)) as [number, number];
    return Array.from({ length: last - first + 1 }, (_, i) => index.second.get(first + i) ?? []).flat();
  };

  function byNumbers({ from, dest, type }: FileName, at: number): ImportCdr[] {
    const is = (a: string, b: string) => a !== '' && (a === b || sameNumber(a, b, region));
    return inSeconds(at).filter(
      (cdr) => from !== '' && dest !== '' && is(from, cdr.src) && (type === 'in' || is(dest, cdr.dst)),
    );
  }

  return function match(path: string, name: FileName, at: number): CdrMatch {
    for (const by of matchWays) {
      const rows = found(by, path, name, at).filter((cdr) => Math.abs(cdr.startAt - at) < SAME_CALL);
      if (rows.length === 0) continue;
      const exact = by === 'uniqueid' && !name.uniqueid.endsWith('.');
      if (!exact && new Set(rows.map(rootOf)).size > 1) return { ...NONE, several: true };
      const kin = rows.flatMap((cdr) =>
        isBare(cdr) ? [cdr] : [cdr, ...(index.linkedid.get(rootOf(cdr)) ?? [])],
      );
      const cdrs = [...new Set(kin)].sort((a, b) => a.startAt - b.startAt || a.endAt - b.endAt);
      return { cdrs, by, several: false };
    }
    return NONE;
  };
}
export type MatchCdrs = ReturnType<typeof cdrMatcher>;

const stemKey = (path: string): string => stemOf(path).toLowerCase();
const rootOf = (cdr: Cdr): string => cdr.linkedid || cdr.uniqueid || `${cdr.channel} ${cdr.startAt}`;

function add<K>(index: Map<K, ImportCdr[]>, key: K, cdr: ImportCdr): void {
  if (key === '') return;
  const known = index.get(key);
  if (known) known.push(cdr);
  else index.set(key, [cdr]);
}

/** Within which times (ms since 1970) the CDRs of files are looked for whose calls began then. */
export const cdrRange = (from: number, until: number): { from: number; to: number } => ({
  from: from - SAME_CALL / 24,
  to: until + SAME_CALL,
});
