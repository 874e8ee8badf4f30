/** Into so many ticks a wait is divided. */
const TICKS = 10;

/**
 * Calls `late` once after so many ms in which this process ran; returns how to call it off. A plain timer fires at once when a process that
 * stood still goes on, before it has read the answer that came meanwhile, and the peer is blamed for it. Here such a
 * time counts as one tick.
 */
export function patience(ms: number, late: () => void): () => void {
  let left = TICKS;
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    late();
  }, ms / TICKS);
  return () => clearInterval(timer);
}
