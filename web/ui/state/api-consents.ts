import type { Static } from 'typebox';
import type {
  ConsentAdded,
  ConsentBody,
  ConsentImportBody,
  ConsentImported,
  ConsentsPage,
  ConsentView,
} from '../../consents/schemas.js';
import { ask } from './api.js';
import { forPerson } from './opened-for.js';

export type Consent = Static<typeof ConsentView>;
export type Consents = Static<typeof ConsentsPage>;
export type ConsentImport = Static<typeof ConsentImported>;
export type ConsentFault = Static<typeof ConsentAdded>['faults'][number];

export const consentsApi = {
  list: (digits: string, before?: number) =>
    ask<Consents>(
      'GET',
      `/consents?${new URLSearchParams({ digits, ...(before !== undefined && { before: `${before}` }) })}`,
    ),
  add: (body: Static<typeof ConsentBody>) => ask<Static<typeof ConsentAdded>>('POST', '/consents', body),
  import: (body: Static<typeof ConsentImportBody>) => ask<ConsentImport>('POST', '/consents/import', body),
  erase: (id: number, reason: string) => ask<Consent>('POST', `/consents/${id}/erase`, { reason }),
  withdraw: (id: number) => ask<Consent>('POST', `/consents/${id}/withdraw`),
  eraseDocument: (id: number) => ask<Consent>('DELETE', `/consents/${id}/document`),
  document: (id: number) => forPerson(`/api/v1/consents/${id}/document`),
  csv: () => forPerson('/api/v1/consents.csv'),
};
