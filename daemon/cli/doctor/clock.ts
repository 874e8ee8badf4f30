import { outputOf } from '../../ops/process/run-program.js';
import { type Finding, ok, warn } from './finding.js';

const CHECK = 'clock sync';

/** What a program prints, or null when it is not there or fails. */
type Ask = (program: string, ...args: string[]) => Promise<string | null>;
const askProgram: Ask = (program, ...args) => outputOf(program, args, 5_000);

/**
 * Whether this machine's clock is kept by NTP. systemd asks the kernel (adjtimex), so it knows of every program that keeps
 * the clock; chrony is asked where systemd does not answer. A machine on which nobody can be asked has no finding of its own.
 */
export async function clockSync(ask: Ask = askProgram): Promise<Finding[]> {
  const shown = await ask('timedatectl', 'show', '--property=NTPSynchronized', '--property=NTP');
  const value = (key: string) => new RegExp(`^${key}=(yes|no)$`, 'm').exec(shown ?? '')?.[1];
  const tracking = value('NTPSynchronized') === undefined ? await ask('chronyc', '-c', 'tracking') : null;
  // The last of the fields of chronyc(1) is the leap status.
  const leap = tracking?.trim().split(',').at(-1);
  const synced =
    value('NTPSynchronized') ?? (leap === undefined ? undefined : leap === 'Normal' ? 'yes' : 'no');
  if (synced === undefined) return [];
  if (synced === 'yes') return [ok(CHECK, 'The clock of this machine is synchronised (NTP).')];
  return [
    warn(
      CHECK,
      'The clock of this machine is not synchronised: times of calls, retention days and signatures follow it wherever it goes.',
      value('NTP') === 'yes'
        ? 'NTP is on, but no server answers: "timedatectl timesync-status" or "chronyc sources". On a network without internet, name a time server of your own.'
        : 'Turn NTP on: "timedatectl set-ntp true" (systemd-timesyncd), or install chrony.',
    ),
  ];
}
