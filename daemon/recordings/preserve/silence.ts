import type { Alarms } from '../../domain/operations/alarm.js';
import { type Ear, flagsOf, type Quality, SILENT_DB } from '../../domain/recording/quality.js';

/** A phone or line of which nothing is heard is broken until something is heard of it again. */
export function tellOfSilence(alarms: Alarms, quality: Quality): void {
  for (const side of ['them', 'us'] as const) {
    const ear = quality.ears[side];
    const flags = flagsOf(quality, side);
    const key = `silent ${ear.kind} ${ear.name}`;
    if (flags.includes('silent') || flags.includes('one_way'))
      alarms.raise(key, {
        severity: 'warning',
        message: `No sound from ${nameOf(ear)}: its side of a call is silent from beginning to end.`,
        hint: 'Call it. If it cannot be heard, look for a muted or broken headset, a wrong codec, or a firewall that lets RTP through one way only.',
      });
    else if (quality[side].speechDb > SILENT_DB) alarms.clear(key);
  }
}

const nameOf = ({ kind, name }: Ear): string =>
  kind === 'extension' ? `extension ${name}` : name === '' ? 'the line to the outside' : `the line ${name}`;
