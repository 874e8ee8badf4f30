import { setImmediate as turn } from 'node:timers/promises';
import type { Catalogue, Verbs } from '../catalogue/catalogue.js';
import type { StoredCall } from '../catalogue/stored-call.js';
import type { ReportPeriod } from '../domain/report/period.js';
import type { ProcessingFacts } from '../domain/report/processing.js';
import type { Column, ColumnKind } from '../domain/report/report.js';

/** What a report is made from. It is read page by page, and nothing of it is written. */
export type Making = {
  catalogue: Catalogue;
  period: ReportPeriod;
  now: number;
  /** What the configuration says of where data goes and how it is protected. */
  facts: ProcessingFacts;
  /** A time (ms since 1970) in the site's zone. */
  say: (ms: number) => string;
};

/** So many calls are read at once. */
const PAGE = 200;

/** Yields pages of the calls that began in the period, newest first; test calls are left out. */
export async function* callPages(
  catalogue: Verbs<'calls.list'>,
  { begins, ends }: Pick<ReportPeriod, 'begins' | 'ends'>,
): AsyncGenerator<StoredCall[]> {
  for (let before: string | undefined; ; ) {
    const page = await catalogue.calls.list({
      ...{ from: begins, to: ends, limit: PAGE },
      ...(before === undefined ? {} : { before }),
    });
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    before = page.at(-1)!.id;
    await turn();
  }
}

export const column = (key: string, head: string, kind: ColumnKind, width: number): Column => ({
  ...{ key, head, kind, width },
});
/** A column that people read under another. */
export const under = (above: string, key: string, head: string, kind: ColumnKind): Column => ({
  ...{ key, head, kind, width: 1, under: above },
});
/** A column that only files for programs have. */
export const hidden = (key: string, kind: ColumnKind): Column => ({ key, head: key, kind, width: 0 });
