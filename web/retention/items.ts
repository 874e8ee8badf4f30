import type { Static } from 'typebox';
import type { Verbs } from '../../daemon/catalogue/catalogue.js';
import type { DueItems } from '../../daemon/catalogue/retention/due.js';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import type { Why } from '../../daemon/domain/reason/reason.js';
import type { Recording } from '../../daemon/domain/recording/recording.js';
import { type DuePlace, FIRST_DUE, protection } from '../../daemon/domain/retention/plan.js';
import { fromSlices } from '../../daemon/ops/turns.js';
import type { RetentionItemsQuery } from './schemas.js';

export type ListVerbs = Verbs<
  'due.page' | 'due.undated' | 'recordings.tombstones' | 'holds.of' | 'certificates.of'
>;
export type ListName = Static<typeof RetentionItemsQuery>['list'];
export type Listed = StoredCall & {
  recording: Recording;
  protectedBy: Why | null;
  certificate: number | null;
};

/** A page of recordings, and where the next one begins; null on the last. */
export type ItemPage = { items: Listed[]; next: DuePlace | null };

const LAST: DuePlace = { until: Number.MAX_SAFE_INTEGER, id: '' };

/** Returns a page of one of the lists, of so many recordings at most, from after a place or from the beginning. */
export async function itemsOf(
  catalogue: ListVerbs,
  list: ListName,
  { now, after, limit }: { now: number; after: DuePlace | null; limit: number },
): Promise<ItemPage> {
  const { items: calls, next } = await read();
  const items = calls.flatMap((call) => (call.recording ? [{ ...call, recording: call.recording }] : []));
  const held = list === 'protected' ? await catalogue.holds.of(items.map((i) => i.recording.id)) : [];
  return {
    items: await Promise.all(
      items.map(async (i) => ({
        ...i,
        protectedBy: list === 'protected' ? protection(i.recording, held, now) : null,
        certificate: list === 'gone' ? await catalogue.certificates.of(i.recording.id) : null,
      })),
    ),
    next,
  };

  async function read(): Promise<DueItems<StoredCall>> {
    const from = after ?? FIRST_DUE;
    if (list === 'gone')
      return paged(await catalogue.recordings.tombstones(limit, after ?? LAST), (r) => r.erasedAt);
    if (list === 'for_ever') return paged(await catalogue.due.undated(from.id, limit), () => null);
    return fromSlices((at, most) => catalogue.due.page(PAGES[list], at, now, most), from, limit);
  }
  function paged(items: StoredCall[], until: (recording: Recording) => number | null): DueItems<StoredCall> {
    const last = items.length === limit ? items.at(-1)?.recording : null;
    return { items, next: last ? { until: until(last) ?? 0, id: last.id } : null };
  }
}

const PAGES = { due: 'erasable', protected: 'protected', next: 'later' } as const;

/** Where a page ended, as the API has it. */
export const placeText = (place: DuePlace | null): string | null => place && `${place.until}.${place.id}`;
export function placeIn(text: string | undefined): DuePlace | null {
  if (text === undefined) return null;
  const dot = text.indexOf('.');
  return { until: Number(text.slice(0, dot)), id: text.slice(dot + 1) };
}
