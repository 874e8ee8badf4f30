import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { changes } from './live.js';

/** What a page shows: asked for at once, and again when something changed or one of `on` did. It stays while that fails. */
export function useView<T>(ask: (shown: T | null) => Promise<T>, ...on: unknown[]) {
  const view = useSignal<T | null>(null);
  const problem = useSignal<unknown>(null);
  /** The newest that was asked, and the newest that was answered: what is answered after a later one is old. */
  const order = useRef({ asked: 0, answered: 0 });
  const load = () => {
    const mine = ++order.current.asked;
    const isOld = () => mine < order.current.answered;
    ask(view.value).then(
      (now) => {
        if (isOld()) return;
        order.current.answered = mine;
        view.value = now;
        problem.value = null;
      },
      (cause) => {
        if (!isOld()) problem.value = cause;
      },
    );
  };
  useEffect(load, [changes.value, ...on]);
  return { view: view.value, problem: problem.value, load };
}
