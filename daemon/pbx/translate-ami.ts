import type { PbxEvent } from '../domain/call/event.js';
import { type Json, obj, str, token } from './json.js';
import { directiveOf } from './translate.js';

/**
 * Turns what Asterisk says over AMI into PbxEvents: queues, parking and pickup, which only the manager interface knows, and what other
 * programs say. ARI tells of channels and bridges. Pure, and everything is hostile.
 * Source: events as recorded from Asterisk 16 and 22.
 */
type AmiEvent = { at: number; get: (key: string) => string };

const queue =
  (step: 'join' | 'leave' | 'agent') =>
  ({ at, get }: AmiEvent): PbxEvent => ({
    kind: 'queue',
    at,
    step,
    legId: get('uniqueid'),
    queue: get('queue'),
    agent: step === 'agent' ? get('membername') || get('destcalleridnum') : '',
  });

const AMI: Record<string, (event: AmiEvent) => PbxEvent | null> = {
  QueueCallerJoin: queue('join'),
  QueueCallerLeave: queue('leave'),
  AgentConnect: queue('agent'),
  ParkedCall: ({ at, get }) => ({
    kind: 'parked',
    at,
    legId: get('parkeeuniqueid'),
    space: get('parkingspace'),
  }),
  UnParkedCall: ({ at, get }) => ({
    kind: 'unparked',
    at,
    legId: get('parkeeuniqueid'),
    by: get('retrievercalleridnum'),
  }),
  UserEvent: ({ at, get }) => {
    const what = directiveOf(get('userevent'));
    // One that the dialplan sent is told by ARI, too: it has the state of its channel. Said twice, it might come out of order.
    if (!what || get('channelstate') !== '') return null;
    return { kind: 'said', at, what, legId: get('uniqueid') || null, linkedid: get('linkedid') };
  },
  Pickup: ({ at, get }) => ({ kind: 'pickup', at, legId: get('targetuniqueid'), by: get('calleridnum') }),
};

/** Whether `translateAmi` makes anything of events with this name. Of a simple call's dozen it is none. */
export const isTold = (event: string): boolean => Object.hasOwn(AMI, event);

/** One AMI event to at most one PbxEvent. Keys may come in any case (asterisk-manager makes them lower case). */
export function translateAmi(raw: unknown, now: number): PbxEvent | null {
  const event: Json = Object.fromEntries(Object.entries(obj(raw)).map(([k, v]) => [k.toLowerCase(), v]));
  const first = (v: unknown) => str(Array.isArray(v) ? v[0] : v);
  const name = first(event.event);
  if (!isTold(name)) return null;
  return AMI[name]!({ at: amiStamp(raw) ?? now, get: (key) => token(first(event[key])) });
}

/**
 * When the PBX says that an AMI event happened, ms since 1970 by its clock; null where it does not say. Events bear it where
 * manager.conf has timestampevents.
 */
export function amiStamp(raw: unknown): number | null {
  const [, value] = Object.entries(obj(raw)).find(([key]) => key.toLowerCase() === 'timestamp') ?? [];
  const seconds = Number.parseFloat(str(Array.isArray(value) ? value[0] : value));
  return seconds > 0 && Number.isFinite(seconds) ? Math.round(seconds * 1000) : null;
}
