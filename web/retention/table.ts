import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import { CSV, harmless } from '../../daemon/domain/csv.js';
import { iso } from '../../daemon/domain/days.js';
import { inWords, type Say } from '../../daemon/domain/reason/words.js';

type State = 'due' | 'kept' | 'gone';

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
  'rule',
  'reason',
  'erased_at',
  'erase_reason',
];

/**
 * Recordings as CSV. A cell that a spreadsheet would take for a formula begins with an apostrophe.
 */
export function retentionCsv(rows: Iterable<{ state: State; call: StoredCall }>, say: Say): Readable {
  const csv = stringify({ ...CSV, columns: header });
  return Readable.from(records(rows, say)).compose(csv) as Readable;
}

function* records(rows: Iterable<{ state: State; call: StoredCall }>, say: Say): Generator<string[]> {
  for (const { state, call } of rows) {
    const { recording, them, us } = call;
    if (recording === null) continue;
    const time = (ms: number | null) => (ms === null ? '' : iso(ms));
    yield [
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
      recording.keepRule ?? '',
      inWords(recording.keepWhy, say),
      time(recording.erasedAt),
      inWords(recording.eraseWhy, say),
    ].map(harmless);
  }
}
