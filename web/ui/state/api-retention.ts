import type { Static } from 'typebox';
import type { AskedView } from '../../../daemon/domain/operations/job.js';
import type {
  EraseBody,
  EraseView,
  RetentionItems,
  RetentionItemsQuery,
  RetentionRunning,
  RetentionRunView,
  RetentionView,
} from '../../retention/schemas.js';
import { ask, byItself } from './api.js';

export type Retention = Static<typeof RetentionView>;
export type RetentionItem = Retention['due'][number];
export type RetentionRun = Static<typeof RetentionRunView>;
export type RetentionList = Static<typeof RetentionItemsQuery>['list'];
export type Erased = Static<typeof EraseView>;

export const retentionApi = {
  retention: (background = false) =>
    ask<Retention>('GET', '/retention', undefined, undefined, byItself(background)),
  items: (list: RetentionList, after: string) =>
    ask<Static<typeof RetentionItems>>(
      'GET',
      `/retention/items?list=${list}&after=${encodeURIComponent(after)}`,
    ),
  running: () =>
    ask<Static<typeof RetentionRunning>>('GET', '/retention/run', undefined, undefined, byItself(true)),
  run: (confirm?: string) => ask<RetentionRun>('POST', '/retention/run', confirm ? { confirm } : {}),
  moveToArchive: () => ask<Static<typeof AskedView>>('POST', '/recordings/archive'),
  erase: (body: Static<typeof EraseBody>) => ask<Erased>('POST', '/recordings/erase', body),
};
