// Decides which test files run at the same time.
//
// Files on a real Asterisk wait most of their time, for a call to end or for a timeout, so several of them run at once, while
// what they take together leaves room for calls to keep time. What computes runs beside them at the lowest priority, and takes
// what they leave.

/** So many files on a real Asterisk run at once. */
const MAX_CALLS = 4;
/** As much of the processors as these may take together, because a recorder that stands still fails its test. */
const CALLS_SHARE = 0.6;
/** What is known of a file that never ran: wall-clock and processor time in seconds. */
const UNKNOWN = { wall: 60, cpu: 45 };

/**
 * Returns the files that wait, in the order in which they are to begin. `known` has the times of earlier runs.
 * The longest begins first, so that none is left alone at the end.
 */
export const planned = (files, known, laneOf) =>
  files
    .map((file) => {
      const { wall, cpu } = known[file] ?? UNKNOWN;
      return { file, lane: laneOf(file), wall, load: cpu / Math.max(wall, 1) };
    })
    .sort((a, b) => b.wall - a.wall);

/** Whether one more file fits beside those that run, on so many processors. */
export function fits(running, one, processors) {
  const isCall = ({ lane }) => lane === 'pbx';
  const calls = running.filter(isCall);
  const load = (some) => some.reduce((sum, { load }) => sum + load, 0);
  if (isCall(one))
    return (
      calls.length < MAX_CALLS && (calls.length === 0 || load([...calls, one]) <= processors * CALLS_SHARE)
    );
  const others = running.length - calls.length;
  // One always runs; more only while there is a processor for each.
  return others === 0 || load([...running, one]) <= processors;
}
