import { useEffect, useState } from 'preact/hooks';

type Pages<P> = {
  /** Those that were read so far. Null until the first one is there. */
  pages: P[] | null;
  problem: unknown;
  /** Reads the next page, or the first one again where that failed; null after the last. */
  more: (() => void) | null;
};

/** Reads a list page by page: the first at once, each further one when it is asked for. `next`: where it begins; null for none. */
export function usePages<P, C>(
  read: (after: C | undefined) => Promise<P>,
  next: (page: P) => C | null,
): Pages<P> {
  const [pages, setPages] = useState<P[] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const last = pages?.at(-1);
  const after = last === undefined ? null : next(last);
  const load = () => {
    setProblem(null);
    read(after ?? undefined).then((page) => setPages([...(pages ?? []), page]), setProblem);
  };
  useEffect(load, []);
  return { pages, problem, more: last === undefined || after !== null ? load : null };
}
