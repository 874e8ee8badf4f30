import type { Static } from 'typebox';
import type {
  DroppedView,
  ImportView,
  ListBody,
  ListedBody,
  ListedPage,
  ListsView,
} from '../../lists/schemas.js';
import type { PreviewView } from '../../policy/preview-schemas.js';
import type { PolicyVersionsView } from '../../policy/schemas.js';
import type { CheckView, DiffView, ReplayView } from '../../policy/version-schemas.js';
import { ask, type Policy, type VersionedPolicy } from './api.js';
import { forPerson } from './opened-for.js';

type Lists = Static<typeof ListsView>;
export type NumberList = Lists['lists'][number];
export type Listed = Static<typeof ListedPage>['entries'][number];
export type Imported = Static<typeof ImportView>;
export type ImportFault = Imported['faults'][number];
export type RuleFault = Static<typeof CheckView>['faults'][number];
export type Replay = Static<typeof ReplayView>;
export type ReplayKind = keyof Replay['found'];
export type ReplayExample = Replay['found'][ReplayKind]['examples'][number];

const list = (name: string) => `/lists/${encodeURIComponent(name)}`;

export type RedatingPreview = Static<typeof PreviewView>;
/** To which recordings a policy is applied, and what was shown of existing ones. */
export type ApplyTo = { to: 'new' } | { to: 'all'; preview: RedatingPreview };

/** The same as the API has it. */
export const applyBody = (apply: ApplyTo) =>
  apply.to === 'new'
    ? {}
    : { apply_to: apply.to, preview: { as_of: apply.preview.as_of, digest: apply.preview.digest } };

export const rulesApi = {
  lists: () => ask<Lists>('GET', '/lists'),
  addList: (body: Static<typeof ListBody>) => ask<Lists>('POST', '/lists', body),
  noteList: (name: string, note: string) => ask<Lists>('PUT', list(name), { note }),
  removeList: (name: string) => ask<Lists>('DELETE', list(name)),
  listed: (name: string, digits: string, after: number) =>
    ask<Static<typeof ListedPage>>(
      'GET',
      `${list(name)}/numbers?${new URLSearchParams({ digits, after: `${after}` })}`,
    ),
  addNumber: (name: string, body: Static<typeof ListedBody>) =>
    ask<Imported>('POST', `${list(name)}/numbers`, body),
  removeNumber: (name: string, number: string) =>
    ask<Static<typeof DroppedView>>('POST', `${list(name)}/remove`, { number }),
  importNumbers: (name: string, body: { csv: string; replace: boolean; dry_run?: boolean }) =>
    ask<Imported>('POST', `${list(name)}/import`, body),
  listCsv: (name: string) => forPerson(`/api/v1${list(name)}/numbers.csv`),

  versions: () => ask<Static<typeof PolicyVersionsView>>('GET', '/policy/versions'),
  diff: (from: number, to: number) =>
    ask<Static<typeof DiffView>>('GET', `/policy/diff?from=${from}&to=${to}`),
  restore: (version: number, basedOn: number, noEmergencyNumbers: boolean) =>
    ask<VersionedPolicy>('POST', `/policy/versions/${version}/restore`, {
      based_on: basedOn,
      ...(noEmergencyNumbers && { confirm_no_emergency_numbers: true }),
    }),
  check: (policy: Policy, signal: AbortSignal) =>
    ask<Static<typeof CheckView>>('POST', '/policy/check', { policy }, signal),
  preview: (policy: Policy) => ask<RedatingPreview>('POST', '/policy/preview', { policy }),
  /** `preview`: existing recordings get their dates by it too, as was shown. */
  askApproval: (policy: Policy, basedOn: number, reason: string, preview?: RedatingPreview) =>
    ask<{ id: string }>('POST', '/policy/preview/approval', {
      ...{ policy, based_on: basedOn, reason },
      ...(preview && { preview: { as_of: preview.as_of, digest: preview.digest } }),
    }),
  replay: (policy: Policy) => ask<Replay>('POST', '/policy/replay', { policy }),
};
