import type { Static } from 'typebox';
import type {
  AccountView,
  AddedView,
  EndedView,
  InvitedView,
  PasswordChangedView,
  PeopleView,
  PersonView,
  SeenView,
  SessionsView,
  TokenMadeView,
  TokensView,
  TokenView,
  WelcomeView,
} from '../../people/schemas.js';
import { ask } from './api.js';

export type Person = Static<typeof PersonView>;
export type People = Static<typeof PeopleView>;
export type Grantable = People['grantable'];
export type Rights = Pick<Person, 'roles' | 'scope' | 'extensions' | 'grants'>;
export type Role = Rights['roles'][number];
export type Grant = Rights['grants'][number];
export type Seen = Static<typeof SeenView>;
export type Invited = Static<typeof InvitedView>;
export type Account = Static<typeof AccountView>;
export type OpenSession = Static<typeof SessionsView>['sessions'][number];
export type Token = Static<typeof TokenView>;
export type TokenRight = Token['rights'][number];
type Sessions = Static<typeof SessionsView>;
type Ended = Static<typeof EndedView>;
export type PasswordChanged = Static<typeof PasswordChangedView>;

const person = (id: string) => `/people/${encodeURIComponent(id)}`;
const part = (id: string) => encodeURIComponent(id);

export const peopleApi = {
  people: () => ask<People>('GET', '/people'),
  seen: () => ask<Seen>('GET', '/people/seen'),
  add: (name: string, rights: Rights) =>
    ask<Static<typeof AddedView>>('POST', '/people', { name, ...rights }),
  change: (id: string, basedOn: number, change: Rights & { name: string; disabled: boolean }) =>
    ask<Person>('PUT', person(id), { based_on: basedOn, ...change }),
  remove: (id: string, basedOn: number) => ask<Person>('DELETE', `${person(id)}?based_on=${basedOn}`),
  invite: (id: string) => ask<Invited>('POST', `${person(id)}/invitation`, {}),
  sessionsOf: (id: string) => ask<Sessions>('GET', `${person(id)}/sessions`),
  endAllOf: (id: string) => ask<Ended>('DELETE', `${person(id)}/sessions`),
  endOneOf: (id: string, session: string) => ask<Ended>('DELETE', `${person(id)}/sessions/${part(session)}`),

  account: () => ask<Account>('GET', '/account'),
  password: (old: string, password: string) =>
    ask<PasswordChanged>('POST', '/account/password', { old, password }),
  sessions: () => ask<Sessions>('GET', '/account/sessions'),
  endOthers: () => ask<Ended>('DELETE', '/account/sessions'),
  endOne: (session: string) => ask<Ended>('DELETE', `/account/sessions/${part(session)}`),
  tokens: () => ask<Static<typeof TokensView>>('GET', '/account/tokens'),
  makeToken: (name: string, rights: TokenRight[], days: number) =>
    ask<Static<typeof TokenMadeView>>('POST', '/account/tokens', { name, rights, days }),
  revoke: (id: string) => ask<Token>('DELETE', `/account/tokens/${part(id)}`),

  welcome: (code: string, password?: string) =>
    ask<Static<typeof WelcomeView>>(
      'POST',
      '/welcome',
      password === undefined ? { code } : { code, password },
    ),
};
