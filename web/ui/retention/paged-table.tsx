import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { type RetentionItem, type RetentionList, retentionApi } from '../state/api-retention.js';
import { type Picking, RetentionTable } from './retention-table.js';

type Props = {
  list: RetentionList;
  first: RetentionItem[];
  /** How many there are in all; null where that is not counted. */
  total: number | null;
  kind: 'kept' | 'protected' | 'gone';
  picking?: Picking | undefined;
};

/** How many come with the page, and with every further one. */
const PAGE = 50;

/** A list of recordings of which more are read when somebody asks for them. */
export function PagedTable({ list, first, total, kind, picking }: Props) {
  const [read, setRead] = useState<{ after: string; items: RetentionItem[]; next: string | null } | null>(
    null,
  );
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const newest = first.map((i) => i.recording_id).join();
  // Once the page was read again, what came after it may not follow it any more.
  const more = read?.after === newest ? read : null;
  const items = more ? [...first, ...more.items] : first;
  const next = more ? more.next !== null : first.length === PAGE && total !== PAGE;
  const load = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const from = more?.next ?? placeAfter(first.at(-1)!, list);
      const page = await retentionApi.items(list, from);
      setRead({ after: newest, items: [...(more?.items ?? []), ...page.items], next: page.next });
    } catch (cause) {
      setProblem(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <RetentionTable items={items} kind={kind} picking={picking} />
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {next && (
        <p class="retention-more">
          <button type="button" class="button" disabled={busy} onClick={load}>
            {busy ? t.common.loading : t.retention.showMore}
          </button>{' '}
          {total !== null && <span class="quiet">{t.retention.shown({ n: items.length, total })}</span>}
        </p>
      )}
    </>
  );
}

/** Where the page that came with everything else ended. */
const placeAfter = (last: RetentionItem, list: RetentionList): string =>
  `${Date.parse((list === 'gone' ? last.erased_at : last.keep_until) ?? '')}.${last.recording_id}`;
