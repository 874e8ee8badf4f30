import type { Static } from 'typebox';
import type {
  AddedView,
  AskBody,
  AskedReleaseView,
  HeldPage,
  HoldsView,
  MatterDetail as MatterDetailView,
  MatterView,
  NotHeldPage,
  OpenBody,
  OpenedView,
  WidenBody,
} from '../../holds/schemas.js';
import { ask } from './api.js';
import { forPerson } from './opened-for.js';

export type Matter = Static<typeof MatterView>;
export type MatterDetail = Static<typeof MatterDetailView>;
export type Held = Static<typeof HeldPage>;
export type NotHeld = Static<typeof NotHeldPage>;
export type HoldQuery = NonNullable<Matter['query']>;
export type NewMatter = Static<typeof OpenBody>;

const at = (id: string) => `/holds/${encodeURIComponent(id)}`;

export const holdsApi = {
  list: () => ask<Static<typeof HoldsView>>('GET', '/holds'),
  open: (body: Static<typeof OpenBody>) => ask<Static<typeof OpenedView>>('POST', '/holds', body),
  get: (id: string) => ask<MatterDetail>('GET', at(id)),
  recordings: (id: string, after = 0) => ask<Held>('GET', `${at(id)}/recordings?after=${after}`),
  notHeld: (id: string, before?: string) =>
    ask<NotHeld>('GET', `${at(id)}/not-held${before === undefined ? '' : `?before=${before}`}`),
  add: (id: string, recordings: string[], reason: string) =>
    ask<Static<typeof AddedView>>('POST', `${at(id)}/recordings`, { recordings, reason }),
  widen: (id: string, query: Static<typeof WidenBody>['query'], reason: string) =>
    ask<Matter>('POST', `${at(id)}/query`, { query, reason }),
  askRelease: (id: string, body: Static<typeof AskBody>) =>
    ask<Static<typeof AskedReleaseView>>('POST', `${at(id)}/releases`, body),
  release: (id: string, approval: string) =>
    ask<Matter>('POST', `${at(id)}/releases/${encodeURIComponent(approval)}`, {}),
  report: (id: string) => forPerson(`/api/v1${at(id)}/report.csv`),
};
