// Decides which test files run at the same time.
//
// Files on a real Asterisk wait most of their time, for a call to end or for a timeout, so several of them run at once, while
// what they take together leaves room for calls to keep time. What computes runs beside them at the lowest priority, and takes
// what they leave: one of these always runs, and another begins only where the processors have just stood still for a part of the
// time. More would take no less time together, and each of them so much more that its waits come to their end.

import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { laneOf } from './select.mjs';

/** So many files on a real Asterisk run at once. */
const MAX_CALLS = 4;
/** As much of the processors as these may take together, because a recorder that stands still fails its test. */
const CALLS_SHARE = 0.4;
/**
 * Files that take less than this share a process with others of their folder, by their lane. In processor seconds. What a file of
 * `web` loads takes a second.
 */
const SMALL = { unit: 1.2, web: 8 };
/** As long a process with several files may be, so that two processors get as much of them. In processor seconds. */
const MAX_SHARED = 12;
/** So much of a processor has to have stood still for what computes to begin beside other such files. */
const MIN_IDLE = 0.3;
/** What a file does to its process at large, or keeps to its end: such a one has a process of its own. */
const OF_ITS_OWN =
  /^(const .* = )?(await )?(t\.(?!test\(|comment\()|\w+\(t[,)])|process\.(env|chdir|on|once|umask|exit|argv|execArgv|memory)|globalThis|\bmock|v8|--expose/m;
/** What is known of a file that never ran: wall-clock and processor time in seconds. */
const UNKNOWN = { wall: 60, cpu: 45 };

/**
 * Returns what is to run, each with its `files`, in the order in which it is to begin. `known` has the times of earlier runs.
 * The longest begins first, so that none is left alone at the end.
 */
export const planned = (groups, known, laneOf) =>
  groups
    .map((files) => {
      const times = files.map((file) => known[file] ?? UNKNOWN);
      const [wall, cpu] = ['wall', 'cpu'].map((what) => times.reduce((sum, one) => sum + one[what], 0));
      return { files, lane: laneOf(files[0]), wall, load: cpu / Math.max(wall, 1) };
    })
    .sort((a, b) => b.wall - a.wall);

/**
 * Puts small files of a folder together; every other one is a group of its own. `textOf` reads a file, null for one that was not
 * compiled.
 */
export function together(files, known, textOf) {
  const small = (file) => {
    const text = known[file]?.cpu < SMALL[laneOf(file)] ? textOf(file) : null;
    return text !== null && !OF_ITS_OWN.test(text);
  };
  const open = new Map();
  const groups = [];
  for (const file of files) {
    const folder = dirname(file);
    const group = small(file) ? open.get(folder) : undefined;
    if (group && group.cpu < MAX_SHARED) {
      group.files.push(file);
      group.cpu += known[file].cpu;
      continue;
    }
    const fresh = { files: [file], cpu: known[file]?.cpu ?? 0 };
    groups.push(fresh);
    if (small(file)) open.set(folder, fresh);
  }
  return groups.map((group) => group.files);
}

/** Whether one more file fits beside those that run, on so many `processors`, of which `idle` have just stood still. */
export function fits(running, one, { processors, idle }) {
  const isCall = ({ lane }) => lane === 'pbx';
  const calls = running.filter(isCall);
  const load = (some) => some.reduce((sum, { load }) => sum + load, 0);
  if (isCall(one))
    return (
      calls.length < MAX_CALLS && (calls.length === 0 || load([...calls, one]) <= processors * CALLS_SHARE)
    );
  const others = running.length - calls.length;
  return others === 0 || (idle >= MIN_IDLE && load([...running, one]) <= processors);
}

/** Returns a function that says how many processors have stood still since it was asked last. */
export function idleSince() {
  const look = () => {
    const times = cpus().map(({ times }) => times);
    const sum = (kinds) => times.reduce((all, one) => all + kinds.reduce((s, kind) => s + one[kind], 0), 0);
    return { idle: sum(['idle']), all: sum(['user', 'nice', 'sys', 'irq', 'idle']), count: times.length };
  };
  let before = look();
  return () => {
    const now = look();
    const [idle, all] = [now.idle - before.idle, now.all - before.all];
    before = now;
    return all > 0 ? (now.count * idle) / all : 0;
  };
}
