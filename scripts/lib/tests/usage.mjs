// Follows how much processor time a run of tests takes, by the file that asked for it and by the program that took it.
//
// A process that is waited for leaves its time to its parent, but nobody waits for the renderers of a browser that was killed,
// or for a PBX that was left behind. So /proc is read twice a second: whoever descends from a test file belongs to it, also once
// its parent is gone. What a process took after it was last seen is in the children's time of the parent that waited for it.
//
// Linux shares processors out among sessions first (sched_autogroup), and a priority counts only within one. A program that begins
// a session of its own, as a browser does, would get as much as all the rest of the run: its session is given the priority of the
// file that asked for it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Clock ticks per second: the same on every Linux machine that Node.js runs on. */
const TICKS = 100;
const INTERVAL_MS = 500;

/** What a program is called in the list, by the name of its process. */
const NAMES = new Map([
  ['chrome', 'Chromium'],
  ['chromium', 'Chromium'],
  ['headless_shell', 'Chromium'],
  ['chromium-headle', 'Chromium'],
  ['chrome_crashpad', 'Chromium'],
  // One that lies in a folder is started by its own loader.
  ['asterisk', 'Asterisk'],
  ['ld-linux-x86-64', 'Asterisk'],
  ['ld-linux-aarch6', 'Asterisk'],
]);

/** Reads one process, or returns null if it is gone: times in ticks. */
function readProcess(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const end = text.lastIndexOf(')');
    const fields = text.slice(end + 2).split(' ');
    return {
      comm: text.slice(text.indexOf('(') + 1, end),
      parent: Number(fields[1]),
      leads: Number(fields[3]) === pid,
      own: Number(fields[11]) + Number(fields[12]),
      waited: Number(fields[13]) + Number(fields[14]),
      began: fields[19],
    };
  } catch {
    return null;
  }
}

/** A Node.js process is part of Tapedeck if it runs what was built, and of the tests otherwise. */
function programOf(pid, comm, isTest) {
  if (isTest) return 'tests';
  const known = NAMES.get(comm);
  if (known) return known;
  if (comm !== 'node' && comm !== 'MainThread') return comm;
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return /(^|\/)(dist|daemon|tapedeck)\/|\/tapedeck\0/.test(command) && !command.includes('.test/')
      ? 'Tapedeck'
      : 'tests';
  } catch {
    return 'tests';
  }
}

/** Lowers the priority of a whole session. Where the kernel knows no such thing there is nothing to lower. */
function giveWay(pid, nice) {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, `${nice}`);
  } catch {}
}

/**
 * Starts to follow. `add(pid, owner)` names a process whose descendants belong to `owner`; sessions that they begin have the
 * priority `nice`.
 */
export function followUsage() {
  const processes = new Map();
  const byOwner = new Map();
  const byProgram = new Map();

  const charge = (owner, program, ticks) => {
    if (!(ticks > 0)) return;
    byOwner.set(owner, (byOwner.get(owner) ?? 0) + ticks);
    byProgram.set(program, (byProgram.get(program) ?? 0) + ticks);
  };

  /** Enters a process, and those above it first: a program may have started another since the last look. */
  function enter(pid, read) {
    const known = processes.get(pid);
    if (known && known.began === read.began) return known;
    const parent = processes.get(read.parent);
    if (!parent) return null;
    if (read.leads && parent.nice > 0) giveWay(pid, parent.nice);
    const entered = {
      owner: parent.owner,
      nice: parent.nice,
      parent: read.parent,
      began: read.began,
      comm: '',
      program: '',
      own: 0,
      waited: 0,
      ahead: 0,
    };
    processes.set(pid, entered);
    return entered;
  }

  function look() {
    const reads = new Map();
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      const read = pid > 0 ? readProcess(pid) : null;
      if (read) reads.set(pid, read);
    }
    // A process number may be lower than that of the parent once the numbers have begun again.
    for (let before = -1; before !== processes.size; ) {
      before = processes.size;
      for (const [pid, read] of reads) enter(pid, read);
    }
    // Those that are gone, by the parent that may have waited for them.
    const gone = new Map();
    for (const [pid, one] of processes) {
      if (reads.get(pid)?.began === one.began) continue;
      processes.delete(pid);
      gone.set(one.parent, [...(gone.get(one.parent) ?? []), { ...one, pid }]);
    }
    /** What was charged of a process that is gone and of those below it that went with it. */
    const charged = ({ pid, own, waited }) =>
      (gone.get(pid) ?? []).reduce((sum, child) => sum + charged(child), own + waited);
    for (const [pid, one] of processes) {
      const read = reads.get(pid);
      if (read.comm !== one.comm) {
        one.comm = read.comm;
        one.program = programOf(pid, read.comm, one.isTest);
      }
      charge(one.owner, one.program, read.own - one.own);
      const left = gone.get(pid) ?? [];
      // One that ended between the reads of its parent and of itself is in the parent's time at the next look.
      const known = left.reduce((sum, child) => sum + charged(child), one.ahead);
      const rest = read.waited - one.waited - known;
      one.ahead = Math.max(0, -rest);
      for (const child of left) charge(child.owner, child.program || child.comm, rest / left.length);
      if (left.length === 0)
        charge(one.owner, one.program === 'tests' ? 'short programs' : one.program, rest);
      one.own = read.own;
      one.waited = read.waited;
    }
  }

  const add = (pid, owner, { isTest = false, nice = 0 } = {}) => {
    const read = readProcess(pid);
    if (!read) return;
    // What it took before is somebody else's, or not of this run.
    const { own, waited } = isTest ? { own: 0, waited: 0 } : read;
    const program = isTest ? 'tests' : 'the runner';
    processes.set(pid, {
      owner,
      nice,
      parent: read.parent,
      began: read.began,
      comm: read.comm,
      program,
      isTest,
      own,
      waited,
      ahead: 0,
    });
  };

  add(process.pid, 'the runner');
  const timer = setInterval(look, INTERVAL_MS);
  timer.unref();
  const seconds = (ticks = 0) => ticks / TICKS;
  return {
    add,
    look,
    /** Processor seconds that an owner has taken. */
    of: (owner) => seconds(byOwner.get(owner)),
    total: () => seconds([...byOwner.values()].reduce((sum, ticks) => sum + ticks, 0)),
    /** Processor seconds by program, the dearest first. */
    programs: () => [...byProgram].map(([name, ticks]) => [name, seconds(ticks)]).sort((a, b) => b[1] - a[1]),
    stop: () => clearInterval(timer),
  };
}
