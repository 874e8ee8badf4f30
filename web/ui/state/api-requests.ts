import type { Static } from 'typebox';
import type {
  AnswerBody,
  BundleBody,
  LettersView,
  LetterView,
  RequestAdded,
  RequestBody,
  RequestCalls,
  RequestsPage,
  RequestView,
} from '../../requests/schemas.js';
import { ask, made } from './api.js';

export type PrivacyRequest = Static<typeof RequestView>;
export type PrivacyFacts = Static<typeof RequestBody>;
export type PrivacyAnswer = Static<typeof AnswerBody>;
export type PrivacyPage = Static<typeof RequestsPage>;
export type PrivacyCall = Static<typeof RequestCalls>['calls'][number];

export type Letter = Static<typeof BundleBody>['letter'];
export type Letters = Static<typeof LettersView>;
export type LetterText = Static<typeof LetterView>;

const at = (id: string) => `/requests/${encodeURIComponent(id)}`;

export const requestsApi = {
  list: (before?: number) =>
    ask<PrivacyPage>('GET', `/requests${before === undefined ? '' : `?before=${before}`}`),
  add: (body: PrivacyFacts) => ask<Static<typeof RequestAdded>>('POST', '/requests', body),
  get: (id: string) => ask<PrivacyRequest>('GET', at(id)),
  change: (id: string, body: PrivacyFacts) => ask<PrivacyRequest>('POST', at(id), body),
  calls: (id: string) => ask<Static<typeof RequestCalls>>('GET', `${at(id)}/calls`),
  extend: (id: string, reason: string) => ask<PrivacyRequest>('POST', `${at(id)}/extension`, { reason }),
  leaveOut: (id: string, call: string, reason: string | null) =>
    ask<PrivacyRequest>('POST', `${at(id)}/calls/${encodeURIComponent(call)}`, { reason }),
  ownSide: (id: string, call: string) => made(`${at(id)}/calls/${encodeURIComponent(call)}/audio`, {}),
  letter: (id: string, letter: Letter, grounds: readonly PrivacyAnswer['grounds'][number][]) =>
    ask<LetterText>('POST', `${at(id)}/letter`, { letter, grounds }),
  letters: () => ask<Letters>('GET', '/request-letters'),
  saveLetter: (letter: Letter, text: string | null) =>
    ask<Letters>('POST', '/request-letters', { letter, text }),
  bundle: (id: string, letter: Letter, text: string) => made(`${at(id)}/bundle`, { letter, text }),
  close: (id: string, body: PrivacyAnswer) => ask<PrivacyRequest>('POST', `${at(id)}/answer`, body),
};
