import { FIRST, type PbxId } from '../pbx.js';
import type { NamedPbx } from '../place.js';
import type { Alarms } from './alarm.js';
import { type NewAlarmWhy, tellsOfPbx } from './alarm-codes.js';

/** So much of a key is kept before the id of the PBX: keys have an end. */
const MAX_KEY = 80;
const AT_END = / @([a-z][a-z0-9-]*)$/;

/** Returns the key of an alarm about one PBX. Those of the first are as they were when there was one. */
export const keyOf = (key: string, pbx: PbxId): string =>
  pbx === FIRST ? key : `${key.slice(0, MAX_KEY)} @${pbx}`;

/** Returns which PBX the alarm of this key is about. Alarms about the whole machine count as the first's. */
export const pbxOfKey = (key: string): PbxId => AT_END.exec(key)?.[1] ?? FIRST;

/** What an alarm says is wrong, with the name of the PBX if there are `several`. */
export const named = (why: NewAlarmWhy, { id, name }: NamedPbx, several: boolean): NewAlarmWhy =>
  several && tellsOfPbx(why.code)
    ? ({ ...why, params: { ...why.params, pbx: { id, name } } } as NewAlarmWhy)
    : why;

/** Returns what raises and clears alarms about one PBX. Where there are `several`, they say which. */
export const alarmsOf = (alarms: Alarms, pbx: NamedPbx, several: boolean): Alarms => ({
  raise: (key, alarm) => alarms.raise(keyOf(key, pbx.id), { ...alarm, why: named(alarm.why, pbx, several) }),
  clear: (key) => alarms.clear(keyOf(key, pbx.id)),
});
