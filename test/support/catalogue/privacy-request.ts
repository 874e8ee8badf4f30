import type { NewPrivacyRequest } from '../../../daemon/catalogue/privacy/privacy-requests.js';

/** That Ann asks for the recordings of her. */
export const aPrivacyRequest = (id: string, more: Partial<NewPrivacyRequest> = {}): NewPrivacyRequest => ({
  ...{ id, kind: 'access', name: 'Ann Example', contact: 'ann@example.org', identity: 'Called back' },
  ...{ numbers: ['+49 30 1234567'], from: '2026-01-01', to: null, manner: 'email', received: '2026-05-03' },
  confirmed: null,
  ...{ zone: 'Europe/Berlin', region: 'DE', enteredBy: 'Ada', enteredAt: 5, ...more },
});

/** Columns of requests whose rows are still found when they have another value. */
export const PRIVACY_COLUMNS: Record<string, string[]> = {
  privacy_requests: [
    ...['number', 'kind', 'name', 'contact', 'identity', 'numbers', 'first_day', 'last_day', 'manner'],
    ...[
      'received',
      'confirmed_day',
      'zone',
      'region',
      'entered_by',
      'entered_at',
      'extended_at',
      'outcome',
      'grounds',
    ],
  ],
  privacy_exclusions: ['reason', 'by', 'at'],
  privacy_letters: ['letter', 'text', 'by', 'at'],
};
