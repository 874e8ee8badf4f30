import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { harmless } from '../../daemon/domain/csv.js';
import { iso } from '../../daemon/domain/days.js';
import { inWords, type Say } from '../../daemon/domain/reason/words.js';
import type { DuePlace } from '../../daemon/domain/retention/plan.js';
import { csvStream } from '../server/csv-stream.js';
import { itemsOf, type Listed, type ListName, type ListVerbs } from './items.js';

const header = [
  'state',
  'call_id',
  'recording_id',
  'started_at',
  'direction',
  'them_number',
  'them_name',
  'us_number',
  'us_name',
  'keep_until',
  'not_before',
  'rule',
  'reason',
  'keep_version',
  'protected_by',
  'erased_at',
  'erase_reason',
];

/** How each list is called in the table. */
const STATES: [ListName, string][] = [
  ['due', 'due'],
  ['protected', 'protected'],
  ['next', 'kept'],
  ['for_ever', 'kept'],
  ['gone', 'gone'],
];
/** So many rows are read at once: a few milliseconds in which nobody else is served. */
const PAGE = 50;

/**
 * Every recording as CSV, read page by page as fast as the client takes it; nothing more is read once it has gone. A cell that a
 * spreadsheet would take for a formula begins with an apostrophe.
 */
export function retentionCsv(catalogue: ListVerbs, now: number, say: Say): Readable {
  return csvStream(header, records(catalogue, now, say));
}

async function* records(catalogue: ListVerbs, now: number, say: Say): AsyncGenerator<string[]> {
  for (const [list, state] of STATES)
    for (let after: DuePlace | null = null, more = true; more; await turn()) {
      const page = await itemsOf(catalogue, list, { now, after, limit: PAGE });
      for (const item of page.items) yield row(state, item, say);
      after = page.next;
      more = after !== null;
    }
}

function row(state: string, { recording, protectedBy, them, us, ...call }: Listed, say: Say): string[] {
  const time = (ms: number | null) => (ms === null ? '' : iso(ms));
  return [
    state,
    call.id,
    recording.id,
    iso(call.startedAt),
    call.direction,
    them.number,
    them.name,
    us.number,
    us.name,
    time(recording.keepUntil),
    time(recording.minUntil),
    recording.keepRule ?? '',
    inWords(recording.keepWhy, say),
    String(recording.keepVersion ?? ''),
    inWords(protectedBy, say),
    time(recording.erasedAt),
    inWords(recording.eraseWhy, say),
  ].map(harmless);
}
