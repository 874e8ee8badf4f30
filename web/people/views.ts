import type { Static } from 'typebox';
import type { Token, User } from '../../daemon/catalogue/people.js';
import { iso, isoOrNull } from '../../daemon/domain/days.js';
import { GRANTABLE, type Person } from '../../daemon/domain/people/person.js';
import type { Session } from '../auth/sessions.js';
import type { PeopleView, PersonView, SessionsView, TokenView } from './schemas.js';

export const rightsView = ({ roles, scope, extensions, grants }: Person) => ({
  roles,
  scope,
  extensions,
  grants,
});

export const personView = (user: User): PersonView => ({
  id: user.id,
  name: user.name,
  ...rightsView(user),
  version: user.version,
  created_at: iso(user.createdAt),
  disabled_at: isoOrNull(user.disabledAt),
  signed_in_at: isoOrNull(user.signedInAt),
  password: user.passwordHash !== '',
  invited_until: isoOrNull(user.invitedUntil),
  source: user.source,
});

export const grantableView = (): Static<typeof PeopleView>['grantable'] =>
  Object.fromEntries(Object.entries(GRANTABLE).map(([role, grants]) => [role, [...grants]]));

export const sessionsView = (sessions: Session[], own: string): Static<typeof SessionsView> => ({
  sessions: sessions.map((session) => ({
    id: session.id,
    this_one: session.id === own,
    created_at: iso(session.createdAt),
    seen_at: iso(session.seenAt),
    expires_at: iso(session.expiresAt),
    address: session.address,
    agent: session.agent,
  })),
});

export const tokenView = (token: Token): TokenView => ({
  id: token.id,
  name: token.name,
  rights: token.rights,
  created_at: iso(token.createdAt),
  expires_at: iso(token.expiresAt),
  used_at: isoOrNull(token.usedAt),
  used_from: token.usedFrom,
});
