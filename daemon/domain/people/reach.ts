import { fail } from '../error.js';
import { canonicalName, qualified } from '../place.js';
import type { CallRecord } from '../recording/recording.js';
import {
  type CallRight,
  callRights,
  mayDo,
  mayEver,
  type Person,
  queuesOf,
  reach,
  rolesWith,
  type Stretch,
  WHOLE,
} from './person.js';

/**
 * By what a call is reached: an extension of ours that was on it, a queue that it came into, or the number dialled from
 * outside. `name` says on which PBX too, as `qualified` writes it.
 */
export type ReachKey = { kind: 'extension' | 'queue' | 'did'; name: string };
/** Every call, or those that one of these reaches; none of them: no call at all. */
export type Reach = 'all' | readonly ReachKey[];

const named = (kind: ReachKey['kind'], names: readonly string[]): ReachKey[] =>
  [...new Set(names.map(canonicalName))].filter((name) => name !== '').map((name) => ({ kind, name }));

/** Everything by which this call is reached. Who only says that they are an extension of ours is none. */
export const reachKeys = (call: Pick<CallRecord, 'pbx' | 'legs' | 'queue' | 'marks' | 'did'>): ReachKey[] => [
  ...named(
    'extension',
    call.legs.filter(({ party }) => party.ours).map(({ party }) => qualified(call.pbx, party.number)),
  ),
  ...named(
    'queue',
    queuesOf(call).map(({ name }) => name),
  ),
  ...named('did', [qualified(call.pbx, call.did)]),
];

/** Which calls somebody has this right to; `reach` says to how much of each. The two always agree. */
export function reachOf(person: Person, right: CallRight): Reach {
  const by = rolesWith(person, right);
  const { scope } = person;
  const reviews = by.includes('reviewer');
  if (by.includes('admin') || by.includes('auditor') || (reviews && scope.all)) return 'all';
  return [
    ...named('extension', [
      ...(reviews ? scope.extensions : []),
      ...(by.includes('agent') ? person.extensions : []),
    ]),
    ...(reviews ? [...named('queue', scope.queues), ...named('did', scope.dids)] : []),
  ];
}

/** A stretch of a recording, in ms since its beginning. */
export type Audible = { fromMs: number; untilMs: number };

/** What lies in a recording of these stretches of its call's timeline. */
export const heardOf = (stretches: readonly Stretch[], durationMs: number): Audible[] =>
  stretches
    .map(({ fromMs, untilMs }) => ({
      fromMs: Math.max(0, fromMs),
      untilMs: Math.min(durationMs, untilMs ?? durationMs),
    }))
    .filter(({ fromMs, untilMs }) => fromMs < untilMs);

/** Whether nothing of a recording lies outside of these stretches, or at most so many ms at either end. */
export const coversAll = (stretches: readonly Stretch[], durationMs: number, slackMs = 0): boolean =>
  stretches.some(
    ({ fromMs, untilMs }) => fromMs <= slackMs && (untilMs === null || untilMs >= durationMs - slackMs),
  );

/** Too short for a word: somebody who came so much after the answer was there from the beginning. */
const A_MOMENT_MS = 500;

/** What somebody may do with a call, hear of it and be told about it. */
export type Sight = {
  rights: CallRight[];
  hears: 'all' | 'some' | 'none';
  /** Where in the recording they may hear it. */
  heard: Audible[];
  /** How it sounds and what it lacks is told of all of it to who hears all of it, and to who oversees the box. */
  told: boolean;
  /** They have to say why before they hear it. */
  reason: boolean;
};

type Seen = Parameters<typeof reach>[2] & { recording: { durationMs: number } | null };

export function sightOf(person: Person, call: Seen): Sight {
  const stretches = reach(person, 'play', call);
  const durationMs = call.recording?.durationMs ?? 0;
  const heard = heardOf(stretches, durationMs);
  const whole = coversAll(stretches, durationMs, A_MOMENT_MS);
  return {
    rights: callRights.filter((right) => reach(person, right, call).length > 0),
    hears: whole ? 'all' : heard.length > 0 ? 'some' : 'none',
    heard,
    told: whole || mayDo(person, 'oversee'),
    reason: owesReason(person, 'play', call),
  };
}

/**
 * Whether somebody has to say why before they do this with a call: when they may only as an auditor, be it with a part of it.
 */
export function owesReason(person: Person, right: CallRight, call: Seen): boolean {
  if (right === 'view' || !rolesWith(person, right).includes('auditor')) return false;
  const roles = person.roles.filter((role) => role !== 'auditor');
  const otherwise = reach({ ...person, roles }, right, call);
  return !(otherwise === WHOLE || coversAll(otherwise, call.recording?.durationMs ?? 0));
}

/** Whether somebody sees anything of a call. Test calls are seen by nobody. */
export const sees = (person: Person, call: Parameters<typeof reach>[2] & { test: boolean }): boolean =>
  !call.test && reach(person, 'view', call).length > 0;

/**
 * A call and the stretches of it for which somebody has this right. Throws `call_unknown` when they see nothing of it,
 * `forbidden` when they see it and do not have this right.
 */
export function reachedBy<C extends Parameters<typeof sees>[1]>(
  person: Person,
  right: CallRight,
  call: C | null,
): { call: C; stretches: readonly Stretch[] } {
  if (!mayEver(person, right)) throw fail('forbidden');
  if (!call || !sees(person, call)) throw fail('call_unknown');
  const stretches = reach(person, right, call);
  if (stretches.length === 0) throw fail('forbidden');
  return { call, stretches };
}
