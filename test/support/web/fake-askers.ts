import type { Static } from 'typebox';
import type { CallDetail } from '../../../web/calls/schemas.js';
import type { SessionView } from '../../../web/sign-in/session-schemas.js';

type User = NonNullable<Static<typeof SessionView>['user']>;
/** Who looks at made-up calls. */
export type As = 'founder' | 'admin' | 'auditor' | 'reviewer' | 'agent' | 'nobody';

const people: Record<As, Omit<User, 'id' | 'name'>> = {
  founder: {
    roles: ['admin', 'reviewer'],
    may: ['oversee', 'settings', 'people', 'audit'],
    calls: ['view', 'play', 'download', 'export'],
    reach: 'all',
  },
  admin: { roles: ['admin'], may: ['oversee', 'settings', 'people', 'audit'], calls: ['view'], reach: 'all' },
  auditor: {
    roles: ['auditor'],
    may: ['oversee', 'audit'],
    calls: ['view', 'play', 'download', 'export'],
    reach: 'all',
  },
  reviewer: { roles: ['reviewer'], may: [], calls: ['view', 'play', 'download'], reach: 'some' },
  agent: { roles: ['agent'], may: [], calls: ['view', 'play'], reach: 'some' },
  nobody: { roles: ['agent'], may: [], calls: ['view', 'play'], reach: 'none' },
};

export const userOf = (as: As, name: string): User => ({ id: name, name, ...people[as] });

/** A made-up call as one of them sees it; null when they do not. The agent is on 134, and the reviewer reviews 101. */
export function seenAs(as: As, call: CallDetail): CallDetail | null {
  const { calls: rights, reach } = people[as];
  const mine = as === 'agent' ? ['134'] : ['101'];
  const stays = call.legs.filter((leg) => leg.party.ours && mine.includes(leg.party.number));
  if (reach === 'none' || (reach === 'some' && stays.length === 0)) return null;
  const length = call.recording?.duration_ms ?? 0;
  const all = [{ from_ms: 0, until_ms: length }];
  const some = stays
    .map((leg) => ({ from_ms: Math.max(0, leg.joined_ms), until_ms: leg.left_ms ?? length }))
    .filter((heard) => heard.from_ms < heard.until_ms);
  const heard = !rights.includes('play') ? [] : reach === 'all' ? all : some;
  const whole = heard.some((h) => h.from_ms === 0 && h.until_ms >= length);
  return {
    ...call,
    you: {
      rights,
      hears: whole ? 'all' : heard.length > 0 ? 'some' : 'none',
      heard,
      reason: as === 'auditor',
    },
  };
}
