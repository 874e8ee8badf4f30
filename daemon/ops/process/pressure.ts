import { readFileSync } from 'node:fs';

/**
 * How much of the last ten seconds somebody waited for a processor, in percent, and from where on that is too much (`short`) and no
 * longer (`calm`). `calls`: it says whether calls wait.
 */
export type Pressure = {
  of: 'pbx' | 'recorder' | 'machine';
  percent: number;
  short: number;
  calm: number;
  calls: boolean;
};

/**
 * Pressure of what captures calls: recordings that are being made do not count here, because Asterisk and the recorder's own thread
 * come before them.
 */
const CAPTURING = { short: 20, calm: 10 };
/**
 * Pressure of the whole machine: programs that may wait count as well, the encoder among them, so that little says nothing. Where that
 * of Asterisk is known, it says nothing of calls.
 */
const MACHINE = { short: 85, calm: 50 };

/** The units that run Asterisk, as packages and FreePBX name them. A unit with ProtectProc= sees no other process, but every group. */
const PBX_FILES = ['asterisk', 'freepbx'].map(
  (unit) => `/sys/fs/cgroup/system.slice/${unit}.service/cpu.pressure`,
);
/** With ProcSubset=pid there is no /proc/pressure; the root of the groups tells the same. */
const MACHINE_FILES = ['/proc/pressure/cpu', '/sys/fs/cgroup/cpu.pressure'];
/** Of the main thread: ns that it ran, and that it waited to run. */
const OWN_FILE = '/proc/self/schedstat';

/** Over how long the waiting of our own thread is averaged, in ms, as "avg10" is. */
const AVERAGED_MS = 10_000;
const NS_PER_MS = 1e6;

export type PressureFiles = { pbx?: readonly string[]; machine?: readonly string[]; own?: string };

/**
 * Reads what the kernel says of waiting for processors (PSI). What it does not say is left out: there is no PSI in some containers and
 * with kernels that were built or started without it.
 */
export function createPressure({
  pbx = PBX_FILES,
  machine = MACHINE_FILES,
  own = OWN_FILE,
}: PressureFiles = {}) {
  const ownWaiting = createOwnWaiting(own);
  return (): Pressure[] => {
    const found: Pressure[] = [];
    const add = (of: Pressure['of'], percent: number | null, limits: typeof CAPTURING, calls = true) => {
      if (percent !== null) found.push({ of, percent, ...limits, calls });
    };
    for (const file of pbx) add('pbx', someOf(textOf(file)), CAPTURING);
    const knowsPbx = found.length > 0;
    add('recorder', ownWaiting(), CAPTURING);
    // The first that tells it.
    const all = machine.map((file) => someOf(textOf(file))).find((percent) => percent !== null) ?? null;
    add('machine', all, MACHINE, !knowsPbx);
    return found;
  };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Returns "some avg10" of a pressure file (Documentation/accounting/psi.rst); null for anything else. */
export function someOf(text: string): number | null {
  const found = /^some avg10=(\d{1,3}\.\d{2}) /m.exec(text)?.[1];
  const percent = Number(found);
  return found !== undefined && percent <= 100 ? percent : null;
}

/** Returns how much our own thread waited lately, in percent; null where that cannot be known. */
function createOwnWaiting(file: string): () => number | null {
  const read = () => {
    const waited = /^\d+ (\d+) \d+$/m.exec(textOf(file))?.[1];
    return waited === undefined ? null : { at: performance.now(), waitedMs: Number(waited) / NS_PER_MS };
  };
  let last = read();
  let average = 0;
  return () => {
    const before = last;
    last = read();
    if (!before || !last || last.at <= before.at) return null;
    const passed = last.at - before.at;
    const now = Math.min(100, (100 * (last.waitedMs - before.waitedMs)) / passed);
    const kept = Math.exp(-passed / AVERAGED_MS);
    average = average * kept + now * (1 - kept);
    return average;
  };
}
