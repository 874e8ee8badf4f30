export type Clock = ReturnType<typeof createClock>;

/**
 * The time of day, for a machine whose clock may be moved at any moment. All times are milliseconds since 1970.
 * `now` began as the machine's clock and goes on by the monotonic one: what lies between two of its times has really
 * passed, whatever was done to the clock. It takes the machine's time over only when it is told to.
 */
export function createClock({
  wall = Date.now,
  monotonic = () => performance.now(),
}: {
  wall?: () => number;
  monotonic?: () => number;
} = {}) {
  const start = wall() - monotonic();
  let base = start;
  let latest = start;

  return {
    now: () => Math.round(base + monotonic()),
    /** No later than both the machine's clock and the time since the start allow: for what cannot be undone. */
    sure: () => Math.min(wall(), Math.round(start + monotonic())),
    /** It cannot be earlier than this: something of that time is known. */
    atLeast(at: number): void {
      latest = Math.max(latest, at - monotonic());
    },
    /** How far `now` may be behind the true time, in ms: 0 as long as nothing speaks for it. */
    behind: () => Math.max(0, Math.round(latest - base)),
    /** How far the machine's clock is ahead of `now`, in ms. */
    ahead: () => wall() - (base + monotonic()),
    /** How far the machine's clock has been moved since the start, in ms. */
    moved: () => wall() - (start + monotonic()),
    /** From here on, the machine's time. */
    follow(): void {
      base = wall() - monotonic();
    },
  };
}
