/** How often a number of calls was carried whole, and how often not. */
type Tried = { whole: number; not: number };

/** Two of three decide. */
const DECIDES = 2;
/** The search ends when the bounds are as close as this share of the lower one, or as so many calls. */
const SHARE = 0.1;
const FEWEST = 4;

export type Ceiling = {
  /** The most calls that were carried whole. */
  carried: number;
  /** The fewest that were not; null where all were. */
  not: number | null;
};

/**
 * Returns the most calls at once that are carried whole: takes the steps upwards until one fails, then bisects if `between` is
 * set. `below` is known to fail. No single run decides: the number returned was carried twice, and `not` failed twice. Begins
 * nothing more once `timeLeft` is false.
 */
export async function ceilingOf(
  {
    steps,
    between,
    below = null,
    timeLeft,
  }: { steps: readonly number[]; between: boolean; below?: number | null; timeLeft: () => boolean },
  run: (calls: number) => Promise<boolean>,
): Promise<Ceiling> {
  const tried = new Map<number, Tried>();
  const of = (calls: number): Tried => tried.get(calls) ?? { whole: 0, not: 0 };
  async function once(calls: number): Promise<boolean> {
    const whole = await run(calls);
    const { whole: before, not } = of(calls);
    tried.set(calls, whole ? { whole: before + 1, not } : { whole: before, not: not + 1 });
    return whole;
  }
  async function mostly(calls: number): Promise<boolean> {
    while (of(calls).whole < DECIDES && of(calls).not < DECIDES) await once(calls);
    return of(calls).whole >= DECIDES;
  }

  const carried = [0];
  let not = below;
  for (const calls of steps.filter((calls) => below === null || calls < below)) {
    if (!timeLeft() || !((await once(calls)) || (await mostly(calls)))) {
      if (of(calls).not > 0) not = calls;
      break;
    }
    carried.push(calls);
  }
  while (between && not !== null && timeLeft()) {
    const most = carried.at(-1)!;
    if (not - most <= Math.max(FEWEST, most * SHARE)) break;
    const middle = Math.round((most + not) / 2);
    if (await mostly(middle)) carried.push(middle);
    else not = middle;
  }
  // A step was carried once on the way up: the one that is returned has to be carried again.
  while (carried.at(-1)! > 0 && !(await mostly(carried.at(-1)!))) not = carried.pop()!;
  return { carried: carried.at(-1)!, not };
}
