import type { Alarms } from '../../domain/operations/alarm.js';
import { unqualified } from '../../domain/pbx.js';
import { flagsOf, type Quality, SILENT_DB } from '../../domain/recording/quality.js';

/**
 * A phone or line of which nothing is heard is broken until something is heard of it again. `alarms` are those of the PBX
 * that it is on.
 */
export function tellOfSilence(alarms: Alarms, quality: Quality): void {
  for (const side of ['them', 'us'] as const) {
    const ear = quality.ears[side];
    const flags = flagsOf(quality, side);
    const { name } = unqualified(ear.name);
    const key = `silent ${ear.kind} ${name}`;
    if (flags.includes('silent') || flags.includes('one_way'))
      alarms.raise(key, {
        severity: 'warning',
        why: { code: 'silent_side', params: { kind: ear.kind, name } },
      });
    else if (quality[side].speechDb > SILENT_DB) alarms.clear(key);
  }
}
