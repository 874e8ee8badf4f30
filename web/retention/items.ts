import type { Static } from 'typebox';
import type { Verbs } from '../../daemon/catalogue/catalogue.js';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import type { Why } from '../../daemon/domain/reason/reason.js';
import type { Recording } from '../../daemon/domain/recording/recording.js';
import { type DuePlace, FIRST_DUE, protection } from '../../daemon/domain/retention/plan.js';
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
  const calls = await read();
  const items = calls.flatMap((call) => (call.recording ? [{ ...call, recording: call.recording }] : []));
  const held = list === 'protected' ? await catalogue.holds.of(items.map((i) => i.recording.id)) : [];
  const last = calls.at(-1)?.recording;
  return {
    items: await Promise.all(
      items.map(async (i) => ({
        ...i,
        protectedBy: list === 'protected' ? protection(i.recording, held, now) : null,
        certificate: list === 'gone' ? await catalogue.certificates.of(i.recording.id) : null,
      })),
    ),
    next: last && calls.length === limit ? { until: placeOf(last), id: last.id } : null,
  };

  function read(): Promise<StoredCall[]> {
    const from = after ?? FIRST_DUE;
    if (list === 'gone') return catalogue.recordings.tombstones(limit, after ?? LAST);
    if (list === 'for_ever') return catalogue.due.undated(from.id, limit);
    return catalogue.due.page(PAGES[list], from, now, limit);
  }
  function placeOf(recording: Recording): number {
    return (list === 'gone' ? recording.erasedAt : recording.keepUntil) ?? 0;
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
