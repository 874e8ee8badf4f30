import type { Static } from 'typebox';
import type { MailingBody, MailingSent, MailingsView } from '../../reports/mailing-schemas.js';
import { ask } from './api.js';

export type Mailings = Static<typeof MailingsView>;
export type Mailing = Mailings['mailings'][number];
export type MailingFacts = Static<typeof MailingBody>;

const at = (id: string) => `/reports/mailings/${encodeURIComponent(id)}`;

export const mailingsApi = {
  list: () => ask<Mailings>('GET', '/reports/mailings'),
  save: (id: string | null, body: MailingFacts) =>
    id === null
      ? ask<{ id: string }>('POST', '/reports/mailings', body)
      : ask<{ id: string }>('PUT', at(id), body),
  remove: (id: string) => ask<{ id: string }>('DELETE', at(id)),
  send: (id: string) => ask<Static<typeof MailingSent>>('POST', `${at(id)}/send`, {}),
};
