import type { Verbs } from '../../catalogue/catalogue.js';
import { digestOfText, EMPTY, faultWords, follow, type Head, isFault } from '../../domain/assurance/audit.js';
import { chainBegin, chainEnd } from '../../domain/assurance/evidence.js';
import { fail } from '../../domain/error.js';

/** The audit log as a pack needs it: the entries about a call, and what leads from them to a checkpoint. */
export type Log = Verbs<'audit.entries' | 'audit.rows' | 'audit.id'>;

const PAGE = 1_000;

/** The number of the first entry about a call; where there is none, that of the next entry of the log. */
export async function firstOf(log: Log, ids: readonly string[]): Promise<number> {
  const [first] = await entriesOf(log, ids);
  if (first !== undefined) return first;
  const [newest] = await log.audit.entries({ limit: 1 });
  return (newest?.seq ?? 0) + 1;
}

/** The numbers of the entries about these, in order. */
export async function entriesOf(
  log: Log,
  ids: readonly string[],
  until = Number.MAX_SAFE_INTEGER,
): Promise<number[]> {
  const found: number[] = [];
  for (const objectId of ids)
    for (let before: number | undefined; ; ) {
      const page = await log.audit.entries({ objectId, before, limit: PAGE });
      found.push(...page.map(({ seq }) => seq));
      if (page.length < PAGE) break;
      before = page.at(-1)!.seq;
    }
  return found.filter((seq) => seq <= until).sort((a, b) => a - b);
}

/** What the log came to before this entry. */
export async function headBefore(log: Log, seq: number): Promise<Head> {
  if (seq <= 1) return EMPTY;
  const [row] = await log.audit.rows(seq - 1, 1);
  if (row?.seq !== seq - 1) throw fail('evidence_refused', faultWords.missing(seq - 1));
  return { size: row.seq, hash: row.hash };
}

/** Follows the log from there to its end. Throws when something is wrong with it, or when it does not fit the checkpoint. */
export async function follows(log: Log, before: Head, kept: Head | null): Promise<void> {
  let head = before;
  let agrees = kept === null || (kept.size === head.size && kept.hash === head.hash);
  for (;;) {
    const rows = await log.audit.rows(head.size + 1, PAGE);
    for (const row of rows) {
      const next = follow(head, row);
      if (isFault(next))
        throw fail('evidence_refused', `The audit log was altered. ${faultWords[next.kind](next.seq)}`);
      head = next;
      if (kept?.size === head.size) agrees = kept.hash === head.hash;
    }
    if (rows.length < PAGE) break;
  }
  if (!agrees)
    throw fail(
      'evidence_refused',
      'The audit log is not the one that was signed: see "tapedeck audit verify".',
    );
}

/** Each entry as it was written, a line each. */
export async function* lines(log: Log, entries: readonly number[]): AsyncGenerator<Buffer> {
  for (const seq of entries) {
    const [row] = await log.audit.rows(seq, 1);
    if (row?.seq !== seq) throw fail('evidence_refused', faultWords.missing(seq));
    yield Buffer.concat([Buffer.from(row.text), Buffer.from('\n')]);
  }
}

/** What leads from the first entry to the checkpoint. */
export async function* chain(
  log: Log,
  { pack, before, until, entries }: { pack: string; before: Head; until: Head; entries: readonly number[] },
): AsyncGenerator<Buffer> {
  yield Buffer.from(
    chainBegin({
      pack,
      log: await log.audit.id(),
      before,
      entries: entries.filter((seq) => seq <= until.size),
      after: entries.filter((seq) => seq > until.size),
    }),
  );
  let head = before;
  while (head.size < until.size) {
    const rows = await log.audit.rows(head.size + 1, Math.min(PAGE, until.size - head.size));
    if (rows.length === 0) throw fail('evidence_refused', faultWords.cut_off(head.size + 1));
    const digests: string[] = [];
    for (const row of rows) {
      const next = follow(head, row);
      if (isFault(next)) throw fail('evidence_refused', faultWords[next.kind](next.seq));
      digests.push(`${next.size === before.size + 1 ? '' : ',\n'}"${digestOfText(row.text)}"`);
      head = next;
    }
    yield Buffer.from(digests.join(''));
  }
  if (head.hash !== until.hash) throw fail('evidence_refused', faultWords.rewritten(until.size));
  yield Buffer.from(chainEnd(head));
}
