import { type Fault, hex } from './pack.js';

/** An entry of the audit log, as far as the page shows it. */
export type Entry = {
  seq: number;
  at: string;
  actor: string;
  actor_name: string;
  address: string;
  action: string;
  object_id: string;
  outcome: string;
  reason: string;
  detail: Record<string, unknown>;
};

type Head = { size: number; hash: string };
export type Chain = {
  pack: string;
  log: string;
  before: Head;
  entries: number[];
  after: number[];
  digests: string[];
  head: Head;
  /** Nothing else is in the file, down to the last byte. */
  exact: boolean;
};

const HEX = /^[0-9a-f]{64}$/;
/** So many links are followed before the page is drawn again. */
const BREATH = 20_000;

const isHead = (value: unknown): value is Head => {
  const { size, hash } = (value ?? {}) as Partial<Head>;
  return Number.isSafeInteger(size) && size! >= 0 && typeof hash === 'string' && HEX.test(hash);
};
/** Numbers of entries in order, each behind that one. */
const areBehind = (value: unknown, before: number): value is number[] =>
  Array.isArray(value) && value.every((n, i) => Number.isSafeInteger(n) && n > (value[i - 1] ?? before));

/** What audit-chain.json says; null when it is none. */
export function chainIn(json: string | null): Chain | null {
  try {
    const found = JSON.parse(json ?? '') as Record<string, unknown>;
    const { pack, log, before, entries, digests, head } = found;
    const after = found.entries_after_the_checkpoint;
    if (found.format !== 'tapedeck.audit-chain' || found.format_version !== 1) return null;
    if (typeof pack !== 'string' || typeof log !== 'string' || !isHead(before) || !isHead(head)) return null;
    if (!areBehind(entries, before.size) || !areBehind(after, head.size)) return null;
    if (entries.some((seq) => seq > head.size)) return null;
    if (!Array.isArray(digests) || !digests.every((d) => typeof d === 'string' && HEX.test(d))) return null;
    const chain = { pack, log, before, entries, after, digests, head };
    return { ...chain, exact: written(chain) === json };
  } catch {
    return null;
  }
}

/** As the recorder writes it. */
const written = ({ pack, log, before, entries, after, digests, head }: Omit<Chain, 'exact'>): string =>
  [
    '{"format":"tapedeck.audit-chain","format_version":1,',
    `"pack":${JSON.stringify(pack)},`,
    `"log":${JSON.stringify(log)},`,
    `"before":${headText(before)},`,
    `"entries":${JSON.stringify(entries)},`,
    `"entries_after_the_checkpoint":${JSON.stringify(after)},`,
    '"digests":[',
    digests.map((digest) => `"${digest}"`).join(',\n'),
    '],',
    `"head":${headText(head)}}\n`,
  ].join('\n');
const headText = ({ hash, size }: Head): string => JSON.stringify({ hash, size });

export const digestOf = (line: string): string => hex('tapedeck audit entry\n', line);

/** What the chain comes to at its end. */
export async function follow(chain: Chain, progress: (share: number) => void): Promise<string> {
  let { hash } = chain.before;
  for (const [i, digest] of chain.digests.entries()) {
    hash = hex(`tapedeck audit link\n${hash}\n${digest}`);
    if (i % BREATH === BREATH - 1) {
      progress(i / chain.digests.length);
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  return hash;
}

/** The lines of the access log as entries; null in the place of one that is none. */
export function entriesIn(log: string): { lines: string[]; entries: (Entry | null)[]; whole: boolean } {
  const lines = log.split('\n');
  const whole = lines.pop() === '';
  if (!whole) lines.push(log.slice(log.lastIndexOf('\n') + 1));
  const entries = lines.map((line) => {
    try {
      const entry = JSON.parse(line) as Entry;
      return Number.isSafeInteger(entry.seq) ? entry : null;
    } catch {
      return null;
    }
  });
  return { lines, entries, whole };
}

/** What is wrong with the access log, compared with the chain. `sound`: the chain leads to the checkpoint. */
export function compare(
  { lines, entries }: Pick<ReturnType<typeof entriesIn>, 'lines' | 'entries'>,
  chain: Chain,
  sound: boolean,
): Fault[] {
  const file = 'access-log.jsonl';
  const faults: Fault[] = [];
  const seen = new Set<number>();
  const named = new Set([...chain.entries, ...chain.after]);
  let last = 0;
  for (const [i, entry] of entries.entries()) {
    if (entry === null) {
      faults.push({ file, what: `Line ${i + 1} is no entry.` });
      continue;
    }
    const { seq } = entry;
    const digest = chain.digests[seq - chain.before.size - 1];
    const wanted = digestOf(lines[i]!);
    if (seen.has(seq)) faults.push({ file, entry: seq, what: 'It is there more than once.' });
    else if (!named.has(seq)) faults.push({ file, entry: seq, what: 'It was put in.' });
    else if (seq < last) faults.push({ file, entry: seq, what: 'It is not in its place.' });
    // What is said to be older than the chain has no digest in it: nothing vouches for such an entry.
    if (seq <= chain.head.size && digest !== wanted && !seen.has(seq))
      faults.push(
        sound
          ? { file, entry: seq, what: 'It is not what was written.' }
          : { file, entry: seq, what: 'It and its digest in audit-chain.json do not fit each other.' },
      );
    seen.add(seq);
    last = Math.max(last, seq);
  }
  for (const seq of named) if (!seen.has(seq)) faults.push({ file, entry: seq, what: 'It is missing.' });
  return faults;
}
