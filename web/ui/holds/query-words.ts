import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { placeName } from '../messages/places.js';
import { date } from '../messages/when.js';
import type { HoldQuery } from '../state/api-holds.js';

type Query = Omit<HoldQuery, 'from' | 'to'> & { from: string | number | null; to: string | number | null };

/** Returns which calls a query of a matter asks for. */
export function queryWords(query: Query): string {
  const q = t.holds.query;
  const list = (names: string[]) => names.map(placeName).join(', ');
  return [
    query.text && q.text({ text: clean(query.text) }),
    query.numbers.length > 0 && q.numbers({ list: query.numbers.map(clean).join(', ') }),
    query.extensions.length > 0 && q.extensions({ list: list(query.extensions) }),
    query.queues.length > 0 && q.queues({ list: list(query.queues) }),
    query.dids.length > 0 && q.dids({ list: list(query.dids) }),
    query.from !== null && q.from({ day: date(new Date(query.from).toISOString()) }),
    query.to !== null && q.to({ day: date(new Date(query.to).toISOString()) }),
    query.direction && q.directions[query.direction],
    query.pbx !== null && q.pbx({ name: query.pbx || 'first' }),
  ]
    .filter(Boolean)
    .join('; ');
}
