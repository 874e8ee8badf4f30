import { eachOf } from '../ops/turns.js';

/** So much is asked at once: each question takes one of http.conf's sessions. */
const AT_ONCE = 8;
/** Captures wait for the answers: what is not told by then is not known, ms. */
const PATIENCE = 2_000;

/**
 * Asks the PBX about each of these, after a start or a loss of the connection. Returns what it tells in time; null, or a question that
 * fails, is nothing.
 */
export async function askEach<K, T>(
  about: readonly K[],
  ask: (one: K) => Promise<T | null>,
  failed: (err: unknown, one: K) => void,
): Promise<ReadonlyMap<K, T>> {
  const told = new Map<K, T>();
  let over = false;
  const asking = async (one: K) => {
    if (over) return;
    const answer = await ask(one).catch((err) => {
      failed(err, one);
      return null;
    });
    if (answer !== null) told.set(one, answer);
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE);
  });
  await Promise.race([eachOf(about, AT_ONCE, asking), late]);
  clearTimeout(timer);
  over = true;
  return new Map(told);
}
