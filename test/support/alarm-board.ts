import type { Alarms, NewAlarm } from '../../daemon/domain/operations/alarm.js';
import { toAlarmWhy } from '../../daemon/domain/operations/alarm-codes.js';
import { type AlarmWords, alarmInWords } from '../../daemon/domain/operations/alarm-words.js';
import type { Say } from '../../daemon/domain/reason/words.js';

type Shown = NewAlarm & AlarmWords;

/** An alarm with its words. Throws when its row could not be read. */
export function shown(alarm: NewAlarm, say?: Say): Shown {
  toAlarmWhy(JSON.parse(JSON.stringify(alarm.why)));
  return { ...alarm, ...alarmInWords(alarm.why, say) };
}

/** Alarms as they stand, by their keys. */
export function alarmBoard(say?: Say) {
  const standing = new Map<string, Shown>();
  const alarms: Alarms = {
    raise: (key, alarm) => void standing.set(key, shown(alarm, say)),
    clear: (key) => void standing.delete(key),
  };
  return { standing, alarms };
}
