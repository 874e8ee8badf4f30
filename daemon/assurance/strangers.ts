import type { Alarms } from '../domain/operations/alarm.js';
import { catalogueFile, keysFile } from '../domain/paths.js';
import type { Log } from '../ops/log.js';

/** Tells of what was found in the data directory at this start and is not as Tapedeck left it. */
export function tellOfStrangers(
  { dir, alarms, log }: { dir: string; alarms: Alarms; log: Log },
  found: { strange: readonly string[]; liveKeys: number; hasCalls: boolean },
): void {
  for (const what of found.strange) log.error({ what }, 'A file in the data directory is not as it was left');
  if (found.strange.length === 0) alarms.clear('data_strange');
  else
    alarms.raise('data_strange', {
      severity: 'critical',
      message: `Files in the data directory were not as Tapedeck left them: ${found.strange.join(', ')}.`,
      hint: 'Somebody who can write there, most likely in the place of the dashboard, has put them there. Find out who, then remove what was put aside. The alarm ends with the next start.',
    });
  if (found.liveKeys === 0 || found.hasCalls) alarms.clear('catalogue_empty');
  else
    alarms.raise('catalogue_empty', {
      severity: 'critical',
      message: `${catalogueFile(dir)} has no calls, but ${keysFile(dir)} has the keys of ${found.liveKeys} recordings.`,
      hint: 'The catalogue was emptied or replaced. Stop both services and put it back from a backup; the recordings and their keys are still there. Calls are recorded meanwhile.',
    });
}
